"""Tokens as a GGUF model has them, from the vocabulary in its file: without loading the weights.

Searching counts what passages cost in the prompt, and must not wait for a gigabyte of weights. Knows byte-level BPE as Qwen2 and
SmolLM cut it; for any other kind of vocabulary it says so, and the engine counts.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

from tokenizers import AddedToken, Regex, Tokenizer, decoders
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence, Split

from rag.errors import ModelError
from rag.gguf_file import read_metadata

# Contractions; a word with the character before it; one digit; a run of signs; line ends; spaces.
_QWEN2: Final = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_CUTS: Final = {
    "qwen2": (Split(Regex(_QWEN2), behavior="isolated"), ByteLevel(add_prefix_space=False, use_regex=False)),
    "smollm": (Digits(individual_digits=True), ByteLevel(add_prefix_space=False, use_regex=True)),
}
_REMEMBERED: Final = 8192  # texts; the same passages are counted question after question
_KIND: Final = ("tokenizer.ggml.model", "tokenizer.ggml.pre")
_VOCABULARY: Final = ("tokenizer.ggml.tokens", "tokenizer.ggml.merges", "tokenizer.ggml.token_type")
_CONTROL: Final = 3  # a type of token that is meant for templates, and is plain text anywhere else
_USER_DEFINED: Final = 4  # one that is found whole in any text


def is_known(path: Path) -> bool:
    """Tell whether the vocabulary in a GGUF file is of the kind that `GgufTokens` reads.

    Args:
        path: the file.

    Returns:
        True for byte-level BPE that cuts as Qwen2 or SmolLM do; other kinds are counted by their engine.

    Raises:
        ModelError: the file cannot be read or is not GGUF.
    """
    found = read_metadata(path, _KIND)
    return found.get(_KIND[0]) == "gpt2" and found.get(_KIND[1]) in _CUTS


def gguf_tokens(path: Path) -> GgufTokens:
    """Make tokens for a file; one for all who ask, since a vocabulary takes 50 MB.

    Args:
        path: of a GGUF file whose vocabulary `is_known`.

    Returns:
        The one for this file, and for another in its place another one.

    Raises:
        ModelError: the file cannot be read or is not GGUF.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}", hint="Check the models in rag.toml.") from error
    return _kept(path, status.st_size, status.st_mtime_ns)


class GgufTokens:
    """Makes and counts tokens. Safe to use from several threads.

    Args:
        path: of a GGUF file whose vocabulary `is_known`.

    Attributes:
        vocabulary: number of each token.
        control: tokens that only a template means as such.

    Raises:
        ModelError: the file cannot be read or is not GGUF.
    """

    def __init__(self, path: Path) -> None:
        found = read_metadata(path, _KIND + _VOCABULARY)
        vocabulary = {token: number for number, token in enumerate(found["tokenizer.ggml.tokens"])}
        merges = [(first, second) for first, _, second in (merge.partition(" ") for merge in found["tokenizer.ggml.merges"])]
        tokenizer = Tokenizer(BPE(vocabulary, merges))
        tokenizer.pre_tokenizer = Sequence(list(_CUTS[found[_KIND[1]]]))
        tokenizer.decoder = decoders.ByteLevel()
        types = found.get("tokenizer.ggml.token_type", ())
        whole = [token for token, kind in zip(found["tokenizer.ggml.tokens"], types, strict=False) if kind == _USER_DEFINED]
        tokenizer.add_tokens([AddedToken(token, normalized=False) for token in whole])
        self.vocabulary = vocabulary
        self.control = tuple(token for token, kind in zip(found["tokenizer.ggml.tokens"], types, strict=False) if kind == _CONTROL)
        self._tokenizer = tokenizer
        self._remembered = lru_cache(maxsize=_REMEMBERED)(self._count)

    def encode(self, text: str) -> list[int]:
        """Return the tokens of `text` by number; what looks like a special token is text."""
        numbers: list[int] = self._tokenizer.encode_batch_fast([text], add_special_tokens=False)[0].ids  # no offsets: a sixth
        return numbers

    def as_json(self) -> str:
        """Return what `tokenizers` makes an equal tokenizer of."""
        return str(self._tokenizer.to_str())

    def count(self, text: str) -> int:
        """Return the number of tokens of `text`; what looks like a special token is text."""
        return self._remembered(text)

    def fewest(self, text: str) -> int:
        """Return a number of tokens that `text` has or exceeds, many times quicker: no token goes over white space into a word."""
        return len(text.encode("utf-8", "replace").split())

    def _count(self, text: str) -> int:
        return len(self.encode(text))


@lru_cache(maxsize=2)
def _kept(path: Path, size: int, changed: int) -> GgufTokens:
    return GgufTokens(path)
