"""A new question for the file: checked like every other one, given an id and headings, and written as the last line.

Knows the file and the corpus; the command line and the chat both come through here.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from eval.errors import RefusedQuestionError
from eval.evidence import check_places, occurrences
from eval.pages import read_page_text
from eval.questions import Question, read_question_file
from rag.errors import ConfigError, UnreadableFileError
from rag.index.files import replace_file

_ID_CHARS = 48


def place_of(page: str, quote: str, corpus: Path) -> dict[str, str]:
    """Return a place of evidence with the heading that stands above it.

    Args:
        page: as it lies in the corpus.
        quote: of its source, exactly.
        corpus: folder of the notes.

    Returns:
        Page, heading and quote, as a line of the file has them.

    Raises:
        ConfigError: there is no such page, or it does not hold the quote exactly once.
    """
    try:
        text = read_page_text(corpus, page)
    except UnreadableFileError as error:
        raise ConfigError(f"There is no readable page {page} in {corpus}", hint="Name it as it lies in the corpus.") from error
    starts = list(occurrences(text.source, quote))
    if len(starts) != 1:
        raise ConfigError(f"{page} holds {quote[:60]!r} {len(starts)} times, not once", hint="Quote it exactly, long enough.")
    return {"page": page, "heading": text.name_above(starts[0]), "quote": quote}


def add_question(path: Path, fields: Mapping[str, Any], corpus: Path) -> Question:
    """Check a question and write it to the end of a file; an empty or missing id is made of its words.

    Args:
        path: of the file; made if it is not there.
        fields: of a question, as in a line of the file.
        corpus: where its evidence stands.

    Returns:
        The question as it was written.

    Raises:
        RefusedQuestionError: the question is wrong, its evidence does not stand there, or it or its id is in the file.
        ConfigError: the file cannot be read or written.
        CorpusError: there is no corpus, and the question has evidence.
    """
    with _alone(path):
        return _add(path, fields, corpus)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep others from writing the file meanwhile: readers of the chat add questions at the same time."""
    try:
        folder = os.open(path.parent, os.O_RDONLY)  # not the file itself, which is replaced
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}", hint="Check --questions.") from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _add(path: Path, fields: Mapping[str, Any], corpus: Path) -> Question:
    known = read_question_file(path).questions if path.exists() and path.stat().st_size else ()
    value = {**fields, "id": fields.get("id") or _new_id(str(fields.get("question", "")), [each.id for each in known])}
    question = parsed(value)
    if question.id in {each.id for each in known}:
        raise RefusedQuestionError(f"There is a question {question.id!r} in {path} already", hint="Choose another id.")
    if question.question.casefold() in {each.question.casefold() for each in known if not each.history and not question.history}:
        raise RefusedQuestionError(f"That question is in {path} already", hint="Ask something else.")
    places = [(question.id, place) for evidence in question.evidence for place in evidence.places]
    problems = check_places(places, corpus)
    if problems:
        raise RefusedQuestionError(problems[0].message[0].upper() + problems[0].message[1:], hint="Correct the evidence.")
    append(path, [question])
    return question


def parsed(value: Mapping[str, Any]) -> Question:
    """Return the question that JSON values describe.

    Args:
        value: fields of a question, as in a line of the file.

    Returns:
        The question, which is consistent in itself.

    Raises:
        RefusedQuestionError: they describe none; the message names the field.
    """
    try:
        return Question.model_validate_json(json.dumps(value))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        raise RefusedQuestionError(
            f"The question is wrong: {where + ': ' if where else ''}{reason}", hint="Correct that."
        ) from error


def append(path: Path, questions: Iterable[Question]) -> None:
    """Write questions to the end of a file, all or none.

    Args:
        path: of the file; made if it is not there.
        questions: to write, in order.

    Raises:
        ConfigError: the file cannot be written.
    """
    try:
        before = path.read_bytes() if path.exists() else b""
        gap = b"" if not before or before.endswith(b"\n") else b"\n"
        lines = b"".join(line_of(question).encode() + b"\n" for question in questions)
        replace_file(path, before + gap + lines)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}", hint="Check --questions.") from error


def line_of(question: Question) -> str:
    """Return a question as a line of the file; what is empty is left out."""
    value = {key: part for key, part in question.model_dump().items() if part not in ("", [])}
    for piece in value.get("evidence", ()):
        if not piece["alternatives"]:
            del piece["alternatives"]
    return json.dumps(value, ensure_ascii=False)


def _new_id(question: str, taken: Sequence[str]) -> str:
    plain = unicodedata.normalize("NFKD", question).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    name = "-".join(words)[:_ID_CHARS].strip("-") or "question"
    numbered = (name if not number else f"{name}-{number + 1}" for number in range(len(taken) + 1))
    return next(each for each in numbered if each not in taken)
