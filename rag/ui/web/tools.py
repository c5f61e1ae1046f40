"""The tools of the MCP server: `search_notes`, `ask_notes`, `read_page`.

Docstrings here are read by models: they say what a tool is for. Gradio serves them; imports it for its error.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import gradio as gr

from rag.as_json import answer_json, retrieval_json
from rag.errors import RagError
from rag.types import Answer
from rag.ui.engine import Engine

MOST_PASSAGES = 20
MOST_LINES = 400
TOOLS = ("search_notes", "ask_notes", "read_page")

Tool = Callable[..., Awaitable[str]]  # JSON: Gradio would write an object as Python does, which is none


def tools(engine: Engine) -> tuple[Tool, Tool, Tool]:
    """Return the functions, in the order of `TOOLS`."""

    async def search_notes(question: str, top_k: int = 8) -> str:
        """Find the passages of the notes that fit a question. Use it to read evidence yourself; nothing is written.

        Args:
            question: what to look for, in plain words.
            top_k: most passages, 1 to 20.

        Returns:
            JSON: passages by rank, each with path, line, heading_path, text and score.
        """
        with_bounds = min(max(top_k, 1), MOST_PASSAGES)
        try:
            found = await asyncio.to_thread(engine.assistant.search, question, top_k=with_bounds)
        except RagError as error:
            raise _said(error) from error
        return _json(retrieval_json(found))

    async def ask_notes(question: str) -> str:
        """Answer a question from the notes alone, with citations, or say that the notes don't say. Takes some seconds.

        Args:
            question: one question, complete in itself.

        Returns:
            JSON: status (answered or abstained), text with markers like [1], and citations with path, line and quote.
        """
        try:
            run = engine.ask(question)
            async for step in run.steps():
                if isinstance(step, Answer):
                    whole = answer_json(step)
                    return _json({key: whole[key] for key in ("status", "reason", "text", "citations", "generation")})
        except RagError as error:
            raise _said(error) from error
        raise gr.Error("The server is going down.", print_exception=False)

    async def read_page(path: str, first_line: int = 1, lines: int = 200) -> str:
        """Read a page of the notes, or a part of it, by the path that search_notes and ask_notes give.

        Args:
            path: of the page, as it stands in passages and citations.
            first_line: where to begin, from 1.
            lines: how many lines, up to 400.

        Returns:
            JSON: path, first_line, last_line, total_lines and text.
        """
        try:
            return _json(await asyncio.to_thread(_read, engine, path, first_line, lines))
        except RagError as error:
            raise _said(error) from error

    return search_notes, ask_notes, read_page


def _read(engine: Engine, path: str, first_line: int, count: int) -> dict[str, Any]:
    with engine.assistant.generation() as generation:
        try:
            source = generation.source(path)
        except KeyError as error:
            raise RagError(f"There is no page {path!r} in the notes", hint="Use a path that search_notes gave.") from error
    every = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first = min(max(first_line, 1), len(every))
    shown = every[first - 1 : first - 1 + min(max(count, 1), MOST_LINES)]
    return {
        "path": path,
        "first_line": first,
        "last_line": first + len(shown) - 1,
        "total_lines": len(every),
        "text": "\n".join(shown),
    }


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _said(error: RagError) -> gr.Error:
    return gr.Error(str(error), print_exception=False)
