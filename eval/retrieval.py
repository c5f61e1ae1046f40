"""How often is all the evidence of a question among the first tokens of context? Our retriever and others, over question sets.

A budget counts each passage as it stands in the prompt, heading line included, with one counter for all. A passage that does not
fit what is left is passed over, for every system alike. Knows systems as functions from a question to passages; builds none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from eval.baselines import Baseline
from eval.coverage import Found, completed, packed, shares
from eval.evidence_sets import EvidenceSet, Sought
from eval.ir import estimate, hit_at, judged, ndcg_at, reciprocal_rank
from eval.pairs import paired_bootstrap
from rag.protocols import Generation
from rag.retrieve.retriever import Retriever

BUDGETS = (512, 1024, 2048)
_DEPTH = 10
_SHARES_AT = 5
_PLENTY = 10**9
_TOP_K = 40

Values = Mapping[str, Mapping[str, float]]
"""By question, by measure."""
Tell = Callable[[str, int, int], None]


class System(Protocol):
    """What finds passages."""

    @property
    def name(self) -> str:
        """In a few words."""
        ...

    def find(self, sought: Sought, max_tokens: int, top_k: int) -> list[Found]:
        """Return the passages, best first, that fit the budget."""
        ...


@dataclass(frozen=True, slots=True)
class Ours:
    """Our retriever on one generation.

    Attributes:
        name: in a few words.
        retriever: with its embedder and counter.
        generation: to search in.
        history: whether earlier turns are given.
        most: passages at most, where that is less than what is asked for.
    """

    name: str
    retriever: Retriever
    generation: Generation
    history: bool = True
    most: int = _TOP_K

    def find(self, sought: Sought, max_tokens: int, top_k: int) -> list[Found]:
        """Return the passages, best first, that fit the budget."""
        found = self.retriever.retrieve(
            sought.question,
            self.generation,
            top_k=min(top_k, self.most),
            max_tokens=max_tokens,
            history=sought.history if self.history else (),
        )
        return [Found(passage.chunk.path, passage.spans, passage.tokens) for passage in found.passages]


@dataclass(frozen=True, slots=True)
class Stock:
    """A baseline, filled by budget as ours is."""

    baseline: Baseline

    @property
    def name(self) -> str:
        """In a few words."""
        return self.baseline.name

    def find(self, sought: Sought, max_tokens: int, top_k: int) -> list[Found]:
        """Return the passages, best first, that fit the budget."""
        return packed(self.baseline.ranking(sought.question), max_tokens)[:top_k]


def measure(system: System, questions: EvidenceSet, source: Callable[[str], str], tell: Tell, *, full: bool = True) -> Values:
    """Measure a system on every question of a set.

    Args:
        system: that is measured.
        questions: with evidence.
        source: of a page, by path.
        tell: of progress.
        full: ranks and shares too, not only evidence within budgets.

    Returns:
        By question id and measure: between 0 and 1, higher is better.
    """
    values: dict[str, dict[str, float]] = {}
    for done, sought in enumerate(questions.questions, 1):
        row = {f"all@{budget}": _all_within(system, sought, budget, source) for budget in BUDGETS[: None if full else 2]}
        if full:
            row |= _ranks(system, sought, source)
        if full and questions.spans:
            row |= asdict(shares(sought.evidence, system.find(sought, _PLENTY, _SHARES_AT)))
        values[sought.id] = row
        tell(f"{questions.name}: {system.name}", done, len(questions.questions))
    return values


def _all_within(system: System, sought: Sought, budget: int, source: Callable[[str], str]) -> float:
    passages = system.find(sought, budget, _TOP_K)
    if sum(passage.tokens for passage in passages) > budget:
        raise AssertionError(f"{system.name} gave more than {budget} tokens for {sought.id}")
    return float(len(set().union(*completed(sought.evidence, passages, source))) == len(sought.evidence))


def _ranks(system: System, sought: Sought, source: Callable[[str], str]) -> dict[str, float]:
    shown = completed(sought.evidence, system.find(sought, _PLENTY, _DEPTH), source)
    ranked, gains = judged(shown, len(sought.evidence))
    relevant = frozenset(gains)
    return {
        "hit@1": hit_at(ranked, relevant, 1),
        "hit@5": hit_at(ranked, relevant, 5),
        "mrr@10": reciprocal_rank(ranked, relevant, _DEPTH),
        "ndcg@10": ndcg_at(ranked, gains, _DEPTH),
    }


def summary(values: Values, questions: Sequence[Sought]) -> dict[str, Any]:
    """Return means with 95% intervals: of all questions, of each half, and of each type."""
    groups = {"all": [each.id for each in questions]}
    groups |= {split: [each.id for each in questions if each.split == split] for split in ("tune", "test")}
    types = sorted({each.type for each in questions if each.type})
    return {
        **{name: _means(values, ids) for name, ids in groups.items()},
        "types": {name: _means(values, [each.id for each in questions if each.type == name]) for name in types},
    }


def _means(values: Values, ids: Sequence[str]) -> dict[str, Any]:
    measures = list(values[ids[0]]) if ids else []
    return {name: asdict(estimate([values[one][name] for one in ids])) for name in measures}


def against(full: Values, other: Values) -> dict[str, Any]:
    """Return what another pipeline gains or loses against the full one, over the same questions."""
    ids = list(full)
    names = [name for name in next(iter(other.values()), {}) if name in full[ids[0]]]
    return {name: asdict(paired_bootstrap([full[i][name] for i in ids], [other[i][name] for i in ids])) for name in names}
