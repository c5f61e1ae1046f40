"""Many questions in a file, one result a line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import ConfigError, RagError
from rag.progress import ProgressBar
from rag.types import Message

_ROLES = ("user", "assistant", "system")


@dataclass(frozen=True, slots=True)
class Question:
    """One line of a batch.

    Attributes:
        id: comes back with the result; any JSON value.
        text: the question.
        history: earlier turns.
    """

    id: object
    text: str
    history: tuple[Message, ...]


def read_questions(file: Path) -> Iterator[Question]:
    """Read the questions of a JSON Lines file. The whole file is checked first.

    Args:
        file: one JSON object a line, in UTF-8; empty lines are skipped.

    Returns:
        The questions, in the order of the file.

    Raises:
        ConfigError: the file cannot be read, or a line is not a question.
    """
    try:
        lines = file.read_text("utf-8-sig").split("\n")
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}", hint="Check --batch.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not UTF-8", hint="Save it as UTF-8.") from error
    return iter([_question(line, f"{file}, line {number}") for number, line in enumerate(lines, 1) if line.strip()])


def _question(line: str, place: str) -> Question:
    hint = 'A line is {"id": ..., "question": "...", "history": [...]}.'
    try:
        value = json.loads(line)
        if not isinstance(value, dict) or not isinstance(value.get("question"), str):
            raise ValueError("there is no question in it")
        return Question(value.get("id"), value["question"], turns(value.get("history") or []))
    except ValueError as error:
        raise ConfigError(f"{place}: {error}", hint=hint) from error


def turns(value: object) -> tuple[Message, ...]:
    """Check a conversation that came as JSON.

    Args:
        value: a list of objects with `role` (`user`, `assistant` or `system`) and `content`.

    Returns:
        The turns, in order; other keys are dropped.

    Raises:
        ValueError: it is not a list of turns.
    """
    if not isinstance(value, list):
        raise ValueError("the history is not a list")
    for turn in value:
        if not isinstance(turn, dict) or turn.get("role") not in _ROLES or not isinstance(turn.get("content"), str):
            raise ValueError(f"{turn!r} is not a turn")
    return tuple(Message(role=turn["role"], content=turn["content"]) for turn in value)


def write_results(
    questions: Iterator[Question], answer: Callable[[Question], dict[str, Any]], out: Path | None, *, label: str
) -> int:
    """Answer each question and write one JSON object a line, in order, with its id; lines appear as they are done.

    A question that fails with an expected error gets a line with `error`, and the others still run.

    Args:
        questions: in the order in which they are answered.
        answer: gives the JSON object of one question, without its id; called once for each.
        out: the file to write, replaced if it is there; None is standard output.
        label: what the progress bar says.

    Returns:
        0, or 1 if a question failed.

    Raises:
        ConfigError: the file cannot be written.
    """
    todo = list(questions)
    failed = 0
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(out.open("w", encoding="utf-8")) if out else sys.stdout
        except OSError as error:
            raise ConfigError(f"{out} cannot be written: {error.strerror}", hint="Check --out.") from error
        bar = stack.enter_context(ProgressBar(quiet=out is None and sys.stdout.isatty()))
        for number, question in enumerate(todo, 1):
            try:
                result = answer(question)
            except RagError as error:
                failed += 1
                result = {"question": question.text, "error": str(error)}
            stream.write(json.dumps({"id": question.id, **result}, ensure_ascii=False) + "\n")
            stream.flush()
            bar(label, number, len(todo))
    if failed:
        sys.stderr.write(f"{failed} of {len(todo)} questions failed; their lines say why.\n")
    return 1 if failed else 0
