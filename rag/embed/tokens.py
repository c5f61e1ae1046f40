"""Counts tokens as an embedder does, from its `tokenizer.json`, without importing torch."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from tokenizers import Tokenizer

from rag.embed.bert_folder import max_tokens
from rag.errors import ModelError
from rag.strict import strict


class WordPieceCounter:
    """Tokens of a text, special tokens included.

    Args:
        folder: the embedder's, as sentence-transformers writes it.

    Raises:
        ModelError: its tokenizer or a setting is missing or damaged.

    Attributes:
        max_tokens: what the embedder reads of a text; the rest is cut without a word.
        dimension: of the embedder's vectors.
    """

    def __init__(self, folder: Path) -> None:
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            self.max_tokens = max_tokens(folder)
            self.dimension = int(json.loads((folder / "config.json").read_text("utf-8"))["hidden_size"])
        except Exception as error:
            raise ModelError(
                f"The embedder's tokenizer in {folder} cannot be read", hint="Run: python -m rag models verify"
            ) from error
        # The files come with padding and truncation switched on; a count must have neither.
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self.count = lru_cache(maxsize=4096)(self._count)

    def _count(self, text: str) -> int:
        return len(self._tokenizer.encode(strict(text)))
