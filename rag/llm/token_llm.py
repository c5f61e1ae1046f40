"""An `LLM` of an engine that takes tokens and gives tokens: makes tokens of a conversation and text of tokens.

Special tokens in a message are plain text, as in `llama_cpp`. A schema needs the optional library behind `constraint`.
"""

from __future__ import annotations

import functools
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rag.llm.budget import check_room
from rag.llm.choices import first_tokens
from rag.llm.constraint import Constraint, Vocabulary
from rag.llm.greedy import GreedyEngine
from rag.llm.json_output import check_schema, checked
from rag.llm.prompts import Prompts
from rag.llm.pump import Outlet, pump
from rag.llm.stops import StopFilter
from rag.types import Message


class TokenLLM(ABC):
    """An `LLM` but for its name.

    Args:
        engine: what computes.
        name: of its threads.
    """

    def __init__(self, engine: GreedyEngine, name: str) -> None:
        self._engine = engine
        self._thread = name
        self._prompts = Prompts(engine.render, lambda text, first: engine.tokenize(text, special=True), engine.tokenize)

    @functools.cached_property
    @abstractmethod
    def name(self) -> str:
        """What a report calls this model, its weights' version included."""

    @property
    def context_tokens(self) -> int:
        """How many tokens prompt and answer may have together."""
        return self._engine.context_tokens

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int, stop: Sequence[str] = (), schema: Mapping[str, Any] | None = None
    ) -> Iterator[str]:
        """Write the answer, greedily decoded.

        Args:
            messages: the conversation; the model writes the next turn.
            max_tokens: after which the answer is cut off.
            stop: strings that end the answer; they are not part of it.
            schema: JSON Schema that the whole output fits; None is free text.

        Returns:
            The pieces of the answer; an empty one every tenth of a second while there is no text. Closing it stops the engine.

        Raises:
            PromptTooLongError: prompt and `max_tokens` do not fit.
            LLMError: the engine failed, what it wrote does not fit `schema`, or the library for schemas is not installed.
        """
        check_schema(schema)
        prompt, cuts = self._prompts.tokens(messages)
        check_room(len(prompt), max_tokens, self.context_tokens)
        constraint = None if schema is None else self._vocabulary.constraint(schema)

        def work(outlet: Outlet) -> None:
            self._write(prompt, cuts, max_tokens, stop, constraint, outlet)

        return checked(pump(work, name=self._thread), schema)

    def probabilities(self, messages: Sequence[Message], choices: Sequence[str]) -> tuple[float, ...]:
        """Weigh choices as the assistant's next words.

        Read from the logits of the first token after the prompt, where each choice stands for its own first token.

        Args:
            messages: the conversation up to there.
            choices: at least one; no two begin with the same token.

        Returns:
            The probability of each choice among the choices, in order; they sum to 1.

        Raises:
            PromptTooLongError: the prompt does not fit.
            LLMError: the engine failed.
            ValueError: no choice, or two that begin with the same token.
        """
        prompt, cuts = self._prompts.tokens(messages)
        check_room(len(prompt), 1, self.context_tokens)
        first = first_tokens(choices, self._engine.tokenize)
        logits = self._engine.first_logits(prompt, first, cuts)
        weights = [math.exp(logit - max(logits)) for logit in logits]
        return tuple(weight / sum(weights) for weight in weights)

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of `text`; text that looks like a special token is text."""
        return len(self._engine.tokenize(text))

    def count_prompt(self, messages: Sequence[Message]) -> int:
        """Return the number of tokens of the whole prompt, template included."""
        return len(self._prompts.tokens(messages)[0])

    def close(self) -> None:
        """Stop what runs and free the weights. Calling it twice is fine."""
        self._engine.close()

    @functools.cached_property
    def _vocabulary(self) -> Vocabulary:
        return Vocabulary(self._engine.tokenizer_json, self._engine.vocabulary_size, sorted(self._engine.end_tokens))

    def _write(
        self,
        prompt: Sequence[int],
        cuts: Sequence[int],
        max_tokens: int,
        stop: Sequence[str],
        constraint: Constraint | None,
        outlet: Outlet,
    ) -> None:
        shown = StopFilter(stop)
        tokens: list[int] = []
        done = ""
        for token in self._engine.decode(prompt, max_tokens, constraint, lambda: outlet.closed or shown.stopped, cuts):
            tokens.append(token)
            text = self._engine.detokenize(tokens)
            if text.endswith("\ufffd"):  # half a character; the rest comes with the next token
                continue
            outlet.put(shown.feed(text[len(done) :]))
            done = text
        if not shown.stopped:
            rest = self._engine.detokenize(tokens)[len(done) :].rstrip("\ufffd")  # a character that was never completed
            outlet.put(shown.feed(rest) + shown.rest())
