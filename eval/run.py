"""A run: ask the real system each question and measure the answer; then have the answers judged, metric by metric.

Knows the order of the work. What is asked and who judges are passed in; `python -m eval run` builds the real ones.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eval.answers import Asked, answer_of
from eval.identity import answer_settings, system_code
from eval.judgement import Judge
from eval.machine import code_state, machine, versions
from eval.measure import measure, measures_json, sample
from eval.pace import Pace
from eval.questions import Question, QuestionFile
from eval.record import Result, RunFolder
from rag.as_json import answer_json
from rag.config import Config
from rag.errors import IndexStateError, LLMError

SEED = 0

Paced = Callable[[int, str], Pace]
"""Makes the progress display for a number of things to do, and what they are."""


def describe(
    config: Config,
    file: QuestionFile,
    *,
    selected: int,
    name: str,
    metrics: Sequence[str],
    index: Mapping[str, Any],
    llm: str,
    judge: str,
    command: str,
    judging: Mapping[str, Any] | None = None,
    split: str | None = None,
    parts: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Describe a run before its first question.

    Args:
        config: of the system.
        file: the questions.
        selected: how many of them are asked.
        name: of the run.
        metrics: judged ones, in order.
        index: what `index_status` says, and the hashes of corpus and chunks.
        llm: the model that answers, with the hash of its weights.
        judge: the same of the judge; empty if nothing is judged.
        command: that started the run.
        judging: all that a judgement depends on, engine and protocol included; None if nothing is judged.
        split: whose questions are asked; None for both.
        parts: hashes of what else answers, such as the embedder's weights.

    Returns:
        What `run.json` says: all that decides the answers, and what is needed to make the run again.
    """
    return {
        "name": name,
        "command": command,
        "started": timestamp(),
        "finished": None,
        "questions_file": file.path.name,
        "questions_sha256": file.sha256,
        "selected": selected,
        "split": split,
        "metrics": list(metrics),
        "llm": llm,
        "parts": dict(parts or {}),
        "judge": judge,
        "judging": dict(judging) if judging else None,
        "seed": SEED,
        "generation": index["generation"],
        "chunks_sha256": index.get("chunks_sha256"),
        "index": dict(index),
        "settings": answer_settings(config),
        "config": config.model_dump(mode="json"),
        "versions": versions(),
        "machine": machine(),
        "code": code_state(),
        "system_code": system_code(),
    }


def ask_all(questions: Sequence[Question], *, system: Asked, folder: RunFolder, pace: Paced = Pace) -> None:
    """Ask and measure each question that has no result yet. One whose answer failed is asked again.

    Args:
        questions: to ask.
        system: that answers.
        folder: of the run.
        pace: of the display.

    Raises:
        RagError: the system cannot answer at all; what is done so far is written.
    """
    todo = [question for question in questions if _unfinished(folder.results.get(question.id))]
    with pace(len(todo), "questions") as progress:
        for question in todo:
            start = time.monotonic()
            result = _ask(question, system, folder.description["generation"])
            result["seconds"] = round(time.monotonic() - start, 2)
            folder.add(result)
            progress.step(f"{question.id}: {result['verdict']}")


def judge_all(
    questions: Sequence[Question], *, judge: Judge, metrics: Sequence[str], folder: RunFolder, pace: Paced = Pace
) -> None:
    """Have each answer judged by each metric that has not judged it yet: all answers by one metric, then by the next.

    That order lets the judge's engine keep the long beginning that all prompts of one metric share. A judgement that failed is not
    asked for again, since the judge is greedy.

    Args:
        questions: that were asked.
        judge: of the answers.
        metrics: names, in order.
        folder: of the run.
        pace: of the display.
    """
    asked = [question for question in questions if not folder.results[question.id]["error"]]
    todo = [(metric, q) for metric in metrics for q in asked if metric not in folder.results[q.id]["judged"]]
    with pace(len(todo), "judgements") as progress:
        for metric, question in todo:
            result = folder.results[question.id]
            given = sample(question.question, question.reference, answer_of(result["answer"]), question.turns)
            judgement = judge.judge(metric, given)
            folder.judge(question.id, metric, judgement.as_json())
            value = judgement.status.replace("_", " ") if judgement.value is None else f"{judgement.value:.2f}"
            progress.step(f"{metric} of {question.id}: {value}")


def finish(folder: RunFolder, questions: Sequence[Question]) -> list[Result]:
    """Note that a run is done, and return the results of all questions, in order."""
    folder.finish(finished=timestamp())
    return [folder.results[question.id] for question in questions]


def new_folder(runs: Path, name: str) -> Path:
    """Return the folder for a run that starts now, named by its time in UTC."""
    return runs / f"{datetime.now(UTC).strftime('%Y%m%dT%H%M%SZ')}-{name}"


def timestamp() -> str:
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _unfinished(result: Result | None) -> bool:
    return result is None or bool(result["error"])


def _ask(question: Question, system: Asked, generation: int) -> Result:
    result: Result = {
        "id": question.id,
        "question": question.question,
        "history": list(question.turns),
        "type": question.type,
        "expected": question.expected,
        "split": question.split,
        "reference": question.reference,
        "answer": None,
        "error": "",
        "verdict": "error",
        "facts": {"stated": [], "missing": list(question.must), "share": None},
        "evidence": [],
        "passage_tokens": [],
        "citations": {"given": 0, "good": 0},
        "judged": {},
    }
    try:
        answer = system.answer(question.question, history=question.turns)
    except LLMError as error:
        result["error"] = str(error)
        return result
    if answer.generation != generation:
        raise IndexStateError("The index changed while the run was under way", hint="Start a new run.")
    with system.generation() as opened:
        measures = measure(question, answer, opened.source)
    result.update(measures_json(measures), answer=answer_json(answer))
    return result
