"""The flowing values as the JSON that the commands print. The shapes are a contract: tests pin them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rag.types import Answer, Candidate, Citation, IngestReport, Passage, Retrieval


def passage_json(passage: Passage) -> dict[str, Any]:
    """Return one passage; `start` and `end` are the hull of its spans."""
    return {
        "rank": passage.rank,
        "score": passage.score,
        "path": passage.chunk.path,
        "title": passage.chunk.title,
        "start": passage.spans[0][0],
        "end": passage.spans[-1][1],
        "spans": [list(span) for span in passage.spans],
        "line": passage.chunk.line,
        "heading_path": list(passage.chunk.heading_path),
        "text": passage.text,
        "tokens": passage.tokens,
        "scores": dict(passage.scores),
        "chunk": passage.chunk.id,
    }


def retrieval_json(retrieval: Retrieval, *, explain: bool = False) -> dict[str, Any]:
    """Return what `search --json` prints; with `explain` every candidate too."""
    more = {"understood": list(retrieval.understood), "trace": [_candidate_json(one) for one in retrieval.trace]} if explain else {}
    return {
        "question": retrieval.question,
        "query": retrieval.query,
        "generation": retrieval.generation,
        "passages": [passage_json(passage) for passage in retrieval.passages],
        "timings_s": _rounded(retrieval.timings_s),
        **more,
    }


def _candidate_json(candidate: Candidate) -> dict[str, Any]:
    return {
        "chunk": candidate.id,
        "path": candidate.path,
        "line": candidate.line,
        "ranks": dict(candidate.ranks),
        "scores": dict(candidate.scores),
        "fate": candidate.fate,
    }


def why_json(retrieval: Retrieval, path: str, in_index: bool) -> dict[str, Any]:
    """Return what `why --json` prints: the candidates of one page."""
    own = [_candidate_json(candidate) for candidate in retrieval.trace if candidate.path == path]
    return {
        "question": retrieval.question,
        "path": path,
        "indexed": in_index,
        "retrieved": any(one["fate"].startswith("passage ") for one in own),
        "chunks": own,
    }


def citation_json(citation: Citation) -> dict[str, Any]:
    """Return one citation."""
    return {
        "marker": citation.marker,
        "path": citation.path,
        "start": citation.start,
        "end": citation.end,
        "line": citation.line,
        "heading_path": list(citation.heading_path),
        "quote": citation.quote,
    }


def answer_json(answer: Answer) -> dict[str, Any]:
    """Return what `ask --json` prints."""
    return {
        "status": answer.status,
        "reason": answer.reason,
        "text": answer.text,
        "sentences": [
            {"text": s.text, "support": s.support, "score": s.score, "citations": list(s.citations), "reason": s.reason}
            for s in answer.sentences
        ],
        "citations": [citation_json(citation) for citation in answer.citations],
        "passages": [passage_json(passage) for passage in answer.passages],
        "timings_s": _rounded(answer.timings_s),
        "generation": answer.generation,
        "invented_markers": answer.invented_markers,
        "probability": round(answer.probability, 4),
    }


def report_json(report: IngestReport) -> dict[str, Any]:
    """Return what `ingest.py --json` prints."""
    return {
        "generation": report.generation,
        "added": list(report.added),
        "changed": list(report.changed),
        "removed": list(report.removed),
        "unchanged": report.unchanged,
        "skipped": [{"path": path, "reason": reason} for path, reason in report.skipped],
        "warnings": [{"path": n.path, "line": n.line, "kind": n.kind, "message": n.message} for n in report.warnings],
        "documents": report.documents,
        "chunks": report.chunks,
        "embedded": report.embedded,
        "reused": report.reused,
        "seconds": _rounded(report.seconds),
        "failed": list(report.failed),
    }


def _rounded(seconds: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in seconds.items()}
