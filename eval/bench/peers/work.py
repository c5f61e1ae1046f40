"""What a system is put through: rounds of ingests, searches, answers, sizes. Each gives a cell, or raises the reason why not."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from eval.bench.peers.catalogue import Peer
from eval.bench.peers.engine import NAME, Engine
from eval.bench.peers.environment import environment_of, python_of
from eval.bench.peers.kept import Shape, keep, kept, shape_of
from eval.bench.peers.load import now, others
from eval.bench.peers.material import Probe, copy_pages, edit, first_page, in_corpus
from eval.bench.peers.process import Driver, PeerFailureError
from rag.index.files import remove_tree, size

MAX_ANSWER_TOKENS = 400
PASSAGES = 4
"""In a prompt, for peers that leave the number to their user."""
_TOP_K = 10
_PROBED = 10


@dataclass(frozen=True, slots=True)
class Bench:
    """What all are given.

    Attributes:
        corpora: folders of pages; the first is the main one.
        questions: to search for.
        asked: to answer; the first one is asked cold.
        probe: what to delete; None: nothing.
        embedder: folder of the weights.
        gguf: file of the language model.
        context_tokens: of the language model, for peers that set nothing else.
        threads: of the language model for peers.
        config: settings of this system; None for the usual ones.
        home: folder of the environments.
        scratch: folder for copies and indexes.
        kept: folder for indexes of the last rounds, to answer from.
        timeout_s: for one call.
        root: folder that this project runs in.
    """

    corpora: tuple[Path, ...]
    questions: tuple[str, ...]
    asked: tuple[str, ...]
    probe: Probe | None
    embedder: Path
    gguf: Path
    context_tokens: int
    threads: int
    config: Path | None
    home: Path
    scratch: Path
    kept: Path
    timeout_s: float
    root: Path

    def driver(self, peer: Peer, engine: Engine | None = None) -> Driver:
        """Start a peer's driver."""
        settings = {
            "embedder": str(self.embedder),
            "llm_url": engine.url if engine else "",
            "llm_name": NAME,
            "llm_key": engine.key if engine else "",
            "passages": PASSAGES,
            "context_tokens": self.context_tokens,
            "config": str(self.config) if self.config else "",
            **peer.settings,
        }
        command = [str(python_of(peer, self.home)), str(peer.driver_file), json.dumps(settings)]
        return Driver(command, environment_of(peer), self.scratch / f"{peer.name}.log", self.root)

    def shape(self, peer: Peer) -> Shape:
        """Return what a peer's store is made from."""
        return shape_of(peer, self.corpora, self.embedder, self.config, self.home)


@dataclass(frozen=True, slots=True)
class Place:
    """One copy of the pages and one index.

    Attributes:
        corpus: the pages.
        store: the index; made by the peer.
    """

    corpus: Path
    store: Path

    @property
    def fields(self) -> dict[str, str]:
        """As a driver takes them."""
        return {"corpus": str(self.corpus), "store": str(self.store)}


@contextlib.contextmanager
def place(bench: Bench, corpora: Sequence[Path]) -> Iterator[Place]:
    """Copy pages into a folder that is gone afterwards."""
    folder = bench.scratch / "place"
    remove_tree(folder)
    try:
        copy_pages(corpora, folder / "corpus")
        yield Place(folder / "corpus", folder / "store")
    finally:
        remove_tree(folder)


@contextlib.contextmanager
def _last(bench: Bench, peer: Peer) -> Iterator[Place]:
    """Give the index of the last round, or make one where that one was made from something else."""
    folder = kept(bench.kept, bench.shape(peer))
    if folder is not None:
        yield Place(folder / "corpus", folder / "store")
        return
    with place(bench, bench.corpora) as where:
        ingest(bench, peer, where)
        yield where


def ingest(bench: Bench, peer: Peer, where: Place) -> dict[str, Any]:
    """Time an ingest from the start of its process to the end of it.

    Args:
        bench: what all are given.
        peer: that ingests.
        where: pages and index.

    Returns:
        `s`, `peak_bytes`, `index_bytes`, what the driver says, such as `chunks`, and where it is known `others`: the share of the
        processors that other programs used meanwhile.

    Raises:
        PeerFailureError: it failed.
    """
    start = now()
    with bench.driver(peer) as driver:
        report = driver.call("ingest", bench.timeout_s, **where.fields)
        driver.finish()
        end = now()
        peak = driver.peak_bytes
    strange = others(start, end, os.cpu_count() or 1)
    load = {} if strange is None else {"others": round(strange, 3)}
    return {**report, "s": round(end.clock - start.clock, 3), "peak_bytes": peak, "index_bytes": size(where.store), **load}


def search(bench: Bench, peer: Peer, where: Place) -> dict[str, Any]:
    """Time the way from questions to passages in one process; the first search, with what it loads, is `cold_s`."""
    start = time.perf_counter()
    with bench.driver(peer) as driver:
        driver.call("open", bench.timeout_s, **where.fields)
        driver.call("search", bench.timeout_s, question=bench.questions[0], top_k=_TOP_K)
        cold = time.perf_counter() - start
        taken = [driver.call("search", bench.timeout_s, question=one, top_k=_TOP_K)["seconds"] for one in bench.questions]
        return {"s": median(taken), "all_s": taken, "cold_s": round(cold, 3), "peak_bytes": driver.peak_bytes}


def one_round(bench: Bench, peer: Peer, number: int) -> dict[str, dict[str, Any]]:
    """Ingest all, again, with one page edited, search, and with one page deleted.

    Args:
        bench: what all are given.
        peer: that is measured.
        number: of the round.

    Returns:
        A cell for each step; where one fails, the ones after it fail with the same reason.
    """
    cells: dict[str, dict[str, Any]] = {}
    with place(bench, bench.corpora) as where:
        page = first_page(where.corpus, bench.probe.page if bench.probe else "")
        try:
            cells["full"] = ingest(bench, peer, where)
            cells["unchanged"] = ingest(bench, peer, where)
            edit(page, number)
            cells["edited"] = ingest(bench, peer, where)
            cells["search"] = search(bench, peer, where)
            keep(bench.kept, bench.shape(peer), where.corpus, where.store)
            if bench.probe and not number:
                cells["deleted"] = _deletion(bench, peer, where, bench.probe)
        except PeerFailureError as error:
            steps = ["full", "unchanged", "edited", "search"] + (["deleted"] if bench.probe and not number else [])
            cells |= {step: {"failed": error.message} for step in steps if step not in cells}
    return cells


def ask(bench: Bench, peer: Peer) -> dict[str, Any]:
    """Ask questions, the first one right after everything was started.

    Args:
        bench: what all are given.
        peer: that answers.

    Returns:
        `cold_first_token_s` and `cold_total_s` from the start of all processes, `answers` with times or a reason for each further
        question, `peak_bytes` of the peer and its engine together.

    Raises:
        PeerFailureError: it failed before it had answered one.
    """
    context = int(peer.settings.get("context_tokens", bench.context_tokens))
    with _last(bench, peer) as where, contextlib.ExitStack() as stack:
        start = time.perf_counter()
        engine = None
        if peer.requirements:
            log = bench.scratch / f"{peer.name}-engine.log"
            engine = stack.enter_context(Engine(bench.gguf, context_tokens=context, threads=bench.threads, log=log))
        driver = stack.enter_context(bench.driver(peer, engine))
        driver.call("open", bench.timeout_s, **where.fields)
        if engine:
            engine.wait()
        asked = time.perf_counter()
        cold = driver.call("ask", bench.timeout_s, question=bench.asked[0], max_tokens=MAX_ANSWER_TOKENS)
        answers = [_answer(bench, driver, question) for question in bench.asked[1:]]
        engine_peak = engine.peak_bytes() if engine else 0
        return {
            "cold_first_token_s": round(asked - start + cold["first_token_s"], 3),
            "cold_total_s": round(asked - start + cold["total_s"], 3),
            "answers": [{"question": bench.asked[0], "text": cold["text"], "cold": True}, *answers],
            "peak_bytes": driver.peak_bytes + engine_peak,
            "engine_peak_bytes": engine_peak,
        }


def growth(bench: Bench, peer: Peer, pages: Path) -> dict[str, Any]:
    """Ingest made-up pages, edit one, search.

    Args:
        bench: what all are given.
        peer: that is measured.
        pages: made-up ones.

    Returns:
        As `ingest`, with `edited_s` and `search_s`.

    Raises:
        PeerFailureError: it failed or took too long.
    """
    with place(bench, [pages]) as where:
        full = ingest(bench, peer, where)
        edit(first_page(where.corpus, ""), 1)
        edited = ingest(bench, peer, where)
        return {**full, "edited_s": edited["s"], "search_s": search(bench, peer, where)["s"]}


def _answer(bench: Bench, driver: Driver, question: str) -> dict[str, Any]:
    try:
        said = driver.call("ask", bench.timeout_s, question=question, max_tokens=MAX_ANSWER_TOKENS)
    except PeerFailureError as error:
        return {"question": question, "failed": error.message}
    return {"question": question, **said}


def _deletion(bench: Bench, peer: Peer, where: Place, probe: Probe) -> dict[str, Any]:
    before = _returns(bench, peer, where, probe)
    (where.corpus / probe.page).unlink()
    return {**ingest(bench, peer, where), "before": before, "after": _returns(bench, peer, where, probe)}


def _returns(bench: Bench, peer: Peer, where: Place, probe: Probe) -> bool:
    with bench.driver(peer) as driver:
        driver.call("open", bench.timeout_s, **where.fields)
        found = driver.call("search", bench.timeout_s, question=probe.question, top_k=_PROBED)["passages"]
    return any(in_corpus(str(each["path"]), where.corpus) == probe.page for each in found)
