"""A judge that counts words: what a language model has to beat to be worth its time. Loads nothing, is never unsure.

For each default metric the share of the words of one text that another one holds. Knows samples; knows no model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from eval.judgement import Judgement, Sample
from rag.words import content_words, numbers


class OverlapJudge:
    """Judges by the words that two texts share."""

    name = "word overlap"

    def judge(self, metric: str, sample: Sample) -> Judgement:
        """Judge one sample; a metric that word overlap says nothing about is not judged."""
        if metric not in _OVERLAPS:
            return Judgement.not_judged("word overlap says nothing about it")
        if sample.abstained and metric in _OF_ANSWERS:
            return Judgement.not_judged("the question was not answered")
        return Judgement("judged", _OVERLAPS[metric](sample))


def share(text: str, other: str) -> float:
    """Return the share of the content words and numbers of `text` that stand in `other`, 0 to 1; 0 for a text without any."""
    wanted = _terms(text)
    return len(wanted & _terms(other)) / len(wanted) if wanted else 0.0


def _terms(text: str) -> set[str]:
    return {*content_words(text), *numbers(text)}


def _f1(one: str, other: str) -> float:
    precision, recall = share(one, other), share(other, one)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _precision(sample: Sample) -> float:
    """Ragas' average precision, with shares for verdicts."""
    found = [share(sample.reference, context) for context in sample.retrieved_contexts]
    total = sum(found)
    return sum(sum(found[: rank + 1]) / (rank + 1) * each for rank, each in enumerate(found)) / total if total else 0.0


def _joined(contexts: Sequence[str]) -> str:
    return "\n".join(contexts)


_OVERLAPS: Mapping[str, Callable[[Sample], float]] = MappingProxyType(
    {
        "faithfulness": lambda sample: share(sample.response, _joined(sample.retrieved_contexts)),
        "answer_relevancy": lambda sample: share(sample.user_input, sample.response),
        "context_precision": _precision,
        "context_recall": lambda sample: share(sample.reference, _joined(sample.retrieved_contexts)),
        "context_relevance": lambda sample: share(sample.user_input, _joined(sample.retrieved_contexts)),
        "semantic_similarity": lambda sample: _f1(sample.response, sample.reference),
    }
)
_OF_ANSWERS = frozenset({"faithfulness", "answer_relevancy", "semantic_similarity"})
