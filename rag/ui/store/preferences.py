"""What a visitor has chosen, and facts about this machine worth remembering. Knows tables; knows nothing of settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rag.ui.store.database import Database


class Preferences:
    """Choices and facts in an open database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def chosen(self, visitor: str) -> dict[str, Any]:
        """Return what a visitor has chosen; empty at first."""
        row = self._database.row("SELECT chosen FROM preferences WHERE visitor = ?", (visitor,))
        return {} if row is None else dict(json.loads(row[0]))

    def choose(self, visitor: str, chosen: Mapping[str, Any]) -> None:
        """Store what a visitor has chosen, in place of what there was."""
        self._database.change("INSERT OR REPLACE INTO preferences VALUES (?, ?)", (visitor, json.dumps(dict(chosen))))

    def fact(self, name: str) -> Any:  # noqa: ANN401 - JSON values
        """Return a fact, None where it is not known."""
        row = self._database.row("SELECT value FROM facts WHERE name = ?", (name,))
        return None if row is None else json.loads(row[0])

    def learn(self, name: str, value: Any) -> None:  # noqa: ANN401 - JSON values
        """Store a fact, in place of what there was."""
        self._database.change("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, json.dumps(value)))
