"""The page as a web application: Gradio mounted, every door that the chat does not need shut."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import gradio as gr
from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, JSONResponse

from rag.ui.actions import MOST_BYTES
from rag.ui.address import is_loopback
from rag.ui.chat.export import as_markdown, file_name
from rag.ui.guard import Guard
from rag.ui.page import TITLE, build_page, theme
from rag.ui.services import Services
from rag.ui.visitor import visitor_of
from rag.ui.web import openai
from rag.ui.web.gate import Gate
from rag.ui.web.login import Login
from rag.ui.web.passwords import Passwords
from rag.ui.web.tools import TOOLS

_LOOK = Path(__file__).parent / "look"
_STYLES = ("page", "turn", "answer", "panel", "shelf", "tabs", "login")
# Not through Gradio's `css`: it rewrites the rules, and loses those that it does not know.
_HEAD = "".join(f'<link rel="stylesheet" href="./look/{name}.css">' for name in _STYLES[:-1])


def build_app(services: Services, *, host: str, port: int, passwords: Passwords | None = None) -> Guard:
    """Build the application that serves the page and its routes.

    Args:
        services: what it works with.
        host: address that it will listen on.
        port: of that address.
        passwords: of the users; None where nobody has to log in.

    Returns:
        The application behind the guard that checks host, origin and login before anything else is reached.
    """
    page = build_page(services, with_login=passwords is not None)
    outer = FastAPI(title="rag-notes", docs_url=None, redoc_url=None, openapi_url=None)
    for name in _STYLES:
        outer.add_route(f"/look/{name}.css", _sending(_LOOK / f"{name}.css", "text/css"))
    _add_routes(outer, services)
    openai.add_routes(outer, services.engine)
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
        mcp_server=True,
        theme=theme(),
        head=_HEAD,
    )
    # Gradio makes a tool of every endpoint; `ask` and `search` are there twice then.
    page.mcp_server_obj.tool_to_endpoint = {name: f"/{name}" for name in TOOLS}
    # The newest protocol differs from this one in one thing that matters: under it, Gradio's Python client takes every object that
    # has a `path` for a file and tries to download it. Our citations have one.
    page.config["protocol"] = "sse_v2.1"
    if passwords is None:
        return Guard(outer, hosts=[host])
    return Guard(Gate(outer, Login(passwords, services.secret()), TITLE), hosts=[host] if is_loopback(host) else None)


def _add_routes(app: FastAPI, services: Services) -> None:
    def status(_: Request) -> Response:
        return JSONResponse(services.state.now(), headers={"cache-control": "no-store"})

    async def do(request: Request) -> Response:
        body = await request.body()
        if len(body) > MOST_BYTES:
            return JSONResponse({"problem": "That is too much."}, 413)
        status, reply = await services.actions.perform(request.path_params["name"], visitor_of(request), body)
        return JSONResponse(reply, status)

    def export(request: Request) -> Response:
        visitor, identity = visitor_of(request), request.path_params["identity"]
        conversation = services.conversations.get(visitor, identity)
        if conversation is None:
            return Response("There is no such conversation.", 404, media_type="text/plain")
        text = as_markdown(conversation, services.conversations.turns(visitor, identity))
        disposition = f'attachment; filename="{file_name(conversation)}"'
        content = text.encode("utf-8", "replace")
        return Response(content, media_type="text/markdown; charset=utf-8", headers={"content-disposition": disposition})

    app.add_route("/status", status)
    app.add_route("/do/{name}", do, methods=["POST"])
    app.add_route("/chats/{identity}.md", export)


def _sending(file: Path, kind: str) -> Callable[[Request], Awaitable[FileResponse]]:
    async def send(_: Request) -> FileResponse:
        return FileResponse(file, media_type=kind)

    return send
