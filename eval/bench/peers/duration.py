"""How long a comparison will about take, said before it begins. A rough model of two quiet cores; results never come from here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from eval.bench.peers.catalogue import OWN, Peer

_LIMITS_S: Final = 120.0
_INSTALL_S: Final = 300.0
_SEARCH_S: Final = 0.1
_EVIDENCE_SEARCHES: Final = 130
_ENGINE_S: Final = 5.0
_WORDS_A_SECTION: Final = 110


@dataclass(frozen=True, slots=True)
class Cost:
    """What a system about takes.

    Attributes:
        start_s: a process, until its packages and the embedder are loaded.
        words_per_s: of pages that are ingested.
        answer_s: one answer, read and written.
        by_difference: whether ingest leaves out what did not change.
    """

    start_s: float
    words_per_s: float
    answer_s: float
    by_difference: bool


_USUAL: Final = Cost(10.0, 2000.0, 25.0, by_difference=True)
COSTS: Final[Mapping[str, Cost]] = MappingProxyType(
    {
        OWN: Cost(4.0, 9000.0, 25.0, by_difference=True),
        "llamaindex": Cost(10.0, 2000.0, 25.0, by_difference=False),
        "haiku": Cost(20.0, 500.0, 80.0, by_difference=True),  # its agent asks the model several times
        "txtai": Cost(10.0, 2000.0, 25.0, by_difference=False),
    }
)


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done with each system.

    Attributes:
        words: of the pages.
        rounds: of ingests and searches.
        searched: questions of a round.
        answers: questions to answer after the cold one.
        sizes: of made-up corpora, in sections.
        timeout_s: after which an ingest or an answer is given up.
        installed: environments that are there already.
    """

    words: int
    rounds: int
    searched: int
    answers: int
    sizes: Sequence[int]
    timeout_s: float
    installed: frozenset[str] = frozenset()


def expected_s(peers: Sequence[Peer], steps: Sequence[str], work: Work) -> float:
    """Return the seconds that steps about take.

    Args:
        peers: that take part.
        steps: of a plan.
        work: for each of them.

    Returns:
        An estimate; a busy machine takes several times as long.
    """
    missing = {peer.requirements for peer in peers} - {""} - work.installed
    total = _LIMITS_S * ("limits" in steps) + _INSTALL_S * len(missing) * ("install" in steps)
    return total + sum(_system_s(COSTS.get(peer.name, _USUAL), steps, work) for peer in peers)


def _system_s(cost: Cost, steps: Sequence[str], work: Work) -> float:
    searches = cost.start_s + _SEARCH_S * work.searched
    total = 0.0
    if "rounds" in steps:
        full, again = _ingests(cost, work.words, work.timeout_s)
        total += work.rounds * (full + 2 * again + searches) + again + 2 * cost.start_s
    if "evidence" in steps:
        total += 2 * cost.start_s + _SEARCH_S * _EVIDENCE_SEARCHES
    if "ask" in steps:
        total += cost.start_s + _ENGINE_S + (1 + work.answers) * min(cost.answer_s, work.timeout_s)
    if "growth" in steps:
        for size in work.sizes:
            full, again = _ingests(cost, size * _WORDS_A_SECTION, work.timeout_s)
            total += full
            if full >= work.timeout_s:
                break  # larger ones are not tried
            total += again + searches
    return total


def _ingests(cost: Cost, words: int, timeout_s: float) -> tuple[float, float]:
    full = min(cost.start_s + words / cost.words_per_s, timeout_s)
    return full, cost.start_s if cost.by_difference else full
