"""Copies and durable writes."""

from __future__ import annotations

import pytest

from rag.index import files


def test_copy_tree_copies_all_but_what_is_left_out(tmp_path):
    source = tmp_path / "source"
    (source / "inner").mkdir(parents=True)
    (source / "a").write_bytes(b"a")
    (source / "skip").write_bytes(b"s")
    (source / "inner" / "skip").write_bytes(b"x" * 100_000)
    (source / "link").symlink_to(source / "a")
    files.copy_tree(source, tmp_path / "target", leave_out=frozenset({"skip"}))
    found = {path.relative_to(tmp_path / "target").as_posix() for path in (tmp_path / "target").rglob("*")}
    assert found == {"a", "inner", "inner/skip"}
    assert (tmp_path / "target/inner/skip").read_bytes() == b"x" * 100_000
    (tmp_path / "target/a").write_bytes(b"b")
    assert (source / "a").read_bytes() == b"a"


def test_copy_file_replaces_what_was_there(tmp_path):
    (tmp_path / "a").write_bytes(b"short")
    (tmp_path / "b").write_bytes(b"much longer than that")
    files.copy_file(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"short"


def test_replace_file_leaves_only_the_new_one(tmp_path):
    (tmp_path / "f").write_bytes(b"old")
    files.replace_file(tmp_path / "f", b"new")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("f", b"new")]


def test_a_failed_replacement_leaves_the_old_one(tmp_path, monkeypatch):
    (tmp_path / "f").write_bytes(b"old")

    def fail(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", fail)
    with pytest.raises(OSError, match="space"):
        files.replace_file(tmp_path / "f", b"new")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("f", b"old")]


def test_sync_tree_reaches_every_file_and_folder(tmp_path, monkeypatch):
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/f").write_bytes(b"1")
    (tmp_path / "g").write_bytes(b"2")
    seen = []
    monkeypatch.setattr(files, "sync", seen.append)
    files.sync_tree(tmp_path)
    assert set(seen) == {tmp_path, *tmp_path.rglob("*")}


def test_size(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/f").write_bytes(b"123")
    (tmp_path / "g").write_bytes(b"4567")
    assert files.size(tmp_path) == 7


def test_remove_tree_may_be_late(tmp_path):
    (tmp_path / "a/b").mkdir(parents=True)
    files.remove_tree(tmp_path / "a")
    files.remove_tree(tmp_path / "a")
    assert not (tmp_path / "a").exists()
