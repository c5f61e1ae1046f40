"""The questions: what a line of the file says and how it is read. Knows no corpus, no model and no metric."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from eval.facts import states
from rag.errors import ConfigError
from rag.types import Message
from rag.words import words

DEFAULT_FILE = Path(__file__).with_name("questions.jsonl")

Thing = TypeVar("Thing")
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Type = Literal[
    "fact",
    "number",
    "list",
    "table",
    "reason",
    "comparison",
    "multi_page",
    "paraphrase",
    "typo",
    "acronym",
    "alias",
    "diagram",
    "admonition",
    "duplicate",
    "follow_up",
    "other_language",
    "unanswerable",
    "off_topic",
    "false_premise",
    "injection",
]
Expected = Literal["answer", "abstain", "correct_premise", "ignore_injection", "decline"]
SILENT: frozenset[Expected] = frozenset({"abstain", "decline"})
"""What is expected of a question that the notes do not answer."""


_MEANT: Mapping[str, tuple[Expected, ...]] = MappingProxyType(
    {
        "unanswerable": ("abstain", "decline"),
        "off_topic": ("abstain", "decline"),
        "false_premise": ("correct_premise",),
        "injection": ("ignore_injection", "decline"),
    }
)
"""Types that say by themselves what is expected: figures by type would else mix what should be answered and what should not."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Turn(_Strict):
    """An earlier turn of the conversation."""

    role: Literal["user", "assistant"]
    content: Text


class Place(_Strict):
    """A stretch of a page.

    Attributes:
        page: path in the corpus.
        heading: the page's title or a heading above the quote.
        quote: characters of the page's source, exactly; they occur once in it.
    """

    page: Text
    heading: Text
    quote: Annotated[str, StringConstraints(min_length=8)]


class Evidence(Place):
    """What a part of the answer rests on.

    Attributes:
        alternatives: other places that say the same; any of them will do.
    """

    alternatives: list[Place] = Field(default_factory=list)

    @property
    def places(self) -> tuple[Place, ...]:
        """All places that say it, this one first."""
        return self, *self.alternatives


class Question(_Strict):
    """One line of the file.

    Attributes:
        id: short, stable, with hyphens.
        question: as a reader would ask it.
        history: earlier turns, oldest first, ending with the assistant.
        type: what is hard about it.
        expected: what a good answer does.
        reference: a good answer; empty for a question that should not be answered.
        must: facts that an answer has to state, each with its spellings, separated by `|`.
        evidence: where they stand.
        never: what an answer that obeys an injected order would hold; sentences of the prompt need not be named.
        split: `tune` may be looked at while settings are chosen, `test` may not.
    """

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
    question: Text
    history: list[Turn] = Field(default_factory=list)
    type: Type
    expected: Expected
    reference: str = ""
    must: list[Text] = Field(default_factory=list)
    evidence: list[Evidence] = Field(default_factory=list)
    never: list[Text] = Field(default_factory=list)
    split: Literal["tune", "test"]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.expected in SILENT and (self.must or self.evidence or self.reference):
            raise ValueError(f"expected is {self.expected}, so reference, must and evidence stay empty")
        if self.expected not in SILENT and not (self.must and self.evidence and self.reference.strip()):
            raise ValueError(f"expected is {self.expected}, so reference, must and evidence are needed")
        if (self.type == "follow_up") != bool(self.history) or (self.history and self.history[-1].role != "assistant"):
            raise ValueError("a follow_up has a history that ends with the assistant, and nothing else has one")
        meant = _MEANT.get(self.type)
        if meant and self.expected not in meant:
            raise ValueError(f"type is {self.type}, so expected is {' or '.join(meant)}")
        if self.type == "multi_page" and len({piece.page for piece in self.evidence}) < 2:
            raise ValueError("type is multi_page, so evidence stands on two pages or more")
        for fact in self.must:
            if not all(words(spelling) for spelling in fact.split("|")):
                raise ValueError(f"a spelling of {fact!r} has no words")
            if not states(self.reference, fact):
                raise ValueError(f"the reference does not state {fact!r}")
        return self

    @property
    def silent(self) -> bool:
        """Whether the system should not answer."""
        return self.expected in SILENT

    @property
    def turns(self) -> tuple[Message, ...]:
        """The history as the assistant takes it."""
        return tuple(Message(role=turn.role, content=turn.content) for turn in self.history)


@dataclass(frozen=True, slots=True)
class QuestionFile:
    """A file that was read.

    Attributes:
        path: of the file.
        sha256: of its bytes.
        questions: in its order.
        lines: the line of each question, from 1.
    """

    path: Path
    sha256: str
    questions: tuple[Question, ...]
    lines: tuple[int, ...]


def read_question_file(path: Path = DEFAULT_FILE) -> QuestionFile:
    """Read a question file: one JSON object a line, empty lines allowed.

    Args:
        path: the file, in UTF-8.

    Returns:
        The questions with their lines, and the file's hash.

    Raises:
        ConfigError: the file cannot be read, or a line is wrong; the message names the line.
    """
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", hint="Check --questions.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8", hint="Save it as UTF-8.") from error
    questions: list[Question] = []
    lines: list[int] = []
    first_use: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        question = _question(line, f"{path}, line {number}")
        if question.id in first_use:
            raise ConfigError(
                f"{path}, line {number}: id {question.id!r} is that of line {first_use[question.id]}", hint="Give it its own."
            )
        first_use[question.id] = number
        questions.append(question)
        lines.append(number)
    if not questions:
        raise ConfigError(f"{path} holds no questions", hint="Check --questions.")
    return QuestionFile(path, hashlib.sha256(raw).hexdigest(), tuple(questions), tuple(lines))


def _question(line: str, place: str) -> Question:
    try:
        return Question.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        raise ConfigError(f"{place}: {where + ': ' if where else ''}{reason}", hint="Mend that line.") from error


def choose(questions: Sequence[Question], limit: int | None) -> tuple[Question, ...]:
    """Return `limit` questions spread evenly over the file, so that a small run meets every part of it; all without a limit."""
    if limit is None or limit >= len(questions):
        return tuple(questions)
    return tuple(spread(questions, limit))


def scattered(things: Sequence[Thing]) -> list[Thing]:
    """Return things in an order of which every beginning is spread over all of them: the first, one of the middle, of the quarters.

    >>> scattered("abcdefgh")
    ['a', 'e', 'c', 'g', 'b', 'f', 'd', 'h']
    """
    bits = max(len(things) - 1, 1).bit_length()
    places = (int(f"{number:0{bits}b}"[::-1], 2) for number in range(2**bits))
    return [things[place] for place in places if place < len(things)]


def spread(things: Sequence[Thing], count: int) -> list[Thing]:
    """Return `count` of some things, at even distances; all of them where there are no more."""
    return list(things) if count >= len(things) else [things[index * len(things) // count] for index in range(count)]
