"""The gate between the guard and the chat: nobody passes who has not shown who they are.

Pure ASGI. Answers `/login` and `/logout` itself, and shows the login page in place of the chat's. Knows HTTP; whether a password is
right, `Login` knows.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from rag.errors import RagError
from rag.ui.visitor import HEADER
from rag.ui.web.login import COOKIE, LASTS_S, Login
from rag.ui.web.login_page import login_page, sent, welcome_page

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_OPEN = frozenset({"/look/login.css"})
_HTML = b"text/html; charset=utf-8"
_LOG_IN_FIRST = b'{"error": {"message": "Log in first: Authorization: Bearer NAME:PASSWORD", "type": "authentication_error"}}'
_LONGEST_FORM_BYTES = 4096

_LOG = logging.getLogger(__name__)


class Gate:
    """An ASGI application around another.

    Args:
        app: what is behind the gate.
        login: tells who somebody is.
        title: of the login page.
    """

    def __init__(self, app: App, login: Login, title: str) -> None:
        self._app = app
        self._login = login
        self._title = title

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or scope["path"] in _OPEN:
            await self._app(scope, receive, send)
            return
        try:
            await self._serve(scope, receive, send)
        except RagError as error:
            _LOG.error("%s", error)
            await _answer(send, 500, b"text/plain", b"The file of users cannot be read; the log says why.")

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = str((scope.get("client") or ("",))[0])
        if scope["path"] == "/login" and scope["method"] == "POST":
            await self._log_in(scope, address, receive, send)
            return
        name = await asyncio.to_thread(self._login.who, scope["headers"], address)
        if scope["path"] == "/logout" and scope["method"] == "POST":
            await _answer(send, 200, _HTML, welcome_page(), _cookie(scope, "", 0))
        elif name is not None and scope["path"] == "/login":
            await _answer(send, 200, _HTML, welcome_page())
        elif name is not None:
            headers = [(key, value) for key, value in scope["headers"] if key.lower() != HEADER.encode()]
            await self._app({**scope, "headers": [*headers, (HEADER.encode(), f"user:{name}".encode())]}, receive, send)
        elif scope["path"] in {"/", "/login"} and scope["method"] == "GET":
            await _answer(send, 401, _HTML, login_page(self._title))
        else:
            # Not `Basic`: a browser would ask with a window of its own.
            await _answer(
                send, 401, b"application/json", b'{"error": {"message": "Log in first."}}', (b"www-authenticate", b"Bearer")
            )

    async def _log_in(self, scope: Scope, address: str, receive: Receive, send: Send) -> None:
        name, password = sent(await _body(receive))
        right: bool = bool(name) and await asyncio.to_thread(self._login.check, name, password, address)
        if right:
            await _answer(send, 200, _HTML, welcome_page(), _cookie(scope, self._login.cookie(name), LASTS_S))
        else:
            await _answer(send, 401, _HTML, login_page(self._title, "Name or password is wrong, or there were too many tries."))


def _cookie(scope: Scope, value: str, age_s: int) -> tuple[bytes, bytes]:
    forwarded = dict(scope["headers"]).get(b"x-forwarded-proto", b"")
    secure = "; Secure" if scope.get("scheme") == "https" or forwarded == b"https" else ""
    return b"set-cookie", f"{COOKIE}={value}; Path=/; Max-Age={age_s}; HttpOnly; SameSite=Lax{secure}".encode()


async def _body(receive: Receive) -> bytes:
    body = b""
    while len(body) <= _LONGEST_FORM_BYTES:
        message = await receive()
        body += bytes(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body"):
            return body
    return b""


async def _answer(send: Send, status: int, kind: bytes, body: bytes, *more: tuple[bytes, bytes]) -> None:
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode()), (b"cache-control", b"no-store"), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
