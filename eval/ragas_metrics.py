"""ragas' own metric classes, by name, with our judge and our embedder.

Calls `ascore` directly: no executor, which would turn a failure into NaN. A value that is not finite, a judge's call that failed
and was swallowed, a missing input: each is a result with a status and a reason, and none is a number.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ragas.metrics.collections import AnswerRelevancy, ContextPrecision, ContextRecall, Faithfulness
from ragas.metrics.collections.base import BaseMetric

from eval.embeddings import JudgeEmbedding
from eval.errors import JudgementError
from eval.judge import LocalJudge
from eval.judgement import Call, Judgement, Sample
from rag.errors import RagError


class FaithfulnessOfEach(Faithfulness):  # type: ignore[misc]  # ragas' types are not checked here
    """ragas' faithfulness with exactly one verdict for each statement; the prompts and the arithmetic are ragas'."""

    llm: LocalJudge

    async def _create_verdicts(self, statements: list[str], context: str) -> Any:  # noqa: ANN401  # ragas' own model
        with self.llm.items(len(statements)):
            verdicts = await super()._create_verdicts(statements, context)
        if len(verdicts.statements) != len(statements):
            raise JudgementError(f"The judge gave {len(verdicts.statements)} verdicts on {len(statements)} statements")
        return verdicts


@dataclass(frozen=True, slots=True)
class Metric:
    """How one metric of ragas is called.

    Attributes:
        build: makes the metric.
        inputs: names of its arguments, which are fields of `Sample`.
        prompts: how many kinds of prompt it asks the judge; each has a long beginning that is always the same.
        of_abstentions: whether it says something of a question that was not answered.
    """

    build: Callable[[LocalJudge, JudgeEmbedding], BaseMetric]
    inputs: tuple[str, ...]
    prompts: int = 1
    of_abstentions: bool = False


METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        "faithfulness": Metric(
            lambda judge, _: FaithfulnessOfEach(llm=judge), ("user_input", "response", "retrieved_contexts"), prompts=2
        ),
        # Once, not three times: the judge is greedy and would write the same question again.
        "answer_relevancy": Metric(
            lambda judge, embedding: AnswerRelevancy(llm=judge, embeddings=embedding, strictness=1), ("user_input", "response")
        ),
        "context_precision": Metric(
            lambda judge, _: ContextPrecision(llm=judge), ("user_input", "reference", "retrieved_contexts"), of_abstentions=True
        ),
        "context_recall": Metric(
            lambda judge, _: ContextRecall(llm=judge), ("user_input", "retrieved_contexts", "reference"), of_abstentions=True
        ),
    }
)


def prompt_kinds(metrics: Sequence[str]) -> int:
    """Return how many kinds of prompt the metrics ask: an engine with as many slots reads each beginning once."""
    return sum(METRICS[metric].prompts for metric in metrics)


class RagasJudge:
    """Judges samples by the named metrics."""

    def __init__(self, judge: LocalJudge, embedding: JudgeEmbedding) -> None:
        self._judge = judge
        self._embedding = embedding
        self._built: dict[str, BaseMetric] = {}

    @property
    def name(self) -> str:
        """What a report calls the judge."""
        return self._judge.name

    def judge(self, metric: str, sample: Sample) -> Judgement:
        """Judge one sample by one metric, a key of `METRICS`; a failure is a judgement with its reason."""
        described = METRICS[metric]
        if sample.abstained and not described.of_abstentions:
            return Judgement.not_judged("the question was not answered")
        inputs = {name: getattr(sample, name) for name in described.inputs}
        for name, value in inputs.items():
            if not value:
                return Judgement.not_judged(f"there is no {name.replace('_', ' ')}")
        if metric not in self._built:
            self._built[metric] = described.build(self._judge, self._embedding)
        return self._score(self._built[metric], inputs)

    def _score(self, metric: BaseMetric, inputs: Mapping[str, object]) -> Judgement:
        start = time.perf_counter()
        value, failure = math.nan, ""
        with self._judge.recording() as calls:
            try:
                value = float(asyncio.run(metric.ascore(**inputs)).value)
            except (RagError, ValueError) as error:
                failure = str(error)
        seconds = time.perf_counter() - start
        # Some metrics swallow an error of the judge and go on without that verdict.
        failure = failure or next((call.error for call in calls if call.error), "")
        if not failure and not math.isfinite(value):
            failure = _why_not_a_number(calls)
        if failure:
            return Judgement("failed", None, failure, seconds, tuple(calls))
        return Judgement("judged", value, "", seconds, tuple(calls))


def _why_not_a_number(calls: list[Call]) -> str:
    last = calls[-1] if calls else None
    asked = f"; the judge's last reply, for {last.asks_for}, was {last.output[:80]}" if last else ""
    return f"ragas returned no number{asked}"
