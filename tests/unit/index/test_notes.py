"""`notes.sqlite`: reading, drafting, and a folder that may not be written."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from pathlib import Path

import pytest

from rag.errors import IndexStateError
from rag.index.notes import Notes, NotesDraft, batches
from rag.index.rows import chunk_row, document_row, row_chunk
from tests.fake_index import embed_hashes, page, pages


def rows(one, generation=1):
    document, chunks = one
    return document_row(document), [chunk_row(chunk, chunk.id.encode(), generation) for chunk in chunks]


def write(file, some, previous=None):
    draft = NotesDraft(file, previous=previous)
    for one in some:
        draft.insert(*rows(one))
    draft.close(keep=True)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    file = tmp_path_factory.mktemp("written") / "notes.sqlite"
    write(file, pages(400))
    return file


@pytest.fixture
def file(tmp_path, written):
    return Path(shutil.copy(written, tmp_path))


@pytest.fixture
def notes(file):
    notes = Notes(file)
    yield notes
    notes.close()


def test_it_holds_what_was_put_in(notes):
    everything = {chunk.id: chunk for _, chunks in pages(400) for chunk in chunks}
    assert notes.counts() == (400, 1200)
    assert notes.damage() == []
    assert {one: row_chunk(row) for one, row in notes.chunks(list(everything)).items()} == everything
    assert [row_chunk(row) for row in notes.chunks_of("notes/p007.md")] == list(pages(8)[7][1])
    assert notes.paths() == sorted(document.path for document, _ in pages(400))
    ids = [one for batch in notes.ids() for one in batch]
    assert ids == sorted(everything)
    assert set(notes.sample(20)) <= set(ids)
    assert len(set(notes.sample(20))) == 20


def test_what_is_not_there(notes):
    assert notes.document("x") is None
    assert notes.chunks(["x"]) == {}
    assert notes.chunks_of("x") == []
    assert list(notes.ids(written_by=9)) == []
    assert notes.sample(5, written_by=9) == []


def test_reading_leaves_the_folder_as_it_is(file):
    before = {path.name: path.stat().st_mtime_ns for path in file.parent.iterdir()}
    notes = Notes(file)
    notes.counts()
    notes.close()
    assert (
        {path.name: path.stat().st_mtime_ns for path in file.parent.iterdir()} == before == {"notes.sqlite": before["notes.sqlite"]}
    )


def test_threads_may_read_at_once(notes):
    ids = [one for batch in notes.ids() for one in batch]
    wrong = []

    def read():
        for one in ids[::10]:
            if list(notes.chunks([one])) != [one]:
                wrong.append(one)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("content", [None, b"", b"not a database at all, but long enough to look at" * 20])
def test_damage_is_explained(tmp_path, content):
    if content is not None:
        (tmp_path / "notes.sqlite").write_bytes(content)
    with pytest.raises(IndexStateError):
        Notes(tmp_path / "notes.sqlite")


def test_a_strange_folder_name(tmp_path):
    folder = tmp_path / "a?b#c%20d é"
    folder.mkdir()
    write(folder / "notes.sqlite", pages(1))
    notes = Notes(folder / "notes.sqlite")
    assert notes.counts() == (1, 3)
    notes.close()


def test_a_dropped_page_is_noted_as_gone_and_leaves_no_text(tmp_path, file):
    secret = page("secret.md", "a word", title="xylophonist")
    draft = NotesDraft(file, previous=None)
    draft.insert(*rows(secret))
    draft.close(keep=True)
    assert b"xylophonist" in file.read_bytes()
    draft = NotesDraft(file, previous=None)
    draft.drop("secret.md")
    [chunk] = secret[1]
    assert list(draft.all_gone()) == [[chunk.id]]
    assert draft.gone([chunk.id, "x"]) == {chunk.id: chunk.id.encode()}
    draft.back([chunk.id])
    assert draft.gone([chunk.id]) == {}
    draft.close(keep=True)
    draft.close(keep=False)
    assert b"xylophonist" not in file.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.sqlite"]


def test_the_same_id_or_place_twice_is_refused(file):
    draft = NotesDraft(file, previous=None)
    with pytest.raises(ValueError, match="same id"):
        draft.insert(*rows(pages(1)[0]))
    draft.close(keep=False)


def test_texts_are_found_in_the_previous_generation_only(tmp_path, file):
    write(tmp_path / "next.sqlite", [])
    draft = NotesDraft(tmp_path / "next.sqlite", previous=file)
    draft.insert(*rows(page("new.md", "brand new")))
    chunks = pages(3)[2][1]
    keys = embed_hashes(chunks)
    assert {key: row.id for key, row in draft.known(keys).items()} == {
        key: chunk.id for key, chunk in zip(keys, chunks, strict=True)
    }
    assert draft.known(embed_hashes(page("new.md", "brand new")[1])) == {}
    draft.rewrite([chunks[0].id])
    assert set(draft.known(keys)) == set(keys[1:])
    draft.close(keep=False)
    lonely = NotesDraft(tmp_path / "lonely.sqlite", previous=None)
    assert lonely.known(keys) == {}
    lonely.close(keep=False)


def test_the_previous_file_cannot_be_changed(tmp_path, file):
    draft = NotesDraft(tmp_path / "next.sqlite", previous=file)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        draft._connection.execute("DELETE FROM previous.chunks")
    draft.close(keep=False)


def test_batches():
    assert list(batches(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(batches([], 2)) == []
