"""Conversations and their turns, each visitor's own.

Every call names the visitor, and touches nothing of anybody else's. Knows tables; knows nothing of pages.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rag.types import Message
from rag.ui.store.database import Database, now

LONGEST_TITLE_CHARS = 120


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation, without its turns.

    Attributes:
        id: unique, not to be guessed.
        title: what its owner calls it; first the first question.
        created: UTC, ISO 8601.
        changed: when something was last asked in it.
    """

    id: str
    title: str
    created: str
    changed: str


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """A question and what came of it.

    Attributes:
        id: unique on this machine.
        question: as asked.
        status: `running`, `done`, `stopped` or `failed`; `running` after a restart means that it was cut off.
        answer: as `ask --json` prints it, None where there is none.
        shown: what the page showed, None while nothing was recorded.
        helpful: the reader's verdict, None without one.
        created: UTC, ISO 8601.
    """

    id: str
    question: str
    status: str
    answer: dict[str, Any] | None
    shown: dict[str, Any] | None
    helpful: bool | None
    created: str


class Conversations:
    """What was asked and answered, in an open database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, visitor: str, question: str) -> str:
        """Begin a conversation with its first question as title; return its id."""
        title = " ".join(question.split())[:LONGEST_TITLE_CHARS] or "Untitled"
        identity, time = secrets.token_hex(8), now()
        self._database.change("INSERT INTO conversations VALUES (?, ?, ?, ?, ?)", (identity, visitor, title, time, time))
        return identity

    def find(self, visitor: str, words: str = "") -> list[Conversation]:
        """List a visitor's conversations that have a turn.

        Args:
            visitor: whose.
            words: only those that hold each of these words, in title, question or answer.

        Returns:
            Those that fit, the last changed first.
        """
        query = (
            "SELECT id, title, created, changed FROM conversations AS c WHERE visitor = ?"
            " AND EXISTS (SELECT 1 FROM turns WHERE conversation = c.id)"
        )
        values: list[str] = [visitor]
        for word in words.casefold().split():
            query += (
                " AND (instr(folded(title), ?) OR EXISTS (SELECT 1 FROM turns WHERE conversation = c.id"
                " AND (instr(folded(question), ?) OR instr(folded(answer ->> '$.text'), ?))))"
            )
            values += [word] * 3
        rows = self._database.rows(f"{query} ORDER BY changed DESC, id", values)
        return [Conversation(*row) for row in rows]

    def get(self, visitor: str, identity: str) -> Conversation | None:
        """Return one of a visitor's conversations, None where there is no such."""
        row = self._database.row(
            "SELECT id, title, created, changed FROM conversations WHERE visitor = ? AND id = ?", (visitor, identity)
        )
        return None if row is None else Conversation(*row)

    def rename(self, visitor: str, identity: str, title: str) -> bool:
        """Give a conversation another title; return whether there is one and the title says something."""
        title = " ".join(title.split())[:LONGEST_TITLE_CHARS]
        return bool(title) and bool(
            self._database.change("UPDATE conversations SET title = ? WHERE visitor = ? AND id = ?", (title, visitor, identity))
        )

    def delete(self, visitor: str, identity: str) -> bool:
        """Delete a conversation with its turns and their feedback; return whether there was one."""
        return bool(self._database.change("DELETE FROM conversations WHERE visitor = ? AND id = ?", (visitor, identity)))

    def turns(self, visitor: str, identity: str) -> list[StoredTurn]:
        """Return the turns of a conversation, in order; none where it is not this visitor's."""
        rows = self._database.rows(
            "SELECT * FROM owned_turns WHERE conversation = ? AND visitor = ? ORDER BY position", (identity, visitor)
        )
        return [_turn(row) for row in rows]

    def turn(self, visitor: str, identity: str) -> StoredTurn | None:
        """Return one turn, None where it is not this visitor's."""
        row = self._database.row("SELECT * FROM owned_turns WHERE id = ? AND visitor = ?", (identity, visitor))
        return None if row is None else _turn(row)

    def history(self, visitor: str, identity: str, most: int, *, before: str = "") -> list[Message]:
        """Read the last finished exchanges.

        Args:
            visitor: whose.
            identity: of the conversation.
            most: messages, two an exchange.
            before: only those before this turn; empty for all.

        Returns:
            Question and answer in turn, the oldest first: at most `most` messages, and always whole exchanges.
        """
        turns = self.turns(visitor, identity)
        end = next((index for index, turn in enumerate(turns) if turn.id == before), len(turns))
        finished = [turn for turn in turns[:end] if turn.answer is not None]
        messages: list[Message] = []
        for turn in finished[-(most // 2) :] if most >= 2 else []:
            text = str((turn.answer or {}).get("text", ""))
            messages += [{"role": "user", "content": turn.question}, {"role": "assistant", "content": text}]
        return messages

    def begin_turn(self, visitor: str, conversation: str, turn: str, question: str) -> bool:
        """Write down that a question was asked; return whether the conversation is this visitor's."""
        with self._database.together():
            if self.get(visitor, conversation) is None:
                return False
            time = now()
            self._database.change("UPDATE conversations SET changed = ? WHERE id = ?", (time, conversation))
            self._database.change(
                "INSERT INTO turns SELECT ?, ?, coalesce(max(position), 0) + 1, ?, 'running', NULL, NULL, ? FROM turns"
                " WHERE conversation = ?",
                (turn, conversation, question, time, conversation),
            )
            return True

    def finish_turn(self, turn: str, status: str, shown: Mapping[str, Any], answer: Mapping[str, Any] | None) -> None:
        """Write down how a question ended; without effect where its turn was deleted meanwhile."""
        self._database.change(
            "UPDATE turns SET status = ?, shown = ?, answer = ? WHERE id = ?",
            (status, _json(shown), None if answer is None else _json(answer), turn),
        )

    def cut(self, visitor: str, conversation: str, turn: str) -> list[str]:
        """Remove a turn and all that follow it; return their ids."""
        with self._database.together():
            ids = [each.id for each in self.turns(visitor, conversation)]
            gone = ids[ids.index(turn) :] if turn in ids else []
            for each in gone:
                self._database.change("DELETE FROM turns WHERE id = ?", (each,))
            return gone

    def unanswered(self, visitor: str, most: int = 50) -> list[tuple[str, str]]:
        """Return time and wording of a visitor's questions that the notes did not answer, the last one first; no small talk."""
        rows = self._database.rows(
            "SELECT max(created), question FROM owned_turns WHERE visitor = ? AND answer ->> '$.status' = 'abstained'"
            " AND coalesce(answer ->> '$.reason', '') NOT IN ('small talk', 'no question')"
            " GROUP BY folded(question) ORDER BY max(created) DESC LIMIT ?",
            (visitor, most),
        )
        return [(str(time), str(question)) for time, question in rows]


def _turn(row: sqlite3.Row) -> StoredTurn:
    def read(column: str) -> dict[str, Any] | None:
        return None if row[column] is None else dict(json.loads(row[column]))

    helpful = None if row["helpful"] is None else bool(row["helpful"])
    return StoredTurn(row["id"], row["question"], row["status"], read("answer"), read("shown"), helpful, row["created"])


def _json(value: Mapping[str, Any]) -> str:
    # Lone surrogates of a question would not fit into the file; ASCII escapes do.
    return json.dumps(value)
