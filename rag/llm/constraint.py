"""Which tokens may come next, if the output is to fit a JSON Schema.

The only module that knows `llguidance`, the library with which llama.cpp does the same; an optional extra. Knows no engine.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import LLMError

_STYLE = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": ", "lenient": True}


class Vocabulary:
    """A model's tokens, prepared once; takes about a second.

    Args:
        tokenizer: a `tokenizers` tokenizer as JSON.
        size: of the model's output, which may be more than the tokenizer has.
        end: tokens that end an answer.

    Raises:
        LLMError: the library is not installed.
    """

    def __init__(self, tokenizer: str, size: int, end: Sequence[int]) -> None:
        try:
            self._vendor: Any = importlib.import_module("llguidance")
        except ImportError as error:
            raise LLMError(
                "This model cannot keep to a JSON schema: llguidance is not installed", hint="Run: pip install llguidance"
            ) from error
        self._tokens = self._vendor.LLTokenizer(tokenizer, n_vocab=size, eos_token=list(end))

    def constraint(self, schema: Mapping[str, Any]) -> Constraint:
        """Begin one output.

        Args:
            schema: JSON Schema.

        Returns:
            A fresh constraint, before the first token; for one output.

        Raises:
            LLMError: the library does not understand the schema.
        """
        grammar = self._vendor.LLMatcher.grammar_from_json_schema(json.dumps(schema), overrides=_STYLE)
        matcher = self._vendor.LLMatcher(self._tokens, grammar, log_level=0)
        if matcher.is_error():
            raise LLMError(f"The schema cannot be enforced: {matcher.get_error()}", hint="Use plainer keywords.")
        return Constraint(matcher)


class Constraint:
    """One output as it is written."""

    def __init__(self, matcher: Any) -> None:  # noqa: ANN401 - the vendor's
        self._matcher = matcher

    def allowed(self) -> npt.NDArray[np.bool_]:
        """Return which tokens may come next; shape (vocabulary,)."""
        return np.frombuffer(self._matcher.compute_logit_bias(), np.uint8) > 0

    def accept(self, token: int) -> bool:
        """Take the token that was chosen.

        Args:
            token: its number in the vocabulary.

        Returns:
            Whether the value is complete.

        Raises:
            LLMError: it was not allowed.
        """
        if not self._matcher.consume_token(token):
            raise LLMError(f"The schema was not kept: {self._matcher.get_error()}", hint="Use plainer keywords.")
        return bool(self._matcher.is_stopped())
