"""What readers think of answers. Knows tables; knows nothing of pages."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from rag.ui.store.database import Database, now

LONGEST_REMARK_CHARS = 2000

REASONS = {
    "wrong": "It is wrong",
    "incomplete": "Something is missing",
    "source": "The sources don't support it",
    "silent": "The notes do say it",
    "talkative": "The notes don't say it",
    "other": "Something else",
}
"""Why an answer did not help, in the order in which they are offered."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A reader's verdict with what it is about.

    Attributes:
        turn: id of the turn.
        question: as asked.
        answer: as `ask --json` prints it, None where there is none.
        helpful: thumbs up.
        reason: one of `REASONS`, or empty.
        remark: in the reader's words.
        created: UTC, ISO 8601.
        before: the last question of the same conversation that was answered before, and that answer; empty for a first one.
    """

    turn: str
    question: str
    answer: dict[str, Any] | None
    helpful: bool
    reason: str
    remark: str
    created: str
    before: tuple[str, str] = ("", "")


class Feedback:
    """Verdicts in an open database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def give(self, visitor: str, turn: str, *, helpful: bool, reason: str = "", remark: str = "") -> bool:
        """Store a verdict, in place of an earlier one; return whether the turn is this visitor's."""
        return bool(
            self._database.change(
                "INSERT OR REPLACE INTO feedback SELECT id, ?, ?, ?, ? FROM owned_turns WHERE id = ? AND visitor = ?",
                (helpful, reason if reason in REASONS else "", remark.strip()[:LONGEST_REMARK_CHARS], now(), turn, visitor),
            )
        )

    def withdraw(self, visitor: str, turn: str) -> bool:
        """Remove a verdict; return whether there was one of this visitor's."""
        return bool(
            self._database.change(
                "DELETE FROM feedback WHERE turn IN (SELECT id FROM owned_turns WHERE id = ? AND visitor = ?)", (turn, visitor)
            )
        )

    def given(self, visitor: str, *, helpful: bool | None = None) -> list[Verdict]:
        """Return a visitor's verdicts, the last one first."""
        rows = self._database.rows(
            "SELECT f.turn, t.question, t.answer, f.helpful, f.reason, f.remark, f.created, p.question, p.answer FROM feedback AS f"
            " JOIN owned_turns AS t ON t.id = f.turn"
            " LEFT JOIN turns AS p ON p.conversation = t.conversation AND p.position = (SELECT max(position) FROM turns"
            " WHERE conversation = t.conversation AND position < t.position AND answer IS NOT NULL)"
            " WHERE t.visitor = ?"
            " ORDER BY f.created DESC, f.turn",
            (visitor,),
        )
        verdicts = [
            Verdict(
                *(turn, question, None if answer is None else json.loads(answer), bool(good), reason, remark, created),
                before=("", "") if told is None else (asked, str(json.loads(told).get("text", ""))),
            )
            for turn, question, answer, good, reason, remark, created, asked, told in rows
        ]
        return [verdict for verdict in verdicts if helpful is None or verdict.helpful == helpful]
