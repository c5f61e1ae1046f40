"""What several commands take."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from rag.config import Config
from rag.errors import ConfigError

if TYPE_CHECKING:
    from eval.questions import QuestionFile

RUNS = Path("eval") / "runs"
CACHE = Path("eval") / "cache"
BASELINE = Path("eval") / "baseline.json"

Command = Callable[[argparse.Namespace, Config], int]
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_questions(parser: argparse.ArgumentParser) -> None:
    """Add `--questions`."""
    parser.add_argument("--questions", type=Path, metavar="FILE", help="JSON Lines (default: the questions of this repository)")


def question_file(options: argparse.Namespace) -> QuestionFile:
    """Read the file that `--questions` names.

    Args:
        options: of the command.

    Returns:
        The questions and where they came from.

    Raises:
        ConfigError: it cannot be read, or a line is wrong.
    """
    from eval.questions import DEFAULT_FILE, read_question_file

    return read_question_file(options.questions or DEFAULT_FILE)


def run_folder(name: Path) -> Path:
    """Return the folder of a run that was named by its path, by its name in the folder of runs, or `latest`.

    The latest is the one that finished last; where none has finished, the one that began last.

    Args:
        name: of the command line.

    Returns:
        The folder, which need not be there if it was named.

    Raises:
        ConfigError: the latest is asked for, and there is none.
    """
    if str(name) == "latest":
        found = [file.parent for file in RUNS.glob("*/run.json")]
        if not found:
            raise ConfigError(f"There is no run in {RUNS} yet", hint="Make one: python -m eval run")
        return max(found, key=_ended)
    return name if name.exists() else RUNS / name


def _ended(folder: Path) -> tuple[str, Path]:
    from eval.record import read_run

    try:
        return str(read_run(folder).get("finished") or ""), folder
    except ConfigError:  # damaged, or of an older version
        return "", folder


def write_out(file: Path, text: str) -> None:
    """Write what `--out` asks for.

    Args:
        file: that it names.
        text: what it is to hold.

    Raises:
        ConfigError: it cannot be written.
    """
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}", hint="Check --out.") from error


def count(text: str) -> int:
    """Read a number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1")
    return int(text)


def run_name(text: str) -> str:
    """Read a name that a folder can have."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}", text):
        raise argparse.ArgumentTypeError("use letters, digits, dots, hyphens and underscores, at most 60")
    return text
