"""What is judged and what comes of it. Values; nothing here knows ragas or an engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

Status = Literal["judged", "failed", "not_judged"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One answered question as ragas names its parts.

    Attributes:
        user_input: the question.
        response: the answer without citation markers; empty for an abstention.
        retrieved_contexts: the passages as the model read them, heading line included, by rank.
        reference: the reference answer; empty where there is none.
        abstained: whether the question was not answered.
    """

    user_input: str
    response: str
    retrieved_contexts: list[str]
    reference: str
    abstained: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """One verdict in a reply of the judge: a flag, or a rating.

    Attributes:
        field: its name in the reply.
        value: as it was written.
        expected: its expected value over what could have stood there, by the judge's own probabilities; None where they are not
            known.
    """

    field: str
    value: int
    expected: float | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One question to the judge.

    Attributes:
        asks_for: name of the response model.
        prompt: as ragas wrote it.
        output: all that the model wrote.
        seconds: it took.
        error: why the output is no judgement; empty if it is one.
        verdicts: in the output, in its order.
    """

    asks_for: str
    prompt: str
    output: str
    seconds: float
    error: str = ""
    verdicts: Sequence[Verdict] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """The outcome of one metric for one question.

    Attributes:
        status: `judged`, `failed` (the judge gave no usable verdict) or `not_judged` (the metric says nothing here).
        value: finite if judged, else None.
        reason: why it failed or was not judged; empty if judged.
        seconds: it took.
        calls: what the judge saw and said, in order.
        expected: the same figure from the probabilities of the verdicts, which tells a sure judge from an unsure one; None where
            they are not known.
    """

    status: Status
    value: float | None
    reason: str = ""
    seconds: float = 0.0
    calls: Sequence[Call] = ()
    expected: float | None = None

    @classmethod
    def not_judged(cls, reason: str) -> Judgement:
        """Say why a metric says nothing about a question."""
        return cls("not_judged", None, reason)

    def as_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "status": self.status,
            "value": self.value,
            "expected": self.expected,
            "reason": self.reason,
            "seconds": round(self.seconds, 3),
            "calls": [{**asdict(call), "verdicts": [asdict(verdict) for verdict in call.verdicts]} for call in self.calls],
        }


class Judge(Protocol):
    """Gives judgements by metric; `ragas_metrics.RagasJudge` is one."""

    @property
    def name(self) -> str:
        """What a report calls it."""
        ...

    def judge(self, metric: str, sample: Sample) -> Judgement:
        """Judge one sample by one metric."""
        ...
