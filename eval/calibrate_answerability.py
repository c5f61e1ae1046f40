"""Fits the model of "the notes hold the answer": what is measured for each question, the fit, and how well it separates.

What was measured is kept beside the questions, so that the fit can be repeated, and tested, without a language model. Knows
assistants and questions; what the signals mean is in `rag.answer.signals`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from eval.agreement import auc
from eval.answer_sets import Item
from eval.logistic import chances, fit, folds
from rag.answer.answerable import FILE as COEFFICIENTS
from rag.answer.answerable import fitted
from rag.answer.decide import ask_model
from rag.answer.request import read_request
from rag.answer.restate import Restated, read_anew
from rag.answer.signals import NAMES, signals
from rag.assistant import Assistant
from rag.errors import ConfigError
from rag.types import Message, Retrieval

FILE = Path(__file__).with_name("answerability.jsonl")
PENALTY = 3.0
_FOLDS = 8
_SEED = 0
_LEFT_OUT = frozenset({"injection"})  # orders are taken out before; what is left is an ordinary question


@dataclass(frozen=True, slots=True)
class Measured:
    """The signals of one question.

    Attributes:
        source: which set of questions.
        id: of the question.
        good: whether the notes hold something to answer with: the answer, or the correction of a false premise.
        signals: by name.
    """

    source: str
    id: str
    good: bool
    signals: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted model and what is known of it from folds that it did not see.

    Attributes:
        intercept: of the logit.
        weights: in the order of `NAMES`.
        auc: area under the curve, 0 to 1.
        thresholds: probability, share of unanswerable questions refused there, and of answerable ones, by wanted false abstention.
    """

    intercept: float
    weights: Mapping[str, float]
    auc: float
    thresholds: Mapping[float, tuple[float, float, float]]


def measure(assistant: Assistant, questions: Sequence[Item], source: str, done: Callable[[str], None]) -> list[Measured]:
    """Measure the signals of some questions with a running system; two model calls each."""
    found = []
    for question in questions:
        request = read_request(question.question)
        if question.type not in _LEFT_OUT and request.kind == "question":
            said, retrieval = _read(assistant, request.question, question.history, question.page)
            passages = assistant.to_read(retrieval)
            yes = ask_model(assistant.llm, passages, said.question, said.history)
            alone = ask_model(assistant.llm, (), said.question, said.history)
            values = signals(yes, alone)
            found.append(Measured(source, question.id, not question.silent, {k: round(v, 5) for k, v in values.items()}))
        done(question.id)
    return found


def _read(assistant: Assistant, question: str, turns: Sequence[Message], page: str) -> tuple[Restated, Retrieval]:
    """A question as `ask` reads it, and what is found for it, on one page if that is given."""

    def retrieve(sought: str, before: Sequence[Message]) -> Retrieval:
        return assistant.search(sought, history=before, where={"path": page} if page else None)

    steps = read_anew(assistant.llm, question, turns, retrieve(question, turns), retrieve)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            read: tuple[Restated, Retrieval] = end.value
            return read


def fit_answerability(measured: Sequence[Measured]) -> Fit:
    """Fit the model; both kinds of question weigh the same.

    Args:
        measured: questions with an answer in the notes and questions without, at least eight of each.

    Returns:
        The model fitted on all of them; what is known of it comes from folds that it did not see.

    Raises:
        ConfigError: there are not enough questions of both kinds.
    """
    good = np.array([one.good for one in measured])
    least = min(int(good.sum()), int((~good).sum())) if len(good) else 0
    if least < _FOLDS:
        raise ConfigError(
            f"There are only {least} questions of one kind",
            hint=f"At least {_FOLDS} with and {_FOLDS} without an answer are needed.",
        )
    rows = np.array([[one.signals[name] for name in NAMES] for one in measured])
    weights = np.where(good, 0.5 / good.sum(), 0.5 / (~good).sum()) * len(good)
    bias, found = fit(rows, good, weights, penalty=PENALTY)
    part = folds([f"{one.source}/{one.id}" for one in measured], _FOLDS, _SEED)
    unseen = np.empty(len(good))
    for which in range(_FOLDS):
        seen = part != which
        unseen[~seen] = chances(rows[~seen], *fit(rows[seen], good[seen], weights[seen], penalty=PENALTY))
    thresholds = {}
    for wanted in (0.02, 0.05, 0.1):
        at = float(np.quantile(unseen[good], wanted))
        thresholds[wanted] = (at, float(np.mean(unseen[~good] < at)), float(np.mean(unseen[good] < at)))
    area = auc([float(one) for one in unseen], [bool(one) for one in good])
    return Fit(bias, dict(zip(NAMES, map(float, found), strict=True)), area, thresholds)


def read_measured(path: Path = FILE) -> list[Measured]:
    """Read what was measured.

    Args:
        path: one question a line, as `write_measured` leaves it.

    Returns:
        The questions with their signals, in the order of the file.

    Raises:
        ConfigError: the file cannot be read.
    """
    try:
        return [Measured(**json.loads(line)) for line in path.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", hint="Run: python -m eval calibrate answerability") from error


def write_measured(measured: Iterable[Measured], path: Path = FILE) -> None:
    """Write what was measured, a line each."""
    path.write_text("".join(json.dumps(asdict(one)) + "\n" for one in measured), "utf-8")


def coefficients(found: Fit, measured: Sequence[Measured]) -> str:
    """Return the file of coefficients."""
    good = sum(one.good for one in measured)
    sets = ", ".join(sorted({one.source for one in measured}))
    lines = [
        '# Coefficients of the logistic model of "the notes hold the answer", over the signals of rag/answer/signals.py.',
        "# Written by `python -m eval calibrate answerability`: both kinds of question weigh the same, a penalty of "
        f"{PENALTY} on the squares",
        f"# of the standardised weights. Fitted on {len(measured)} questions ({sets}), {good} of them answerable.",
        f"# On folds that the fit did not see: AUC {found.auc:.2f}.",
        *(
            f"# Threshold {at:.2f}: refuses {refused:.0%} of what cannot be answered and {lost:.0%} of what can."
            for at, refused, lost in found.thresholds.values()
        ),
        f"intercept = {found.intercept:.4f}",
        "# Set by hand between 1 and 3, which hardly differ (docs/LOG.md).",
        f"tie = {fitted().tie}",
        "",
        "[weights]",
        *(f"{name} = {weight:.4f}" for name, weight in found.weights.items()),
    ]
    return "\n".join(lines) + "\n"


def write_coefficients(found: Fit, measured: Sequence[Measured]) -> None:
    """Put the fitted model in the place of the one that the program has."""
    COEFFICIENTS.write_text(coefficients(found, measured), "utf-8")
