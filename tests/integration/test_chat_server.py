"""The chat's server as a process: its API over HTTP, its closed doors, its beginning and its end."""

from __future__ import annotations

import json
import signal
import threading
import time

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from rag.ui.address import bind
from tests.ui_fakes import PAGES
from tests.ui_process import ROOT, ChatProcess

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:gradio_client", "ignore::DeprecationWarning:websockets")


@pytest.fixture(scope="module")
def chat():
    with ChatProcess("--pause-s", 0.002) as running:
        yield running


@pytest.fixture(scope="module")
def client(chat):
    one = Client(chat.url, verbose=False, analytics_enabled=False)
    yield one
    one.close()


def test_ask_returns_the_answer_with_checked_citations(client):
    answer = client.predict("How does lora save memory?", [], api_name="/ask")
    assert answer["status"] == "answered"
    assert {"reason", "text", "sentences", "citations", "passages", "timings_s", "generation"} <= answer.keys()
    for citation in answer["citations"]:
        source = PAGES[citation["path"]][1]
        assert source[citation["start"] : citation["end"]] == citation["quote"]
    assert [sentence["support"] for sentence in answer["sentences"]][-1] == "unsupported"
    assert {"retrieve", "first_token", "total"} <= answer["timings_s"].keys()


def test_ask_takes_the_history_and_may_do_without(client):
    history = [{"role": "user", "content": "What is lora?"}, {"role": "assistant", "content": "A method."}]
    assert client.predict(question="and lora?", history=history, api_name="/ask")["status"] == "answered"
    assert client.predict("What is lora?", api_name="/ask")["status"] == "answered"


def test_ask_abstains(client):
    answer = client.predict("Who won the cup?", [], api_name="/ask")
    assert answer["status"] == "abstained"
    assert answer["citations"] == []


def test_search(client):
    found = client.predict("lora rank", 2, api_name="/search")
    assert [passage["rank"] for passage in found["passages"]] == [1, 2]
    assert found["passages"][0]["path"] == "guide/lora.md"
    assert len(client.predict("lora rank", api_name="/search")["passages"]) > 2


@pytest.mark.parametrize(
    ("arguments", "endpoint", "message"),
    [
        (("broken attention tokens", []), "/ask", "The engine stumbled. Ask again."),
        (("x", [{"role": "robot", "content": "x"}]), "/ask", "is not a turn"),
        (("x", "no list"), "/ask", "the history is not a list"),
        (("x" * 30_000, []), "/ask", "Ask a shorter question"),
        (("x", 101), "/search", "from 0 to 100"),
        (("x", -1), "/search", "from 0 to 100"),
    ],
)
def test_errors_are_said_and_the_next_question_works(client, arguments, endpoint, message):
    with pytest.raises(AppError, match=message):
        client.predict(*arguments, api_name=endpoint)
    assert client.predict("What is lora?", [], api_name="/ask")["status"] == "answered"


def test_only_what_is_meant_for_programs_can_be_called(chat):
    info = httpx.get(f"{chat.url}/gradio_api/info").json()
    assert sorted(info["named_endpoints"]) == ["/ask", "/ask_notes", "/read_page", "/search", "/search_notes"]
    assert not info["unnamed_endpoints"]
    names = [parameter["parameter_name"] for parameter in info["named_endpoints"]["/ask"]["parameters"]]
    assert names == ["question", "history"]
    assert "citations" in info["named_endpoints"]["/ask"]["description"]


def test_any_http_client_can_ask(chat):
    body = {"data": ["What is lora?", []]}
    event = httpx.post(f"{chat.url}/gradio_api/call/ask", json=body).json()["event_id"]
    text = httpx.get(f"{chat.url}/gradio_api/call/ask/{event}", timeout=30).text
    assert text.startswith("event: complete\ndata: ")
    assert json.loads(text.split("data: ", 1)[1])[0]["status"] == "answered"


def test_several_ask_at_once_and_each_gets_its_own_answer(chat):
    questions = {"What is lora?": "guide/lora.md", "How does attention scale over tokens?": "guide/attention.md"}
    answers = {}

    def ask(index, question):
        with_own = Client(chat.url, verbose=False, analytics_enabled=False)
        answers[index, question] = with_own.predict(question, [], api_name="/ask")
        with_own.close()

    threads = [threading.Thread(target=ask, args=(i, question)) for i in range(3) for question in questions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == 6
    for (_, question), answer in answers.items():
        assert {citation["path"] for citation in answer["citations"]} == {questions[question]}


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        f"/gradio_api/file={ROOT / 'README.md'}",
        "/gradio_api/file=rag.toml",
        "/gradio_api/file/etc/passwd",
        "/assets/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/static/%2e%2e/%2e%2e/package.json",
        "/look/..%2f__init__.py",
        "/gradio_api/proxy=http://127.0.0.1/",
        "/gradio_api/upload",
        "/monitoring",
        "/docs",
        "/openapi.json",
    ],
)
def test_no_file_is_served_and_no_other_door_is_open(chat, path):
    response = httpx.get(chat.url + path)
    assert response.status_code in {403, 404}
    assert "root:" not in response.text
    assert httpx.post(chat.url + path, files={"files": b"x"}).status_code in {403, 404, 405}


def test_other_sites_and_other_names_are_refused(chat):
    join = f"{chat.url}/gradio_api/queue/join"
    assert httpx.post(join, json={}, headers={"origin": "https://evil.example"}).status_code == 403
    assert httpx.post(join, json={}, headers={"origin": "null"}).status_code == 403
    assert httpx.get(chat.url, headers={"host": "evil.example"}).status_code == 421
    assert httpx.post(join, json={}, headers={"origin": chat.url}).status_code == 422  # ours, and merely wrong


def test_the_page_has_a_policy(chat):
    response = httpx.get(chat.url)
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "nonce-" in policy
    assert "<script>" not in response.text


def test_a_second_one_on_the_same_port_says_so(chat):
    port = chat.url.rsplit(":", 1)[1]
    second = ChatProcess("--port", port)
    status = second.process.wait(timeout=30)
    assert status == 2
    lines = second.output().strip().splitlines()
    assert len(lines) == 1
    assert f"Port {port}" in lines[0]
    assert "--port" in lines[0]


@pytest.mark.parametrize(
    ("number", "busy"), [(signal.SIGINT, True), (signal.SIGTERM, False)], ids=["Ctrl-C, busy", "SIGTERM, idle"]
)
def test_it_ends_within_two_seconds_and_without_a_traceback(number, busy):
    with ChatProcess("--pause-s", 0.05) as running:
        connection = threading.Thread(target=_hold, args=(running.url, busy), daemon=True)
        connection.start()
        time.sleep(0.7)
        status, seconds = running.stop(number)
        assert status == 0
        assert seconds < 2
        assert "Traceback" not in running.output()
        assert running.output().rstrip().endswith("Stopped.")
        bind("127.0.0.1", int(running.url.rsplit(":", 1)[1])).close()  # the port is free again


def _hold(url, busy):
    """Keep a connection open as a page does; with `busy` let the model write for long."""
    try:
        if busy:
            Client(url, verbose=False, analytics_enabled=False).predict("How slow is attention?", [], api_name="/ask")
        else:
            with httpx.stream("GET", f"{url}/gradio_api/heartbeat/abc") as response:
                for _ in response.iter_raw():
                    pass
    except Exception:  # noqa: BLE001 - the server is going away under it: that is the test
        pass


def test_it_serves_before_the_model_is_loaded_and_the_question_waits(tmp_path):
    ready = tmp_path / "ready"
    with ChatProcess("--pause-s", 0.002, "--load-until", ready) as running:
        assert httpx.get(running.url).status_code == 200
        one = Client(running.url, verbose=False, analytics_enabled=False)
        job = one.submit("What is lora?", [], api_name="/ask")
        time.sleep(0.5)
        assert not job.done()
        ready.touch()
        assert job.result(timeout=30)["status"] == "answered"
        one.close()
