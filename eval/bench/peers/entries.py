"""Entries of the report's tables: a value, why it is missing, and whether anything was tried at all. Knows no figure.

A column that nobody was measured for is left out and named in one line, so that a page of a short run is not a page of dashes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from eval.bench.peers.footnotes import Footnotes
from eval.markdown import table

NONE = "–"
NOT_DONE = "Not measured in this run."


@dataclass(frozen=True, slots=True)
class Entry:
    """One place of a table.

    Attributes:
        text: the value, or a dash.
        why: what is said of it in footnotes.
        tried: whether it was measured, or it was tried to; a column without any such entry is left out.
    """

    text: str
    why: tuple[str, ...] = ()
    tried: bool = True


@dataclass(slots=True)
class Page:
    """What a page gathers on the way: its footnotes, and what it leaves out.

    Attributes:
        notes: texts of the footnotes.
        left_out: columns and sections that nothing was measured for, in words.
    """

    notes: Footnotes = field(default_factory=Footnotes)
    left_out: list[str] = field(default_factory=list)

    def table(self, what: str, header: Sequence[str], rows: Sequence[tuple[str, Sequence[Entry]]]) -> str:
        """Return a table of Markdown.

        Args:
            what: it shows, for the line that says what is left out.
            header: names of the columns after the first, which names the rows.
            rows: the name of each, and an entry for each column.

        Returns:
            The table without the columns that nothing was tried for; empty where none is left.
        """
        shown = [number for number in range(len(header)) if any(entries[number].tried for _, entries in rows)]
        if not shown:
            self.left_out.append(what)
            return ""
        missing = [header[number] for number in range(len(header)) if number not in shown]
        if missing:
            self.left_out.append(f"{what} ({', '.join(missing)})")
        lines = [[name, *(marked(name, entries[number], self.notes) for number in shown)] for name, entries in rows]
        return table(["system", *(header[number] for number in shown)], lines)


def marked(system: str, entry: Entry, notes: Footnotes) -> str:
    """Return the text of an entry with the marks of its footnotes, which name the system."""
    return entry.text + "".join(notes.mark(one if one == NOT_DONE else f"{system}: {one}") for one in entry.why)
