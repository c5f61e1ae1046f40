"""The doors for programs: OpenAI's protocol, the MCP server, and a login in front of all of them."""

from __future__ import annotations

import asyncio
import json

import httpx
import openai
import pytest
from gradio_client import Client
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client

from rag.ui.web.passwords import Passwords
from tests.ui_fakes import PAGES
from tests.ui_process import ChatProcess

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:gradio_client", "ignore::DeprecationWarning:websockets"),
    pytest.mark.filterwarnings("ignore:Use `streamable_http_client` instead:DeprecationWarning"),
]

QUESTION = "How does lora save memory?"
PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def chat():
    with ChatProcess("--pause-s", 0.002) as running:
        yield running.url


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    users = tmp_path_factory.mktemp("users") / "users"
    Passwords(users).add("ann", PASSWORD)
    with ChatProcess("--pause-s", 0.002, "--users", users) as running:
        yield running.url


@pytest.fixture
def client(chat):
    with openai.OpenAI(base_url=f"{chat}/v1", api_key="none", max_retries=0) as one:
        yield one


def check_annotations(text, annotations):
    assert annotations
    for annotation in annotations:
        assert annotation["type"] == "url_citation"
        place, note = annotation["url_citation"], annotation["note"]
        assert text[place["start_index"] : place["end_index"]] == f"[{note['marker']}]"
        assert PAGES[note["path"]][1][note["start"] : note["end"]] == note["quote"]
        assert place["title"] == PAGES[note["path"]][0]
        assert place["url"].endswith(f"/#page={note['path']}:{note['line']}")


def test_the_models(client):
    assert [model.id for model in client.models.list()] == ["rag-notes"]
    assert client.models.retrieve("rag-notes").owned_by == "rag-notes"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-x")


def test_a_completion_with_its_citations(client):
    done = client.chat.completions.create(model="rag-notes", messages=[{"role": "user", "content": QUESTION}])
    message = done.choices[0].message
    assert message.content.startswith("LoRA trains a small number of new weights")
    assert done.choices[0].finish_reason == "stop"
    assert done.usage.completion_tokens > 10
    check_annotations(message.content, [annotation.model_dump() for annotation in message.annotations])
    assert done.rag["status"] == "answered"


def test_a_stream_grows_and_ends_with_its_citations(client):
    text, annotations, chunks, usage = "", [], 0, None
    stream = client.chat.completions.create(
        model="rag-notes", messages=[{"role": "user", "content": QUESTION}], stream=True, stream_options={"include_usage": True}
    )
    for chunk in stream:
        usage = chunk.usage or usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
            chunks += bool(choice.delta.content)
            annotations += getattr(choice.delta, "annotations", None) or []
    whole = client.chat.completions.create(model="rag-notes", messages=[{"role": "user", "content": QUESTION}])
    assert text == whole.choices[0].message.content
    assert chunks > 2
    assert usage.total_tokens > 0
    check_annotations(text, annotations)


def test_earlier_turns_count(client):
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "What is lora?"},
        {"role": "assistant", "content": "A method."},
        {"role": "user", "content": [{"type": "text", "text": "And lora rank?"}]},
    ]
    assert client.chat.completions.create(model="rag-notes", messages=messages).choices[0].message.annotations


def test_an_abstention_is_an_answer_without_citations(client):
    done = client.chat.completions.create(model="rag-notes", messages=[{"role": "user", "content": "Who won the cup?"}])
    assert done.rag["status"] == "abstained"
    assert done.choices[0].message.annotations == []
    assert "notes" in done.choices[0].message.content


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "gpt-x"}, "one model here"),
        ({"n": 2}, "n has to be 1"),
        ({"messages": []}, "not a list with a question"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "not the user's"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "role is"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "content is text"),
        ({"messages": [{"role": "user", "content": "x" * 30_000}]}, "Ask a shorter question"),
    ],
)
def test_what_cannot_be_answered_is_said(chat, change, message):
    body = {"model": "rag-notes", "messages": [{"role": "user", "content": "x"}], **change}
    response = httpx.post(f"{chat}/v1/chat/completions", json=body)
    assert response.status_code == 400
    assert message in response.json()["error"]["message"]
    assert httpx.post(f"{chat}/v1/chat/completions", content=b"nonsense").status_code == 400


def test_a_failing_engine_is_said(client):
    with pytest.raises(openai.InternalServerError, match="stumbled"):
        client.chat.completions.create(model="rag-notes", messages=[{"role": "user", "content": "broken attention tokens"}])
    with pytest.raises(openai.APIError, match="stumbled"):
        list(
            client.chat.completions.create(
                model="rag-notes", messages=[{"role": "user", "content": "broken attention tokens"}], stream=True
            )
        )


def test_a_client_that_leaves_frees_the_engine(chat, client):
    messages = [{"role": "user", "content": "How slow is attention over each token?"}]
    with client.chat.completions.create(model="rag-notes", messages=messages, stream=True) as stream:
        next(iter(stream))
    done = client.chat.completions.create(model="rag-notes", messages=[{"role": "user", "content": QUESTION}], timeout=20)
    assert done.choices[0].message.content


def with_mcp(url, work, **headers):
    async def main():
        async with (
            streamablehttp_client(f"{url}/gradio_api/mcp", headers=headers) as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            return await work(session)

    return asyncio.run(main())


def call(url, name, **arguments):
    async def work(session):
        return await session.call_tool(name, arguments)

    result = with_mcp(url, work)
    return result.isError, result.content[0].text


def test_the_tools_say_what_they_are_for(chat):
    async def work(session):
        return (await session.list_tools()).tools

    tools = {tool.name: tool for tool in with_mcp(chat, work)}
    assert sorted(tools) == ["ask_notes", "read_page", "search_notes"]
    assert "passages" in tools["search_notes"].description
    assert tools["search_notes"].inputSchema["required"] == ["question"]
    assert "up to 400" in tools["read_page"].inputSchema["properties"]["lines"]["description"]


def test_searching_asking_and_reading_with_mcp(chat):
    failed, text = call(chat, "search_notes", question="lora rank", top_k=2)
    assert not failed
    passages = json.loads(text)["passages"]
    assert [passage["rank"] for passage in passages] == [1, 2]

    failed, text = call(chat, "ask_notes", question=QUESTION)
    answer = json.loads(text)
    assert not failed
    assert answer["status"] == "answered"
    for citation in answer["citations"]:
        assert PAGES[citation["path"]][1][citation["start"] : citation["end"]] == citation["quote"]

    failed, text = call(chat, "read_page", path=passages[0]["path"], first_line=5, lines=3)
    page = json.loads(text)
    assert not failed
    assert page["text"] == "\n".join(PAGES[page["path"]][1].split("\n")[4:7])
    assert (page["first_line"], page["last_line"]) == (5, 7)


@pytest.mark.parametrize("path", ["../rag.toml", "/etc/passwd", "nothing.md", ""])
def test_only_pages_of_the_notes_can_be_read(chat, path):
    failed, text = call(chat, "read_page", path=path)
    assert failed
    assert "There is no page" in text


def test_other_sites_reach_neither_door(chat):
    for path in ("/v1/chat/completions", "/gradio_api/mcp"):
        assert httpx.post(chat + path, json={}, headers={"origin": "https://evil.example"}).status_code == 403
        assert httpx.post(chat + path, json={}, headers={"host": "evil.example"}).status_code == 421


def test_without_a_password_no_door_is_open(guarded):
    assert httpx.get(guarded).status_code == 401
    for path in ("/config", "/status", "/v1/models", "/gradio_api/info", "/gradio_api/mcp"):
        assert httpx.get(guarded + path).status_code == 401, path
    for path in ("/v1/chat/completions", "/gradio_api/call/ask", "/gradio_api/queue/join", "/gradio_api/mcp", "/do/chats"):
        assert httpx.post(guarded + path, json={}).status_code == 401, path
    with pytest.raises(openai.AuthenticationError):
        openai.OpenAI(base_url=f"{guarded}/v1", api_key="ann:wrong", max_retries=0).models.list()


def test_with_a_password_every_door_is_open(guarded):
    with openai.OpenAI(base_url=f"{guarded}/v1", api_key=f"ann:{PASSWORD}", max_retries=0) as client:
        done = client.chat.completions.create(model="rag-notes", messages=[{"role": "user", "content": QUESTION}])
        assert done.choices[0].message.annotations

    async def work(session):
        return await session.call_tool("ask_notes", {"question": QUESTION})

    result = with_mcp(guarded, work, authorization=f"Bearer ann:{PASSWORD}")
    assert json.loads(result.content[0].text)["status"] == "answered"

    one = Client(guarded, auth=("ann", PASSWORD), verbose=False, analytics_enabled=False)
    assert one.predict(QUESTION, [], api_name="/ask")["status"] == "answered"
    one.close()
