"""The figures that a change may not make worse: what a gate needs of a run, in one file that is committed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, FiniteFloat, ValidationError

from eval.compare import DIGITS, Columns, values_of
from eval.measure import Verdict
from eval.record import read_results, read_run
from rag.errors import ConfigError
from rag.index.files import replace_file

FORMAT = 1
_ABOUT = (
    *(
        "name",
        "started",
        "questions_sha256",
        "chunks_sha256",
        "llm",
        "parts",
        "judge",
        "judging",
        "metrics",
        "settings",
        "versions",
    ),
    *("machine", "code", "system_code"),
)


_WRITE_ONE = "Write one with: python -m eval gate RUN --accept"


class _Baseline(BaseModel):
    name: str
    about: dict[str, Any]
    verdicts: dict[str, Verdict]
    columns: dict[str, dict[str, FiniteFloat]]


@dataclass(frozen=True, slots=True)
class Side:
    """One of two runs that are compared.

    Attributes:
        name: what to call it.
        about: what it was made with.
        columns: its values.
        verdicts: by question id.
    """

    name: str
    about: Mapping[str, Any]
    columns: Columns
    verdicts: Mapping[str, str]

    @property
    def cut(self) -> bool:
        """Whether it is a run that was not finished."""
        return "finished" in self.about and not self.about["finished"]


def read_side(path: Path) -> Side:
    """Read a run's folder, or a baseline file.

    Args:
        path: of either.

    Returns:
        What a comparison needs of it.

    Raises:
        ConfigError: it is neither.
    """
    if path.is_file():
        return _read_baseline(path)
    about = read_run(path)
    results = list(read_results(path).values())
    if not results:
        raise ConfigError(f"The run in {path} has no results yet", hint="Finish it first.")
    columns, verdicts = values_of(results)
    return Side(path.name, about, columns, verdicts)


def write_baseline(path: Path, side: Side) -> None:
    """Write a run's values as a baseline; times, which belong to a machine, are left out.

    Args:
        path: of the file.
        side: the run.

    Raises:
        ConfigError: the file cannot be written.
    """
    value = {
        "format": FORMAT,
        "name": side.name,
        "about": {key: side.about.get(key) for key in _ABOUT},
        "verdicts": side.verdicts,
        "columns": {
            name: {question: round(number, DIGITS) for question, number in values.items()}
            for name, values in side.columns.items()
            if not name.endswith(" s")
        },
    }
    try:
        replace_file(path, _one_line_a_figure(value).encode())
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}", hint="Check --against.") from error


def _read_baseline(path: Path) -> Side:
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} is not a baseline: {error}", hint=_WRITE_ONE) from error
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise ConfigError(f"{path} is not a baseline of this version", hint=_WRITE_ONE)
    try:  # the file is committed, so it is merged, and edited by hand
        read = _Baseline.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise ConfigError(f"{path} is not a baseline: {where}: {first['msg']}", hint=_WRITE_ONE) from error
    return Side(read.name, read.about, read.columns, read.verdicts)


def _one_line_a_figure(value: Mapping[str, Any]) -> str:
    """Return JSON in which a figure is a line, so that a difference of two baselines can be read."""
    lines = [f"{json.dumps(key)}: {json.dumps(part, ensure_ascii=False)}" for key, part in value.items() if key != "columns"]
    figures = [f"  {json.dumps(name)}: {json.dumps(values)}" for name, values in value["columns"].items()]
    return "{\n" + ",\n".join(lines) + ',\n"columns": {\n' + ",\n".join(figures) + "\n}}\n"


def differing(one: Side, other: Side, keys: Sequence[str] = _ABOUT) -> dict[str, tuple[Any, Any]]:
    """Return what two runs were made with differently: name to both values; settings and versions name by name."""
    found: dict[str, tuple[Any, Any]] = {}
    for key in keys:
        a, b = one.about.get(key), other.about.get(key)
        # A baseline may be older than what is noted of a run today.
        if key in {"name", "started"} or a == b or not (key in one.about and key in other.about):
            continue
        if isinstance(a, dict) and isinstance(b, dict):
            found |= {f"{key}.{part}": (a.get(part), b.get(part)) for part in sorted({*a, *b}) if a.get(part) != b.get(part)}
        else:
            found[key] = (a, b)
    return found
