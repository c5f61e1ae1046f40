"""What programs can call: `/ask` and `/search`, with the JSON of `rag ask --json` and `rag search --json`.

Docstrings here are read by programs' authors: they appear in the API's description. Imports Gradio, for its error.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import gradio as gr

from rag.as_json import answer_json, retrieval_json
from rag.batch import turns
from rag.errors import RagError
from rag.types import Answer
from rag.ui.engine import Engine

MOST_PASSAGES = 100

Ask = Callable[[str, list[dict[str, Any]]], Awaitable[dict[str, Any]]]
Search = Callable[[str, int], Awaitable[dict[str, Any]]]


def endpoints(engine: Engine) -> tuple[Ask, Search]:
    """Return the two functions that become endpoints."""

    async def ask(question: str, history: list[dict[str, Any]] = []) -> dict[str, Any]:  # noqa: B006 - Gradio reads the default
        """Answer a question from the notes, with citations.

        Args:
            question: any text.
            history: earlier turns, each {"role": "user" or "assistant", "content": text}.

        Returns:
            status, reason, text, sentences, citations, passages, timings_s, generation, as `python -m rag ask --json` prints them.
        """
        try:
            run = engine.ask(question, turns(history or []))
            async for step in run.steps():
                if isinstance(step, Answer):
                    return answer_json(step)
        except (RagError, ValueError) as error:
            raise _said(error) from error
        raise gr.Error("The server is going down.", print_exception=False)

    async def search(question: str, top_k: int = 0) -> dict[str, Any]:
        """Find the passages for a question; no answer is written.

        Args:
            question: any text.
            top_k: most passages, up to 100; 0 for as many as an answer would use.

        Returns:
            question, query, generation, passages, timings_s, as `python -m rag search --json` prints them.
        """
        try:
            if not 0 <= top_k <= MOST_PASSAGES:
                raise ValueError(f"top_k is {top_k}, and it should be from 0 to {MOST_PASSAGES}")
            return retrieval_json(await asyncio.to_thread(engine.assistant.search, question, top_k=top_k or None))
        except (RagError, ValueError) as error:
            raise _said(error) from error

    return ask, search


def _said(error: RagError | ValueError) -> gr.Error:
    return gr.Error(str(error), print_exception=False)
