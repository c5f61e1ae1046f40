"""Results to the figures of a report. Pure; knows the shape of a result and no layout.

A failed judgement is counted and takes no part in any mean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from eval.measure import WORST_FIRST
from eval.questions import SILENT
from eval.record import Result
from eval.statistics import Interval, bootstrap_interval, mean, percentile, wilson_interval

STAGES = ("retrieve", "first_token", "total")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the headline table.

    Attributes:
        name: of the figure.
        meaning: in one line.
        value: 0 to 1, higher is better; None where nothing was judged.
        interval: 95%; None where there are too few values.
        judged: how many questions it rests on.
        failed: how many should have counted and could not be judged.
        not_judged: how many it says nothing about.
    """

    name: str
    meaning: str
    value: float | None
    interval: Interval | None
    judged: int
    failed: int = 0
    not_judged: int = 0


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


def headline(results: Sequence[Result], metrics: Sequence[str], *, seed: int) -> list[Row]:
    """Return the headline figures: those without a judge first, then one for each judged metric.

    Args:
        results: of one run.
        metrics: names of the judged metrics, in order.
        seed: of the bootstrap.
    """
    asked = [result for result in results if not result["error"]]
    failed = [result for result in results if result["error"]]
    answerable = [result for result in asked if not is_silent(result)]
    silent = [result for result in asked if is_silent(result)]
    broken = sum(not is_silent(result) for result in failed), sum(is_silent(result) for result in failed)
    shares = [result["facts"]["share"] for result in answerable if result["facts"]["share"] is not None]
    return [
        _share("right", "all must-facts stated, or rightly abstained", (r["verdict"] == "right" for r in asked), len(failed), 0),
        _mean("must-facts", "share of the facts that an answer has to state", shares, seed, broken[0], len(silent)),
        _share(
            "answers what it can",
            "questions that the notes answer and that were answered",
            (r["verdict"] != "refused" for r in answerable),
            broken[0],
            len(silent),
        ),
        _share(
            "abstains where it should",
            "questions that the notes do not answer and that were not answered",
            (r["verdict"] == "right" for r in silent),
            broken[1],
            len(answerable),
        ),
        _evidence("evidence retrieved", "share of the evidence that a passage shows", "retrieved", answerable, seed, broken[0]),
        _evidence(
            "evidence cited",
            "share of the evidence that a citation points at, where it answered",
            "cited",
            [r for r in answerable if r["verdict"] != "refused"],
            seed,
            broken[0],
        ),
        *(_judged(metric, results, seed) for metric in metrics),
    ]


def latencies(results: Iterable[Result]) -> list[Latency]:
    """Return p50 and p95 of each stage that was timed."""
    answers = [result["answer"] for result in results if result["answer"]]
    rows = []
    for stage in STAGES:
        seconds = [float(answer["timings_s"][stage]) for answer in answers if stage in answer["timings_s"]]
        if seconds:
            rows.append(Latency(stage, percentile(seconds, 0.5), percentile(seconds, 0.95), len(seconds)))
    return rows


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
        values = [j["value"] for j in result["judged"].values() if j["status"] == "judged"]
        share = result["facts"]["share"] if result["facts"] else None
        return order[result["verdict"]], 1.0 if share is None else share, mean(values) if values else 1.0, str(result["id"])

    return sorted(results, key=key)


def is_silent(result: Result) -> bool:
    """Say whether the question should not have been answered."""
    return result["expected"] in SILENT


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


def _share(name: str, meaning: str, outcomes: Iterable[bool], failed: int, not_judged: int) -> Row:
    counted = list(outcomes)
    value = sum(counted) / len(counted) if counted else None
    return Row(name, meaning, value, wilson_interval(sum(counted), len(counted)), len(counted), failed, not_judged)


def _mean(name: str, meaning: str, values: Sequence[float], seed: int, failed: int, not_judged: int) -> Row:
    value = mean(values) if values else None
    return Row(name, meaning, value, bootstrap_interval(values, seed=seed), len(values), failed, not_judged)


def _evidence(name: str, meaning: str, field: str, results: Sequence[Result], seed: int, failed: int) -> Row:
    shares = [mean([float(place[field]) for place in result["evidence"]]) for result in results if result["evidence"]]
    return _mean(name, meaning, shares, seed, failed, 0)


def _judged(metric: str, results: Sequence[Result], seed: int) -> Row:
    found: list[dict[str, Any]] = [result["judged"][metric] for result in results if metric in result["judged"]]
    by_status = Counter(judgement["status"] for judgement in found)
    values = [float(judgement["value"]) for judgement in found if judgement["status"] == "judged"]
    return _mean(metric, "ragas, by the judge", values, seed, by_status["failed"], by_status["not_judged"])
