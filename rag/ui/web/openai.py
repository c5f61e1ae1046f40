"""`/v1/chat/completions` and `/v1/models` as OpenAI's clients speak them: the last message is the question.

Citations come as `annotations` of the message: `url_citation` with the place of its marker in the text, and beside it `note` with
path, line, offsets and quote. Knows the protocol and the engine; knows no page.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any, cast
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from rag.as_json import citation_json
from rag.errors import PromptTooLongError, RagError
from rag.types import Answer, Draft, Message
from rag.ui.engine import Engine, Run, Waiting

MODEL = "rag-notes"

_MARKER = re.compile(r"\[(\d{1,3})\]")


class _BadRequestError(Exception):
    """What the client sent cannot be answered."""


def add_routes(app: FastAPI, engine: Engine) -> None:
    """Add the routes to an application.

    Args:
        app: to add to.
        engine: answers.
    """
    started = int(time.time())
    model = {"id": MODEL, "object": "model", "created": started, "owned_by": "rag-notes"}

    async def complete(request: Request) -> Response:
        try:
            body = _object(await request.body())
            question, history = _asked(body)
            run = engine.ask(question, history)
        except _BadRequestError as error:
            return _error(400, str(error), "invalid_request_error")
        except RagError as error:
            return _failure(error)
        base = str(request.base_url)
        if body.get("stream"):
            options = body.get("stream_options")
            with_usage = isinstance(options, dict) and options.get("include_usage") is True
            return StreamingResponse(_stream(run, base, engine, with_usage), media_type="text/event-stream", headers=_NOT_KEPT)
        try:
            answer = await _whole(run)
        except RagError as error:
            return _failure(error)
        if answer is None:
            return _error(503, "The server is going down.", "server_error")
        return JSONResponse(_completion(answer, base, engine), headers=_NOT_KEPT)

    def models(_: Request) -> Response:
        return JSONResponse({"object": "list", "data": [model]})

    def one(request: Request) -> Response:
        known = request.path_params["name"] == MODEL
        return JSONResponse(model) if known else _error(404, f"There is one model here: {MODEL}.", "invalid_request_error")

    app.add_route("/v1/chat/completions", complete, methods=["POST"])
    app.add_route("/v1/models", models)
    app.add_route("/v1/models/{name}", one)


_NOT_KEPT = {"cache-control": "no-store"}


def _object(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise _BadRequestError("The body is not a JSON object.")
    if body.get("n") not in (None, 1):
        raise _BadRequestError("There is one answer to a question: n has to be 1.")
    if body.get("model") != MODEL:
        raise _BadRequestError(f"There is one model here: {MODEL}.")
    return body


def _asked(body: Mapping[str, Any]) -> tuple[str, list[Message]]:
    """Return the question and the turns before it. System messages are left out: what the answer rests on are the notes."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise _BadRequestError("messages is not a list with a question in it.")
    turns: list[Message] = []
    for message in messages:
        role = message.get("role") if isinstance(message, dict) else None
        if role in {"system", "developer"}:
            continue
        if role not in {"user", "assistant"}:
            raise _BadRequestError("A message's role is user, assistant, system or developer.")
        turns.append(cast("Message", {"role": role, "content": _text(message.get("content"))}))
    if not turns or turns[-1]["role"] != "user":
        raise _BadRequestError("The last message is not the user's.")
    return turns[-1]["content"], turns[:-1]


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list) and all(isinstance(part, dict) and part.get("type") == "text" for part in content):
        return "\n".join(str(part.get("text", "")) for part in content)
    raise _BadRequestError("A message's content is text.")


async def _whole(run: Run) -> Answer | None:
    async with aclosing(run.steps()) as steps:
        async for step in steps:
            if isinstance(step, Answer):
                return step
    return None


def _completion(answer: Answer, base: str, engine: Engine) -> dict[str, Any]:
    message = {"role": "assistant", "content": answer.text, "refusal": None, "annotations": cited_places(answer, base)}
    return {
        "id": _identity(),
        "object": "chat.completion",
        "created": int(time.time()),
        "model": MODEL,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": _usage(answer, engine),
        "rag": _facts(answer),
    }


async def _stream(run: Run, base: str, engine: Engine, with_usage: bool) -> AsyncIterator[str]:
    head = {"id": _identity(), "object": "chat.completion.chunk", "created": int(time.time()), "model": MODEL}

    def chunk(delta: Mapping[str, Any], end: str | None = None, **more: Any) -> str:  # noqa: ANN401 - JSON values
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": end}
        return _event({**head, "choices": [choice], **more})

    yield chunk({"role": "assistant", "content": ""})
    said = ""
    try:
        async with aclosing(run.steps()) as steps:
            async for step in steps:
                if isinstance(step, Waiting):
                    yield ": waiting\n\n"
                elif isinstance(step, Draft) and step.text[: step.settled].startswith(said) and step.settled > len(said):
                    fresh, said = step.text[len(said) : step.settled], step.text[: step.settled]
                    yield chunk({"content": fresh})
                elif isinstance(step, Answer):
                    # What was written may have turned out to be without support: then the answer is another one.
                    rest = step.text[len(said) :] if step.text.startswith(said) else f"\n\n{step.text}"
                    yield chunk({"content": rest}) if rest else ""
                    yield chunk({"annotations": cited_places(step, base)}, "stop", rag=_facts(step))
                    if with_usage:
                        yield _event({**head, "choices": [], "usage": _usage(step, engine)})
    except RagError as error:
        yield _event({"error": {"message": str(error), "type": "server_error", "code": None, "param": None}})
    yield "data: [DONE]\n\n"


def cited_places(answer: Answer, base: str) -> list[dict[str, Any]]:
    """List the citations of an answer as that API does.

    Args:
        answer: with its citations.
        base: address of the chat, ending in a slash.

    Returns:
        One annotation for each marker in the text, in its order; offsets are in characters of `answer.text`.
    """
    by_marker = {citation.marker: citation for citation in answer.citations}
    titles = {passage.chunk.path: passage.chunk.title for passage in answer.passages}
    found: list[dict[str, Any]] = []
    for match in _MARKER.finditer(answer.text):
        citation = by_marker.get(int(match[1]))
        if citation is None:
            continue
        place = {
            "start_index": match.start(),
            "end_index": match.end(),
            "title": titles.get(citation.path, citation.path),
            "url": f"{base}#page={quote(citation.path)}:{citation.line}",
        }
        found.append({"type": "url_citation", "url_citation": place, "note": citation_json(citation)})
    return found


def _facts(answer: Answer) -> dict[str, Any]:
    return {"status": answer.status, "reason": answer.reason, "generation": answer.generation}


def _usage(answer: Answer, engine: Engine) -> dict[str, int]:
    """Count what can be counted without the prompt: the passages and the answer."""
    prompt = sum(passage.tokens for passage in answer.passages)
    written = engine.assistant.llm.count_tokens(answer.text)
    return {"prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt + written}


def _identity() -> str:
    return f"chatcmpl-{secrets.token_hex(12)}"


def _event(value: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(value)}\n\n"


def _failure(error: RagError) -> Response:
    if isinstance(error, PromptTooLongError):
        return _error(400, str(error), "invalid_request_error", "context_length_exceeded")
    return _error(503 if error.retry else 500, str(error), "server_error")


def _error(status: int, message: str, kind: str, code: str | None = None) -> Response:
    return JSONResponse({"error": {"message": message, "type": kind, "param": None, "code": code}}, status)
