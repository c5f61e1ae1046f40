"""Asking a system one question: its answer, and how fast its language model read and wrote.

What was asked before is found where it was kept, with the times of then. Knows an LLM's Protocol and the cache; knows no metric.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from eval.answer_sets import Item
from eval.answers import answer_of
from eval.cache import Cache
from rag.as_json import answer_json
from rag.errors import LLMError
from rag.protocols import LLM
from rag.types import Answer, Message

KIND = "replies"

Ask = Callable[[Item], Answer]
"""Puts one question to a system."""


@dataclass(frozen=True, slots=True)
class Speed:
    """What the language model did for one question.

    Attributes:
        read_tokens: of the first prompt, template included. What follows it begins alike and is remembered by most engines.
        read_s: from asking to the first thing that came of it. An engine that remembers the beginning of the prompt reads less
            than all of it, so their quotient is an upper bound.
        written_tokens: in all answers that were streamed, after the first piece of each.
        written_s: from the first piece of each to its last.
    """

    read_tokens: int = 0
    read_s: float = 0.0
    written_tokens: int = 0
    written_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a question.

    Attributes:
        answer: None where the model failed.
        speed: of the model.
        error: why there is none; empty otherwise.
    """

    answer: Answer | None
    speed: Speed = Speed()
    error: str = ""


class Metered:
    """A language model that is loaded at its first use, shared by several systems, and timed.

    A system that ends closes its model, and must not take it from the others: `close` does nothing, `end` frees it.

    Args:
        build: loads it.
    """

    def __init__(self, build: Callable[[], LLM]) -> None:
        self._build = build
        self._inner: LLM | None = None
        self._prompts: list[tuple[Sequence[Message], float]] = []
        self._written: list[tuple[str, float]] = []

    @property
    def inner(self) -> LLM:
        """The model itself."""
        if self._inner is None:
            self._inner = self._build()
        return self._inner

    @property
    def name(self) -> str:
        """As the model's."""
        return self.inner.name

    @property
    def context_tokens(self) -> int:
        """As the model's."""
        return self.inner.context_tokens

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int, stop: Sequence[str] = (), schema: Mapping[str, Any] | None = None
    ) -> Iterator[str]:
        """Write as the model does."""
        pieces = self.inner.stream(messages, max_tokens=max_tokens, stop=stop, schema=schema)
        start = time.perf_counter()
        first, last, rest = 0.0, 0.0, []
        try:
            for piece in pieces:
                if piece and not first:
                    first = last = time.perf_counter()
                    self._prompts.append((messages, first - start))
                elif piece:
                    last = time.perf_counter()
                    rest.append(piece)
                yield piece
        finally:
            close = getattr(pieces, "close", None)
            if close:
                close()
            if rest:
                self._written.append(("".join(rest), last - first))

    def probabilities(self, messages: Sequence[Message], choices: Sequence[str]) -> tuple[float, ...]:
        """Choose as the model does."""
        inner = self.inner
        start = time.perf_counter()
        found = inner.probabilities(messages, choices)
        self._prompts.append((messages, time.perf_counter() - start))
        return found

    def count_tokens(self, text: str) -> int:
        """Count as the model does."""
        return self.inner.count_tokens(text)

    def count_prompt(self, messages: Sequence[Message]) -> int:
        """Count as the model does."""
        return self.inner.count_prompt(messages)

    def close(self) -> None:
        """Do nothing: `end` frees the model."""

    def end(self) -> None:
        """Free the model, if it was loaded."""
        if self._inner is not None:
            self._inner.close()
            self._inner = None

    def warm(self) -> None:
        """Load the model and have it read a word, so that no question pays for that."""
        for _ in self.stream([{"role": "user", "content": "Hello"}], max_tokens=1):
            pass

    def take(self) -> Speed:
        """Return what was done since the last time; counting is done here, where nobody waits for it."""
        prompts, written, self._prompts, self._written = self._prompts, self._written, [], []
        return Speed(
            self.inner.count_prompt(prompts[0][0]) if prompts else 0,
            round(prompts[0][1], 4) if prompts else 0.0,
            sum(self.inner.count_tokens(text) for text, _ in written),
            round(sum(seconds for _, seconds in written), 4),
        )


class Asker:
    """Asks one system; only what was not asked before.

    Args:
        ask: puts a question to it.
        llm: that it answers with.
        identity: all that an answer depends on but the question.
        cache: where replies are kept.
        prepare: loads what the first question would else wait for; called once, before the first that was not asked before.
    """

    def __init__(
        self, ask: Ask, llm: Metered, identity: Mapping[str, Any], cache: Cache, prepare: Callable[[], object] = lambda: None
    ) -> None:
        self._ask = ask
        self._prepare: Callable[[], object] | None = prepare
        self._llm = llm
        self._identity = dict(identity)
        self._cache = cache

    def reply(self, item: Item) -> Reply:
        """Return what became of a question; a failure of the model is not kept, so that the next run asks again."""
        history = [dict(turn) for turn in item.history]
        key = {"question": item.question, "history": history, "page": item.page, "system": self._identity}
        kept = self._cache.get(KIND, key)
        if kept is not None:
            return Reply(answer_of(kept["answer"]), Speed(**kept["speed"]))
        try:
            self._get_ready()
            answer = self._ask(item)
        except LLMError as error:
            return Reply(None, error=str(error))
        speed = self._llm.take()
        self._cache.put(KIND, key, {"answer": answer_json(answer), "speed": asdict(speed)})
        # As JSON keeps it, so that a figure is the same whether or not a reply was kept.
        return Reply(answer_of(answer_json(answer)), speed)

    def _get_ready(self) -> None:
        if self._prepare:
            self._prepare()
            self._llm.warm()
            self._prepare = None
        self._llm.take()
