"""What was measured so far, in one JSON file that is whole after each step, so that a run can be taken up.

A cell is one measurement: a mapping with figures, or with `failed` and the reason. Cells are named by peer, step and number.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from eval.bench.peers.process import PeerFailureError
from rag.errors import ConfigError

FORMAT = 1

Cell = Mapping[str, Any]


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

    def put(self, peer: str, step: str, cell: Cell, number: str = "") -> None:
        """Keep a measurement."""
        place = self.data["peers"].setdefault(peer, {})
        if number:
            place.setdefault(step, {})[number] = dict(cell)
        else:
            place[step] = dict(cell)
        self.save()

    def save(self) -> None:
        """Write everything to disk, atomically."""
        if self._path is None:
            return
        unfinished = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(json.dumps(self.data, ensure_ascii=False, indent=1, allow_nan=False) + "\n", "utf-8")
        unfinished.replace(self._path)


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
