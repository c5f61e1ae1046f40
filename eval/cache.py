"""What was answered or judged before, found again by everything that it depended on.

A key is the hash of a JSON value that names all of that, so nothing ever has to be thrown away by hand: what changed is simply not
found. An entry is a file of its own that appears by a rename, so that `kill -9` leaves whole entries only, and two runs at once do
not disturb each other. Knows neither answers nor judgements.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rag.errors import ConfigError

HALF_CHARACTERS = "backslashreplace"
"""How JSON is encoded: a model may write half of a surrogate pair, which UTF-8 has no bytes for and JSON has an escape for."""

Key = Mapping[str, Any]
"""JSON values: all that an entry depends on."""


class Cache:
    """A folder of entries. Reads nothing until it is asked.

    Args:
        folder: made when the first entry is kept.

    Attributes:
        hits: how often an entry was found.
        misses: how often none was.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.hits = 0
        self.misses = 0

    def get(self, kind: str, key: Key) -> dict[str, Any] | None:
        """Return what was kept under a key, or None; a damaged entry is as good as none."""
        try:
            value: dict[str, Any] = json.loads(self._file(kind, key).read_text("utf-8"))["value"]
        except (OSError, ValueError, KeyError, TypeError):
            self.misses += 1
            return None
        self.hits += 1
        return value

    def put(self, kind: str, key: Key, value: Mapping[str, Any]) -> None:
        """Keep a value under a key.

        Args:
            kind: of value, such as `answers`.
            key: all that the value depends on.
            value: JSON values.

        Raises:
            ConfigError: the folder cannot be written.
            ValueError: the value holds a number that is not finite.
        """
        file = self._file(kind, key)
        text = json.dumps({"key": key, "value": value}, ensure_ascii=False, allow_nan=False)
        unfinished = file.with_name(f"{file.name}.{os.getpid()}")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(text.encode(errors=HALF_CHARACTERS))
            unfinished.replace(file)
        except OSError as error:
            raise ConfigError(f"{file.parent} cannot be written: {error.strerror}", hint="Check --cache.") from error

    def _file(self, kind: str, key: Key) -> Path:
        name = content_hash(key)
        return self._folder / kind / name[:2] / f"{name}.json"


def content_hash(value: object) -> str:
    """Return the SHA-256 of a JSON value, whatever the order of its keys; hexadecimal."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
