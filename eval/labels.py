"""Labelled judgements: answers whose worth is known, to find out what a judge is worth. Knows no judge.

A line of the file is an answer that was made by hand from a passage of the notes, with what was done to it. What each metric should
say of it follows from that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from eval.judgement import Sample
from eval.questions import Place, Text
from rag.errors import ConfigError

DEFAULT_FILE = Path(__file__).with_name("judgements.jsonl")

Kind = Literal["right", "subtly_wrong", "unsupported", "off_question"]

_TRUE: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "faithfulness": frozenset({"right", "off_question"}),
        "answer_relevancy": frozenset({"right", "subtly_wrong", "unsupported"}),
        "context_recall": frozenset({"right", "off_question"}),
        "semantic_similarity": frozenset({"right"}),
    }
)
_OF_CONTEXTS = ("context_precision", "context_relevance")

LABELLED = (*_TRUE, *_OF_CONTEXTS)
"""Metrics that labels can be had for."""


class LabelledAnswer(BaseModel):
    """One line of the file.

    Attributes:
        id: the question's, then the kind, with hyphens.
        question: as a reader would ask it.
        contexts: what the answer is to be judged by.
        reference: a right answer, in other words.
        answer: that is judged.
        kind: `right`; `subtly_wrong`, with a number, a name or a direction changed; `unsupported`, with something that may be true
            and does not stand there; `off_question`, which stands there and answers something else.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
    question: Text
    contexts: Annotated[list[Place], Field(min_length=1)]
    reference: Text
    answer: Text
    kind: Kind


@dataclass(frozen=True, slots=True)
class Labelled:
    """Something to judge, and what is known of it.

    Attributes:
        id: of the answer.
        group: what it shares a question or a passage with; members of a group are not independent.
        sample: to judge.
        good: the label.
    """

    id: str
    group: str
    sample: Sample
    good: bool


def read_labels(path: Path = DEFAULT_FILE) -> list[LabelledAnswer]:
    """Read a file of labelled answers.

    Args:
        path: of the file.

    Returns:
        The answers in the order of the file, at least one.

    Raises:
        ConfigError: it cannot be read, or a line is wrong; the message names the line.
    """
    try:
        lines = path.read_text("utf-8").split("\n")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", hint="Check --labels.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8", hint="Save it as UTF-8.") from error
    answers: list[LabelledAnswer] = []
    seen: set[str] = set()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            answer = LabelledAnswer.model_validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(step) for step in first["loc"])
            raise ConfigError(f"{path}, line {number}: {where}: {first['msg']}", hint="Mend that line.") from error
        if answer.id in seen:
            raise ConfigError(f"{path}, line {number}: id {answer.id!r} is there twice", hint="Give it its own.")
        seen.add(answer.id)
        answers.append(answer)
    if not answers:
        raise ConfigError(f"{path} holds no labelled answers", hint="Check --labels.")
    return answers


def labelled(answers: Sequence[LabelledAnswer], metric: str) -> list[Labelled]:
    """Return what one metric is to judge.

    Of contexts, each question's own are good and those of the next question in the file are not; where that is about the same page,
    they are near misses.

    Args:
        answers: of a file.
        metric: one of `LABELLED`.

    Returns:
        Things to judge, each with its label.

    Raises:
        ValueError: no label follows for this metric.
    """
    if metric in _OF_CONTEXTS:
        return _of_contexts(answers)
    if metric not in _TRUE:
        raise ValueError(f"no label follows for {metric}")
    found = []
    for answer in answers:
        # Recall asks whether the reference stands in the contexts, so the answer is judged as if it were one.
        reference = answer.answer if metric == "context_recall" else answer.reference
        sample = Sample(answer.question, answer.answer, _texts(answer), reference, False)
        found.append(Labelled(answer.id, answer.question, sample, answer.kind in _TRUE[metric]))
    return found


def read_claims(path: Path) -> list[Labelled]:
    """Read claims with a context and a label, one JSON object a line: `id`, `context`, `answer` and `faithful`.

    Args:
        path: of the file.

    Returns:
        The claims as answers to judge for faithfulness.

    Raises:
        ConfigError: the file cannot be read, or a line is no such claim.
    """
    found = []
    try:
        lines = [line for line in path.read_text("utf-8").split("\n") if line.strip()]
        for line in lines:
            value = json.loads(line)
            asked = value.get("question") or "Is this claim supported?"
            sample = Sample(asked, value["answer"], [value["context"]], "", False)
            found.append(Labelled(str(value["id"]), str(value["id"]), sample, bool(value["faithful"])))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", hint="Check --claims.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path}, claim {len(found) + 1} is wrong: {error}", hint="Mend that line.") from error
    return found


def _of_contexts(answers: Sequence[LabelledAnswer]) -> list[Labelled]:
    right = [answer for answer in answers if answer.kind == "right"]
    found = []
    for place, answer in enumerate(right):
        other = right[(place + 1) % len(right)]
        for name, source in (("own", answer), ("next", other)):
            if name == "next" and other is answer:
                continue
            sample = Sample(answer.question, answer.answer, _texts(source), answer.reference, False)
            found.append(Labelled(f"{answer.id}-{name}", answer.question, sample, name == "own"))
    return found


def _texts(answer: LabelledAnswer) -> list[str]:
    return [f"{place.heading}\n{place.quote}" for place in answer.contexts]
