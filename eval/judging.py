"""A judge that judges only what it has not judged before, and is loaded only for that.

Knows what a judgement depends on; knows neither ragas nor an engine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from eval.cache import Cache
from eval.judgement import Call, Judge, Judgement, Sample, Verdict
from eval.protocol import METRIC_REVISIONS

KIND = "judgements"


class KeptJudgements:
    """A judge in front of another one.

    Args:
        name: of the judge.
        identity: all that a judgement depends on but the metric and the sample: weights, prompts, bounds, versions.
        build: loads the real judge; called at the first judgement that was not kept.
        cache: where judgements are kept.
    """

    def __init__(self, name: str, identity: Mapping[str, Any], build: Callable[[], Judge], cache: Cache) -> None:
        self.name = name
        self._identity = dict(identity)
        self._build = build
        self._cache = cache
        self._judge: Judge | None = None

    def knows(self, metric: str, sample: Sample) -> bool:
        """Return whether a sample was judged before, so that judging it costs nothing."""
        return self._cache.get(KIND, self._key(metric, sample)) is not None

    def judge(self, metric: str, sample: Sample) -> Judgement:
        """Judge one sample by one metric. A failure is kept too: the judge is greedy and would fail again."""
        key = self._key(metric, sample)
        kept = self._cache.get(KIND, key)
        if kept is not None:
            return judgement_of(kept)
        if self._judge is None:
            self._judge = self._build()
        judgement = self._judge.judge(metric, sample)
        self._cache.put(KIND, key, judgement.as_json())
        return judgement

    def _key(self, metric: str, sample: Sample) -> dict[str, Any]:
        key = {"metric": metric, "sample": asdict(sample), "judge": self._identity}
        return key | ({"revision": METRIC_REVISIONS[metric]} if metric in METRIC_REVISIONS else {})


def _call(value: Mapping[str, Any]) -> Call:
    return Call(**{**value, "verdicts": tuple(Verdict(**verdict) for verdict in value["verdicts"])})


def judgement_of(value: Mapping[str, Any]) -> Judgement:
    """Return the judgement that `Judgement.as_json` was made of."""
    return Judgement(
        status=value["status"],
        value=value["value"],
        reason=value["reason"],
        seconds=value["seconds"],
        calls=tuple(_call(call) for call in value["calls"]),
        expected=value.get("expected"),
    )
