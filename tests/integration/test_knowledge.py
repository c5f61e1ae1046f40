"""The knowledge base tab over a real index: what its buttons do."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from rag.ui.actions import Actions
from rag.ui.knowledge import render
from rag.ui.knowledge.health import Checkup
from rag.ui.knowledge.pages import Pages
from rag.ui.knowledge.tab import KnowledgeTab
from rag.ui.knowledge.update import Update
from rag.ui.knowledge.watch import Watch
from rag.ui.store import Conversations, Database
from tests.ui_library import NOTES, word_library, write_notes
from tests.unit.ui.hostile import HOSTILE
from tests.unit.ui.inert import assert_inert


class Tab:
    """The tab over a folder of notes."""

    def __init__(self, tmp_path, pause_s=0.0, notes=NOTES):
        write_notes(tmp_path / "corpus", notes)
        self.corpus = tmp_path / "corpus"
        self.library = word_library(self.corpus, tmp_path / "index", pause_s)
        self.watch = Watch(self.library, 0)
        self.update = Update(self.library, self.watch.forget)
        self.chats = Conversations(Database(None))
        self.actions = Actions()
        self.tab = KnowledgeTab(self.library, self.watch, self.update, Pages(self.library), self.chats)
        self.tab.offer(self.actions)

    def act(self, name, **arguments):
        status, reply = asyncio.run(self.actions.perform(name, "ann", json.dumps(arguments).encode()))
        assert status == 200, reply
        for html in reply.get("parts", {}).values():
            assert_inert(html)
        return reply

    def ingest(self):
        self.act("update-start")
        assert self.update.wait(60)
        return self.act("update")


def words(reply, part):
    return assert_inert(reply["parts"][part])


@pytest.fixture
def tab(tmp_path):
    return Tab(tmp_path)


def test_before_the_first_index_it_offers_to_read_the_notes(tab):
    reply = tab.act("knowledge")
    assert "4 new: read them now" in words(reply, "update")
    assert "There is no index yet" in words(reply, "pages-main")


def test_reading_the_notes_shows_progress_and_then_the_pages(tmp_path):
    tab = Tab(tmp_path, pause_s=0.15)
    reply = tab.act("update-start")
    assert reply["poll"]["name"] == "update"
    assert "…" in words(reply, "update")
    assert tab.update.wait(60)
    ended = tab.act("update")
    assert "Done in" in words(ended, "update")
    assert ended["poll"] == {"name": "knowledge", "after_s": 0}
    assert "poll" not in tab.act("update")
    shown = tab.act("knowledge")
    assert "The index is up to date" in words(shown, "update")
    pages = words(shown, "pages-main")
    assert "3 pages" in pages
    assert "LoRAguide/lora.md" in pages
    assert "not indexed: " in pages
    assert "answers questions" in words(shown, "generations")


def test_a_running_ingest_says_how_far_it_is_and_can_be_stopped(tmp_path):
    tab = Tab(tmp_path, pause_s=0.15)
    tab.act("update-start")
    assert "already" in tab.act("update-start")["problem"]
    end = time.monotonic() + 20
    while time.monotonic() < end and " of 4" not in words(tab.act("update"), "update"):
        time.sleep(0.02)
    assert '<progress value="0.' in tab.act("update")["parts"]["update"]
    tab.act("update-stop")
    assert tab.update.wait(20)
    assert "Stopped; the index is as it was." in words(tab.act("update"), "update")
    assert tab.library.index.pointer() is None


def test_what_differs_is_shown_before_it_is_read(tab):
    tab.ingest()
    write_notes(tab.corpus, {"guide/lora.md": "# LoRA\n\nIt is new.\n", "guide/new.md": "# New\n\nHello.\n"})
    (tab.corpus / "notes/sampling.md").unlink()
    shown = words(tab.act("compare"), "update")
    assert "1 changed, 1 new, 1 removed" in shown
    for path in ("guide/lora.md", "guide/new.md", "notes/sampling.md"):
        assert path in shown
    assert tab.watch.changes == 3
    tab.ingest()
    tab.watch.look_now()
    assert tab.watch.changes == 0


def test_searching_and_filtering(tab):
    tab.ingest()
    assert "1 page of 4" in words(tab.act("pages", words="lora"), "pages-list")
    assert "2 pages of 4" in words(tab.act("pages", site="guide"), "pages-list")
    assert "broken.md" in words(tab.act("pages", only="unread"), "pages-list")
    assert "No page fits." in words(tab.act("pages", words="zebra"), "pages-list")
    assert "4 pages" in words(tab.act("pages", words=7, site=None), "pages-list")


def test_a_page_rendered_and_as_chunks(tab):
    tab.ingest()
    reply = tab.act("page", path="guide/lora.md")
    html = reply["parts"]["pages-main"]
    assert "<h3>Rank</h3>" in html
    assert "tags" in words(reply, "pages-main")
    assert "---" not in words(reply, "pages-main")
    assert "the missing page (nowhere.md)" in words(reply, "pages-main")
    chunks = words(tab.act("page", path="guide/lora.md", shown="chunks"), "pages-main")
    assert "1. LoRA" in chunks
    assert "A rank of 8" in chunks
    assert "4 pages" in words(tab.act("pages-back"), "pages-main")


def test_a_look_that_ends_while_it_is_shown_is_shown_again(tab, monkeypatch):
    health, drawn = tab.tab._health, render.health

    def shown(checkup, silent):
        health.checkup = Checkup(groups=())
        return drawn(checkup, silent)

    health.checkup = Checkup(running=True)
    monkeypatch.setattr(render, "health", shown)
    assert "Reading every page" in words(reply := tab.act("health"), "health")
    assert reply["poll"]["name"] == "health"
    assert "poll" not in tab.act("health")


@pytest.mark.parametrize("path", ["", "../rag.toml", "/etc/passwd", "guide/none.md", "notes/broken.md"])
def test_nothing_but_indexed_pages_is_shown(tab, path):
    tab.ingest()
    assert "not in the index" in tab.act("page", path=path)["problem"]


def test_health_lists_broken_links_and_silent_questions(tab):
    tab.ingest()
    conversation = tab.chats.start("ann", "Who won?")
    tab.chats.begin_turn("ann", conversation, "t", "Who won?")
    tab.chats.finish_turn("t", "done", {}, {"status": "abstained", "text": ""})
    reply, end = tab.act("health-start"), time.monotonic() + 20  # a small corpus may be read before it replies
    while "poll" in reply:
        assert reply["poll"]["name"] == "health"
        assert time.monotonic() < end
        time.sleep(0.05)
        reply = tab.act("health")
    shown = words(reply, "health")
    assert "Links that lead nowhere: 1" in shown
    assert "nowhere.md" in shown
    assert "Pages that cannot be read: 1" in shown
    assert "Who won?" in shown


def test_going_back_to_an_older_generation(tab):
    tab.ingest()
    write_notes(tab.corpus, {"guide/new.md": "# New\n\nHello.\n"})
    tab.ingest()
    assert tab.library.index.pointer() == 2
    assert "Go to this one" in words(tab.act("knowledge"), "generations")
    reply = tab.act("rollback", generation=1)
    assert reply["said"] == "Generation 1 answers questions."
    assert tab.library.index.pointer() == 1
    assert "1 new" in words(reply, "update"), "what the older one lacks is offered again"
    assert "problem" in tab.act("rollback", generation=99)


def test_an_index_that_does_not_fit_can_be_built_anew(tab, monkeypatch):
    tab.ingest()
    file = tab.library.index.root / "gen-000001" / "manifest.json"
    file.write_text(file.read_text("utf-8").replace("words@1/120", "words@0/120"), "utf-8")
    assert "another chunker" in words(tab.act("knowledge"), "update")
    tab.act("update-start", full=True)
    assert tab.update.wait(60)
    assert "up to date" in words(tab.act("knowledge"), "update")


def test_a_corpus_that_is_gone_is_said(tab):
    tab.ingest()
    for file in sorted(tab.corpus.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    assert "holds no notes" in words(tab.act("knowledge"), "update")


def test_hostile_notes_are_inert(tmp_path):
    def note(text):
        return f"---\ntitle: {json.dumps(text)}\nkey: {json.dumps(text)}\n---\n\n# {text}\n\n{text}\n".encode("utf-8", "replace")

    notes = {f"p{number}/page.md": note(text) for number, text in enumerate(HOSTILE)}
    notes["p/<img src=x onerror=alert(1)>.md"] = "# Name\n\nText.\n"
    tab = Tab(tmp_path, notes=notes)
    tab.ingest()
    tab.act("knowledge")
    for path in tab.library.index.current().files:
        if tab.library.index.current().files[path].chunks:
            tab.act("page", path=path)
            tab.act("page", path=path, shown="chunks")
