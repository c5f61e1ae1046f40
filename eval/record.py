"""A run's folder: `run.json`, `results.jsonl` and what a resumed run may rely on.

A result is one line, written and flushed when its question is done, so that an interruption loses the question that was under
way and no other. A line that was cut by a crash is dropped when the run resumes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from rag.errors import ConfigError

FORMAT = 1
RUN_FILE = "run.json"
RESULTS_FILE = "results.jsonl"
REPORT_FILE = "report.md"

Result = dict[str, Any]
"""One line of the results: `id`, `question`, `history`, `type`, `expected`, `split` and `reference` of the question; `answer` (as
`ask --json`, or None), `error`, `verdict`, `facts`, `evidence`; `judged` by metric; `seconds` that asking and judging took."""

_SAME = ("questions_sha256", "generation", "chunks_sha256", "settings", "llm", "judge", "metrics", "versions", "code")


class RunFolder:
    """The folder of one run, open for writing. A context manager."""

    def __init__(self, path: Path, description: Mapping[str, Any]) -> None:
        """Make the folder, or take up an interrupted run.

        Args:
            path: of the folder.
            description: what `run.json` says; the parts that answers depend on must be those of an earlier start.

        Raises:
            ConfigError: the folder cannot be written, or holds a run that was made with something else.
        """
        self.path = path
        self.description = {**description, "format": FORMAT}
        try:
            path.mkdir(parents=True, exist_ok=True)
            if (path / RUN_FILE).exists():
                self._take_up(read_run(path))
            _cut_unfinished_line(path / RESULTS_FILE)
            self._write_description()
            self._lines: TextIO = (path / RESULTS_FILE).open("a", encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"{path} cannot be written: {error.strerror}", hint="Check --out.") from error
        self.results = read_results(path)

    def add(self, result: Result) -> None:
        """Write one result to disk."""
        self._lines.write(json.dumps(result, ensure_ascii=False, allow_nan=False) + "\n")
        self._lines.flush()
        os.fsync(self._lines.fileno())
        self.results[str(result["id"])] = result

    def finish(self, **facts: Any) -> None:  # noqa: ANN401  # JSON values
        """Add facts to `run.json`, such as when the run ended."""
        self.description.update(facts)
        self._write_description()

    def close(self) -> None:
        """Close the results."""
        self._lines.close()

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _take_up(self, earlier: Mapping[str, Any]) -> None:
        for key in _SAME:
            if earlier.get(key) != self.description.get(key):
                what = f"{key.replace('_', ' ')}{_difference(earlier.get(key), self.description.get(key))}"
                raise ConfigError(
                    f"The run in {self.path} was made with another {what}", hint="Name another folder with --out, or none."
                )
        self.description["started"] = earlier.get("started")

    def _write_description(self) -> None:
        unfinished = self.path / f".{RUN_FILE}.{os.getpid()}"
        unfinished.write_text(json.dumps(self.description, ensure_ascii=False, indent=2) + "\n", "utf-8")
        unfinished.replace(self.path / RUN_FILE)


def read_run(path: Path) -> dict[str, Any]:
    """Return the description of a run.

    Raises:
        ConfigError: there is no run in that folder, or it cannot be read.
    """
    try:
        description = json.loads((path / RUN_FILE).read_text("utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"There is no run in {path}", hint="Name a folder that holds a run.json.") from error
    except OSError as error:
        raise ConfigError(f"{path / RUN_FILE} cannot be read: {error.strerror}", hint="Check its permissions.") from error
    except ValueError as error:
        raise ConfigError(f"{path / RUN_FILE} is not JSON: {error}", hint="Make the run again.") from error
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise ConfigError(f"{path / RUN_FILE} is not a run of this version", hint="Make the run again.")
    return description


def read_results(path: Path) -> dict[str, Result]:
    """Return the results of a run by question id, in the order they were first written; a later line replaces an earlier one.

    Raises:
        ConfigError: a line is not a result.
    """
    file = path / RESULTS_FILE
    results: dict[str, Result] = {}
    try:
        lines = file.read_text("utf-8").split("\n")
    except FileNotFoundError:
        return results
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}", hint="Check its permissions.") from error
    for number, line in enumerate(lines[:-1], 1):  # what follows the last line break was cut
        try:
            result = json.loads(line)
            results[result["id"]] = result
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"{file}, line {number} is not a result", hint="Remove that line.") from error
    return results


def _cut_unfinished_line(file: Path) -> None:
    if not file.exists():
        return
    raw = file.read_bytes()
    whole = raw.rfind(b"\n") + 1
    if whole < len(raw):
        with file.open("r+b") as stream:
            stream.truncate(whole)


def _difference(one: object, other: object) -> str:
    if isinstance(one, dict) and isinstance(other, dict):
        changed = [name for name in sorted({*one, *other}) if one.get(name) != other.get(name)]
        return ": " + ", ".join(f"{name} was {one.get(name)!r}, is {other.get(name)!r}" for name in changed)
    return f": it was {one!r}, is {other!r}"
