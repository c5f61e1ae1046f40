"""The two flows, top to bottom: `ingest` and `ask`. Read this first.

Knows the order of the work and nothing of vendors: every part is passed in and is a Protocol or a pure function.

    ingest:  walk -> load -> chunk -> embed (what is new) -> store a generation and move the pointer
    ask:     understand -> retrieve -> decide -> generate -> cite
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rag.answer.abstain import DECLINED, GREETING
from rag.answer.language import may_be_english
from rag.answer.parts import behind, joined, parts, silent
from rag.answer.request import read_request
from rag.answer.restate import read_anew, told_alone
from rag.answer.single import AskSettings, answer_one
from rag.answer.write import NOTHING
from rag.crosscheck import LINK_KINDS, TWIN_KIND, Overlap, link_notices, listing_hash, replaced, twin_notices
from rag.embed.ahead import Ahead
from rag.errors import UnreadableFileError
from rag.includes import Includes
from rag.index import Fingerprint, Index, Manifest, Writer, embed_hash
from rag.links import Outline
from rag.load import CorpusFile, read_bytes, sha256
from rag.plan import Plan, make_plan
from rag.protocols import LLM, Embedder, Generation, Matrix, Progress, Vector
from rag.read import LEFT_OUT, Reading
from rag.retrieve.retriever import Retriever
from rag.retrieve.spelling import respelt
from rag.types import Answer, AskEvent, Draft, IngestReport, Message, Notice, Retrieval

# Chunks that are embedded at once: a few at first, so that both cores are busy soon; then enough to sort by length, and little
# enough to bound memory.
_EMBED_FIRST, _EMBED_GROWTH, _EMBED_AT_ONCE = 64, 4, 512


@dataclass(frozen=True, slots=True)
class IngestParts:
    """What ingest works with.

    Attributes:
        index: where generations go.
        fingerprint: of embedder and chunker.
        read: path, bytes, SHA-256 and surroundings of a file to what it gives; raises `UnreadableFileError`.
        embedder: loads the embedder; called only if there is something to embed.
    """

    index: Index
    fingerprint: Fingerprint
    read: Callable[[str, bytes, str, Includes], Reading]
    embedder: Callable[[], Embedder]


@dataclass(slots=True)
class _Work:
    """What an ingest did so far; `embed_s` is for waiting for vectors."""

    embedded: int = 0
    reused: int = 0
    load_s: float = 0.0
    embed_s: float = 0.0


def ingest(
    corpus: Path, parts: IngestParts, *, progress: Progress, command: str = "python ingest.py", full: bool = False
) -> IngestReport:
    """Bring the index up to date with the corpus.

    Only files that changed, or that depend on one that did, are read, and only chunks whose text is new are embedded. Where nothing
    changed, no generation is made. A file that cannot be read keeps the chunks of its last readable version.

    Args:
        corpus: folder of the notes.
        parts: what to work with.
        progress: told how far each stage is.
        command: what a second writer is told about this one.
        full: read and embed everything again.

    Returns:
        What changed, what was skipped and why, the warnings, and how long each stage took.

    Raises:
        CorpusError: there is no corpus, or it holds no notes; the index stays as it is.
        IndexLockedError: another process is writing.
        IndexStateError: the index is damaged, or was built otherwise and `full` is not set, or the disk is full.
    """
    start = time.perf_counter()
    with parts.index.write(command) as writer:
        writer.begin(parts.fingerprint, str(corpus), full=full)
        known = writer.previous.files if writer.previous and not full else {}
        plan = make_plan(corpus, known)
        work = _Work(load_s=time.perf_counter() - start)
        todo = [*plan.added, *plan.changed]
        writer.remove(plan.removed)
        waiting: list[Reading] = []
        under_way: _Batch | None = None
        at_once = _EMBED_FIRST
        with Ahead() as ahead:
            for number, file in enumerate(todo, 1):
                reading = _read(file, plan.includes, parts, writer, work)
                if reading is not None:
                    waiting.append(reading)
                if sum(len(each.chunks) for each in waiting) >= at_once or number == len(todo):
                    before, under_way = under_way, _begin(waiting, parts, writer, ahead)
                    _store(before, plan.includes, parts, writer, work)
                    waiting, at_once = [], min(at_once * _EMBED_GROWTH, _EMBED_AT_ONCE)
                pending = len(waiting) + (len(under_way.readings) if under_way else 0)
                progress("Reading and embedding notes", number - pending, len(todo))
            _store(under_way, plan.includes, parts, writer, work)
            if todo:
                progress("Reading and embedding notes", len(todo), len(todo))
        _crosscheck(writer, plan)
        stored = time.perf_counter()
        manifest = writer.commit(progress)
    end = time.perf_counter()
    seconds = {"load": work.load_s, "embed": work.embed_s, "commit": end - stored, "total": end - start}
    return _report(plan, manifest, work, seconds)


def _read(file: CorpusFile, includes: Includes, parts: IngestParts, writer: Writer, work: _Work) -> Reading | None:
    """Read one file; account for it and return None if it is not to be indexed as it is."""
    start = time.perf_counter()
    digest = ""
    try:
        raw = read_bytes(file)
        digest = sha256(raw)
        reading = parts.read(file.path, raw, digest, includes)
    except UnreadableFileError as error:
        writer.skip(file.path, error.message, sha256=digest, keep=True, inputs=includes.inputs(file.path))
        if kept := writer.files[file.path].chunks:
            chunks = "1 chunk" if kept == 1 else f"{kept} chunks"
            message = f"The page cannot be read any more ({error.message}); the {chunks} of its last readable version stay."
            writer.annotate(file.path, [Notice(file.path, 0, "unreadable", message)])
        return None
    finally:
        work.load_s += time.perf_counter() - start
    if reading.left_out:
        writer.skip(file.path, reading.left_out, sha256=digest, notices=reading.notices, inputs=includes.inputs(file.path))
        return None
    return reading


@dataclass(slots=True)
class _Batch:
    """Pages whose texts are being embedded.

    Attributes:
        readings: the pages.
        vectors: by hash of the text, for texts that are not new.
        new: hashes of those that are being embedded.
        coming: the vectors of those, in that order; None where there are none.
    """

    readings: Sequence[Reading]
    vectors: dict[str, Vector]
    new: Sequence[str]
    coming: Future[Matrix] | None


def _begin(readings: Sequence[Reading], parts: IngestParts, writer: Writer, ahead: Ahead) -> _Batch:
    """Begin to embed what is new among the chunks of some pages."""
    texts = {embed_hash(chunk.embed_text): chunk.embed_text for reading in readings for chunk in reading.chunks}
    vectors: dict[str, Vector] = writer.vectors_for(list(texts))
    new = [key for key in texts if key not in vectors]
    if not new:
        return _Batch(readings, vectors, new, None)
    return _Batch(readings, vectors, new, ahead.embed(parts.embedder, [texts[key] for key in new]))


def _store(batch: _Batch | None, includes: Includes, parts: IngestParts, writer: Writer, work: _Work) -> None:
    """Wait for the vectors of some pages, and put the pages into the next generation."""
    if batch is None:
        return
    start = time.perf_counter()
    if batch.coming is not None:
        batch.vectors |= zip(batch.new, batch.coming.result(), strict=True)
    work.embed_s += time.perf_counter() - start
    fresh = set(batch.new)
    for reading in batch.readings:
        keys = [embed_hash(chunk.embed_text) for chunk in reading.chunks]
        rows = [batch.vectors[key] for key in keys]
        matrix = np.stack(rows) if rows else np.empty((0, parts.fingerprint.dimension), dtype=np.float32)
        try:
            writer.put(
                reading.document,
                reading.chunks,
                matrix,
                reading.notices,
                inputs=includes.inputs(reading.document.path),
                outline=reading.outline,
            )
        except UnreadableFileError as error:
            path = reading.document.path
            writer.skip(path, error.message, sha256=reading.document.sha256, inputs=includes.inputs(path))
            continue
        work.embedded += sum(key in fresh for key in keys)


def _crosscheck(writer: Writer, plan: Plan) -> None:
    """Bring the notices up to date that depend on other pages; nothing where neither a page nor a file's name changed."""
    writer.listing = listing_hash(plan.files)
    previous = writer.previous.listing if writer.previous else ""
    if not writer.changed and writer.listing == previous:
        return
    texts = writer.outlines()
    outline_of = functools.cache(lambda path: Outline.from_json(texts[path]) if path in texts else None)
    fresh = link_notices(plan.files, list(texts), outline_of, [path for path in texts if not writer.files[path].skipped])
    kinds = LINK_KINDS
    if writer.changed:
        kinds |= {TWIN_KIND}
        for path, notices in twin_notices(Overlap(*each) for each in writer.overlaps()).items():
            fresh.setdefault(path, []).extend(notices)
    for path, entry in list(writer.files.items()):
        current = replaced(entry.notices, kinds, fresh.get(path, ()))
        if current != entry.notices:
            writer.annotate(path, current)


def _report(plan: Plan, manifest: Manifest, work: _Work, seconds: Mapping[str, float]) -> IngestReport:
    skipped = [*plan.left_out, *((path, entry.skipped) for path, entry in manifest.files.items() if entry.skipped)]
    return IngestReport(
        generation=manifest.generation,
        added=tuple(file.path for file in plan.added),
        changed=tuple(file.path for file in plan.changed),
        removed=tuple(plan.removed),
        unchanged=plan.unchanged,
        skipped=tuple(sorted(skipped)),
        warnings=tuple(notice for _, entry in sorted(manifest.files.items()) for notice in entry.notices),
        documents=manifest.documents,
        chunks=manifest.chunks,
        embedded=work.embedded,
        reused=manifest.chunks - work.embedded,
        seconds=seconds,
        failed=tuple(sorted(path for path, entry in manifest.files.items() if entry.skipped and entry.skipped not in LEFT_OUT)),
    )


def ask(
    question: str,
    *,
    generation: Generation,
    retriever: Retriever,
    llm: LLM,
    settings: AskSettings,
    history: Sequence[Message] = (),
    where: Mapping[str, str] | None = None,
) -> Iterator[AskEvent]:
    """Answer a question from one generation of the index.

    Closing the iterator stops the engine.

    Args:
        question: any text; a greeting or an empty one gets an answer without a search.
        generation: the index, opened; it answers the whole question, whatever is published meanwhile.
        retriever: finds and trims the passages.
        llm: writes the answer.
        settings: budgets and thresholds.
        history: earlier turns, the oldest first.
        where: metadata that a chunk must have.

    Yields:
        The evidence first, again where the question is read otherwise, then drafts as the model writes, and last the `Answer`.

    Raises:
        PromptTooLongError: the question alone does not fit the model's context.
        LLMError: the engine failed.
    """
    start = time.perf_counter()
    request = read_request(question)
    if request.kind != "question":
        yield _not_a_question(request.kind, generation.number, start)
        return
    asked = request.question

    def retrieve(sought: str, turns: Sequence[Message]) -> Retrieval:
        most = settings.max_tokens
        return retriever.retrieve(sought, generation, top_k=settings.top_k, max_tokens=most, history=turns, where=where)

    asked, found = _well_spelt(asked, replace(retrieve(asked, history), question=question), lambda text: retrieve(text, history))
    timings = {"retrieve": time.perf_counter() - start}
    yield found
    said, found = yield from read_anew(llm, asked, history, found, retrieve)
    asked, history = _mended(said.question, found), said.history

    done: list[Answer] = []
    pieces = parts(asked)
    for place, part in enumerate(pieces):
        after = sum(len(answer.citations) for answer in done)
        said_before = [silent(answer, piece) for answer, piece in zip(done, pieces, strict=False)]
        if done:
            timings.setdefault("first_token", time.perf_counter() - start)
            part = yield from _showing(behind(said_before, NOTHING), told_alone(llm, part, pieces[place - 1]))
        if len(pieces) > 1:
            found = retrieve(part, () if place else history)
        in_order = may_be_english(found.query)  # what puts them in order reads English
        read = retriever.to_read(found, in_order=in_order)
        nearest = functools.partial(retriever.nearest, query=found.query, in_order=in_order)
        more = functools.partial(
            retriever.widen, found=found, generation=generation, top_k=settings.top_k, max_tokens=settings.max_tokens
        )
        source, spoken = generation.source, said.language
        events = answer_one(
            llm, part, found, read, history, settings, source, nearest, more, timings, start, after=after, language=spoken
        )
        for event in events:
            if isinstance(event, Draft):
                yield behind(said_before, event) if done else event
            else:
                done.append(event)
    yield joined(done, pieces) if len(done) > 1 else done[0]


def _showing(shown: Draft, steps: Generator[Draft, None, str]) -> Generator[Draft, None, str]:
    """Go through some steps; what is there stays in sight from before the first one on."""
    while True:
        yield shown
        try:
            next(steps)
        except StopIteration as end:
            return str(end.value)


def _well_spelt(asked: str, found: Retrieval, retrieve: Callable[[str], Retrieval]) -> tuple[str, Retrieval]:
    """The question without its slips, and what is found for it: an embedder reads a misspelt word as another."""
    mended = _mended(asked, found)
    if mended == asked:
        return asked, found
    anew = retrieve(mended)
    understood = dict.fromkeys((*found.understood, f"read as: {mended}", *anew.understood))
    return mended, replace(anew, question=found.question, understood=tuple(understood))


def _mended(asked: str, found: Retrieval) -> str:
    """The question without its slips; a word of another language is none."""
    return respelt(asked, found.unknown, (one.text for one in found.passages)) if may_be_english(asked) else asked


def _not_a_question(kind: str, generation: int, start: float) -> Answer:
    reason, text = ("small talk", GREETING) if kind == "small_talk" else ("no question", DECLINED)
    total = time.perf_counter() - start
    return Answer("abstained", reason, text, (), (), (), {"retrieve": 0.0, "first_token": total, "total": total}, generation)
