"""What may reach the page's server, and what its pages may do.

Pure ASGI, in front of everything. Refuses hosts other than this machine's names (so that no foreign site can rebind its name to
us), requests that another site's page makes, and every route that the chat does not need: uploads, files, proxies. Tells what is
behind it who asks. Gives each page a Content-Security-Policy under which nothing is loaded from, or sent to, anywhere else. Knows
HTTP; knows no vendor but the routes of Gradio that it lets through.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from rag.ui.visitor import HEADER, cookie

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

_ROUTES = re.compile(
    r"/|/config/?|/theme\.css|/favicon\.ico|/manifest\.json|/robots\.txt"
    r"|/(?:assets|static|svelte|look)/[\w./@+-]+"
    r"|/login|/logout|/status|/do/[\w-]+|/chats/\w+\.md"
    r"|/gradio_api/(?:info/?|openapi\.json|app_id/?|startup-events|theme\.css|cancel|reset/?|queue/(?:join|data)|heartbeat/\w+)"
    r"|/gradio_api/call/(?:v2/)?(?:ask|search)(?:/\w+)?/?"
    r"|/gradio_api/mcp/?|/v1/models(?:/[\w.-]+)?|/v1/chat/completions"
)
_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    # Not `no-referrer`: a form of this page would then be sent with `Origin: null`, and be taken for one of another site.
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
}
# unsafe-eval: Gradio compiles its templates and event scripts in the browser. Inline handlers and scripts stay forbidden.
_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
MOST_BODY_BYTES = 1_000_000
_VISITOR = "visitor"  # the cookie's name
_VISITOR_VALUE = re.compile(r"[\w-]{32}", re.ASCII)
_FORM = b"default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_NOTHING = b"default-src 'none'; frame-ancestors 'none'"


class Guard:
    """An ASGI application around another.

    Args:
        app: what is guarded.
        hosts: further names of this machine that a request may ask for; None for any, which is safe only behind a login: a browser
            sends its cookie to the name that it got it from, and to no other.
    """

    def __init__(self, app: App, hosts: Iterable[str] | None = ()) -> None:
        self._app = app
        self._hosts = None if hosts is None else LOOPBACK | {host.casefold() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            refusal = self._refusal(scope)
            if refusal:
                await _refuse(send, *refusal)
            else:
                await self._pass(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get(b"host", "")
        if not _hostname(f"//{host}") or (self._hosts is not None and _hostname(f"//{host}") not in self._hosts):
            return 421, "This server answers to its own address only."
        origin = headers.get(b"origin")
        if origin is not None and urlsplit(origin).netloc.casefold() != host.casefold():
            return 403, "Requests from other sites are refused."
        site = headers.get(b"sec-fetch-site", "none")
        if site not in {"none", "same-origin"} and not _is_visit(scope, headers):
            return 403, "Requests from other sites are refused."
        length = headers.get(b"content-length", "0")
        if not length.isdigit() or int(length) > MOST_BODY_BYTES:
            return 413, "That is too much."
        if not _ROUTES.fullmatch(scope["path"]) or "/../" in scope["path"]:
            return 404, "There is nothing here."
        return None

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        page = scope["path"] == "/"
        visitor = cookie(scope["headers"], _VISITOR)
        headers = [(name, value) for name, value in scope["headers"] if name.lower() != HEADER.encode()]
        if _VISITOR_VALUE.fullmatch(visitor):
            headers.append((HEADER.encode(), visitor.encode()))
        elif page:
            send = _with_cookie(send, f"{_VISITOR}={secrets.token_urlsafe(24)}")
        if page:
            # It is rewritten below, so it must not come compressed; and nothing on it depends on a query.
            headers = [(name, value) for name, value in headers if name.lower() != b"accept-encoding"]
            scope = {**scope, "query_string": b""}
        sending = _Rewriter(send).send if page else _with_headers(send, _FORM if scope["path"] == "/login" else _NOTHING)
        await self._app({**scope, "headers": headers}, _limited(receive), sending)


def _limited(receive: Receive) -> Receive:
    """Cut a body short that goes on although it did not say so."""
    left = MOST_BODY_BYTES

    async def receiving() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        return message if left >= 0 else {"type": "http.disconnect"}

    return receiving


# Lax, not Strict: whoever follows a link to the page from elsewhere is still who they are. What a link can do is `_is_visit`.
def _with_cookie(send: Send, pair: str) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            value = f"{pair}; Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax".encode()
            message = {**message, "headers": [*message.get("headers", []), (b"set-cookie", value)]}
        await send(message)

    return sending


class _Rewriter:
    """Gives the scripts of a page, and its policy, a nonce of their own."""

    def __init__(self, send: Send) -> None:
        self._nonce = secrets.token_urlsafe(18)
        self._send = _with_headers(send, _POLICY.format(nonce=self._nonce).encode())
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if message.get("more_body") or self._start is None:
            return
        # Only the page's own template holds this: its data are JSON in which < is escaped.
        body = self._body.replace(b"<script", f'<script nonce="{self._nonce}"'.encode())
        headers = [(name, value) for name, value in self._start["headers"] if name.lower() != b"content-length"]
        await self._send({**self._start, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
        await self._send({"type": "http.response.body", "body": body})


def _with_headers(send: Send, policy: bytes) -> Send:
    ours = {**_HEADERS, b"content-security-policy": policy}

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [(name, value) for name, value in message.get("headers", []) if name.lower() not in ours]
            message = {**message, "headers": [*kept, *ours.items()]}
        await send(message)

    return sending


def _is_visit(scope: Scope, headers: MutableMapping[bytes, str]) -> bool:
    """Whether somebody follows a link to the page: that is fine, and carries no power."""
    return scope["method"] == "GET" and scope["path"] == "/" and headers.get(b"sec-fetch-mode") == "navigate"


def _hostname(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").casefold()
    except ValueError:
        return ""


async def _refuse(send: Send, status: int, reason: str) -> None:
    body = reason.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    sending = _with_headers(send, _NOTHING)
    await sending({"type": "http.response.start", "status": status, "headers": headers})
    await sending({"type": "http.response.body", "body": body})
