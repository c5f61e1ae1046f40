"""What the systems are given, how their passages are found in the pages, and what is kept between runs."""

from __future__ import annotations

import dataclasses
import re
import shutil
import sys

import pytest

from eval.bench.peers import environment
from eval.bench.peers.catalogue import Peer
from eval.bench.peers.evidence import Shown, spans_of
from eval.bench.peers.kept import Shape, keep, kept, shape_of
from eval.bench.peers.material import Probe, copy_pages, edit, find_probe, first_page, in_corpus, make_pages
from eval.bench.peers.process import PeerFailureError
from eval.bench.peers.record import Origin, Record, attempted, cells_of
from eval.evidence_sets import Sought
from rag.errors import ConfigError
from tests.unit.eval.parts import question

SOURCE = "# GPT\n\nThe **Generative** [model](https://a.b/c) was built by OpenAI.\n\n| size | 117M |\n| --- | --- |\n"


def shown_of(text):
    spans, lost = spans_of(text, SOURCE)
    return [SOURCE[start:end] for start, end in spans], lost


def test_text_without_its_marks_is_found():
    assert shown_of("The Generative") == (["The **Generative"], 0)
    assert shown_of("size = 117M") == (["size | 117M"], 0)


def test_text_that_skips_something_is_found_in_parts():
    found, lost = shown_of("The Generative model was built by OpenAI.")
    assert lost == 0
    assert found == ["The **Generative** [model", "was built by OpenAI"]


def test_words_that_are_not_there_are_counted():
    assert shown_of("nothing of this is there at all") == ([], 7)
    assert shown_of("...") == ([], 0)
    assert shown_of("") == ([], 0)


class Driver:
    def __init__(self, passages):
        self.passages = passages
        self.calls = 0

    def call(self, verb, timeout_s, **fields):
        self.calls += 1
        return {"passages": self.passages}


def sought():
    return Sought("one", "Who?", (), "fact", "test", ())


def test_passages_of_a_peer_fill_the_budget_by_our_counter_and_are_asked_for_once():
    driver = Driver(
        [{"path": "a.md", "text": "The Generative"}, {"path": "a.md", "text": "made up " * 50}, {"path": "a.md", "text": "117M"}]
    )
    peer = Peer("x", "X", "x.py", "x")
    system = Shown(peer, driver, lambda path: path, lambda path: SOURCE, lambda text: len(text.split()), 1.0)
    found = system.find(sought(), 20, 10)
    assert [SOURCE[start:end] for one in found for start, end in one.spans] == ["The **Generative", "117M"]
    assert [one.tokens for one in found] == [5, 4]
    assert len(system.find(sought(), 10**6, 10)) == 3
    assert driver.calls == 1
    assert system.lost == 100


def test_our_own_passages_bring_their_places():
    driver = Driver([{"path": "a.md", "text": "x", "spans": [[3, 9]], "tokens": 12}])
    system = Shown(Peer("own", "ours", "x.py"), driver, lambda path: path, lambda path: SOURCE, len, 1.0)
    [found] = system.find(sought(), 512, 8)
    assert (found.path, found.spans, found.tokens) == ("a.md", ((3, 9),), 12)


def test_the_page_to_delete_is_the_only_evidence(tmp_path):
    two = {"page": "b.md", "heading": "B", "quote": "something else", "alternatives": []}
    plain = question(id="plain")
    page = plain.evidence[0].page
    (tmp_path / page).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / page).write_text("text")
    several = question(id="several", evidence=[plain.evidence[0].model_dump(), two])
    assert find_probe([several, plain], tmp_path) == Probe(plain.question, page, plain.evidence[0].quote)
    assert find_probe([several], tmp_path) is None
    assert find_probe([plain], tmp_path / "elsewhere") is None


def test_corpora_are_copied_without_hidden_files_and_edited(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.md").write_text("# A\n\nText.\n")
        (tmp_path / name / ".hidden.md").write_text("# B\n")
    assert copy_pages([tmp_path / "one", tmp_path / "two"], tmp_path / "all") == 2
    page = first_page(tmp_path / "all", "a.md")
    assert page == tmp_path / "all" / "two" / "a.md"
    edit(page, 3)
    edit(page, 4)
    assert page.read_text().count("just added") == 2
    assert "number 4" in page.read_text()


def test_made_up_pages_are_the_same_every_time(tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.md").write_text("# Apples\n\nThe quick brown fox likes apples and pears.\n")
    assert make_pages(tmp_path / "x", 7, tmp_path / "notes") == 2
    assert make_pages(tmp_path / "y", 7, tmp_path / "notes") == 2
    [first, second] = sorted((tmp_path / "x").rglob("*.md"))
    assert first.read_text() == (tmp_path / "y" / first.relative_to(tmp_path / "x")).read_text() != second.read_text()
    assert first.read_text().count("## ") == 6


def test_paths_of_peers(tmp_path):
    assert in_corpus(str(tmp_path / "a" / "b.md"), tmp_path) == "a/b.md"
    assert in_corpus((tmp_path / "a b.md").as_uri(), tmp_path) == "a b.md"
    assert in_corpus("a/b.md", tmp_path) == "a/b.md"
    assert in_corpus("/elsewhere/b.md", tmp_path) == "/elsewhere/b.md"


ORIGIN = Origin("python -m eval bench peers --home /home/me/peers --rounds 2", "abc123")


def test_a_record_is_taken_up_and_refused_for_other_settings(tmp_path):
    file = tmp_path / "out" / "peers.json"
    record = Record(file, {"llm": "a"})
    assert record.cell("own", "full", "0") is None
    record.put("own", "full", {"s": 1.0}, ORIGIN, "0")
    record.put("own", "install", attempted(lambda: (_ for _ in ()).throw(PeerFailureError("no wheel"))), ORIGIN)
    again = Record(file, {"llm": "a"})
    assert again.cell("own", "full", "0")["s"] == 1.0
    assert again.cell("own", "full", "1") is None
    assert again.cell("own", "install")["failed"] == "no wheel"
    with pytest.raises(ConfigError, match="another llm"):
        Record(file, {"llm": "b"})
    file.write_text("{}")
    with pytest.raises(ConfigError, match="not a result of this version"):
        Record(file, {"llm": "a"})
    assert [each.name for each in file.parent.iterdir()] == ["peers.json"]


def test_every_cell_says_what_it_was_measured_with(tmp_path):
    file = tmp_path / "peers.json"
    record = Record(file, {})
    record.put("own", "full", {"s": 1.0}, ORIGIN, "0")
    record = Record(file, {})
    record.put("own", "ask", {"answers": []}, Origin("another", "def456"))
    cells = {step: cell["measured"] for step, cell in cells_of(record.data)}
    assert {step: (each["command"], each["code"]) for step, each in cells.items()} == {
        "full": ("python -m eval bench peers --home …/peers --rounds 2", "abc123"),
        "ask": ("another", "def456"),
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", cells["ask"]["date"])


@pytest.fixture
def shaped(tmp_path):
    """A peer with all that shapes its store, and a function that says the shape."""
    for name in ("one", "two", "weights"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.md").write_text("# A\n")
    (tmp_path / "drivers").mkdir()
    (tmp_path / "drivers" / "drive.py").write_text("cut(256)")
    (tmp_path / "drivers" / "wire.py").write_text("")
    (tmp_path / "x.txt").write_text("x==1\n")
    (tmp_path / "x").mkdir()
    peer = Peer("x", "X", str(tmp_path / "drivers" / "drive.py"), str(tmp_path / "x"))

    def shape(of=peer, corpora=("one",)):
        return shape_of(of, [tmp_path / name for name in corpora], tmp_path / "weights", None, tmp_path)

    return peer, shape


@pytest.mark.parametrize(
    ("file", "part"),
    [
        ("one/a.md", "pages"),
        ("one/more.md", "pages"),
        ("weights/model.bin", "embedder"),
        ("x.txt", "version"),
        ("x/installed.json", "version"),
        ("drivers/drive.py", "driver"),
        ("drivers/wire.py", "driver"),
    ],
)
def test_a_store_is_only_used_again_by_what_made_it(shaped, tmp_path, file, part):
    _, shape = shaped
    before = shape()
    keep(tmp_path / "kept", before, tmp_path / "one", tmp_path / "two")
    assert (kept(tmp_path / "kept", shape()) / "store" / "a.md").exists()
    (tmp_path / file).write_text("changed")
    after = shape()
    assert [name for name in Shape.__slots__ if getattr(before, name) != getattr(after, name)] == [part]
    assert kept(tmp_path / "kept", after) is None


def test_settings_of_a_peer_and_the_number_of_pages_shape_its_store(shaped, tmp_path):
    peer, shape = shaped
    other = dataclasses.replace(peer, settings={"docstore": True})
    assert len({shape().key, shape(other).key, shape(corpora=("one", "two")).key, shape(corpora=("two", "one")).key}) == 4
    before = shape()
    (tmp_path / "one" / ".hidden").write_text("is not copied")
    assert shape() == before


def test_our_own_store_depends_on_code_and_configuration(monkeypatch, tmp_path, shaped):
    peer, shape = shaped
    own = dataclasses.replace(peer, name="own", requirements="")
    before = shape(own)
    assert shape(own) == before
    monkeypatch.setenv("RAG_CHUNK_TOKENS", "100")
    assert shape(own).version != before.version
    monkeypatch.delenv("RAG_CHUNK_TOKENS")
    code = tmp_path / "code"
    code.mkdir()
    monkeypatch.setattr("eval.bench.peers.kept._RAG", code)
    without = shape(own).version
    (code / "chunk.py").write_text("CHUNKER_VERSION = 9")
    assert shape(own).version != without


def test_one_store_of_a_peer_is_kept_and_only_whole(shaped, tmp_path):
    peer, shape = shaped
    folder = tmp_path / "kept"
    keep(folder, shape(), tmp_path / "one", tmp_path / "two")
    with pytest.raises((FileNotFoundError, shutil.Error)):
        keep(folder, shape(), tmp_path / "one", tmp_path / "not there")
    assert kept(folder, shape()) is None
    other = shape(dataclasses.replace(peer, settings={"docstore": True}))
    keep(folder, other, tmp_path / "one", tmp_path / "two")
    assert [each.name for each in (folder / "x").iterdir()] == [other.key]


def test_a_python_that_is_too_old_is_the_reason(monkeypatch):
    assert environment.find_python((3, 11)) == sys.executable
    monkeypatch.setenv("PATH", "")
    with pytest.raises(PeerFailureError, match=r"needs Python 3\.19; this machine has 3\."):
        environment.find_python((3, 19))


def test_a_program_of_that_name_that_does_not_run_is_passed_over(monkeypatch, tmp_path):
    shim = tmp_path / "python3.19"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PeerFailureError, match="needs Python"):
        environment.find_python((3, 19))
    shim.write_text("#!/bin/sh\nexit 0\n")
    assert environment.find_python((3, 19)) == str(shim)


def test_an_environment_is_made_once(monkeypatch, tmp_path):
    peer = Peer("txtai", "txtai", "drive_txtai.py", "txtai")
    commands = []

    def run(command, timeout_s):
        commands.append(command)
        (tmp_path / "txtai").mkdir(exist_ok=True)
        return '[{"name": "txtai", "version": "9"}]' if "list" in command else "3.11.7\n"

    monkeypatch.setattr(environment, "_run", run)
    first = environment.install(peer, tmp_path, 1.0)
    made = len(commands)
    assert first["versions"] == {"txtai": "9"}
    assert environment.install(peer, tmp_path, 1.0) == first
    assert len(commands) == made
    environment.install(peer, tmp_path, 1.0, again=True)
    assert len(commands) == 2 * made
    (tmp_path / "txtai").rename(tmp_path / "elsewhere")
    (tmp_path / "txtai").symlink_to(tmp_path / "elsewhere")
    assert environment.install(peer, tmp_path, 1.0)["versions"] == first["versions"]
    assert len(commands) == 2 * made
    environment.install(peer, tmp_path, 1.0, again=True)
    assert (tmp_path / "elsewhere" / environment.DONE).exists()
    assert not (tmp_path / "txtai").is_symlink()


def test_drivers_of_peers_do_not_see_this_project(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    assert "PYTHONPATH" not in environment.environment_of(Peer("x", "X", "x.py", "x"))
    assert environment.environment_of(Peer("own", "ours", "x.py"))["PYTHONPATH"] != "/somewhere"
    assert environment.environment_of(Peer("x", "X", "x.py", "x"))["HF_HUB_OFFLINE"] == "1"
