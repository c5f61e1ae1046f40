"""The evaluation with real parts: the judge's model, the embedder, an index; and a run that is killed and taken up."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from eval.bench import time_ingests
from eval.record import read_results
from rag.config import load_config
from rag.errors import ModelError
from rag.models.store import model_path
from rag.progress import ProgressBar
from tests.unit.eval.parts import question_json

ROOT = Path(__file__).parents[2]
JUDGE = "qwen2.5-coder-0.5b"
METRICS = ("faithfulness", "answer_relevancy")

PAGES = {
    "kettles.md": "# Kettles\n\nA kettle boils one litre in three minutes. It draws 2,200 watts.\n",
    "bread.md": "# Bread\n\nA sourdough rises for twelve hours at 22 degrees and is baked at 240 degrees.\n",
}
QUESTIONS = [
    question_json(
        id="kettle-time",
        question="How long does a kettle take to boil one litre?",
        reference="A kettle boils one litre in three minutes.",
        must=["three minutes|3 minutes"],
        evidence=[{"page": "kettles.md", "heading": "Kettles", "quote": "boils one litre in three minutes"}],
    ),
    question_json(
        id="bread-oven",
        question="At how many degrees is a sourdough baked?",
        reference="A sourdough is baked at 240 degrees.",
        must=["240"],
        evidence=[{"page": "bread.md", "heading": "Bread", "quote": "is baked at 240 degrees"}],
    ),
]

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def judge_path():
    """The judge's weights; without them a test is skipped with what to do, in CI it fails."""
    try:
        return model_path(JUDGE, load_config().models_dir)
    except ModelError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture
def folder(tmp_path, judge_path, embedder_folder):
    (tmp_path / "notes").mkdir()
    for name, text in PAGES.items():
        (tmp_path / "notes" / name).write_text(text, encoding="utf-8")
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in QUESTIONS), encoding="utf-8")
    done = python(tmp_path, str(ROOT / "ingest.py"), "--corpus", "notes", "--index", "index", "--quiet")
    assert done.wait() == 0
    return tmp_path


def python(folder, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "RAG_LLM": JUDGE}
    with (folder / "errors.txt").open("ab") as errors:
        return subprocess.Popen([sys.executable, *arguments], cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=errors)


def run(folder):
    metrics = ",".join(METRICS)
    return python(
        folder, "-m", "eval", "run", "--questions", "questions.jsonl", "--index", "index", "--out", "run", "--metrics", metrics
    )


def lines(folder, name="results"):
    file = folder / "run" / f"{name}.jsonl"
    return file.read_text("utf-8").splitlines() if file.exists() else []


def test_a_run_that_is_stopped_says_how_it_goes_on(folder):
    started, said = run(folder), folder / "errors.txt"
    while "Writing to" not in said.read_text("utf-8") and started.poll() is None:
        time.sleep(0.05)
    started.send_signal(signal.SIGINT)
    assert started.wait() == 130, said.read_text("utf-8")
    assert "run holds what is done; the same command goes on from there." in said.read_text("utf-8")


def test_a_killed_run_loses_one_question_at_most_and_a_second_run_only_reads(folder):
    kept = []
    for file in ("results", "judgements"):
        started = run(folder)
        while not lines(folder, file) and started.poll() is None:
            time.sleep(0.05)
        started.send_signal(signal.SIGKILL)
        assert started.wait() == -signal.SIGKILL, "the run was over before it was killed"
        assert lines(folder, file), (folder / "errors.txt").read_text("utf-8")
        kept.append((file, lines(folder, file)))

    last = run(folder)
    assert last.wait() == 0, (folder / "errors.txt").read_text("utf-8")
    assert all(lines(folder, file)[: len(before)] == before for file, before in kept)
    results = read_results(folder / "run")
    assert list(results) == ["kettle-time", "bread-oven"]
    assert len(lines(folder)) == 2
    assert len(lines(folder, "judgements")) == 4

    judgements = [result["judged"][metric] for result in results.values() for metric in METRICS]
    assert [judgement["reason"] for judgement in judgements if judgement["status"] == "failed"] == []
    judged = [judgement for judgement in judgements if judgement["status"] == "judged"]
    assert len(judged) >= 2, "the questions were not answered, so nothing was judged"
    assert all(0 <= judgement["value"] <= 1 for judgement in judged)
    calls = [call for judgement in judged for call in judgement["calls"]]
    assert all(json.loads(call["output"]) and not call["error"] for call in calls)
    weighed = [verdict["expected"] for call in calls for verdict in call["verdicts"]]
    assert weighed
    assert all(expected is not None and 0 <= expected <= 1 for expected in weighed)

    described = json.loads((folder / "run" / "run.json").read_text("utf-8"))
    assert described["finished"]
    assert described["judge"] == described["llm"]
    assert described["parts"]["embedder"].startswith("sha256:")
    assert described["split"] is None
    report = (folder / "run" / "report.md").read_text("utf-8")
    assert "| faithfulness |" in report
    assert "The run was not finished" not in report
    answers_nothing_twice(folder, results)


def answers_nothing_twice(folder, first):
    """Run again: everything is taken from what was kept, and no model is loaded."""
    shutil.rmtree(folder / "run")
    start = time.monotonic()
    assert run(folder).wait() == 0
    assert time.monotonic() - start < 20
    assert "6 answers and judgements were kept from before, 0 are new" in (folder / "errors.txt").read_text("utf-8")
    for name, result in read_results(folder / "run").items():
        assert result["judged"] == first[name]["judged"]
        assert result["answer"] == first[name]["answer"]


def test_a_finished_run_asks_nothing_again(folder):
    (folder / "questions.jsonl").write_text(json.dumps(QUESTIONS[0]) + "\n", encoding="utf-8")
    arguments = ["-m", "eval", "run", "--questions", "questions.jsonl", "--index", "index", "--out", "run", "--metrics", "none"]
    assert python(folder, *arguments).wait() == 0, (folder / "errors.txt").read_text("utf-8")
    before = lines(folder)
    assert python(folder, *arguments).wait() == 0
    assert lines(folder) == before
    assert len(before) == 1


def test_an_edit_is_timed_where_everything_is_loaded(folder):
    page = folder / "notes" / "bread.md"
    done = subprocess.run(
        [sys.executable, "-m", "eval.bench.warm", str(folder / "notes"), str(folder / "index"), str(page)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    seconds = json.loads(done.stdout)
    assert 0 < seconds["total"] < 5
    assert seconds["embed"] < seconds["total"]
    assert page.read_text("utf-8").count("an editor has just added") == 2


def test_ingests_are_timed_as_processes_and_do_what_they_say(tmp_path, embedder_folder):
    (tmp_path / "notes").mkdir()
    (tmp_path / "scratch").mkdir()
    for name, text in PAGES.items():
        (tmp_path / "notes" / name).write_text(text, encoding="utf-8")
    timings = time_ingests(tmp_path / "notes", tmp_path / "scratch", None, ProgressBar(quiet=True))
    assert [timing.what for timing in timings] == ["first ingest", "ingest, nothing changed", "ingest, one page edited"]
    assert [timing.note.split(", ")[-1] for timing in timings] == ["2 embedded", "0 embedded", "1 embedded"]
    assert all(timing.p50_s > 0 for timing in timings)
    assert {path.name: path.read_text("utf-8") for path in (tmp_path / "notes").iterdir()} == PAGES
