"""The comparison from end to end with drivers that are real processes and no real peer; nothing is installed."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from eval.bench.peers.catalogue import OWN, Peer
from eval.bench.peers.environment import DONE
from eval.bench.peers.material import Probe
from eval.bench.peers.record import Origin, Record
from eval.bench.peers.report import report
from eval.bench.peers.run import Comparison, Plan
from eval.bench.peers.work import Bench
from eval.evidence_sets import EvidenceSet, Sought, Stretch
from rag.config import Config

FAKE = str(Path(__file__).with_name("fake_peer.py"))
PAGES = {
    "tea.md": "# Tea\n\nTea is steeped for four minutes.\n",
    "bert.md": "# BERT\n\nBERT read 3.3 billion words.\n",
    "gpt.md": "# GPT\n\nGPT was built by OpenAI.\n",
}
SETTINGS = {"corpora": ["notes"], "embedder": "e", "llm": "l", "passages": 4, "set": "s"}


@pytest.fixture
def bench(tmp_path):
    corpus = tmp_path / "notes"
    corpus.mkdir()
    for name, text in PAGES.items():
        (corpus / name).write_text(text)
    probe = Probe("How long is tea steeped?", "tea.md", "four minutes")
    (tmp_path / "scratch").mkdir()
    (tmp_path / "weights").mkdir()
    return Bench(
        corpora=(corpus,),
        questions=("who built gpt?", "what did bert read?"),
        asked=("who built gpt?", "what did bert read?"),
        probe=probe,
        embedder=tmp_path / "weights",
        gguf=tmp_path / "none.gguf",
        context_tokens=512,
        threads=1,
        config=None,
        home=tmp_path / "home",
        scratch=tmp_path / "scratch",
        kept=tmp_path / "kept",
        timeout_s=30.0,
        root=tmp_path,
    )


def peer(tmp_path, name, mood):
    """A peer with an environment that is there already, which is this one."""
    folder = tmp_path / name
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    wanted = folder.with_suffix(".txt")
    wanted.write_text("nothing==1\n")
    made = {"seconds": 3.0, "bytes": 1000, "python": "3", "versions": {}, "requirements": "nothing==1\n"}
    (folder / DONE).write_text(json.dumps(made))
    return Peer(name, name, FAKE, str(folder), settings={"mood": mood})


def own():
    return Peer(OWN, "this system", FAKE, settings={"mood": "own"})


def questions(corpus):
    evidence = ((Stretch("gpt.md", 7, 31),),)
    return EvidenceSet("a set", corpus, (Sought("gpt", "who built gpt?", (), "fact", "test", evidence),))


def compare(bench, record, peers, steps, **more):
    lines = []
    comparison = Comparison(
        bench,
        Config(),
        questions(bench.corpora[0]),
        lambda: lambda text: len(text.split()),
        record,
        Origin("the command", "the commit"),
        lines.append,
    )
    done = comparison.run(Plan(peers, steps, more.pop("rounds", 2), more.pop("sizes", []), **more))
    return done, lines


def test_everything_is_measured_and_told(bench, tmp_path):
    record = Record(tmp_path / "out.json", SETTINGS)
    peers = [own(), peer(tmp_path, "plain", ""), peer(tmp_path, "hoards", "forgets nothing")]
    done, lines = compare(bench, record, peers, ["install", "rounds", "evidence", "growth"], sizes=[12])
    cells = record.data["peers"]
    assert done
    assert len(lines) == 3 + 2 * 3 + 3 + 3
    for name in (OWN, "plain", "hoards"):
        for step in ("full", "unchanged", "edited", "search"):
            assert [cells[name][step][number]["s"] > 0 for number in ("0", "1")] == [True, True]
        assert cells[name]["full"]["0"]["chunks"] == 3
        assert cells[name]["full"]["0"]["peak_bytes"] > 10**6
        assert cells[name]["full"]["0"]["index_bytes"] > 50
        assert cells[name]["growth"]["12"]["documents"] == 2
    assert [cells[name]["deleted"]["0"]["after"] for name in (OWN, "plain", "hoards")] == [False, False, True]
    assert cells["plain"]["evidence"]["summary"]["all@1024"]["value"] == 1.0
    page, _ = report({**record.data})
    assert "| this system |" in page


def test_a_second_run_fills_what_is_missing(bench, tmp_path):
    file = tmp_path / "out.json"
    compare(bench, Record(file, SETTINGS), [own()], ["rounds"], rounds=1)
    before = json.loads(file.read_text())["peers"][OWN]["full"]["0"]
    _, lines = compare(bench, Record(file, SETTINGS), [own()], ["rounds"], rounds=2)
    assert [line.partition(":")[0] for line in lines] == ["round 2, own"]
    assert json.loads(file.read_text())["peers"][OWN]["full"]["0"] == before


@pytest.mark.parametrize(
    ("mood", "step", "reason"),
    [("dies", "full", "ended with status 3"), ("cannot search", "search", "LookupError: there is no search here")],
)
def test_what_a_peer_cannot_do_is_recorded_and_the_rest_goes_on(bench, tmp_path, mood, step, reason):
    record = Record(tmp_path / "out.json", SETTINGS)
    compare(bench, record, [own(), peer(tmp_path, "ill", mood)], ["rounds", "evidence"], rounds=1)
    assert record.cell("ill", step, "0")["failed"].startswith(reason)
    assert record.cell("ill", "evidence")["failed"].startswith(reason)
    assert "s" in record.cell(OWN, "search", "0")


def test_answers_of_ours_are_timed_and_a_peer_without_an_engine_says_so(bench, tmp_path):
    record = Record(tmp_path / "out.json", SETTINGS)
    compare(bench, record, [own(), peer(tmp_path, "plain", "")], ["ask"])
    mine = record.cell(OWN, "ask")
    assert mine["cold_first_token_s"] > 0
    assert [each["text"] for each in mine["answers"]] == ["It is gpt.md", "It is bert.md"]
    assert mine["answers"][1]["first_token_s"] <= mine["answers"][1]["total_s"]
    assert "the engine did not start" in record.cell("plain", "ask")["failed"]


def test_a_timeout_is_a_result_and_larger_sizes_are_not_tried(bench, tmp_path):
    record = Record(tmp_path / "out.json", SETTINGS)
    compare(replace(bench, timeout_s=0.001), record, [own()], ["growth"], sizes=[6, 12])
    assert record.cell(OWN, "growth", "6")["failed"] == "not finished in 0 s"
    assert record.cell(OWN, "growth", "12")["failed"] == "not tried, since 6 sections failed: not finished in 0 s"
