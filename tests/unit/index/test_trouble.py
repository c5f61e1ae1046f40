"""What went wrong, in one sentence with a way out."""

from __future__ import annotations

import errno
import os
import sqlite3
from types import SimpleNamespace

import pytest

from rag.errors import IndexStateError
from rag.index import trouble
from rag.index.trouble import explain, explained, failed_check


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device", "x"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        OSError(errno.EFBIG, "File too large"),
        sqlite3.OperationalError("database or disk is full"),
        RuntimeError("error returned from database: (code: 13) database or disk is full"),
        RuntimeError("IO error: No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_is_called_one(tmp_path, error):
    said = str(explain(error, tmp_path, "writing"))
    assert "No space left" in said
    assert "untouched" in said
    assert str(tmp_path) in said


def test_a_full_disk_is_seen_where_nobody_says_so(tmp_path, monkeypatch):
    disk = os.statvfs(tmp_path)
    full = SimpleNamespace(f_flag=0, f_blocks=disk.f_blocks, f_bavail=0, f_frsize=disk.f_frsize, f_files=0, f_favail=0)
    monkeypatch.setattr(trouble.os, "statvfs", lambda _: full)
    assert "No space left" in str(explain(RuntimeError("something odd"), tmp_path / "not" / "there", "writing"))
    assert "No space left" in str(failed_check(["x"], tmp_path))
    assert "No space left" not in str(explain(FileNotFoundError(2, "missing", "f"), tmp_path, "reading"))
    monkeypatch.setattr(trouble.os, "statvfs", lambda _: disk)
    assert "No space left" not in str(explain(RuntimeError("something odd"), tmp_path, "writing"))


@pytest.mark.parametrize(
    "error",
    [
        PermissionError(errno.EACCES, "Permission denied", "/index/LOCK"),
        OSError(errno.EROFS, "Read-only file system", "/index/LOCK"),
        sqlite3.OperationalError("attempt to write a readonly database"),
    ],
)
def test_a_folder_that_may_not_be_written(tmp_path, error):
    said = str(explain(error, tmp_path, "writing"))
    assert "permissions" in said
    assert "--index" in said


def test_damage_names_both_ways_out(tmp_path):
    said = str(explain(sqlite3.DatabaseError("file is not a database"), tmp_path, "reading"))
    assert "damaged" in said
    assert "rollback" in said
    assert "--full" in said


def test_a_failed_check_says_what_failed(tmp_path):
    said = str(failed_check(["3 chunks have no vector", "x"], tmp_path))
    assert "3 chunks have no vector; x" in said
    assert "untouched" in said


def test_only_the_outside_world_is_explained(tmp_path):
    with pytest.raises(IndexStateError), explained(tmp_path, "reading"):
        raise sqlite3.OperationalError("no such table: chunks")
    for defect in (sqlite3.ProgrammingError("closed"), ValueError("x")):
        with pytest.raises(type(defect)), explained(tmp_path, "reading"):
            raise defect


def test_one_line_whatever_was_said(tmp_path):
    assert "\n" not in str(explain(RuntimeError("a\nb\n" * 500), tmp_path, "reading"))
    assert len(str(explain(RuntimeError("a\nb\n" * 500), tmp_path, "reading"))) < 800
