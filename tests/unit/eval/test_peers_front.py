"""The README's table from results, the small run, and how long things are said to take. Nothing is run."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest

from eval.bench.peers.catalogue import OWN, PEERS, choose
from eval.bench.peers.duration import Work, expected_s
from eval.bench.peers.front import BEGIN, END, between, front_table
from eval.bench.peers.material import some_pages, words_in
from eval.bench.peers.record import FORMAT, read_record
from eval.bench.peers.report import report
from eval.bench.peers.run import STEPS, Comparison
from eval.cli import main
from eval.questions import DEFAULT_FILE, read_question_file
from rag.errors import ConfigError
from tests.unit.eval.test_peers_report import results, row, stamped

ROOT = Path(__file__).parents[3]
RESULTS = ROOT / "docs" / "benchmarks.json"
PAGE = ROOT / "docs" / "BENCHMARKS.md"
README = ROOT / "README.md"


def made():
    return {**stamped(results()), "format": FORMAT}


def test_the_table_has_a_row_a_figure_and_ratios_to_ours():
    text = front_table(made())
    assert text.splitlines()[0] == "|  | this system | haiku.rag | txtai |"
    assert row(text, "full ingest, s") == "| full ingest, s | 11.0 | –[^bench-1] | 50.0 (5.0x) |"
    assert row(text, "again, unchanged, s") == "| again, unchanged, s | 1.0 | –[^bench-1] | 30.0 (30x) |"
    assert row(text, "one page edited, s") == "| one page edited, s | 2.0 | –[^bench-1] | 40.0 (20x)[^bench-2] |"
    assert row(text, "a deleted page is still found") == "| a deleted page is still found | no | –[^bench-1] | **yes** |"
    assert row(text, "question to passages, ms") == "| question to passages, ms | 20 | –[^bench-1] | 100 (5.0x) |"
    assert row(text, "question to first token, s") == "| question to first token, s | 2.0 | –[^bench-1] | –[^bench-3] |"
    assert row(text, "all the evidence in 1,024 tokens") == "| all the evidence in 1,024 tokens | 90% | –[^bench-1] | –[^bench-4] |"
    assert row(text, "memory to answer, MB") == "| memory to answer, MB | 2,000 | –[^bench-1] | 3,000 |"
    assert (
        "3 pages of corpus; the same embedder (MiniLM) and language model (qwen) for all; P, 2 cores; 2026-01-02, at abc123."
        in text
    )
    assert "[^bench-3]: txtai: the answer is empty\n" in text


def test_a_row_without_a_figure_is_left_out_and_a_slower_one_is_below_1():
    data = made()
    for steps in data["peers"].values():
        steps.pop("ask", None)
        steps.pop("evidence", None)
    for cell in data["peers"]["txtai"]["full"].values():
        cell["s"] = 5.5
    text = front_table(data)
    assert "first token" not in text
    assert "evidence" not in text
    assert row(text, "full ingest, s").endswith("| 5.5 (0.5x) |")


def test_results_without_a_figure_make_no_table():
    with pytest.raises(ConfigError, match="no figure"):
        front_table({**made(), "peers": {}, "limits": {}})


def test_the_command_prints_the_table(tmp_path, capsys):
    file = tmp_path / "results.json"
    file.write_text(json.dumps(made()))
    assert main(["bench", "table", str(file)]) == 0
    assert capsys.readouterr().out == front_table(made())


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["table"], "No results are named"),
        (["table", "nowhere.json"], "cannot be read"),
        (["own", "results.json"], "own takes no file"),
    ],
)
def test_a_wrong_use_of_results_is_refused(arguments, reason):
    with pytest.raises(ConfigError, match=reason):
        main(["bench", *arguments])


def test_what_stands_between_the_marks():
    assert between("# Title\n") is None
    assert between(f"a\n\n{BEGIN}\n\n| x |\n| y |\n\n{END}\nb\n") == "| x |\n| y |\n"
    for wrong in (BEGIN, END, f"{END}\n{BEGIN}", f"{BEGIN}{BEGIN}{END}"):
        with pytest.raises(ConfigError, match="do not fit together"):
            between(wrong)


def test_the_table_of_the_readme_is_the_one_that_the_results_give():
    shown = between(README.read_text("utf-8"))
    if RESULTS.exists():
        assert shown == front_table(read_record(RESULTS))
    else:
        assert shown is None  # a table without results would have been typed


def test_the_page_of_results_is_the_one_that_the_results_give():
    shown = {file.name: file.read_text("utf-8") for file in (ROOT / "docs" / "images").glob("bench-*.svg")}
    if RESULTS.exists():
        page, pictures = report(read_record(RESULTS))
        assert PAGE.read_text("utf-8") == page
        assert shown == pictures
    else:
        assert not PAGE.exists()
        assert shown == {}


def test_a_part_of_the_corpus_has_what_is_needed_and_is_spread(tmp_path):
    notes = tmp_path / "notes"
    for number in range(20):
        page = notes / f"part{number % 4}" / f"page{number:02d}.md"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text("word " * 100)
    (notes / "picture.canvas").write_text("{}")
    needed = ["part3/page19.md", "part0/page00.md", "gone.md"]
    assert some_pages(notes, tmp_path / "part", needed, 700) == 700
    pages = {file.relative_to(tmp_path / "part").as_posix() for file in (tmp_path / "part").rglob("*.*")}
    assert {"part3/page19.md", "part0/page00.md"} < pages
    assert len(pages) == 7
    assert len({page.partition("/")[0] for page in pages}) == 4
    assert words_in([tmp_path / "part"]) == 700
    assert some_pages(notes, tmp_path / "few", needed, 100) == 200


WORK = Work(words=20_000, rounds=1, searched=20, answers=2, sizes=[1000], timeout_s=600.0, installed=frozenset({"haiku"}))


def test_more_work_is_said_to_take_longer():
    base = expected_s(PEERS, STEPS, WORK)
    for change in ({"words": 200_000}, {"rounds": 3}, {"answers": 9}, {"sizes": [1000, 10_000]}, {"installed": frozenset()}):
        assert expected_s(PEERS, STEPS, dataclasses.replace(WORK, **change)) > base, change
    assert expected_s(choose([OWN]), STEPS, WORK) < base
    for step in STEPS:
        assert expected_s(PEERS, [each for each in STEPS if each != step], WORK) < base, step


def test_what_is_given_up_costs_no_more_than_the_timeout():
    short = dataclasses.replace(WORK, timeout_s=60.0, sizes=[100_000, 1_000_000])
    assert expected_s(PEERS, ["growth"], short) < len(PEERS) * 2 * 60


@pytest.fixture
def seen(monkeypatch, tmp_path):
    """What a comparison was asked to do, in the place of doing it."""
    found = {}

    def run(self, plan):
        found.update(plan=plan, bench=self.bench, origin=self.origin, pages=sorted(self.bench.corpora[0].rglob("*.md")))
        found["words"] = words_in(self.bench.corpora)
        return True

    monkeypatch.setattr(Comparison, "run", run)
    (tmp_path / "weights.gguf").write_bytes(b"GGUF")
    (tmp_path / "embedder").mkdir()
    (tmp_path / "embedder" / "config.json").write_text("{}")
    monkeypatch.setenv("RAG_LLM", f"gguf:{tmp_path / 'weights.gguf'}")
    monkeypatch.setenv("RAG_EMBEDDER", str(tmp_path / "embedder"))
    monkeypatch.chdir(ROOT)
    return found


def test_a_quick_run_takes_a_part_of_everything(seen, tmp_path, capsys):
    arguments = ["bench", "peers", "--quick", "--home", str(tmp_path / "peers home"), "--out", str(tmp_path / "out.json")]
    assert main(arguments) == 0
    plan, bench = seen["plan"], seen["bench"]
    assert plan.peers == PEERS
    assert (plan.rounds, tuple(plan.steps)) == (1, ("install", "limits", "rounds", "ask"))
    assert len(bench.asked) == 7
    held = {page.relative_to(bench.corpora[0]).as_posix() for page in seen["pages"]}
    of_text = {question.question: question for question in read_question_file(DEFAULT_FILE).questions}
    for asked in bench.asked:
        assert all(held & {place.page for place in piece.places} for piece in of_text[asked].evidence), asked
    assert bench.timeout_s == 240
    assert 20_000 <= seen["words"] < 25_000
    assert 15 < len(seen["pages"]) < 60
    assert bench.corpora[0] / bench.probe.page in seen["pages"]
    said = capsys.readouterr().err
    assert "own, llamaindex, llamaindex-docstore, langchain, haiku, txtai: install, limits, rounds, ask; 1 round over 2" in said
    assert "of that some for installing haiku, langchain, llamaindex, txtai" in said
    assert seen["origin"].command == f"python -m eval bench peers --quick --home '{tmp_path}/peers home' --out {tmp_path}/out.json"


TOLD_TO_END = """
import os, signal, sys, time
from eval.bench.peers.run import Comparison
from eval.cli import main

def run(self, plan):
    print(self.bench.scratch, self.bench.scratch.exists(), flush=True)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(30)

Comparison.run = run
sys.exit(main(["bench", "peers", "--quick", "--out", sys.argv[1]]))
"""


def test_a_run_that_is_told_to_end_cleans_up(seen, tmp_path):
    # In a process of its own: a signal to this one would end a worker of the tests where another library listens.
    command = [sys.executable, "-c", TOLD_TO_END, str(tmp_path / "out.json")]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 143, ended.stderr
    scratch, there = ended.stdout.split()
    assert there == "True"
    assert not Path(scratch).exists()


def test_installed_peers_make_a_quick_run_one_of_some_twenty_minutes():
    work = dataclasses.replace(
        WORK, words=21_000, installed=frozenset({"haiku", "langchain", "llamaindex", "txtai"}), timeout_s=240
    )
    assert 15 < expected_s(PEERS, ["install", "limits", "rounds", "ask"], work) / 60 < 30


@pytest.mark.parametrize(("given", "part"), [([], "peers --quick"), (["ARGS=own --answers 1"], "own --answers 1")])
def test_make_bench_compares_quickly_unless_told_otherwise(given, part):
    said = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", "bench", *given], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    lines = said.strip().splitlines()
    assert lines[-1].endswith(f"python -m eval bench {part}")
    [told] = [line for line in lines if line.startswith("echo") and "eval bench" in line]
    assert f"python -m eval bench {part};" in told
    assert "how long" in told
