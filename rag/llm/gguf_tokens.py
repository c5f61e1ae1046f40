"""Counts tokens as a GGUF model does, from the vocabulary in its file: without loading the weights.

Searching counts what passages cost in the prompt, and must not wait for a gigabyte of weights. Knows the metadata of GGUF (version
2 and 3) and byte-level BPE as Qwen2 cuts it; for any other kind of vocabulary it says so, and the engine counts.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Final

from tokenizers import AddedToken, Regex, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE

from rag.errors import ModelError

_SCALARS: Final = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY = 8, 9
# Contractions; a word with the character before it; one digit; a run of signs; line ends; spaces.
_QWEN2 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_REMEMBERED: Final = 8192  # texts; the same passages are counted question after question
_KIND: Final = ("tokenizer.ggml.model", "tokenizer.ggml.pre")
_VOCABULARY: Final = ("tokenizer.ggml.tokens", "tokenizer.ggml.merges", "tokenizer.ggml.token_type")
_USER_DEFINED: Final = 4  # a type of token that is found whole in any text, unlike a special one


def is_known(path: Path) -> bool:
    """Tell whether the vocabulary in a GGUF file is of the kind that `GgufTokens` reads.

    Args:
        path: the file.

    Returns:
        True for byte-level BPE with Qwen2's splitting; other kinds are counted by their engine.

    Raises:
        ModelError: the file cannot be read or is not GGUF.
    """
    found = _metadata(path, _KIND)
    return [found.get(key) for key in _KIND] == ["gpt2", "qwen2"]


class GgufTokens:
    """Counts tokens. Safe to use from several threads.

    Args:
        path: of a GGUF file whose vocabulary `is_known`.

    Raises:
        ModelError: the file cannot be read or is not GGUF.
    """

    def __init__(self, path: Path) -> None:
        found = _metadata(path, _KIND + _VOCABULARY)
        vocabulary = {token: number for number, token in enumerate(found["tokenizer.ggml.tokens"])}
        merges = [(first, second) for first, _, second in (merge.partition(" ") for merge in found["tokenizer.ggml.merges"])]
        tokenizer = Tokenizer(BPE(vocabulary, merges))
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(_QWEN2), behavior="isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
        tokenizer.decoder = decoders.ByteLevel()
        types = found.get("tokenizer.ggml.token_type", ())
        whole = [token for token, kind in zip(found["tokenizer.ggml.tokens"], types, strict=False) if kind == _USER_DEFINED]
        tokenizer.add_tokens([AddedToken(token, normalized=False) for token in whole])
        self._tokenizer = tokenizer
        self._remembered = lru_cache(maxsize=_REMEMBERED)(self._count)

    def count(self, text: str) -> int:
        """Return the number of tokens of `text`; what looks like a special token is text."""
        return self._remembered(text)

    def fewest(self, text: str) -> int:
        """Return a number of tokens that `text` has or exceeds, many times quicker: no token goes over white space into a word."""
        return len(text.encode("utf-8", "replace").split())

    def _count(self, text: str) -> int:
        return len(self._tokenizer.encode_batch_fast([text], add_special_tokens=False)[0])  # without offsets, which cost a sixth


def _metadata(path: Path, wanted: Sequence[str]) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            magic, version, _, pairs = struct.unpack("<4sIQQ", file.read(24))
            if magic != b"GGUF" or version not in {2, 3}:
                raise ModelError(f"{path} is not a GGUF file", hint="Check llm in rag.toml, or run: python -m rag models verify")
            found: dict[str, Any] = {}
            for _ in range(pairs):
                key = _string(file)
                value = _value(file, *struct.unpack("<I", file.read(4)))
                if key in wanted:
                    found[key] = value
                if len(found) == len(wanted):
                    break
            return found
    except (OSError, struct.error, UnicodeDecodeError, KeyError) as error:
        raise ModelError(f"{path} cannot be read: {error}", hint="Run: python -m rag models verify") from error


def _string(file: BinaryIO) -> str:
    return file.read(struct.unpack("<Q", file.read(8))[0]).decode("utf-8")


def _value(file: BinaryIO, kind: int) -> Any:  # noqa: ANN401 - as the file has it
    if kind == _STRING:
        return _string(file)
    if kind == _ARRAY:
        of, length = struct.unpack("<IQ", file.read(12))
        if of in _SCALARS:
            size = struct.calcsize(_SCALARS[of])
            raw = file.read(size * length)
            return struct.unpack(f"<{length}{_SCALARS[of][1]}", raw)
        if of == _STRING:  # 300,000 of them in a vocabulary
            return [_string(file) for _ in range(length)]
        return [_value(file, of) for _ in range(length)]
    return struct.unpack(_SCALARS[kind], file.read(struct.calcsize(_SCALARS[kind])))[0]
