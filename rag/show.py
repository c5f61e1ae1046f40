"""Results as text for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TextIO

from rag.types import Answer, AskEvent, Candidate, Draft, Retrieval, heading_line

_SNIPPET_CHARS = 300


def show_retrieval(found: Retrieval, out: TextIO, *, explain: bool) -> None:
    """Write the passages, best first; with `explain` the scores and what was cut."""
    if not found.passages:
        out.write("Nothing in the notes matches.\n")
    for passage in found.passages:
        chunk = passage.chunk
        out.write(f"{passage.rank}. {heading_line(chunk.title, chunk.heading_path)}\n")
        out.write(f"   {chunk.path}:{chunk.line}  score {passage.score:.3f}  {passage.tokens} tokens\n")
        if explain:
            scores = "  ".join(f"{name} {score:.4f}" for name, score in passage.scores.items())
            out.write(f"   {scores}\n")
        text = " ".join(passage.text.split())
        out.write(f"   {text[:_SNIPPET_CHARS]}{'…' if len(text) > _SNIPPET_CHARS else ''}\n\n")
    if explain:
        out.write(f"Searched for: {found.query}\n")
        for note in found.understood:
            out.write(f"Understood: {note}\n")
        _show_trace(found.trace, out)


def show_why(found: Retrieval, path: str, in_index: bool, out: TextIO) -> None:
    """Write why a page was or was not retrieved: where each of its chunks stood, and what cut it."""
    own = [candidate for candidate in found.trace if candidate.path == path]
    if not in_index:
        out.write(
            f"{path} is not in the index: it was never ingested, is skipped, or is called otherwise. See: python -m rag status\n"
        )
    elif not any("fused" in candidate.ranks for candidate in own):
        out.write(f"No chunk of {path} was compared: neither its words nor its meaning come near enough to the question.\n")
    elif any(candidate.fate.startswith("passage ") for candidate in own):
        out.write(f"{path} was retrieved.\n")
    else:
        out.write(f"{path} was considered and cut.\n")
    _show_trace(own, out)


def _show_trace(trace: Sequence[Candidate], out: TextIO) -> None:
    for candidate in trace:
        ranks = "  ".join(f"{name} #{place}" for name, place in candidate.ranks.items())
        scores = "  ".join(f"{name} {score:.3f}" for name, score in candidate.scores.items())
        where = f"{candidate.path}:{candidate.line}" if candidate.path else candidate.id
        out.write(f"{where}\n    {candidate.fate}; {ranks}\n    {scores}\n")


def show_answer(events: Iterator[AskEvent], out: TextIO, notes: TextIO) -> None:
    """Write the answer and its citations; on a terminal sentence by sentence, as they are done."""
    written = 0
    live = out.isatty()
    for event in events:
        if isinstance(event, Retrieval) and notes.isatty():
            notes.write(f"Reading {len(event.passages)} passages...\n")
        elif isinstance(event, Draft) and live:
            out.write(event.text[written : event.settled])
            written = max(written, event.settled)
            out.flush()
        elif isinstance(event, Answer):
            rest = event.text[written:] if event.status == "answered" else ("\n\n" if written else "") + event.text
            out.write(rest + "\n")
            _show_citations(event, out)


def _show_citations(answer: Answer, out: TextIO) -> None:
    for citation in answer.citations:
        where = " > ".join(citation.heading_path)
        out.write(f"\n[{citation.marker}] {citation.path}:{citation.line}  {where}\n")
        out.write(f"    “{' '.join(citation.quote.split())}”\n")


def show_status(status: Mapping[str, Any], out: TextIO) -> None:
    """Write what the index holds, a line each."""
    for name, value in status.items():
        out.write(f"{name:<12} {value}\n")
