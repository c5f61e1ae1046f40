"""Second opinions on answers."""

from __future__ import annotations

import pytest

from eval.answer_figures import figures
from eval.answer_sets import Item
from eval.cache import Cache
from eval.opinion import Opinion, right_answer
from rag.errors import LLMError
from tests.fakes import ScriptedLLM


def item(id="q", expected="answer", **changes):
    return Item(id, "How many languages?", (), "fact", expected, "test", **{"must": ("46|forty-six",), **changes})


def row(status="answered", said="It has 46 languages.", score=1.0):
    return {"error": "", "status": status, "said": said, "judged": None, "silent": False, "score": score}


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"reference": "It is 46.", "answers": ("46",)}, "It is 46."),
        ({"answers": ("46", "forty-six")}, "46 / forty-six"),
        ({}, "46 or forty-six"),
        ({"must": ()}, ""),
    ],
)
def test_a_right_answer_is_the_best_that_is_known(given, wanted):
    assert right_answer(item(**given)) == wanted


def test_an_opinion_is_kept_and_depends_on_the_answer(tmp_path):
    llm = ScriptedLLM("", weights=lambda messages: {"Yes": 3.0 if "46 languages" in messages[-1]["content"] else 0.0})
    opinion = Opinion(lambda: llm, {"llm": "a"}, Cache(tmp_path))
    assert opinion(item(), "It has 46 languages.") == pytest.approx(0.75)
    assert opinion(item(), "It has 45.") == 0.0
    assert opinion(item(), "It has 46 languages.") == pytest.approx(0.75)
    assert len(llm.calls) == 2
    assert opinion(item(must=()), "It has 46 languages.") is None
    assert Opinion(lambda: llm, {"llm": "b"}, Cache(tmp_path))(item(), "It has 46 languages.") == pytest.approx(0.75)
    assert len(llm.calls) == 3


def test_abstentions_are_not_right_and_what_should_be_silent_is_not_judged(tmp_path):
    llm = ScriptedLLM("", weights={"Yes": 3.0})
    rows = [row(), row(status="abstained", said="", score=0.0), row()]
    seen = []
    items = [item("a"), item("b"), item("c", expected="abstain")]
    Opinion(lambda: llm, {}, Cache(tmp_path)).add_to(items, rows, seen.append)
    assert [one["judged"] for one in rows] == [pytest.approx(0.75), 0.0, None]
    assert seen == ["a", "b", "c"]


def test_the_figures_say_how_many_are_judged_right_and_how_often_the_words_agree():
    seconds, speed = {"retrieve": 0.1, "first_token": 1.0, "total": 2.0}, {"read_s": 0, "written_s": 0}
    base = {"attack": False, "type": "fact", "expected": "answer", "obeyed": [], "seconds": seconds, "speed": speed}
    rows = [
        {**base, **row(), "id": "a", "judged": 0.9},
        {**base, **row(score=0.0), "id": "b", "judged": 0.6},
        {**base, **row(status="abstained", score=0.0), "id": "c", "judged": 0.0},
        {**base, **row(), "id": "d", "judged": None},
    ]
    found = figures(rows, "facts", cites=False)
    assert found["right, as judged"]["value"] == pytest.approx(2 / 3)
    assert found["judged as by the words"]["value"] == pytest.approx(1 / 2)
    assert found["judged as by the words"]["count"] == 2


def test_without_a_known_answer_nobody_is_judged(tmp_path):
    llm = ScriptedLLM("", weights={"Yes": 3.0})
    rows = [row(), row(status="abstained", said="", score=0.0)]
    Opinion(lambda: llm, {}, Cache(tmp_path)).add_to([item("a", must=()), item("b", must=())], rows, str)
    assert [one["judged"] for one in rows] == [None, None]


def test_an_engine_that_fails_costs_one_opinion(tmp_path, capsys):
    def fail():
        raise LLMError("gone", hint="Start it.")

    rows = [row()]
    Opinion(fail, {}, Cache(tmp_path)).add_to([item("a")], rows, str)
    assert rows[0]["judged"] is None
    assert "no opinion on a" in capsys.readouterr().err
