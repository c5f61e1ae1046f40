"""Near-duplicates kept up to date by the difference are those that a fresh look finds."""

from __future__ import annotations

import random

import pytest

import rag.index.copies as copies
from rag.duplicates import representatives
from rag.index.notes import Notes, NotesDraft
from rag.index.rows import chunk_row, document_row
from tests.fake_index import page

WORDS = [f"{a}{b}{c}" for a in "bcdfg" for b in "aeiou" for c in "lmnr"]
BASES = [" ".join(random.Random(seed).choices(WORDS, k=60)) for seed in range(4)]


def texts(chance):
    """Up to four paragraphs: copies of a base, near-copies, drifting ones, short ones, and new ones."""
    made = []
    for _ in range(chance.randrange(5)):
        words = chance.choice(BASES).split()
        for _ in range(chance.choice((0, 0, 1, 2, 3, 40))):
            words[chance.randrange(len(words))] = chance.choice(WORDS)
        made.append(" ".join(words if chance.random() < 0.8 else words[:3]))
    return made


def draft(folder, number, changed, removed, linked=()):
    """Make a generation; `linked` are places of `changed` before which near-duplicates are looked at."""
    file, previous = folder / f"{number}.sqlite", folder / f"{number - 1}.sqlite"
    if previous.exists():
        file.write_bytes(previous.read_bytes())
    notes = NotesDraft(file, previous=previous if previous.exists() else None)
    for path in removed:
        notes.drop(path)
    for place, (document, chunks) in enumerate(changed):
        if place in linked:
            notes.overlaps()
        notes.drop(document.path)
        notes.insert(document_row(document), [chunk_row(chunk, b"", number) for chunk in chunks])
    notes.close(keep=True)
    return file


def stored(file):
    notes = Notes(file)
    try:
        return notes.representatives([one for some in notes.ids() for one in some])
    finally:
        notes.close()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_any_history_gives_what_a_fresh_look_gives(tmp_path, seed):
    chance = random.Random(seed)
    now, linked = {}, 0
    for number in range(1, 12):
        changed = [page(f"{n}.md", *texts(chance)) for n in chance.sample(range(20), 20 if number == 1 else 3)]
        removed = chance.sample(sorted(now), min(len(now), chance.randrange(3)))
        for path in removed:
            del now[path]
        now |= {document.path: chunks for document, chunks in changed}
        found = stored(draft(tmp_path, number, changed, removed))
        expected = representatives(chunk for chunks in now.values() for chunk in chunks)
        assert found == expected
        linked += sum(one != other for one, other in found.items())
    assert linked > 50, "the pages must hold near-duplicates for this to mean anything"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_a_page_that_is_put_again_and_again_into_one_draft_leaves_no_trace(tmp_path, seed):
    chance = random.Random(100 + seed)
    now, gone = {}, 0
    for number in range(1, 8):
        changed = [page(f"{chance.randrange(6)}.md", *texts(chance)) for _ in range(12)]
        now |= {document.path: chunks for document, chunks in changed}
        file = draft(tmp_path, number, changed, [], linked=chance.sample(range(12), chance.randrange(4)))
        chunks = [chunk for chunks in now.values() for chunk in chunks]
        assert stored(file) == representatives(chunks)
        notes = Notes(file)
        shapes = {row.shape for row in notes.chunks([chunk.id for chunk in chunks]).values()}
        assert {row[0] for row in notes._rows("SELECT DISTINCT shape FROM bands", ())} == shapes
        notes.close()
        gone += len({chunk.id for _, some in changed for chunk in some} - {chunk.id for chunk in chunks})
    assert gone > 20, "pages must be replaced within a draft for this to mean anything"


def test_what_is_left_behind_is_nothing(tmp_path):
    draft(tmp_path, 1, [page("a.md", BASES[0]), page("b.md", BASES[0]), page("c.md", BASES[1])], [])
    file = draft(tmp_path, 2, [], ["a.md", "b.md", "c.md"])
    notes = Notes(file)
    for table in ("bands", "representatives"):
        assert notes._rows(f"SELECT count(*) FROM {table}", ()) == [(0,)]
    notes.close()


def test_the_representative_goes_and_the_next_takes_its_place(tmp_path):
    pages = [page(f"{name}.md", BASES[0]) for name in "abc"]
    draft(tmp_path, 1, pages, [])
    a, b, c = (chunks[0].id for _, chunks in pages)
    assert stored(tmp_path / "1.sqlite") == {a: a, b: a, c: a}
    assert stored(draft(tmp_path, 2, [], ["a.md"])) == {b: b, c: b}
    assert stored(draft(tmp_path, 3, [], ["b.md"])) == {c: c}


def test_an_edit_reads_its_page_and_what_resembles_it(tmp_path, monkeypatch):
    """Neither an unchanged page nor the size of the corpus is work."""
    alone = [page(f"alone/{n}.md", " ".join(random.Random(100 + n).choices(WORDS, k=60))) for n in range(50)]
    draft(tmp_path, 1, [page("a.md", BASES[0]), page("b.md", BASES[0]), *alone], [])
    read = []
    monkeypatch.setattr(copies, "wording", lambda chunk, real=copies.wording: read.append(chunk.path) or real(chunk))
    draft(tmp_path, 2, [page("new.md", BASES[0] + " more")], [])
    assert set(read) <= {"new.md", "a.md", "b.md"}
    read.clear()
    draft(tmp_path, 3, [], [])
    assert read == []
