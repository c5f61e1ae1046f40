"""Figures of a record, system by system: times by round, answers, why something is missing. Measures and formats nothing.

`cells` is the part `peers` of a record: cells by system, step and number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from eval.bench.peers.catalogue import OWN, PEERS
from eval.bench.peers.entries import NOT_DONE
from eval.bench.peers.ratios import Spread, ratio

Cells: TypeAlias = Mapping[str, Any]

INGESTS = {"full": "full ingest", "unchanged": "again, unchanged", "edited": "one page edited"}
TITLES = {peer.name: peer.title for peer in PEERS}


def systems(cells: Cells) -> list[str]:
    """Return the names of those that anything is known of, in the order of the catalogue."""
    return [peer.name for peer in PEERS if peer.name in cells]


def times(cells: Cells, peer: str, step: str) -> dict[str, float]:
    """Return the seconds of a step by round, of rounds that worked."""
    return {number: float(cell["s"]) for number, cell in cells.get(peer, {}).get(step, {}).items() if "s" in cell}


def tried(cells: Cells, peer: str, step: str) -> bool:
    """Return whether there is a result of a step, good or bad."""
    return bool(cells.get(peer, {}).get(step))


def reasons(cells: Cells, peer: str, step: str) -> tuple[str, ...]:
    """Return why a step failed, once for each reason; that it was not measured where it was not."""
    found = cells.get(peer, {}).get(step)
    if not found:
        installed = cells.get(peer, {}).get("install", {})
        return (str(installed["failed"]) if "failed" in installed else NOT_DONE,)
    each = [found] if "failed" in found else [cell for cell in found.values() if isinstance(cell, dict)]
    return tuple(dict.fromkeys(str(cell["failed"]) for cell in each if "failed" in cell))


def step_ratio(cells: Cells, peer: str, step: str) -> Spread | None:
    """Return how many times ours a step takes, round by round."""
    return ratio(times(cells, peer, step), times(cells, OWN, step))


def answered(cells: Cells, peer: str, key: str) -> dict[str, float]:
    """Return a time of the warm answers by question."""
    given = cells.get(peer, {}).get("ask", {}).get("answers", ())
    return {each["question"]: float(each[key]) for each in given if key in each and not each.get("cold")}


def unanswered(cells: Cells, peer: str) -> tuple[str, ...]:
    """Return why warm answers are missing, once for each reason."""
    asked = cells.get(peer, {}).get("ask", {})
    if "answers" not in asked:
        return reasons(cells, peer, "ask")
    return tuple(dict.fromkeys(each["failed"] for each in asked["answers"] if "failed" in each))


def answer_ratio(cells: Cells, peer: str, key: str) -> Spread | None:
    """Return how many times ours a time of the answers is, question by question."""
    return ratio(answered(cells, peer, key), answered(cells, OWN, key))
