"""What engines that are stepped token by token have in common: turns, prefixes that need not be read again, greedy decoding.

Knows no vendor: how tokens are computed, and how the end of what was read is forgotten, is the engine's.
"""

from __future__ import annotations

import contextlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from rag.errors import LLMError
from rag.llm.constraint import Constraint
from rag.llm.prefixes import Prefixes
from rag.types import Message

BATCH_TOKENS: Final = 128
"""How many tokens of a prompt are read at once; between two batches the engine can be stopped."""

_TURN_S: Final = 0.1


class GreedyEngine(ABC):
    """One set of weights, loaded. Safe to call from several threads; calls take turns.

    Attributes:
        context_tokens: prompt and answer together.
        end_tokens: each ends an answer.
        vocabulary_size: how many logits there are.
    """

    context_tokens: int
    end_tokens: frozenset[int]
    vocabulary_size: int

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._prefixes = Prefixes(1, BATCH_TOKENS)
        self._closing = threading.Event()

    @property
    @abstractmethod
    def tokenizer_json(self) -> str:
        """What `tokenizers` makes an equal tokenizer of, special tokens included."""

    @abstractmethod
    def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """Return the tokens of `text`; `special` says whether special tokens written out are special, or text."""

    @abstractmethod
    def detokenize(self, tokens: Sequence[int]) -> str:
        """Return the text of `tokens` without special ones; it ends in U+FFFD where a character is not complete."""

    @abstractmethod
    def render(self, messages: Sequence[Message]) -> str:
        """Return the conversation in the model's chat template, up to where the assistant begins."""

    @abstractmethod
    def _forward(self, tokens: list[int]) -> npt.NDArray[np.float32]:
        """Read on; returns logits of shape (vocabulary,)."""

    @abstractmethod
    def _forget(self, kept: int) -> None:
        """Leave of what was read no more than the first tokens."""

    @abstractmethod
    def _free(self) -> None:
        """Let go of the weights."""

    def _has_read(self) -> None:  # noqa: B027 - not every engine has something to do
        """Called when a prompt is read."""

    def first_logits(self, prompt: Sequence[int], tokens: Sequence[int], cuts: Sequence[int] = ()) -> list[float]:
        """Read the prompt and look at what would come next.

        Args:
            prompt: tokens, at least one.
            tokens: those of interest.
            cuts: where other prompts are likely to go on differently, ascending.

        Returns:
            The logit of each of `tokens` as the next one, in their order; not normalised.

        Raises:
            LLMError: closed meanwhile, or the engine failed.
        """
        with self._reading(prompt, cuts, lambda: False) as logits:
            if logits is None:
                raise _closed()
            return [float(logits[token]) for token in tokens]

    def decode(
        self,
        prompt: Sequence[int],
        max_tokens: int,
        constraint: Constraint | None,
        stopped: Callable[[], bool],
        cuts: Sequence[int] = (),
    ) -> Iterator[int]:
        """Decode greedily until the model ends, or `stopped`.

        Args:
            prompt: tokens, at least one.
            max_tokens: how many are written at most.
            constraint: forbids tokens that do not fit a schema, and ends the output when it is whole; None allows all.
            stopped: asked while the prompt is read and before each token.
            cuts: where other prompts are likely to go on differently, ascending.

        Yields:
            Tokens as they are chosen; the one that ends the answer is left out.

        Raises:
            LLMError: closed meanwhile, or the engine failed.
        """
        with self._reading(prompt, cuts, stopped) as logits:
            for left in range(max_tokens - 1, -1, -1):
                if logits is None or stopped() or self._closing.is_set():
                    break
                if constraint is not None:
                    logits = np.where(constraint.allowed()[: len(logits)], logits, -np.inf)
                token = int(logits.argmax())
                if token in self.end_tokens:
                    break
                yield token
                if (constraint is not None and constraint.accept(token)) or stopped():
                    break
                if left:
                    logits = self._step([token])
            if self._closing.is_set():
                raise _closed()

    def close(self) -> None:
        """Stop what runs and free the weights. Calling it twice is fine."""
        self._closing.set()
        with self._turn:
            self._free()

    def check_open(self) -> None:
        """Raise `LLMError` where it is closed."""
        if self._closing.is_set():
            raise _closed()

    @contextlib.contextmanager
    def _reading(
        self, prompt: Sequence[int], cuts: Sequence[int], stopped: Callable[[], bool]
    ) -> Iterator[npt.NDArray[np.float32] | None]:
        """Take the turn and read the prompt; gives the logits after it, or None if stopped before its end."""
        while not self._turn.acquire(timeout=_TURN_S):
            if stopped():
                yield None
                return
        try:
            self.check_open()
            yield self._read(list(prompt), cuts, stopped)
        finally:
            self._turn.release()

    def _read(self, prompt: list[int], cuts: Sequence[int], stopped: Callable[[], bool]) -> npt.NDArray[np.float32] | None:
        _, kept = self._prefixes.choose(prompt, cuts)
        self._prefixes.remember(0, ())
        with self._guarded():
            self._forget(kept)
        logits, start = None, kept
        for end in (end for end in self._prefixes.batches(len(prompt), cuts) if end > kept):
            if stopped() or self._closing.is_set():
                self._prefixes.remember(0, prompt[:start], cuts)
                return None
            logits, start = self._step(prompt[start:end]), end
        self._prefixes.remember(0, prompt, cuts)
        self._has_read()
        return logits

    def _step(self, tokens: list[int]) -> npt.NDArray[np.float32]:
        with self._guarded():
            return self._forward(tokens)

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (RuntimeError, MemoryError) as error:
            self._prefixes.remember(0, ())  # what was read may be half there
            reason = str(error).strip() or type(error).__name__
            raise LLMError(f"The engine failed: {reason}", hint="Ask again; if it stays, choose another llm_engine.") from error


def _closed() -> LLMError:
    return LLMError("The language model is closed", hint="Load it again.")
