"""The whole comparison: which steps are there, in which turn, what is kept, when to stop. Measures through the other modules."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from eval.bench.peers import environment, work
from eval.bench.peers.catalogue import Peer
from eval.bench.peers.evidence import Count, evidence
from eval.bench.peers.limits import measure_limits
from eval.bench.peers.material import make_pages
from eval.bench.peers.record import Cell, Origin, Record, attempted
from eval.evidence_sets import EvidenceSet
from eval.machine import machine, versions
from rag.config import Config
from rag.load import walk

STEPS: Final = ("install", "limits", "rounds", "evidence", "ask", "growth")
"""In this order."""

_INSTALL_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done.

    Attributes:
        peers: this system among them.
        steps: of `STEPS`.
        rounds: of ingests and searches.
        sizes: of made-up corpora, in sections.
        again: measure anew what is there already.
        stop_after_s: no step starts later than that; None: all do.
    """

    peers: Sequence[Peer]
    steps: Sequence[str]
    rounds: int
    sizes: Sequence[int]
    again: bool = False
    stop_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, and where its result goes.

    Attributes:
        label: for the progress.
        missing: whether there is no result yet.
        do: measures and keeps.
    """

    label: str
    missing: bool
    do: Callable[[], None]


@dataclass(frozen=True)
class Comparison:
    """Does what a plan says, into a record.

    Attributes:
        bench: what all are given.
        config: of this system.
        questions: with evidence; None: the pages are not on this machine.
        count: makes the counter of tokens for the evidence.
        record: of results.
        origin: of what is measured now.
        tell: is given a line after each step.
    """

    bench: work.Bench
    config: Config
    questions: EvidenceSet | None
    count: Callable[[], Count]
    record: Record
    origin: Origin
    tell: Callable[[str], None]

    def run(self, plan: Plan) -> bool:
        """Do every step that has no result yet; the record is whole after each.

        Args:
            plan: what to do.

        Returns:
            Whether all was done.
        """
        about = self.record.data["about"]
        pages = sum(len(walk(folder)[0]) for folder in self.bench.corpora)
        about |= {"pages": pages, "searched": len(self.bench.questions), "machine": machine(), "versions": versions()}
        start = time.monotonic()
        done = True
        for step in self._steps(plan):
            if not step.missing and not plan.again:
                continue
            if plan.stop_after_s is not None and time.monotonic() - start > plan.stop_after_s:
                self.tell(f"stopped before: {step.label}")
                done = False
                break
            began = time.monotonic()
            step.do()
            self.tell(f"{step.label}: {time.monotonic() - began:.1f} s")
            self.record.save()
        return done

    def _steps(self, plan: Plan) -> Iterator[Step]:
        """Yield the steps in turn; whether one is missing is looked up when its turn comes."""
        if "install" in plan.steps:
            yield from (self._step(peer, "install", functools.partial(self._install, plan.again)) for peer in plan.peers)
        ready = [peer for peer in plan.peers if "failed" not in (self.record.cell(peer.name, "install") or {})]
        if "limits" in plan.steps:
            yield Step("limits of the machine", not self.record.data["limits"], self._limits)
        if "rounds" in plan.steps:
            yield from (self._round(peer, number) for number in range(plan.rounds) for peer in _turned(ready, number))
        if "evidence" in plan.steps and self.questions is not None:
            yield from (self._step(peer, "evidence", self._evidence) for peer in ready)
        if "ask" in plan.steps:
            yield from (self._step(peer, "ask", functools.partial(work.ask, self.bench)) for peer in ready)
        if "growth" in plan.steps:
            yield from (self._growth(peer, size) for size in sorted(plan.sizes) for peer in ready)

    def _step(self, peer: Peer, name: str, do: Callable[[Peer], Cell]) -> Step:
        def keep() -> None:
            self.record.put(peer.name, name, attempted(lambda: do(peer)), self.origin)

        return Step(f"{name}, {peer.name}", self.record.cell(peer.name, name) is None, keep)

    def _install(self, again: bool, peer: Peer) -> Mapping[str, Any]:
        if not peer.requirements:
            return environment.own_install()
        return environment.install(peer, self.bench.home, _INSTALL_S, again=again)

    def _limits(self) -> None:
        log = self.bench.scratch / "engine.log"
        found = measure_limits(self.config, self.bench.gguf, self.bench.threads, log)
        self.record.data["limits"] = self.origin.stamped(found)

    def _round(self, peer: Peer, number: int) -> Step:
        def do() -> None:
            for step, cell in work.one_round(self.bench, peer, number).items():
                self.record.put(peer.name, step, cell, self.origin, str(number))

        return Step(f"round {number + 1}, {peer.name}", self.record.cell(peer.name, "search", str(number)) is None, do)

    def _evidence(self, peer: Peer) -> Cell:
        if self.questions is None:
            raise AssertionError("is only asked for where there is a set")
        return evidence(self.bench, peer, self.questions, self.count())

    def _growth(self, peer: Peer, size: int) -> Step:
        def do() -> None:
            smaller = self.record.data["peers"].get(peer.name, {}).get("growth", {})
            stuck = next((number for number, cell in smaller.items() if int(number) < size and "failed" in cell), None)
            if stuck is not None:
                cell: Cell = {"failed": f"not tried, since {int(stuck):,} sections failed: {smaller[stuck]['failed']}"}
            else:
                pages = self.bench.scratch / f"made-{size}"
                if not pages.exists():
                    make_pages(pages, size, self.bench.corpora[0])
                cell = attempted(lambda: work.growth(self.bench, peer, pages))
            self.record.put(peer.name, "growth", cell, self.origin, str(size))

        return Step(f"{size} sections, {peer.name}", self.record.cell(peer.name, "growth", str(size)) is None, do)


def default_threads() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def default_home() -> Path:
    """Return where the environments of the peers lie unless something else is said."""
    from platformdirs import user_cache_path

    return user_cache_path("rag-notes") / "peers"


def _turned(peers: Sequence[Peer], number: int) -> list[Peer]:
    """Return the peers in turn; who comes first changes, so that a machine that slows down is not always so for the same one."""
    start = number % len(peers) if peers else 0
    return [*peers[start:], *peers[:start]]
