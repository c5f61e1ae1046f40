"""Which generations are kept: the newest, those that it came from, then the newest others."""

from __future__ import annotations

import pytest

from rag.errors import IndexStateError
from rag.index import retention
from rag.index.layout import Layout
from rag.index.retention import by_worth


@pytest.fixture
def layout(tmp_path):
    for number in (1, 2, 3, 4, 5):
        folder = tmp_path / f"gen-{number:06d}"
        folder.mkdir()
        for name in ("manifest.json", "notes.sqlite"):
            (folder / name).write_text("")
        (folder / "chroma").mkdir()
        (folder / "lexical").mkdir()
    return Layout(tmp_path)


def parents(monkeypatch, line):
    """Let manifests say which generation each came from; return whose were read."""
    read = []
    monkeypatch.setattr(retention, "_parent", lambda layout, number: read.append(number) or line[number])
    return read


def test_ancestors_come_before_newer_others(layout, monkeypatch):
    """4 and 3 were left behind by a rollback to 2."""
    read = parents(monkeypatch, {2: 1, 1: None})
    assert by_worth(layout, 5, {5: 2}, 4) == [5, 2, 1, 4, 3]
    assert read == [2, 1]


def test_no_more_manifests_are_read_than_are_asked_for(layout, monkeypatch):
    read = parents(monkeypatch, {})
    assert by_worth(layout, 5, {5: 2, 2: 1}, 3)[:3] == [5, 2, 1]
    assert by_worth(layout, 5, {5: 2}, 2)[:2] == [5, 2]
    assert by_worth(layout, 5, {}, 1)[:1] == [5]
    assert read == []


def test_the_line_ends_at_what_is_gone_or_damaged(layout, monkeypatch):
    parents(monkeypatch, {2: 9})
    assert by_worth(layout, 5, {5: 2}, 4) == [5, 2, 4, 3, 1]
    monkeypatch.undo()
    monkeypatch.setattr(Layout, "bring", lambda self, number: (_ for _ in ()).throw(IndexStateError("gone", hint="x")))
    assert by_worth(layout, 5, {5: 2}, 4) == [5, 2, 4, 3, 1]
