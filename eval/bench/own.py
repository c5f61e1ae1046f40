"""How long things take on this machine, with the real parts and the current corpus in an index of its own.

Ingest is timed as an editor meets it: a process from start to end. Search and answers are timed in one process, as in the chat,
with the models loaded and one question asked before the clock starts.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from eval.machine import code_state, machine, versions
from eval.questions import Question, choose
from eval.statistics import percentile
from rag.assistant import Assistant
from rag.errors import RagError
from rag.load import walk
from rag.progress import ProgressBar

_INGEST = Path(__file__).parents[2] / "ingest.py"
_EDIT = "\n\nA sentence that an editor has just added.\n"


@dataclass(frozen=True, slots=True)
class Timing:
    """One thing that was timed.

    Attributes:
        what: in a few words.
        count: how often it was timed.
        p50_s: the middle time; with a count of 1, the time.
        p95_s: all but 5% took less.
        note: what was done.
    """

    what: str
    count: int
    p50_s: float
    p95_s: float
    note: str = ""


class BenchError(RagError):
    """A command that is to be timed failed."""


def time_ingests(corpus: Path, scratch: Path, config_file: Path | None, progress: ProgressBar) -> list[Timing]:
    """Time a first ingest, one with nothing changed and one with one page edited, each as a process of its own.

    Args:
        corpus: is copied, so that a page of the copy can be edited.
        scratch: an empty folder; the copy goes to `corpus`, the index to `index`.
        config_file: settings; None for the usual ones.
        progress: told after each.

    Returns:
        Three timings, in that order; seconds are those of the whole process, its start included.

    Raises:
        CorpusError: there is no corpus.
        BenchError: an ingest failed.
    """
    pages = [file.path for file in walk(corpus)[0]]
    copy = scratch / "corpus"
    shutil.copytree(corpus, copy)
    command = [sys.executable, str(_INGEST), "--corpus", str(copy), "--index", str(scratch / "index"), "--json", "--quiet"]
    command += ["--config", str(config_file)] if config_file else []
    timings = []
    for done, what in enumerate(("first ingest", "ingest, nothing changed", "ingest, one page edited"), 1):
        if what.endswith("edited"):
            with (copy / pages[len(pages) // 2]).open("a", encoding="utf-8") as page:
                page.write(_EDIT)
        seconds, report = _timed(command)
        note = f"{report['documents']} documents, {report['chunks']} chunks, {report['embedded']} embedded"
        timings.append(Timing(what, 1, seconds, seconds, note))
        progress("ingest", done, 3)
    return timings


def time_searches(assistant: Assistant, questions: Sequence[Question], progress: ProgressBar) -> Timing:
    """Time the way from a question to its passages."""
    assistant.search(questions[0].question)
    seconds = []
    for done, question in enumerate(questions, 1):
        start = time.perf_counter()
        assistant.search(question.question, history=question.turns)
        seconds.append(time.perf_counter() - start)
        progress("search", done, len(questions))
    return _timing("question to passages", seconds)


def time_answers(assistant: Assistant, questions: Sequence[Question], progress: ProgressBar) -> list[Timing]:
    """Time the first token and the whole answer; the first question is asked and not counted."""
    first_tokens, totals, abstained = [], [], 0
    for done, question in enumerate(questions):
        answer = assistant.answer(question.question, history=question.turns)
        progress("answer", done + 1, len(questions))
        if not done:
            continue
        if answer.status == "abstained":
            abstained += 1
            continue
        first_tokens.append(answer.timings_s["first_token"])
        totals.append(answer.timings_s["total"])
    note = f"{abstained} more abstained" if abstained else ""
    if not totals:
        return [Timing("answer", 0, 0.0, 0.0, note)]
    return [_timing("first token", first_tokens, note), _timing("whole answer", totals, note)]


def bench(
    assistant: Assistant, questions: Sequence[Question], answers: int, timings: Sequence[Timing], progress: ProgressBar
) -> list[Timing]:
    """Time searches and answers.

    Args:
        assistant: over the index that the ingests made.
        questions: all are searched for.
        answers: how many are answered, at least 1.
        timings: of ingest.
        progress: told after each question.

    Returns:
        The timings of ingest, then one of all searches, then those of the answers.
    """
    answerable = [question for question in questions if not question.silent]
    return [
        *timings,
        time_searches(assistant, questions, progress),
        *time_answers(assistant, choose(answerable, answers + 1), progress),
    ]


def show(timings: Sequence[Timing], out: TextIO, *, as_json: bool) -> None:
    """Write the timings and what they were made with, as one JSON object or as Markdown."""
    facts = made_with()
    if as_json:
        out.write(json.dumps({"timings": [asdict(timing) for timing in timings], **facts}) + "\n")
        return
    out.write("| what | times | p50, s | p95, s | note |\n| --- | --- | --- | --- | --- |\n")
    for timing in timings:
        spread = f"{timing.p95_s:.3f}" if timing.count > 1 else "–"
        out.write(f"| {timing.what} | {timing.count} | {timing.p50_s:.3f} | {spread} | {timing.note} |\n")
    described = facts["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    memory = f"{described['memory_bytes'] / 2**30:.0f} GiB"
    out.write(f"\n{described['processor']}, {described['cores']} cores, {memory}; {packages}; code {facts['code'] or 'unknown'}\n")


def made_with() -> dict[str, Any]:
    """Return what every result names: machine, versions and code."""
    return {"machine": machine(), "versions": versions(), "code": code_state()}


def _timing(what: str, seconds: Sequence[float], note: str = "") -> Timing:
    return Timing(what, len(seconds), round(percentile(seconds, 0.5), 4), round(percentile(seconds, 0.95), 4), note)


def _timed(command: Sequence[str]) -> tuple[float, dict[str, Any]]:
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own command
    seconds = time.perf_counter() - start
    # 1 says that a file could not be read, which costs no time.
    if done.returncode not in {0, 1}:
        said = done.stderr.strip().split("\n")[-1]
        raise BenchError(f"The ingest to be timed failed: {said.removeprefix('error: ')}", hint="Mend that first.")
    report: dict[str, Any] = json.loads(done.stdout)
    return round(seconds, 3), report
