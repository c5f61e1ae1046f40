"""A GGUF file in this process, through llama.cpp: the default.

Makes tokens of a conversation, and text and probabilities of what comes back. Knows the engine's requests; how the engine is
loaded, stopped and kept apart from the network is in `llama_engine`.

The text of a message goes to the engine as tokens, made without looking for special ones: `<|im_end|>` in a note is seven plain
tokens. The same question gives the same answer and the same probabilities, to the last bit, on one machine with one number of
threads, whatever was asked before (see `prefixes`); calls that come at once are answered one after the other.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rag.errors import LLMError
from rag.llm.budget import check_room
from rag.llm.choices import first_tokens
from rag.llm.json_output import check_schema, checked
from rag.llm.llama_engine import Event, LlamaEngine
from rag.llm.prompts import Prompts
from rag.llm.pump import Outlet, pump
from rag.types import Message

_BIAS = 100.0
"""Added to the logit of each choice: far more than two logits differ by, far less than would cost digits."""

_SCHEMA_STYLE = {"x-guidance": {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": ", "lenient": True}}
"""JSON on one line. Without it a weak model may write white space until its tokens run out; `lenient`, because otherwise one
unknown keyword makes the engine drop the whole schema without a word."""


class LlamaCpp:
    """An `LLM`.

    Args:
        path: a GGUF file with a chat template.
        context_tokens: prompt and answer together; the model's own limit if that is less.
        threads: to compute with.
        slots: how many prompts are remembered, so that only what is new in the next one is read.
        library: folder of llama.cpp built for this processor; None: the one that is installed.

    Raises:
        ModelError: the file is missing or damaged, or the library is not there.
    """

    continues: Final = True
    """That it goes on with a last turn of the assistant that it is given, instead of beginning another one."""

    def __init__(self, path: Path, *, context_tokens: int, threads: int, slots: int = 1, library: Path | None = None) -> None:
        self._path = path
        self._engine = LlamaEngine(path, context_tokens=context_tokens, threads=threads, slots=slots, library=library)
        self._prompts = Prompts(
            self._engine.render,
            lambda text, first: self._engine.tokenize(text, special=True, start=first),
            self._engine.tokenize,
        )

    @functools.cached_property
    def name(self) -> str:
        """File name and hash of the weights; reads the whole file the first time, about a second per gigabyte."""
        with self._path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        # Another build adds in another order: its probabilities differ in the last digits, which a report should be able to tell.
        return f"llama.cpp {self._path.stem} sha256:{digest[:12]}{' native' if self.native else ''}"

    @property
    def native(self) -> bool:
        """Whether the library was built for this processor."""
        return self._engine.native

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
            The pieces of the answer; an empty one every tenth of a second while the prompt is read. Closing it stops the engine.

        Raises:
            PromptTooLongError: prompt and `max_tokens` do not fit; nothing was sent.
            LLMError: the engine failed, or what it wrote does not fit `schema`.
        """
        check_schema(schema)
        prompt, cuts = self._prompts.tokens(messages)
        check_room(len(prompt), max_tokens, self.context_tokens)
        options: dict[str, Any] = {"max_tokens": max_tokens, "stop": list(stop)}
        if schema is not None:
            options["json_schema"] = {**schema, **_SCHEMA_STYLE}

        def work(outlet: Outlet) -> None:
            self._engine.complete(prompt, options, lambda event: _put(event, outlet), lambda: outlet.closed, cuts)

        return checked(pump(work, name="llama.cpp"), schema)

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
        # The bias lifts the choices above everything else, so that all of them are among the tokens reported, and falls out of the
        # ratio between them.
        options = {
            "max_tokens": 1,
            "n_probs": len(first),
            "post_sampling_probs": True,
            "temperature": 1.0,
            "samplers": ["temperature"],
            "seed": 0,
            "logit_bias": [[token, _BIAS] for token in first],
        }
        found: dict[int, float] = {}

        def see(event: Event) -> None:
            for token in (event["choices"][0].get("logprobs") or {}).get("content", []):
                found.update((top["id"], top["prob"]) for top in token["top_probs"])

        self._engine.complete(prompt, options, see, lambda: bool(found), cuts)
        total = sum(found.get(token, 0.0) for token in first)
        if not set(first) <= found.keys() or total <= 0:
            raise LLMError("llama.cpp gave no probabilities", hint="Check the version of xllamacpp.")
        return tuple(found[token] / total for token in first)

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of `text`; text that looks like a special token is text."""
        return len(self._engine.tokenize(text))

    def count_prompt(self, messages: Sequence[Message]) -> int:
        """Return the number of tokens of the whole prompt, template included."""
        return len(self._prompts.tokens(messages)[0])

    def close(self) -> None:
        """Stop what runs and free the weights. Calling it twice is fine."""
        self._engine.close()


def _put(event: Event, outlet: Outlet) -> None:
    outlet.put(event["choices"][0]["text"])
