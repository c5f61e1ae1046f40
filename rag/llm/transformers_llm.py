"""A checkpoint folder or a GGUF file with transformers, on the processor.

Slower to answer than `llama_cpp`, quicker to read, and independent of it: the model that is on this machine as safetensors, or a
second opinion on the same weights. Makes tokens of a conversation and text of tokens; how they are computed is in `torch_engine`.
Special tokens in a message are plain text, as in `llama_cpp`. A schema needs the optional library behind `constraint`.
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rag.llm.budget import check_room
from rag.llm.constraint import Constraint, Vocabulary
from rag.llm.json_output import check_schema, checked
from rag.llm.pump import Outlet, pump
from rag.llm.stops import StopFilter
from rag.llm.torch_engine import TorchEngine
from rag.llm.turns import placeholders, split_template
from rag.types import Message

_WEIGHTS = ("*.safetensors", "*.bin", "*.gguf")


class TransformersLLM:
    """An `LLM`.

    Args:
        source: a checkpoint folder, a GGUF file, or the name of a repository that is in the local Hugging Face cache.
        context_tokens: prompt and answer together; the model's own limit if that is less.
        threads: to compute with.

    Raises:
        ModelError: the weights are missing or damaged, or cannot be read.
    """

    def __init__(self, source: Path | str, *, context_tokens: int, threads: int) -> None:
        self._source = source
        self._engine = TorchEngine(source, context_tokens=context_tokens, threads=threads)

    @functools.cached_property
    def name(self) -> str:
        """Name and hash of the weights; reads all of them the first time, about a second per gigabyte."""
        path = Path(self._source).expanduser()
        if not path.exists():
            return f"transformers {self._source}"
        files = [path] if path.is_file() else sorted(file for pattern in _WEIGHTS for file in path.glob(pattern))
        digest = hashlib.sha256()
        for file in files:
            with file.open("rb") as opened:
                digest.update(hashlib.file_digest(opened, "sha256").digest())
        return f"transformers {path.stem if path.is_file() else path.name} sha256:{digest.hexdigest()[:12]}"

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
        prompt = self._prompt(messages)
        check_room(len(prompt), max_tokens, self.context_tokens)
        constraint = None if schema is None else self._vocabulary.constraint(schema)

        def work(outlet: Outlet) -> None:
            self._write(prompt, max_tokens, stop, constraint, outlet)

        return checked(pump(work, name="transformers"), schema)

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
        prompt = self._prompt(messages)
        check_room(len(prompt), 1, self.context_tokens)
        first = [(self._engine.tokenize(choice) or [-1])[0] for choice in choices]
        if not first or -1 in first or len(set(first)) < len(first):
            raise ValueError(f"choices must differ in their first token: {list(choices)}")
        logits = self._engine.first_logits(prompt, first)
        weights = [math.exp(logit - max(logits)) for logit in logits]
        return tuple(weight / sum(weights) for weight in weights)

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of `text`; text that looks like a special token is text."""
        return len(self._engine.tokenize(text))

    def count_prompt(self, messages: Sequence[Message]) -> int:
        """Return the number of tokens of the whole prompt, template included."""
        return len(self._prompt(messages))

    def close(self) -> None:
        """Stop what runs and free the weights. Calling it twice is fine."""
        self._engine.close()

    @functools.cached_property
    def _vocabulary(self) -> Vocabulary:
        return Vocabulary(self._engine.tokenizer_json, self._engine.vocabulary_size, sorted(self._engine.end_tokens))

    def _write(
        self, prompt: Sequence[int], max_tokens: int, stop: Sequence[str], constraint: Constraint | None, outlet: Outlet
    ) -> None:
        shown = StopFilter(stop)
        tokens: list[int] = []
        done = ""
        for token in self._engine.decode(prompt, max_tokens, constraint, lambda: outlet.closed or shown.stopped):
            tokens.append(token)
            text = self._engine.detokenize(tokens)
            if text.endswith("\ufffd"):  # half a character; the rest comes with the next token
                continue
            outlet.put(shown.feed(text[len(done) :]))
            done = text
        if not shown.stopped:
            rest = self._engine.detokenize(tokens)[len(done) :].rstrip("\ufffd")  # a character that was never completed
            outlet.put(shown.feed(rest) + shown.rest())

    def _prompt(self, messages: Sequence[Message]) -> list[int]:
        rendered = self._engine.render(placeholders([message["role"] for message in messages]))
        tokens: list[int] = []
        for part in split_template(rendered, len(messages)):
            is_message = isinstance(part, int)
            tokens += self._engine.tokenize(messages[part]["content"] if isinstance(part, int) else part, special=not is_message)
        return tokens
