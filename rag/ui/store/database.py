"""One SQLite file that several threads and processes may use.

Knows connections, the schema and transactions; knows nothing of what the rows mean.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rag.errors import ServerError
from rag.strict import strict

VERSION = 1
"""Of the schema; changes whenever an older program could not use the file."""

_SCHEMA = """
CREATE TABLE conversations (
    id TEXT PRIMARY KEY, visitor TEXT NOT NULL, title TEXT NOT NULL, created TEXT NOT NULL, changed TEXT NOT NULL
);
CREATE INDEX conversations_by_visitor ON conversations (visitor, changed);
CREATE TABLE turns (
    id TEXT PRIMARY KEY, conversation TEXT NOT NULL REFERENCES conversations ON DELETE CASCADE, position INTEGER NOT NULL,
    question TEXT NOT NULL, status TEXT NOT NULL, answer TEXT, shown TEXT, created TEXT NOT NULL
);
CREATE INDEX turns_by_conversation ON turns (conversation, position);
CREATE TABLE feedback (
    turn TEXT PRIMARY KEY REFERENCES turns ON DELETE CASCADE, helpful INTEGER NOT NULL, reason TEXT NOT NULL, remark TEXT NOT NULL,
    created TEXT NOT NULL
);
CREATE VIEW owned_turns AS
    SELECT t.*, f.helpful, c.visitor FROM turns AS t JOIN conversations AS c ON c.id = t.conversation
    LEFT JOIN feedback AS f ON f.turn = t.id;
CREATE TABLE preferences (visitor TEXT PRIMARY KEY, chosen TEXT NOT NULL);
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_BUSY_S = 10.0


class Database:
    """The file, opened. Safe to use from several threads, whose transactions take turns.

    Args:
        file: where it is or will be; None keeps everything in memory.

    Raises:
        ServerError: the file cannot be used.
    """

    def __init__(self, file: Path | None) -> None:
        self._lock = threading.RLock()
        self._name = str(file or "memory")
        try:
            if file is not None:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.touch(mode=0o600)  # what people ask is nobody else's business
            self._connection = sqlite3.connect(
                file or ":memory:", timeout=_BUSY_S, check_same_thread=False, isolation_level=None, cached_statements=64
            )
            self._connection.row_factory = sqlite3.Row
            self._connection.create_function("folded", 1, lambda value: str(value or "").casefold(), deterministic=True)
            for setting in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON", "secure_delete = ON"):
                self._connection.execute(f"PRAGMA {setting}")
            self._prepare()
        except (OSError, sqlite3.Error) as error:
            raise ServerError(
                f"The chat's memory {self._name} cannot be used: {error}", hint="Check the file, or set data_dir to another folder."
            ) from error

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Return what a query finds."""
        with self._lock, self._explained():
            return self._connection.execute(query, _storable(values)).fetchall()

    def row(self, query: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        """Return the first row that a query finds, None where there is none."""
        with self._lock, self._explained():
            row: sqlite3.Row | None = self._connection.execute(query, _storable(values)).fetchone()
            return row

    def change(self, query: str, values: Sequence[Any] = ()) -> int:
        """Change rows and return how many."""
        with self._lock, self._explained():
            return self._connection.execute(query, _storable(values)).rowcount

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make all changes inside one transaction, or none of them."""
        with self._lock, self._explained():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file. Calling it twice is fine."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:  # locked, full, gone
            raise ServerError(
                f"The chat's memory {self._name} cannot be used: {error}", hint="Check the disk and the file."
            ) from error

    def _prepare(self) -> None:
        with self.together():
            version = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
            if version == VERSION:
                return
            if version:
                raise ServerError(
                    f"The chat's memory {self._name} was written by another version of this program",
                    hint="Move the file away, or set data_dir to another folder.",
                )
            for statement in _SCHEMA.split(";"):
                self._connection.execute(statement)
            self._connection.execute(f"PRAGMA user_version = {VERSION}")


def _storable(values: Sequence[Any]) -> list[Any]:
    """Replace lone surrogates, which a browser can send and a file of UTF-8 cannot hold."""
    return [strict(value) if isinstance(value, str) else value for value in values]


def now() -> str:
    """Return the time in UTC; later times sort behind earlier ones."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
