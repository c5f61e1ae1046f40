"""Evaluation runs for the chat's tab: two small ones on disk, and a command that pretends to make a third."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from eval.chat import ChatEvaluation
from eval.record import FORMAT
from rag.config import Config
from tests.unit.eval.parts import result

_RUN = (
    "import sys, time\n"
    "for n in range(1, 6):\n"
    "    time.sleep(0.3)\n"
    "    print(f'{n} of 5: question-{n}: right', file=sys.stderr, flush=True)\n"
)


class _Lab(ChatEvaluation):
    def command(self, *, limit, judged):
        return [sys.executable, "-c", _RUN]


def scripted_lab(corpus, runs, questions):
    """Return an evaluation over a folder of runs."""
    config = Config(corpus=Path(corpus or "corpus"), index=Path(runs) / "index", data_dir=Path(runs))
    return _Lab(config, runs=Path(runs), questions=Path(questions or Path(runs) / "questions.jsonl"))


def write_runs(folder):
    """Write two runs that differ."""
    types = ("fact", "compare", "unanswerable", "table")
    for number, wrong in ((1, 7), (2, 3)):
        results = [
            result(
                f"question-{n}",
                question=f"What does page {n} say about LoRA?",
                type=types[n % 4],
                verdict="wrong" if n < wrong else "right",
                facts={"stated": [] if n < wrong else ["few"], "missing": ["few"] if n < wrong else [], "share": float(n >= wrong)},
            )
            for n in range(24)
        ]
        path = Path(folder) / f"2026010{number}T100000Z-run"
        path.mkdir(parents=True)
        about = {"format": FORMAT, "started": f"2026-01-0{number}T10:00:00", "finished": f"2026-01-0{number}T10:05:00"}
        about |= {"llm": "qwen2.5-coder-1.5b", "judge": "", "selected": 24, "metrics": [], "seed": 0, "generation": number}
        (path / "run.json").write_text(json.dumps(about), "utf-8")
        (path / "results.jsonl").write_text("".join(json.dumps(one) + "\n" for one in results), "utf-8")
