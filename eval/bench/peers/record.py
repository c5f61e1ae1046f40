"""What was measured so far, in one JSON file that is whole after each step, so that a run can be taken up.

A cell is one measurement: a mapping with figures, or with `failed` and the reason; under `measured` it says by which command, at
which commit and when. Cells are named by peer, step and number.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eval.bench.peers.process import PeerFailureError, shortened
from rag.errors import ConfigError
from rag.index.files import replace_file

FORMAT = 2
_NUMBERED = frozenset({"full", "unchanged", "edited", "search", "deleted", "growth"})
"""Steps that have a cell a number."""

Cell = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a measurement comes from.

    Attributes:
        command: the command line.
        code: the commit.
    """

    command: str
    code: str

    def stamped(self, cell: Cell) -> dict[str, Any]:
        """Return a cell that says where it comes from; the command without folders of this machine."""
        return {**cell, "measured": {"command": shortened(self.command), "code": self.code, "date": now()}}


class Record:
    """The file.

    Args:
        path: of it; need not be there yet. None keeps everything in memory.
        settings: that figures depend on; a file with others is refused.

    Raises:
        ConfigError: the file is of another run or damaged.
    """

    def __init__(self, path: Path | None, settings: Mapping[str, Any]) -> None:
        self._path = path
        self.data: dict[str, Any] = {"format": FORMAT, "settings": dict(settings), "about": {}, "limits": {}, "peers": {}}
        if path is not None and path.exists():
            self.data = read_record(path)
            if self.data["settings"] != dict(settings):
                differing = [name for name in settings if self.data["settings"].get(name) != settings[name]]
                raise ConfigError(
                    f"{path} was measured with another {', '.join(differing) or 'setting'}", hint="Name another file with --out."
                )

    def cell(self, peer: str, step: str, number: str = "") -> Cell | None:
        """Return what was measured, None where it was not."""
        found = self.data["peers"].get(peer, {}).get(step)
        if number and found is not None:
            found = found.get(number)
        return found if found is None else dict(found)

    def put(self, peer: str, step: str, cell: Cell, origin: Origin, number: str = "") -> None:
        """Keep a measurement."""
        place = self.data["peers"].setdefault(peer, {})
        if number:
            place.setdefault(step, {})[number] = origin.stamped(cell)
        else:
            place[step] = origin.stamped(cell)
        self.save()

    def save(self) -> None:
        """Write everything to disk, atomically."""
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.data, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
        replace_file(self._path, text.encode())


def read_record(path: Path) -> dict[str, Any]:
    """Read a file of results.

    Args:
        path: of it.

    Returns:
        What it holds.

    Raises:
        ConfigError: it is no such file.
    """
    try:
        data = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read as results: {error}", hint="Name another file with --out.") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ConfigError(f"{path} is not a result of this version", hint="Name another file with --out.")
    return data


def attempted(work: Callable[[], Cell]) -> Cell:
    """Return what was measured, or the reason why it was not."""
    try:
        return work()
    except PeerFailureError as error:
        return {"failed": error.message}


def cells_of(data: Mapping[str, Any]) -> Iterator[tuple[str, Cell]]:
    """Yield every cell of a record with its step."""
    if data["limits"]:
        yield "limits", data["limits"]
    for steps in data["peers"].values():
        for step, found in steps.items():
            for cell in found.values() if step in _NUMBERED else [found]:
                yield step, cell


def now() -> str:
    """Return the time as results name it."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
