import asyncio
import logging

import pytest

from rag.errors import LLMError
from rag.ui.actions import Actions, number_of, parts, text_of
from rag.ui.markup import Html


def perform(action, body=b"{}", name="act", visitor="ann"):
    actions = Actions()
    actions.add("act", action)
    return asyncio.run(actions.perform(name, visitor, body))


def test_an_action_gets_visitor_and_arguments():
    assert perform(lambda visitor, arguments: {"who": visitor, **arguments}, b'{"a": 1}') == (200, {"who": "ann", "a": 1})


def test_an_action_may_wait():
    async def slow(_, __):
        await asyncio.sleep(0)
        return {"done": True}

    assert perform(slow) == (200, {"done": True})


def test_an_unknown_action():
    assert perform(lambda *_: {}, name="other")[0] == 404


@pytest.mark.parametrize("body", [b"[]", b"nonsense", b"\xff", b"1", b"[" * 100_000])
def test_arguments_that_are_none(body):
    assert perform(lambda *_: {}, body)[0] == 400


def test_an_expected_error_is_said():
    def fail(*_):
        raise LLMError("The engine stumbled", hint="Ask again.")

    assert perform(fail) == (200, {"problem": "The engine stumbled. Ask again."})


def test_a_defect_is_logged_and_said_without_its_details(caplog):
    def fail(*_):
        raise ValueError("secret")

    with caplog.at_level(logging.ERROR):
        status, reply = perform(fail)
    assert status == 500
    assert "secret" not in reply["problem"]
    assert "secret" in caplog.text


def test_reading_arguments():
    assert text_of({"a": "x"}, "a") == "x"
    assert text_of({"a": 1}, "a") == ""
    assert number_of({"a": 3}, "a") == 3
    assert number_of({"a": " 12 "}, "a") == 12
    for wrong in (True, None, "x", "-1", "²", "9" * 20, 1.5, []):
        assert number_of({"a": wrong}, "a") is None


def test_parts():
    assert parts(one_two=Html("<p>x</p>")) == {"parts": {"one-two": "<p>x</p>"}}
