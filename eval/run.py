"""A run: ask the real system each question, measure the answer, have it judged, write it down.

Knows the order of the work. What is asked and who judges are passed in; `python -m eval run` builds the real ones.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from eval.judgement import Judge
from eval.machine import code_state, machine, versions
from eval.measure import measure, measures_json, sample
from eval.pace import Pace
from eval.questions import Question, QuestionFile
from eval.record import Result, RunFolder
from rag.as_json import answer_json
from rag.config import Config
from rag.errors import IndexStateError, LLMError
from rag.protocols import Generation
from rag.types import Answer, Message

SEED = 0
# Where things are does not change an answer, and neither do the chat's address and the log level.
_NOT_OF_ANSWERS = {"corpus", "index", "models_dir", "keep_generations", "host", "port", "log_level", "threads", "llm_key_variable"}


class Asked(Protocol):
    """The system under evaluation; `rag.assistant.Assistant` is one."""

    def answer(self, question: str, *, history: Sequence[Message] = ()) -> Answer:
        """Return the answer to a question."""
        ...

    def generation(self) -> AbstractContextManager[Generation]:
        """Hold the generation of the index that answers questions."""
        ...


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
) -> dict[str, Any]:
    """Return what `run.json` says before the first question.

    Args:
        config: of the system.
        file: the questions.
        selected: how many of them are asked.
        name: of the run.
        metrics: judged ones, in order.
        index: what `index_status` says, and the hashes of corpus and chunks.
        llm: name of the model that answers.
        judge: name of the judge; empty if nothing is judged.
        command: that started the run.
    """
    everything = config.model_dump(mode="json")
    return {
        "name": name,
        "command": command,
        "started": timestamp(),
        "finished": None,
        "questions_file": file.path.name,
        "questions_sha256": file.sha256,
        "selected": selected,
        "metrics": list(metrics),
        "llm": llm,
        "judge": judge,
        "seed": SEED,
        "generation": index["generation"],
        "chunks_sha256": index.get("chunks_sha256"),
        "index": dict(index),
        "settings": {key: value for key, value in everything.items() if key not in _NOT_OF_ANSWERS},
        "config": everything,
        "versions": versions(),
        "machine": machine(),
        "code": code_state(),
    }


def evaluate(
    questions: Sequence[Question],
    *,
    system: Asked,
    judge: Judge | None,
    metrics: Sequence[str],
    folder: RunFolder,
    pace: Callable[[int], Pace] = Pace,
) -> list[Result]:
    """Ask, measure and judge each question that has no result yet, and return the results of all of them, in order.

    A question whose answer failed is asked again when the run resumes; a failed judgement is not, since the judge is greedy.

    Args:
        questions: to ask.
        system: that answers.
        judge: of the answers; None only without metrics.
        metrics: names of the judged metrics; may be empty.
        folder: of the run.
        pace: makes the progress display for a number of questions.

    Raises:
        RagError: the system cannot answer at all; what is done so far is written.
    """
    todo = [question for question in questions if _unfinished(folder.results.get(question.id))]
    with pace(len(todo)) as progress:
        for question in todo:
            start = time.monotonic()
            result, answer = _ask(question, system, folder.description["generation"])
            if answer is not None and judge is not None:
                asked = sample(question, answer)
                result["judged"] = {metric: judge.judge(metric, asked).as_json() for metric in metrics}
            result["seconds"] = round(time.monotonic() - start, 1)
            folder.add(result)
            progress.step(f"{question.id}: {result['verdict']}")
    folder.finish(finished=timestamp(), selected=len(questions))
    return [folder.results[question.id] for question in questions]


def new_folder(runs: Path, name: str) -> Path:
    """Return the folder for a run that starts now, named by its time in UTC."""
    return runs / f"{datetime.now(UTC).strftime('%Y%m%dT%H%M%SZ')}-{name}"


def timestamp() -> str:
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _unfinished(result: Result | None) -> bool:
    return result is None or bool(result["error"])


def _ask(question: Question, system: Asked, generation: int) -> tuple[Result, Answer | None]:
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
        "judged": {},
    }
    try:
        answer = system.answer(question.question, history=question.turns)
    except LLMError as error:
        result["error"] = str(error)
        return result, None
    if answer.generation != generation:
        raise IndexStateError("The index changed while the run was under way", hint="Start a new run.")
    with system.generation() as opened:
        measures = measure(question, answer, opened.source)
    result.update(measures_json(measures), answer=answer_json(answer))
    return result, answer
