"""The page as a web application: Gradio mounted, every door that the chat does not need shut."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import gradio as gr
from fastapi import FastAPI, Request
from fastapi.responses import FileResponse

from rag.ui.guard import Guard
from rag.ui.page import theme

_STYLES = ("page", "turn", "answer", "panel")
# Not through Gradio's `css`: it rewrites the rules, and loses those that it does not know.
_HEAD = "".join(f'<link rel="stylesheet" href="./look/{name}.css">' for name in _STYLES)


def build_app(page: gr.Blocks, *, host: str, port: int) -> Guard:
    """Return the application that serves a page.

    Args:
        page: from `build_page`.
        host: address that it will listen on.
        port: of that address.
    """
    outer = FastAPI(title="rag-notes", docs_url=None, redoc_url=None, openapi_url=None)

    for name in _STYLES:
        outer.add_route(f"/look/{name}.css", _sending(Path(__file__).with_name(f"{name}.css")))
    gr.mount_gradio_app(
        outer,
        page,
        path="/",
        server_name=host,
        server_port=port,
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        allowed_paths=[],
        blocked_paths=["/"],
        max_file_size=1,  # bytes: nothing is uploaded here
        show_error=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        theme=theme(),
        head=_HEAD,
    )
    # The newest protocol differs from this one in one thing that matters: under it, Gradio's Python client takes every object that
    # has a `path` for a file and tries to download it. Our citations have one.
    page.config["protocol"] = "sse_v2.1"
    return Guard(outer, hosts=[host])


def _sending(file: Path) -> Callable[[Request], Awaitable[FileResponse]]:
    async def send(_: Request) -> FileResponse:
        return FileResponse(file, media_type="text/css")

    return send
