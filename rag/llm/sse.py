"""Server-sent events of a chat completion: from lines to text. Knows the wire format and no transport."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rag.errors import LLMError, PromptTooLongError

_TOO_LONG = ("exceed_context_size", "context_length_exceeded", "maximum context length", "exceeds the available context")
_HINTS = {
    401: "Set the key of the server in the variable that llm_key_variable names.",
    403: "Set the key of the server in the variable that llm_key_variable names.",
    404: "Check the address in llm and the name in llm_model.",
    429: "Wait a moment and try again.",
}


class Completion:
    """Reads one streamed completion.

    Attributes:
        done: whether the server has said that it is complete.
    """

    def __init__(self) -> None:
        self.done = False

    def feed(self, line: str) -> str:
        """Take one line of the stream.

        Args:
            line: without its end.

        Returns:
            The text in it: mostly none or a few characters.

        Raises:
            LLMError: it is an error, or nonsense.
        """
        if not line.startswith("data:"):
            return ""  # a comment that keeps the connection alive, an event's name, or the end of an event
        data = line.removeprefix("data:").strip()
        if data == "[DONE]":
            self.done = True
            return ""
        try:
            event = json.loads(data)
            if "error" in event:
                raise server_error(200, data)
            if not event["choices"]:
                return ""
            choice = event["choices"][0]
            text = choice["delta"].get("content") or ""
        except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
            raise nonsense(data) from error
        if choice.get("finish_reason"):
            self.done = True
        if not isinstance(text, str):
            raise nonsense(data)
        return text


def server_error(status: int, body: str) -> LLMError:
    """Make the error for an answer that is one.

    Args:
        status: of HTTP.
        body: as received.

    Returns:
        An error with the server's own words; `PromptTooLongError` where they say that, so that the caller can ask with fewer
        passages.
    """
    if any(sign in body for sign in _TOO_LONG):
        return PromptTooLongError(
            f"The server says that the prompt is too long: {_message(body)}", hint="Lower context_tokens to what the server has."
        )
    hint = _HINTS.get(status, "Try again; look at the server's log if it stays.")
    return LLMError(f"The server refused (HTTP {status}): {_message(body)}", hint=hint)


def nonsense(body: str) -> LLMError:
    """Return the error for an answer that is not what the API promises."""
    return LLMError(
        f"The server answered with something else than a chat completion: {body[:120]!r}",
        hint="Check the address in llm: it should end in /v1 or be the server's root.",
    )


def _message(body: str) -> str:
    try:
        error = json.loads(body)["error"]
    except (ValueError, TypeError, KeyError):
        return repr(body[:200])
    return str(error.get("message", error) if isinstance(error, Mapping) else error)[:300]


def top_logprobs(body: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Read the most likely first tokens of a completion.

    Args:
        body: the server's answer to a request with `logprobs`.

    Returns:
        Tokens with their logarithmic probabilities (natural, up to 0), in the server's order: best first.

    Raises:
        LLMError: the server gives none.
    """
    try:
        top = body["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
        return [(str(entry["token"]), float(entry["logprob"])) for entry in top]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise LLMError(
            "The server gives no probabilities", hint="Use a server with logprobs, such as vLLM or llama-server."
        ) from error
