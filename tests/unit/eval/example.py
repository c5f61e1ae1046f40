"""A run of twenty-four questions with everything that a report shows, and a calibration of its judge."""

from __future__ import annotations

import json
import random
from pathlib import Path

from eval.calibration import Scores, write_calibration
from eval.record import RunFolder
from tests.unit.eval.parts import failed, judged, not_judged, piece, result, run_json

METRICS = ["faithfulness", "answer_relevancy", "context_recall"]
KINDS = ["fact", "number", "list", "table", "comparison", "unanswerable"]
JUDGE = "qwen2.5-coder-1.5b-instruct-q4_k_m sha256:0123456789ab"


def write_example_run(folder: Path) -> Path:
    """Write the run into a folder, and return where the calibration is."""
    draw = random.Random(11)
    description = run_json(name="example", metrics=METRICS, judge=JUDGE, llm=JUDGE, selected=24)
    with RunFolder(folder, description) as opened:
        for number in range(24):
            line = _question(number, draw)
            opened.add(line)
            for metric in METRICS:
                opened.judge(line["id"], metric, _judgement(line, metric, draw))
    write_calibration(
        folder / "calibration.json", {"model": JUDGE}, [_scores("faithfulness", 0.9), _scores("answer_relevancy", 0.5)]
    )
    return folder / "calibration.json"


def _question(number: int, draw: random.Random) -> dict:
    kind = KINDS[number % 6]
    silent = kind == "unanswerable"
    of_silent, of_others = ["right", "right", "overanswered"], ["right", "right", "right", "partial", "wrong", "refused"]
    verdict = draw.choice(of_silent if silent else of_others)
    abstained = verdict == "refused" or (silent and verdict == "right")
    share = {"right": 1.0, "partial": 0.5}.get(verdict, 0.0)
    answer = result()["answer"] | {
        "status": "abstained" if abstained else "answered",
        "reason": "The notes that come nearest do not state the answer." if abstained else "",
        "text": "BERT was pretrained on 3.3 billion words of running text: BooksCorpus and the English Wikipedia. [1]",
        "sentences": [] if abstained else [{"text": "", "score": draw.random()}],
        "citations": [] if abstained else result()["answer"]["citations"],
        "passages": [
            {
                "rank": rank,
                "path": "guide/models/bert.md",
                "line": 10 * rank,
                "score": 1 / rank,
                "text": "The pretraining text is 3.3 billion words: BooksCorpus with 800 million and English Wikipedia.",
            }
            for rank in (1, 2, 3)
        ],
        "timings_s": {"retrieve": 0.05 + draw.random() / 20, "first_token": 4 + 4 * draw.random(), "total": 7 + 9 * draw.random()},
    }
    changes = (
        {"expected": "abstain", "reference": "", "evidence": [], "facts": _facts(None)}
        if silent
        else {
            "facts": _facts(share),
            "evidence": [piece(draw.choice([1, 1, 2, 3, 0]), cited=draw.random() < 0.6), piece(1)],
        }
    )
    return result(
        f"{kind.replace('_', '-')}-{number}",
        question="On how much text was BERT trained, and where does that text come from?",
        type=kind,
        verdict=verdict,
        answer=answer,
        passage_tokens=[180, 150, 120],
        **changes,
    )


def _facts(share: float | None) -> dict:
    if share is None:
        return {"stated": [], "missing": [], "share": None}
    stated = ["3.3 billion", "BooksCorpus"][: round(2 * share)]
    return {"stated": stated, "missing": [fact for fact in ("3.3 billion", "BooksCorpus") if fact not in stated], "share": share}


def _judgement(line: dict, metric: str, draw: random.Random) -> dict:
    if line["answer"]["status"] == "abstained":
        return not_judged("the question was not answered")
    if draw.random() < 0.05:
        return failed("The judge's reply is not JSON: Unterminated string at character 300 of 300")
    verdicts = [draw.random() < 0.7 for _ in range(3)]
    said = [
        {"statement": f"BERT was trained on text number {n}.", "reason": "The context says so.", "verdict": int(yes)}
        for n, yes in enumerate(verdicts)
    ]
    call = {
        "asks_for": "NLIStatementOutput",
        "prompt": "Your task is to judge the faithfulness of a series of statements based on a given context.",
        "output": json.dumps({"statements": said}),
        "seconds": 6.5,
        "error": "",
        "verdicts": [{"field": "verdict", "value": int(yes), "expected": 0.8 if yes else 0.3} for yes in verdicts],
    }
    return judged(sum(verdicts) / 3, call, expected=sum(0.8 if yes else 0.3 for yes in verdicts) / 3)


def _scores(metric: str, right: float) -> Scores:
    """A judge that is right so often, beside a word counter that is right 60% of the time."""
    draw = random.Random(3)
    good = [number % 2 == 0 for number in range(160)]

    def said(share: float) -> list[float]:
        return [float(label == (draw.random() < share)) for label in good]

    return Scores(metric, "notes", good, [str(number // 4) for number in range(160)], said(right), None, said(0.6))
