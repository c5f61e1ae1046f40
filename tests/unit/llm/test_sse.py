import json

import pytest

from rag.errors import LLMError, PromptTooLongError
from rag.llm.sse import Completion, server_error, top_logprobs


def event(text, finish=None):
    return "data: " + json.dumps({"choices": [{"delta": {"content": text}, "finish_reason": finish}]})


def test_text_is_taken_out_of_the_events():
    completion = Completion()
    lines = [": ping", "", "event: message", event("Hel"), event(None), event("lo", "stop"), "data: [DONE]"]
    assert "".join(map(completion.feed, lines)) == "Hello"
    assert completion.done


def test_without_an_end_it_is_not_done():
    completion = Completion()
    completion.feed(event("Hel"))
    assert not completion.done


@pytest.mark.parametrize("last", [event("", "length"), "data: [DONE]", "data:[DONE]"])
def test_either_end_will_do(last):
    completion = Completion()
    completion.feed(last)
    assert completion.done


def test_usage_without_choices_is_no_text():
    assert Completion().feed('data: {"choices": [], "usage": {}}') == ""


@pytest.mark.parametrize(
    "line",
    [
        "data: {",
        "data: 3",
        "data: {}",
        'data: {"choices": [{}]}',
        'data: {"choices": [{"delta": {"content": 3}}]}',
        'data: {"choices": 3}',
    ],
)
def test_nonsense_is_an_error_with_a_hint(line):
    with pytest.raises(LLMError, match="something else") as caught:
        Completion().feed(line)
    assert caught.value.hint


def test_an_error_in_the_stream_is_raised():
    with pytest.raises(LLMError, match="out of memory"):
        Completion().feed('data: {"error": {"message": "out of memory"}}')


@pytest.mark.parametrize(
    ("status", "body", "says", "hint"),
    [
        (401, '{"error": {"message": "Invalid API Key"}}', "Invalid API Key", "key"),
        (404, "<html>nothing here</html>", "nothing here", "llm_model"),
        (429, '{"error": "slow down"}', "slow down", "Wait"),
        (500, "", "HTTP 500", "log"),
        (400, "[]", r"\[\]", "log"),
    ],
)
def test_what_the_server_says_and_what_to_do(status, body, says, hint):
    error = server_error(status, body)
    with pytest.raises(LLMError, match=says):
        raise error
    assert hint in error.hint
    assert not isinstance(error, PromptTooLongError)


@pytest.mark.parametrize(
    "error",
    [
        {"type": "exceed_context_size_error", "message": "request (9 tokens) exceeds the available context size"},
        {"code": "context_length_exceeded", "message": "too long"},
        {"message": "This model's maximum context length is 9 tokens"},
    ],
)
def test_a_prompt_that_is_too_long_has_its_own_error(error):
    assert isinstance(server_error(400, json.dumps({"error": error})), PromptTooLongError)


def test_logprobs_of_the_first_token():
    body = {"choices": [{"logprobs": {"content": [{"top_logprobs": [{"token": "Yes", "logprob": -0.5}]}]}}]}
    assert top_logprobs(body) == [("Yes", -0.5)]


@pytest.mark.parametrize(
    "body", [{}, {"choices": []}, {"choices": [{"logprobs": None}]}, {"choices": [{"logprobs": {"content": []}}]}]
)
def test_a_server_without_logprobs_is_an_error(body):
    with pytest.raises(LLMError, match="no probabilities"):
        top_logprobs(body)
