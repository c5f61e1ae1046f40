"""Results to the figures of a report. Pure; knows the shape of a result and no layout.

A failed judgement is counted and takes no part in any mean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from eval.figures import EXPECTED, MEANINGS, SECONDS, SHARES, abstention_precision, columns, direction, is_silent
from eval.ir import estimate
from eval.measure import WORST_FIRST
from eval.record import Result
from eval.statistics import Interval, mean, percentile, wilson_interval

LESS = "less is better"
"""Said of a figure that is read the other way round."""

# Figures of questions that the notes answer; `right` is of all, `abstained` of the others.
_OF_SILENT = {"abstained", "abstention precision"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the headline table.

    Attributes:
        name: of the figure.
        meaning: in one line.
        value: 0 to 1; None where nothing was judged.
        interval: 95%; None where there are too few values.
        judged: how many questions it rests on.
        failed: how many should have counted and could not be judged.
        not_judged: how many it says nothing about.
        expected: the mean of the expected values, where the judge's probabilities are known.
    """

    name: str
    meaning: str
    value: float | None
    interval: Interval | None
    judged: int
    failed: int = 0
    not_judged: int = 0
    expected: float | None = None


@dataclass(frozen=True, slots=True)
class Latency:
    """How long one stage took, in seconds.

    Attributes:
        stage: a key of `Answer.timings_s`.
        p50: half of the questions took less.
        p95: all but 5% took less.
        count: how many questions.
    """

    stage: str
    p50: float
    p95: float
    count: int


@dataclass(frozen=True, slots=True)
class Selected:
    """What a reader would get if less sure answers were held back.

    Attributes:
        threshold: least confidence of an answer that is given, 0 to 1.
        answered: how many answers have at least that.
        coverage: their share of the questions that were asked.
        risk: share of them that are not right.
        interval: of the risk, Wilson's, 95%.
    """

    threshold: float
    answered: int
    coverage: float
    risk: float
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Effort:
    """What judging by one metric took.

    Attributes:
        metric: its name.
        judged: how many answers, failures included.
        calls: of the judge.
        seconds: in all, of when the judgements were made.
    """

    metric: str
    judged: int
    calls: int
    seconds: float


def headline(results: Sequence[Result], metrics: Sequence[str], *, seed: int) -> list[Row]:
    """Work out the headline figures.

    Args:
        results: of one run.
        metrics: names of the judged metrics, in order.
        seed: of the bootstrap.

    Returns:
        Those without a judge first, then one for each judged metric, in order.
    """
    values = columns(results)
    rows = []
    for name, meaning in MEANINGS.items():
        rows.append(_row(name, meaning, list(values.get(name, {}).values()), results, seed))
        if name == "abstained":
            rows.append(_precision(results))
    return rows + [_judged(metric, results, values, seed) for metric in metrics]


def latencies(results: Iterable[Result]) -> list[Latency]:
    """Return p50 and p95 of each stage that was timed."""
    values = columns(results)
    rows = []
    for stage in SECONDS:
        seconds = list(values.get(f"{stage} s", {}).values())
        if seconds:
            rows.append(Latency(stage, percentile(seconds, 0.5), percentile(seconds, 0.95), len(seconds)))
    return rows


def efforts(results: Sequence[Result]) -> list[Effort]:
    """Return what judging took, by metric, the longest first; metrics that judged nothing are left out."""
    found: dict[str, list[dict[str, Any]]] = {}
    for result in results:
        for metric, judgement in result["judged"].items():
            if judgement["status"] != "not_judged":
                found.setdefault(metric, []).append(judgement)
    rows = [
        Effort(metric, len(each), sum(len(one["calls"]) for one in each), sum(one["seconds"] for one in each))
        for metric, each in found.items()
    ]
    return sorted(rows, key=lambda row: (-row.seconds, row.metric))


def by_type(results: Iterable[Result]) -> dict[str, Counter[str]]:
    """Return how many questions of each type got each verdict; types by name."""
    counts: dict[str, Counter[str]] = {}
    for result in results:
        counts.setdefault(result["type"], Counter())[result["verdict"]] += 1
    return dict(sorted(counts.items()))


def worst_first(results: Iterable[Result]) -> list[Result]:
    """Return results from worst to best: by verdict, then by stated facts, then by the mean of what was judged, then by id."""
    order = {verdict: place for place, verdict in enumerate(WORST_FIRST)}

    def key(result: Result) -> tuple[int, float, float, str]:
        judged = [(name, j["value"]) for name, j in result["judged"].items() if j["status"] == "judged"]
        values = [value if direction(name).higher_is_better else 1 - value for name, value in judged]
        share = result["facts"]["share"] if result["facts"] else None
        return order[result["verdict"]], 1.0 if share is None else share, mean(values) if values else 1.0, str(result["id"])

    return sorted(results, key=key)


def risk_coverage(results: Iterable[Result]) -> list[tuple[float, float]]:
    """Return the points of the risk-coverage curve: share of the questions answered, and share of those that are not right.

    Questions are taken from the one that the system was surest of to the one that it was least sure of; its confidence is the mean
    support of its sentences. Abstentions are never taken, so the curve ends where the system stopped answering.

    Source: El-Yaniv and Wiener, On the foundations of noise-free selective classification, 2010.
    """
    asked, surest = _surest_first(results)
    points, wrong = [], 0
    for taken, result in enumerate(surest, 1):
        wrong += result["verdict"] != "right"
        points.append((taken / asked, wrong / taken))
    return points


def selected(results: Iterable[Result], coverages: Sequence[float] = (0.1, 0.25, 0.5, 0.75)) -> list[Selected]:
    """Return a few points of the risk-coverage curve that a threshold can reach, with the threshold.

    Args:
        results: of one run.
        coverages: ascending shares of the questions; for each the first point that covers as much is taken. Answers that the system
            is equally sure of come together, as no threshold tells them apart.

    Returns:
        The points by ascending coverage, each once; the last one is where every answer is given. Empty where there is none.
    """
    asked, surest = _surest_first(results)
    sure = [confidence(result) for result in surest]
    ends = [taken for taken in range(1, len(sure) + 1) if taken == len(sure) or sure[taken] < sure[taken - 1]]
    wanted = [next((taken for taken in ends if taken >= share * asked), None) for share in coverages]
    found = []
    for taken in sorted({taken for taken in [*wanted, *ends[-1:]] if taken}):
        wrong = sum(result["verdict"] != "right" for result in surest[:taken])
        found.append(Selected(sure[taken - 1], taken, taken / asked, wrong / taken, wilson_interval(wrong, taken)))
    return found


def _surest_first(results: Iterable[Result]) -> tuple[int, list[Result]]:
    """How many questions were asked, and those that were answered, from the answer that the system was surest of."""
    asked = [result for result in results if not result["error"]]
    answered = [result for result in asked if result["answer"]["status"] == "answered"]
    return len(asked), sorted(answered, key=lambda result: (-confidence(result), str(result["id"])))


def confidence(result: Result) -> float:
    """Return how sure the system was of an answer: the mean support of its sentences, 0 to 1."""
    scores = [float(sentence["score"]) for sentence in result["answer"].get("sentences", ())]
    return mean(scores) if scores else 0.0


def failures(results: Iterable[Result]) -> list[tuple[str, str, str]]:
    """Return what failed: question id, metric (`answer` for the system itself), reason."""
    found = []
    for result in results:
        if result["error"]:
            found.append((str(result["id"]), "answer", str(result["error"])))
        for metric, judgement in result["judged"].items():
            if judgement["status"] == "failed":
                found.append((str(result["id"]), metric, str(judgement["reason"])))
    return found


def not_judged_reasons(results: Iterable[Result]) -> dict[tuple[str, str], int]:
    """Return how often each metric said nothing for each reason."""
    return dict(
        Counter(
            (metric, str(judgement["reason"]))
            for result in results
            for metric, judgement in result["judged"].items()
            if judgement["status"] == "not_judged"
        )
    )


def _row(name: str, meaning: str, values: Sequence[float], results: Sequence[Result], seed: int) -> Row:
    failed = sum(bool(result["error"]) and _counts(name, result) for result in results)
    others = len(results) - sum(bool(result["error"]) for result in results) - len(values)
    if name in SHARES:
        hits = round(sum(values))
        return Row(name, meaning, mean(values) if values else None, wilson_interval(hits, len(values)), len(values), failed, others)
    found = estimate(values, seed=seed)
    return Row(name, meaning, found.value, found.interval, found.count, failed, others)


def _counts(name: str, result: Result) -> bool:
    return name == "right" or is_silent(result) == (name in _OF_SILENT)


def _precision(results: Sequence[Result]) -> Row:
    right, all_of_them = abstention_precision(results)
    return Row(
        "abstention precision",
        "abstentions that were right to be",
        right / all_of_them if all_of_them else None,
        wilson_interval(right, all_of_them),
        all_of_them,
        0,
        len(results) - all_of_them,
    )


def _judged(metric: str, results: Sequence[Result], values: dict[str, dict[str, float]], seed: int) -> Row:
    by_status = Counter(result["judged"][metric]["status"] for result in results if metric in result["judged"])
    found = estimate(list(values.get(metric, {}).values()), seed=seed)
    soft = list(values.get(metric + EXPECTED, {}).values())
    return Row(
        metric,
        "ragas, by the judge" + ("" if direction(metric).higher_is_better else f"; {LESS}"),
        found.value,
        found.interval,
        found.count,
        by_status["failed"],
        by_status["not_judged"],
        mean(soft) if soft else None,
    )
