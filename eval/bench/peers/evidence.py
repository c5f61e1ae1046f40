"""How often a peer's passages hold all the evidence, scored as `eval retrieval` scores ours and the baselines.

A peer shows text, not offsets, and some change the text on the way: its words are looked up in the page, in longer and then in
shorter stretches, and what is found counts as shown. Tokens are counted with one counter for all, each passage with a heading line.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from eval.bench.peers.catalogue import Peer
from eval.bench.peers.material import in_corpus
from eval.bench.peers.process import Driver
from eval.bench.peers.work import Bench, ingest, place
from eval.coverage import Found, packed
from eval.evidence_sets import EvidenceSet, Sought
from eval.retrieval import measure, summary
from rag.load import decode
from rag.types import Span

_DEPTH = 40
_FEWEST_WORDS = 3

Count = Callable[[str], int]


@dataclass
class Shown:
    """A peer as a system that finds passages.

    Attributes:
        peer: whose driver it is.
        driver: open over the pages.
        in_page: a path as the peer names it, to one in the corpus.
        source: of a page, by path; empty for one that is not there.
        count: tokens of a text.
        timeout_s: for one search.
        lost: words of passages that were not found in their page so far.
        words: of all passages so far.
    """

    peer: Peer
    driver: Driver
    in_page: Callable[[str], str]
    source: Callable[[str], str]
    count: Count
    timeout_s: float
    lost: int = field(default=0, init=False)
    words: int = field(default=0, init=False)
    _kept: dict[str, list[Found]] = field(default_factory=dict, init=False, repr=False)

    @property
    def name(self) -> str:
        """Of the peer."""
        return self.peer.name

    def find(self, sought: Sought, max_tokens: int, top_k: int) -> list[Found]:
        """Return the passages, best first, that fit the budget; this system fills it itself, earlier turns given."""
        if not self.peer.requirements:
            asked = {"max_tokens": max_tokens, "history": list(sought.history)}
            said = self.driver.call("search", self.timeout_s, question=sought.question, top_k=top_k, **asked)
            return [_own(each) for each in said["passages"]]
        if sought.id not in self._kept:
            said = self.driver.call("search", self.timeout_s, question=sought.question, top_k=_DEPTH)
            self._kept[sought.id] = [self._found(rank, each) for rank, each in enumerate(said["passages"], 1)]
        return packed(self._kept[sought.id], max_tokens)[:top_k]

    def _found(self, rank: int, passage: Mapping[str, Any]) -> Found:
        path, text = self.in_page(str(passage["path"])), str(passage["text"])
        spans, lost = spans_of(text, self.source(path))
        self.lost += lost
        self.words += len(text.split())
        return Found(path, spans, self.count(f"Note {rank}: {PurePosixPath(path).name}\n{text}\n\n"))


def spans_of(text: str, source: str) -> tuple[tuple[Span, ...], int]:
    """Find where the words of a text stand in a source.

    Args:
        text: perhaps without the marks of the source.
        source: of a page.

    Returns:
        Stretches, ascending and not overlapping, and how many words were not found. Letters and digits count, case does not.
    """
    places = [place for place, letter in enumerate(source) if letter.isalnum()]
    letters = "".join(source[place].lower()[:1] for place in places)
    found: list[Span] = []
    lost = _look(text.split(), letters, places, found)
    merged: list[Span] = []
    for start, end in sorted(found):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged), lost


def evidence(bench: Bench, peer: Peer, questions: EvidenceSet, count: Count) -> dict[str, Any]:
    """Measure a peer on a set of questions.

    Args:
        bench: what all are given.
        peer: that is measured.
        questions: with evidence.
        count: tokens of a text.

    Returns:
        `summary` with means and intervals by measure, `values` by question, `lost` as a share of the words that it showed.

    Raises:
        PeerFailureError: it failed.
    """
    with place(bench, [questions.corpus]) as where:

        @functools.cache
        def source(path: str) -> str:
            file = where.corpus / path
            return decode(file.read_bytes()) if file.is_file() else ""

        made = ingest(bench, peer, where)
        with bench.driver(peer) as driver:
            driver.call("open", bench.timeout_s, **where.fields)
            in_page = functools.partial(in_corpus, corpus=where.corpus)
            system = Shown(peer, driver, in_page, source, count, bench.timeout_s)
            values = measure(system, questions, source, lambda *_: None, full=False)
    return {
        "set": questions.name,
        "questions": len(questions.questions),
        "chunks": made.get("chunks"),
        "summary": summary(values, questions.questions)["all"],
        "values": {name: dict(row) for name, row in values.items()},
        "lost": round(system.lost / system.words, 4) if system.words else 0.0,
    }


def _look(words: Sequence[str], letters: str, places: Sequence[int], found: list[Span]) -> int:
    wanted = "".join(letter.lower()[:1] for word in words for letter in word if letter.isalnum())
    if not wanted:
        return 0
    start = letters.find(wanted)
    if start >= 0:
        found.append((places[start], places[start + len(wanted) - 1] + 1))
        return 0
    if len(words) < 2 * _FEWEST_WORDS:
        return len(words)
    half = len(words) // 2
    return _look(words[:half], letters, places, found) + _look(words[half:], letters, places, found)


def _own(passage: Mapping[str, Any]) -> Found:
    return Found(str(passage["path"]), tuple((start, end) for start, end in passage["spans"]), int(passage["tokens"]))
