"""Who asks: a name that the guard puts on each request, from the login or from a cookie. Knows headers; knows no vendor."""

from __future__ import annotations

from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from typing import Any

HEADER = "x-rag-visitor"
"""Set by the guard alone: it drops what a client sends under this name."""

_NOBODY = "nobody"


def visitor_of(request: Any) -> str:  # noqa: ANN401 - a request of Gradio or of Starlette
    """Return who sent a request; all programs without a login are one visitor."""
    inner = getattr(request, "request", None) or request
    headers = inner.headers
    found = headers.get(HEADER) if hasattr(headers, "get") else dict(headers).get(HEADER)
    return str(found or _NOBODY)


def cookie(headers: Iterable[tuple[bytes, bytes]], name: str) -> str:
    """Return the value of a cookie; empty where there is none, or where the header is nonsense."""
    for key, value in headers:
        if key.lower() == b"cookie":
            jar: SimpleCookie = SimpleCookie()
            try:
                jar.load(value.decode("latin-1"))
            except CookieError:
                continue
            if name in jar:
                return jar[name].value
    return ""
