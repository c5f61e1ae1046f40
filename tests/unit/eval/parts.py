"""Questions, answers, results and a system to ask, with only what a test cares about spelled out."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from types import SimpleNamespace

from eval.questions import Question
from rag.errors import LLMError
from rag.types import Answer, Citation, Sentence
from tests.build import passage

PAGE = "BERT has 110M parameters. It was trained on 3.3 billion words."
QUOTE = "3.3 billion words"


def question(**changes) -> Question:
    return Question.model_validate(question_json(**changes))


def question_json(**changes) -> dict:
    line = {
        "id": "bert-words",
        "question": "On how much text was BERT trained?",
        "type": "fact",
        "expected": "answer",
        "reference": "On 3.3 billion words.",
        "must": ["3.3 billion"],
        "evidence": [{"page": "bert.md", "heading": "BERT", "quote": QUOTE}],
        "split": "tune",
    }
    if changes.get("expected") in {"abstain", "decline"}:
        line |= {"type": "unanswerable", "reference": "", "must": [], "evidence": []}
    return line | changes


def answered(*sentences: str, page: str = PAGE, path: str = "bert.md", cite: str = QUOTE, generation: int = 1) -> Answer:
    """An answer from one page, each sentence citing the same words of it."""
    start = page.index(cite)
    citation = Citation(1, path, start, start + len(cite), 1, ("BERT",), cite)
    return Answer(
        "answered",
        "",
        " ".join(f"{sentence} [1]" for sentence in sentences),
        tuple(Sentence(sentence, "supported", 1.0, (1,)) for sentence in sentences),
        (citation,),
        (passage(page, path=path, title="BERT"),),
        {"retrieve": 0.1, "first_token": 1.0, "total": 2.0},
        generation,
        invented_markers=2,
        probability=0.75,  # no field is at its default: one that is forgotten shows
    )


def abstained(page: str = PAGE, generation: int = 1) -> Answer:
    return Answer(
        "abstained",
        "The notes do not state it.",
        "The notes don't say. The notes do not state it.",
        (),
        (),
        (passage(page, path="bert.md", title="BERT"),),
        {"retrieve": 0.1, "first_token": 1.0, "total": 1.0},
        generation,
    )


class System:
    """Answers from a table; counts what it was asked."""

    def __init__(self, answers: Mapping[str, Answer | LLMError], pages: Mapping[str, str] | None = None) -> None:
        self.answers = dict(answers)
        self.pages = pages or {"bert.md": PAGE}
        self.asked: list[str] = []

    def answer(self, question, *, history=()) -> Answer:
        self.asked.append(question)
        found = self.answers[question]
        if isinstance(found, LLMError):
            raise found
        return found

    @contextmanager
    def generation(self):
        yield SimpleNamespace(source=self.pages.__getitem__, number=1)


def result(id: str = "bert-words", **changes) -> dict:
    """A line of the results: a right answer that nobody judged."""
    line = {
        "id": id,
        "question": "On how much text was BERT trained?",
        "history": [],
        "type": "fact",
        "expected": "answer",
        "split": "tune",
        "reference": "On 3.3 billion words.",
        "answer": {
            "status": "answered",
            "reason": "",
            "text": "On 3.3 billion words. [1]",
            "sentences": [{"text": "On 3.3 billion words.", "support": "supported", "score": 1.0, "citations": [1]}],
            "passages": [],
            "citations": [{"marker": 1, "path": "bert.md", "line": 1, "quote": QUOTE}],
            "timings_s": {"retrieve": 0.1, "first_token": 1.0, "total": 2.0},
        },
        "error": "",
        "verdict": "right",
        "facts": {"stated": ["3.3 billion"], "missing": [], "share": 1.0},
        "evidence": [piece()],
        "passage_tokens": [100, 100],
        "citations": {"given": 1, "good": 1},
        "judged": {},
        "seconds": 30.0,
    }
    return line | changes


def piece(*ranks: int, cited: bool = True) -> dict:
    """A piece of the evidence that passages with these ranks show; the first one if none is named, none if it is 0."""
    shown = [rank for rank in ranks or (1,) if rank]
    return {
        "page": "bert.md",
        "heading": "BERT",
        "quote": QUOTE,
        "ranks": shown,
        "retrieved": bool(shown),
        "cited": cited,
        "note": "",
    }


def judged(value: float, *calls: dict, expected: float | None = None) -> dict:
    return {"status": "judged", "value": value, "expected": expected, "reason": "", "seconds": 1.0, "calls": list(calls)}


def failed(reason: str) -> dict:
    return {"status": "failed", "value": None, "expected": None, "reason": reason, "seconds": 1.0, "calls": []}


def not_judged(reason: str) -> dict:
    return {"status": "not_judged", "value": None, "expected": None, "reason": reason, "seconds": 0.0, "calls": []}


def run_json(**changes) -> dict:
    description = {
        "format": 2,
        "name": "run",
        "command": "python -m eval run",
        "started": "2026-11-22T10:00:00+00:00",
        "finished": "2026-11-22T10:05:00+00:00",
        "questions_file": "questions.jsonl",
        "questions_sha256": "ab" * 32,
        "selected": 1,
        "split": None,
        "metrics": ["faithfulness"],
        "llm": "small",
        "parts": {"engine": "installed", "embedder": "sha256:0e0e", "reranker": ""},
        "judge": "small",
        "seed": 0,
        "generation": 1,
        "chunks_sha256": "ef" * 32,
        "index": {"documents": 3, "chunks": 9, "embedder": "mini", "corpus_sha256": "cd" * 32, "chunks_sha256": "ef" * 32},
        "settings": {"top_k": 8},
        "config": {},
        "versions": {"python": "3.11.1"},
        "machine": {"processor": "a processor", "cores": 2, "memory_bytes": 2**33, "system": "Linux x86_64"},
        "code": "0123456789ab",
        "system_code": "fedcba9876543210",
    }
    return description | changes
