"""ragas' own metric classes, by name, with our judge and our embedder.

Calls `ascore` directly: no executor, which would turn a failure into NaN. A value that is not finite, a judge's call that failed
and was swallowed, a missing input: each is a result with a status and a reason, and none is a number.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ragas.metrics import collections as ragas
from ragas.metrics.collections.base import BaseMetric

from eval.embeddings import JudgeEmbedding
from eval.judge import LocalJudge
from eval.judgement import Call, Judgement, Sample
from eval.weighted import EXPECTED, answer_relevancy
from rag.errors import RagError
from rag.sentences import split_sentences

_ROUNDING = 1e-9

SLOTS = 2
"""Prompts that the judge's engine should remember. Judged metric by metric, at most two kinds of prompt take turns, and each keeps
its long beginning, which is always the same."""


class FaithfulnessOfEach(ragas.Faithfulness):  # type: ignore[misc]  # ragas' types are not checked here
    """ragas' faithfulness with exactly one verdict for each statement; the prompts and the arithmetic are ragas'."""

    llm: LocalJudge

    async def _create_verdicts(self, statements: list[str], context: str) -> Any:  # noqa: ANN401  # ragas' own model
        with self.llm.items(len(statements)):
            return await super()._create_verdicts(statements, context)


class ContextRecallOfEach(ragas.ContextRecall):  # type: ignore[misc]
    """ragas' context recall with exactly one verdict for each sentence of the reference, which ragas leaves to the judge to cut."""

    llm: LocalJudge

    async def ascore(self, user_input: str, retrieved_contexts: list[str], reference: str) -> Any:  # noqa: ANN401
        """Score as ragas does; the result is ragas' own."""
        sentences = [reference[start:end] for start, end in split_sentences(reference)]
        with self.llm.items(len(sentences), sentences):
            return await super().ascore(user_input, retrieved_contexts, reference)


class FactualCorrectnessOfEach(ragas.FactualCorrectness):  # type: ignore[misc]
    """ragas' factual correctness with exactly one verdict for each claim."""

    llm: LocalJudge

    async def _verify_claims(self, claims: list[str], reference: str) -> Any:  # noqa: ANN401
        with self.llm.items(len(claims)):
            return await super()._verify_claims(claims, reference)


class NoiseSensitivityOfEach(ragas.NoiseSensitivity):  # type: ignore[misc]
    """ragas' noise sensitivity with exactly one verdict for each statement."""

    llm: LocalJudge

    async def _evaluate_statement_faithfulness(self, statements: list[str], context: str) -> list[int]:
        with self.llm.items(len(statements)):
            verdicts: list[int] = await super()._evaluate_statement_faithfulness(statements, context)
        return verdicts


class SummaryScoreOfEach(ragas.SummaryScore):  # type: ignore[misc]
    """ragas' summary score with exactly one answer for each question."""

    llm: LocalJudge

    async def _generate_answers(self, summary: str, questions: list[str]) -> list[str]:
        with self.llm.items(len(questions)):
            answers: list[str] = await super()._generate_answers(summary, questions)
        return answers


@dataclass(frozen=True, slots=True)
class Metric:
    """How one metric of ragas is called.

    Attributes:
        build: makes the metric.
        inputs: names of its arguments, each with the field of `Sample` that it gets.
        of_abstentions: whether it says something of a question that was not answered.
    """

    build: Callable[[LocalJudge, JudgeEmbedding], BaseMetric]
    inputs: Mapping[str, str]
    of_abstentions: bool = False


def _fields(*names: str) -> Mapping[str, str]:
    return MappingProxyType({name: name for name in names})


METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        "faithfulness": Metric(
            lambda judge, _: FaithfulnessOfEach(llm=judge), _fields("user_input", "response", "retrieved_contexts")
        ),
        # Once, not three times: the judge is greedy and would write the same question again.
        "answer_relevancy": Metric(
            lambda judge, embedding: ragas.AnswerRelevancy(llm=judge, embeddings=embedding, strictness=1),
            _fields("user_input", "response"),
        ),
        "context_precision": Metric(
            lambda judge, _: ragas.ContextPrecision(llm=judge),
            _fields("user_input", "reference", "retrieved_contexts"),
            of_abstentions=True,
        ),
        "context_recall": Metric(
            lambda judge, _: ContextRecallOfEach(llm=judge),
            _fields("user_input", "retrieved_contexts", "reference"),
            of_abstentions=True,
        ),
        # Once, not up to five times: asked the same, the judge says the same.
        "context_relevance": Metric(
            lambda judge, _: ragas.ContextRelevance(llm=judge, max_retries=1),
            _fields("user_input", "retrieved_contexts"),
            of_abstentions=True,
        ),
        "semantic_similarity": Metric(
            lambda _, embedding: ragas.SemanticSimilarity(embeddings=embedding), _fields("reference", "response")
        ),
        "answer_accuracy": Metric(
            lambda judge, _: ragas.AnswerAccuracy(llm=judge, max_retries=1), _fields("user_input", "response", "reference")
        ),
        "answer_correctness": Metric(
            lambda judge, embedding: ragas.AnswerCorrectness(llm=judge, embeddings=embedding),
            _fields("user_input", "response", "reference"),
        ),
        "bleu_score": Metric(lambda *_: ragas.BleuScore(), _fields("reference", "response")),
        "chrf_score": Metric(lambda *_: ragas.CHRFScore(), _fields("reference", "response")),
        "context_entity_recall": Metric(
            lambda judge, _: ragas.ContextEntityRecall(llm=judge), _fields("reference", "retrieved_contexts"), of_abstentions=True
        ),
        "context_utilization": Metric(
            lambda judge, _: ragas.ContextUtilization(llm=judge), _fields("user_input", "response", "retrieved_contexts")
        ),
        "exact_match": Metric(lambda *_: ragas.ExactMatch(), _fields("reference", "response")),
        "factual_correctness": Metric(lambda judge, _: FactualCorrectnessOfEach(llm=judge), _fields("response", "reference")),
        "noise_sensitivity": Metric(
            lambda judge, _: NoiseSensitivityOfEach(llm=judge),
            _fields("user_input", "response", "reference", "retrieved_contexts"),
        ),
        "non_llm_string_similarity": Metric(lambda *_: ragas.NonLLMStringSimilarity(), _fields("reference", "response")),
        "quoted_spans_alignment": Metric(lambda *_: ragas.QuotedSpansAlignment(), _fields("response", "retrieved_contexts")),
        "response_groundedness": Metric(
            lambda judge, _: ragas.ResponseGroundedness(llm=judge, max_retries=1), _fields("response", "retrieved_contexts")
        ),
        "rouge_score": Metric(lambda *_: ragas.RougeScore(), _fields("reference", "response")),
        "string_presence": Metric(lambda *_: ragas.StringPresence(), _fields("reference", "response")),
        "summary_score": Metric(
            lambda judge, _: SummaryScoreOfEach(llm=judge),
            MappingProxyType({"reference_contexts": "retrieved_contexts", "response": "response"}),
        ),
    }
)


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
        reason = _nothing_to_judge(described, sample)
        if reason:
            return Judgement.not_judged(reason)
        if metric not in self._built:
            self._built[metric] = described.build(self._judge, self._embedding)
        inputs = {name: getattr(sample, field) for name, field in described.inputs.items()}
        judgement = self._score(self._built[metric], inputs)
        return self._with_expected(metric, sample, judgement)

    def _score(self, metric: BaseMetric, inputs: Mapping[str, object]) -> Judgement:
        start = time.perf_counter()
        value, failure = math.nan, ""
        with self._judge.recording() as calls:
            try:
                value = float(asyncio.run(metric.ascore(**inputs)).value)
            except (RagError, ValueError, ZeroDivisionError) as error:
                failure = str(error)
        seconds = time.perf_counter() - start
        # Some metrics swallow an error of the judge and go on without that verdict.
        failure = failure or next((call.error for call in calls if call.error), "")
        if not failure and not math.isfinite(value):
            failure = _why_not_a_number(calls)
        if failure:
            return Judgement("failed", None, failure, seconds, tuple(calls))
        # The cosine of two equal vectors is 1 but for rounding.
        value = 1.0 if 1.0 < value < 1.0 + _ROUNDING else value
        return Judgement("judged", value, "", seconds, tuple(calls))

    def _with_expected(self, metric: str, sample: Sample, judgement: Judgement) -> Judgement:
        if judgement.status != "judged":
            return judgement
        if metric == "answer_relevancy":
            expected = answer_relevancy(judgement.calls, sample.user_input, self._embedding.embed_text)
        else:
            expected = EXPECTED[metric](judgement.calls) if metric in EXPECTED else None
        return Judgement("judged", judgement.value, "", judgement.seconds, judgement.calls, expected)


def _nothing_to_judge(metric: Metric, sample: Sample) -> str:
    if sample.abstained and not metric.of_abstentions:
        return "the question was not answered"
    missing = next((field for field in metric.inputs.values() if not getattr(sample, field)), "")
    return f"there is no {missing.replace('_', ' ')}" if missing else ""


def _why_not_a_number(calls: list[Call]) -> str:
    last = calls[-1] if calls else None
    asked = f"; the judge's last reply, for {last.asks_for}, was {last.output[:80]}" if last else ""
    return f"ragas returned no number{asked}"
