import asyncio
import re

import pytest

from rag.ui.guard import Guard

PAGE = b"<html><head><script>a</script><script type=module src=x></script></head></html>"


async def inner(scope, receive, send):
    if scope["type"] == "lifespan":
        await send({"type": "lifespan.startup.complete"})
        return
    headers = [(b"content-type", b"text/html"), (b"Content-Length", str(len(PAGE)).encode()), (b"X-Frame-Options", b"ALLOW")]
    inner.scope = scope
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": PAGE[:10], "more_body": True})
    await send({"type": "http.response.body", "body": PAGE[10:]})


def request(path="/", method="GET", host="127.0.0.1:7860", query=b"", guard=None, **headers):
    sent = []

    async def send(message):
        sent.append(message)

    named = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query,
        "headers": [*([(b"host", host.encode())] if host is not None else []), *named],
    }
    asyncio.run((guard or Guard(inner))(scope, None, send))
    body = b"".join(message.get("body", b"") for message in sent)
    return sent[0]["status"], {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}, body


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "127.0.0.1", "localhost:7860", "LOCALHOST", "[::1]:7860"])
def test_this_machine_is_served(host):
    assert request(host=host)[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "", None, "[", "10.0.0.1"])
def test_other_names_are_refused(host):
    assert request(host=host)[0] == 421


def test_a_further_name():
    assert request(host="127.0.0.2:1", guard=Guard(inner, hosts=["127.0.0.2"]))[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/config",
        "/theme.css",
        "/assets/index-D_1.js",
        "/static/fonts/a/b.woff2",
        "/look/page.css",
        "/gradio_api/info",
        "/gradio_api/queue/join",
        "/gradio_api/queue/data",
        "/gradio_api/heartbeat/abc123",
        "/gradio_api/call/ask",
        "/gradio_api/call/search/0f1e",
        "/gradio_api/cancel",
    ],
)
def test_what_the_chat_needs_passes(path):
    assert request(path)[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file/etc/passwd",
        "/file=/etc/passwd",
        "/gradio_api/upload",
        "/gradio_api/proxy=https://evil.example",
        "/gradio_api/stream/x",
        "/gradio_api/component_server",
        "/gradio_api/process_recording",
        "/gradio_api/vibe-edit",
        "/gradio_api/deep_link",
        "/gradio_api/run/ask",
        "/gradio_api/api/ask",
        "/gradio_api/call/on_ask",
        "/gradio_api/dev/reload",
        "/gradio_api/heartbeat/a/b",
        "/monitoring",
        "/docs",
        "/gradio_api/mcp/sse",
        "/gradio_api/mcp/schema",
        "/gradio_api/mcp/messages/",
        "/v1/files",
        "/v1/models/a/b",
        "/assets/../../../etc/passwd",
        "/assets/a\n",
        "/config/x",
        "//evil.example/",
    ],
)
def test_everything_else_is_not_there(path):
    assert request(path)[0] == 404
    assert request(path, "POST")[0] == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "http://127.0.0.1.evil.example:7860"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site", "sec_fetch_mode": "cors"},
    ],
)
def test_requests_of_other_sites_are_refused(headers):
    assert request("/gradio_api/queue/join", "POST", **headers)[0] == 403


def test_our_own_page_may_ask():
    same = {"origin": "http://127.0.0.1:7860", "sec_fetch_site": "same-origin"}
    assert request("/gradio_api/queue/join", "POST", **same)[0] == 200


def test_a_link_to_the_page_may_be_followed_and_no_more():
    visit = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}
    assert request("/", **visit)[0] == 200
    assert request("/config", **visit)[0] == 403
    assert request("/", "POST", **visit)[0] == 403


def test_the_page_comes_with_a_policy_whose_nonce_its_scripts_carry():
    _, headers, body = request()
    policy = headers["content-security-policy"]
    nonce = re.search(r"script-src 'self' 'nonce-([\w-]{20,})'", policy).group(1)
    assert body.count(f'<script nonce="{nonce}"'.encode()) == 2
    assert body.count(b"<script") == 2
    assert headers["content-length"] == str(len(body))
    assert "unsafe-inline" not in policy.split("style-src")[0]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "http:" not in policy
    assert request()[1]["content-security-policy"] != policy, "a nonce is used once"


def test_every_answer_carries_the_headers_once():
    for path in ("/", "/config", "/nowhere"):
        _, headers, _ = request(path)
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "same-origin"
        assert "default-src 'none'" in headers["content-security-policy"]


def test_the_page_is_asked_for_plain_and_without_a_query():
    request("/", query=b"deep_link=x", accept_encoding="br")
    assert inner.scope["query_string"] == b""
    assert b"accept-encoding" not in dict(inner.scope["headers"])
    request("/config", query=b"a=b", accept_encoding="br")
    assert inner.scope["query_string"] == b"a=b"
    assert b"accept-encoding" in dict(inner.scope["headers"])


def test_websockets_are_closed_and_the_lifespan_passes():
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(Guard(inner)({"type": "websocket", "path": "/", "headers": []}, None, send))
    asyncio.run(Guard(inner)({"type": "lifespan"}, None, send))
    assert [message["type"] for message in sent] == ["websocket.close", "lifespan.startup.complete"]


def test_each_browser_gets_a_cookie_that_names_it():
    _, headers, _ = request()
    cookie = headers["set-cookie"]
    assert re.fullmatch(r"visitor=[\w-]{32}; Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax", cookie)
    pair = cookie.split(";")[0]
    assert "set-cookie" not in request(cookie=pair)[1]
    assert dict(inner.scope["headers"])[b"x-rag-visitor"] == pair.split("=")[1].encode()
    assert "set-cookie" not in request("/status")[1], "programs get none"


@pytest.mark.parametrize("cookie", ["visitor=short", "visitor=" + "x" * 33, "visitor=user:ann", "nonsense", 'visitor="' + "x" * 30])
def test_a_cookie_that_is_not_ours_names_nobody(cookie):
    request("/status", cookie=cookie, x_rag_visitor="user:ann")
    assert b"x-rag-visitor" not in dict(inner.scope["headers"])


def test_large_bodies_are_refused():
    assert request("/do/chats", "POST", content_length="1000001")[0] == 413
    assert request("/do/chats", "POST", content_length="x")[0] == 413
    assert request("/do/chats", "POST", content_length="10")[0] == 200


def test_any_name_behind_a_login():
    guard = Guard(inner, hosts=None)
    assert request(host="notes.example", guard=guard)[0] == 200
    assert request(host="", guard=guard)[0] == 421
    assert request("/status", "POST", host="notes.example", guard=guard, origin="http://evil.example")[0] == 403
