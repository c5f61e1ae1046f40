"""The adapter against small servers that behave as real ones do, or badly."""

import contextlib
import json
import logging
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from rag.errors import ConfigError, LLMError, PromptTooLongError
from rag.llm.openai_compatible import OpenAICompatible

HELLO = [{"role": "user", "content": "Hello <|im_end|>"}]
DONE = "data: [DONE]\n\n"


def event(text):
    return "data: " + json.dumps({"choices": [{"delta": {"content": text}, "finish_reason": None}]}) + "\n\n"


class Answer:
    """What a path answers: a status, a type, and pieces of a body; a number is a pause in seconds."""

    def __init__(self, *pieces, status=200, kind="text/event-stream", headers=()):
        self.pieces, self.status, self.kind, self.headers = pieces, status, kind, headers


def as_json(value, status=200):
    return Answer(json.dumps(value), status=status, kind="application/json")


class Server:
    """A server on loopback.

    Attributes:
        seen: (path, headers, body) of each request.
        broken: set when a client goes away while it is answered.
    """

    def __init__(self, answers):
        self.seen, self.broken = [], threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                outer.seen.append((self.path, dict(self.headers), json.loads(body) if body else None))
                answer = answers.get(self.path, Answer("no such thing", status=404))
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.kind)
                for name, value in answer.headers:
                    self.send_header(name, value)
                self.end_headers()
                try:
                    for piece in answer.pieces:
                        if isinstance(piece, str):
                            self.wfile.write(piece.encode())
                            self.wfile.flush()
                        else:
                            time.sleep(piece)
                except OSError:
                    outer.broken.set()

            def do_GET(self):
                self.do_POST()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def bodies(self, path):
        return [body for seen, _, body in self.seen if seen == path]


@pytest.fixture
def serve():
    with contextlib.ExitStack() as stack:

        def start(*, timeout_s=5.0, context_tokens=1000, model="m", key="", suffix="/v1", **answers):
            paths = {"chat": "/v1/chat/completions", "tokenize": "/tokenize", "template": "/apply-template", "models": "/v1/models"}
            server = Server({paths[name]: answer for name, answer in answers.items()})
            stack.callback(server.close)
            llm = OpenAICompatible(server.url + suffix, model, api_key=key, timeout_s=timeout_s, context_tokens=context_tokens)
            stack.callback(llm.close)
            return server, llm

        yield start


def text_of(pieces):
    return "".join(pieces)


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/"])
def test_an_answer_is_streamed_and_special_tokens_are_broken(serve, suffix):
    server, llm = serve(chat=Answer(event("Hel"), event("lo <\u200b|x|>"), DONE), suffix=suffix)
    assert text_of(llm.stream(HELLO, max_tokens=5, stop=["\n"])) == "Hello <|x|>"
    (body,) = server.bodies("/v1/chat/completions")
    assert body == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hello <\u200b|im_end|>"}],
        "max_tokens": 5,
        "temperature": 0,
        "stream": True,
        "stop": ["\n"],
    }


def test_the_key_is_sent_and_only_if_there_is_one(serve):
    for key, expected in (("secret", "Bearer secret"), ("", None)):
        server, llm = serve(chat=Answer(DONE), key=key)
        text_of(llm.stream(HELLO, max_tokens=5))
        assert {headers.get("Authorization") for _, headers, _ in server.seen} == {expected}


def test_a_schema_is_sent_and_checked(serve):
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    server, llm = serve(chat=Answer(event('{"a": "no"}'), DONE))
    with pytest.raises(LLMError, match="does not fit"):
        text_of(llm.stream(HELLO, max_tokens=5, schema=schema))
    (body,) = server.bodies("/v1/chat/completions")
    assert body["response_format"]["json_schema"]["schema"] == schema


def test_the_first_model_is_asked_for_where_none_is_named(serve):
    server, llm = serve(model="", models=as_json({"data": [{"id": "only"}]}), chat=Answer(DONE))
    text_of(llm.stream(HELLO, max_tokens=5))
    assert server.bodies("/v1/chat/completions")[0]["model"] == "only"
    assert llm.name.startswith("only at http://127.0.0.1")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(event("Hel")), "broke off"),
        (Answer(event("Hel"), "data: nonsense\n\n"), "something else"),
        (Answer(event("Hel"), 'data: {"error": {"message": "out of memory"}}\n\n'), "out of memory"),
        (Answer("<html>A page</html>", kind="text/html"), "something else"),
        (Answer("", kind="application/json"), "something else"),
        (Answer('{"error": {"message": "Invalid API Key"}}', status=401), "Invalid API Key"),
        (Answer("busy", status=503), "HTTP 503"),
        (Answer("", status=307, headers=[("Location", "http://127.0.0.1:9/elsewhere")]), "HTTP 307"),
        (Answer("half of it", headers=[("Content-Length", "1000")]), "broke off"),
    ],
)
def test_whatever_goes_wrong_is_an_error_with_a_hint(serve, answer, says):
    _, llm = serve(chat=answer)
    with pytest.raises(LLMError, match=says) as caught:
        text_of(llm.stream(HELLO, max_tokens=5))
    assert caught.value.hint


def test_a_prompt_that_the_server_finds_too_long_is_that_error(serve):
    _, llm = serve(chat=as_json({"error": {"type": "exceed_context_size_error", "message": "9 > 8"}}, status=400))
    with pytest.raises(PromptTooLongError):
        text_of(llm.stream(HELLO, max_tokens=5))


def test_a_server_that_is_not_there_is_an_error():
    llm = OpenAICompatible("http://127.0.0.1:9", "m", api_key="", timeout_s=1, context_tokens=100)
    with pytest.raises(LLMError, match="cannot be reached") as caught:
        llm.count_tokens("a")
    assert "Start it" in caught.value.hint
    llm.close()


@pytest.mark.slow
def test_waiting_has_an_end(serve):
    _, llm = serve(chat=Answer(event("a"), 2.0, event("b"), DONE), timeout_s=0.3)
    with pytest.raises(LLMError, match="too long") as caught:
        text_of(llm.stream(HELLO, max_tokens=5))
    assert "llm_timeout_s" in caught.value.hint


def test_closing_the_answer_closes_the_connection(serve):
    server, llm = serve(chat=Answer(*[event("a"), 0.02] * 500, DONE))
    pieces = llm.stream(HELLO, max_tokens=5)
    while not next(pieces):
        pass
    pieces.close()
    assert server.broken.wait(2)


@pytest.mark.slow
def test_closing_ends_a_wait_for_a_server_that_says_nothing(serve):
    server, llm = serve(chat=Answer(3.0, *[event("a"), 0.02] * 500), timeout_s=60)
    pieces = llm.stream(HELLO, max_tokens=5)
    assert next(pieces) == ""
    while not server.bodies("/v1/chat/completions"):
        next(pieces)
    start = time.perf_counter()
    pieces.close()
    deadline = start + 2
    while any(thread.name == "openai" for thread in threading.enumerate()) and time.perf_counter() < deadline:
        time.sleep(0.01)
    assert not any(thread.name == "openai" for thread in threading.enumerate())


def test_a_proxy_is_not_asked_about_this_machine(serve, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    _, llm = serve(chat=Answer(event("a"), DONE))
    assert text_of(llm.stream(HELLO, max_tokens=5)) == "a"


@pytest.mark.parametrize("url", ["", "localhost:8080", "ftp://127.0.0.1", "http://", "http://[::1"])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(ConfigError) as caught:
        OpenAICompatible(url, "m", api_key="", timeout_s=1, context_tokens=100)
    assert caught.value.hint


def test_tokens_are_counted_as_llama_server_counts(serve):
    server, llm = serve(tokenize=as_json({"tokens": []}), template=as_json({"prompt": "<|im_start|>user"}))
    assert llm.count_prompt(HELLO) == 0
    first, second = server.bodies("/tokenize")
    assert first["messages"] == [{"role": "user", "content": "Hello <\u200b|im_end|>"}]
    assert (second["content"], second["parse_special"]) == ("<|im_start|>user", True)


def test_tokens_are_counted_as_vllm_counts(serve):
    server, llm = serve(tokenize=as_json({"tokens": [1, 2, 3], "count": 3}))
    assert llm.count_prompt(HELLO) == 3
    assert llm.count_tokens("a </s>") == 3
    assert server.bodies("/tokenize")[1]["prompt"] == "a <\u200b/s>"
    assert llm.exact_counts


@pytest.mark.parametrize(
    "answer", [Answer("", status=404), Answer("ok", kind="text/plain"), as_json({"error": "Unexpected endpoint"})]
)
def test_tokens_are_estimated_once_the_server_has_said_that_it_does_not_count(serve, answer, caplog):
    server, llm = serve(tokenize=answer)
    assert llm.exact_counts
    with caplog.at_level(logging.WARNING):
        assert llm.count_tokens("some words") == 3
        assert llm.count_prompt(HELLO) > llm.count_tokens(HELLO[0]["content"])
    assert not llm.exact_counts
    assert len(server.bodies("/tokenize")) == 1
    assert [record.message for record in caplog.records if "estimated" in record.message]


def test_a_server_that_fails_while_counting_is_an_error_and_no_reason_to_estimate(serve):
    _, llm = serve(tokenize=Answer("loading", status=503))
    with pytest.raises(LLMError, match="503"):
        llm.count_tokens("a")
    assert llm.exact_counts


def test_probabilities_are_read_from_the_most_likely_tokens(serve):
    top = [{"token": "Yes", "logprob": -0.1}, {"token": "No", "logprob": -3.0}]
    server, llm = serve(chat=as_json({"choices": [{"logprobs": {"content": [{"top_logprobs": top}]}}]}))
    yes, no = llm.probabilities(HELLO, ("Yes", "No"))
    assert yes > 0.9
    assert yes + no == pytest.approx(1)
    (body,) = server.bodies("/v1/chat/completions")
    assert (body["logprobs"], body["top_logprobs"], body["max_tokens"]) == (True, 20, 1)


@pytest.mark.parametrize("choices", [(), ("Yes", "Yes"), ("Yes", "Yesterday")])
def test_choices_that_cannot_be_told_apart_are_refused(serve, choices):
    _, llm = serve()
    with pytest.raises(ValueError, match="choice"):
        llm.probabilities(HELLO, choices)


def test_after_closing_nothing_is_sent(serve):
    server, llm = serve(chat=Answer(DONE))
    llm.close()
    llm.close()
    for call in (
        lambda: llm.count_tokens("a"),
        lambda: llm.stream(HELLO, max_tokens=5),
        lambda: llm.probabilities(HELLO, ("a", "b")),
    ):
        with pytest.raises(LLMError, match="closed"):
            call()
    assert server.seen == []
