"""Parts that do what a test says, and pass the contracts of the real ones."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rag.errors import LLMError
from rag.llm.budget import check_room
from rag.llm.json_output import check_schema, checked
from rag.llm.stops import StopFilter
from rag.types import Message

_TOKEN = re.compile(r"\w+\s*|[^\w\s]\s*|\s+")
_TURN_TOKENS = 4
_NO_NOTES = re.compile(r"^Notes:\n\n(?!Note )", re.MULTILINE)

Reply = str | Exception | Callable[[Sequence[Message]], str]
"""What a call answers: this text, this error, or what the function makes of the messages."""


@dataclass(frozen=True)
class Call:
    """One call of a `ScriptedLLM`."""

    method: str
    messages: tuple[Message, ...]
    max_tokens: int = 0
    stop: tuple[str, ...] = ()
    schema: Mapping[str, Any] | None = None
    choices: tuple[str, ...] = ()

    @property
    def prompt(self) -> str:
        """The text of all messages."""
        return "\n".join(message["content"] for message in self.messages)


class ScriptedLLM:
    """An `LLM` that answers from a script; a word or a sign is a token, and a piece.

    Args:
        replies: what `stream` answers, in order; the last one again and again.
        weights: by choice, what `probabilities` makes its answer of; a choice that is not there has 1, and all have where a
            prompt shows no notes. Or a function of the messages that returns such a mapping.
        context_tokens: prompt and answer together.
        pause_s: before each piece.

    Attributes:
        calls: what was asked, in order.
        closed_early: how many streams were closed before their end.
    """

    def __init__(
        self,
        *replies: Reply,
        weights: Mapping[str, float] | Callable[[Sequence[Message]], Mapping[str, float]] | None = None,
        context_tokens: int = 4096,
        pause_s: float = 0.0,
    ) -> None:
        self._replies = list(replies) or ["All is well."]
        self._weights = weights or {}
        self._context_tokens = context_tokens
        self._pause_s = pause_s
        self._guard = threading.Lock()
        self._closed = False
        self._answered = 0
        self.calls: list[Call] = []
        self.closed_early = 0

    name = "scripted"

    @property
    def context_tokens(self) -> int:
        return self._context_tokens

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int, stop: Sequence[str] = (), schema: Mapping[str, Any] | None = None
    ) -> Iterator[str]:
        check_schema(schema)
        check_room(self.count_prompt(messages), max_tokens, self._context_tokens)
        with self._guard:
            self.calls.append(Call("stream", tuple(messages), max_tokens, tuple(stop), schema))
            reply = self._replies[min(self._answered, len(self._replies) - 1)]
            self._answered += 1
        if isinstance(reply, Exception):
            raise reply
        text = reply if isinstance(reply, str) else reply(messages)
        return checked(self._pieces(text, max_tokens, stop), schema)

    def probabilities(self, messages: Sequence[Message], choices: Sequence[str]) -> tuple[float, ...]:
        check_room(self.count_prompt(messages), 1, self._context_tokens)
        if not choices or len({_TOKEN.findall(choice)[0] for choice in choices}) < len(choices):
            raise ValueError(f"choices must differ in their first token: {list(choices)}")
        with self._guard:
            self.calls.append(Call("probabilities", tuple(messages), choices=tuple(choices)))
        weights = self._weights(messages) if callable(self._weights) else self._weights
        if _NO_NOTES.search(messages[-1]["content"]) and not callable(self._weights):
            weights = {}
        mass = [weights.get(choice, 1.0) for choice in choices]
        return tuple(each / sum(mass) for each in mass)

    def count_tokens(self, text: str) -> int:
        self._check_open()
        return len(_TOKEN.findall(text))

    def count_prompt(self, messages: Sequence[Message]) -> int:
        return sum(self.count_tokens(message["content"]) + _TURN_TOKENS for message in messages)

    def close(self) -> None:
        self._closed = True

    def _pieces(self, text: str, max_tokens: int, stop: Sequence[str]) -> Iterator[str]:
        shown = StopFilter(stop)
        try:
            for piece in _TOKEN.findall(text)[:max_tokens]:
                if self._pause_s:
                    time.sleep(self._pause_s)
                self._check_open()
                yield shown.feed(piece)
                if shown.stopped:
                    return
            yield shown.rest()
        except GeneratorExit:
            self.closed_early += 1
            raise

    def _check_open(self) -> None:
        if self._closed:
            raise LLMError("The language model is closed", hint="Load it again.")


def json_reply(value: object) -> str:
    """Return a reply that is one JSON value."""
    return json.dumps(value)
