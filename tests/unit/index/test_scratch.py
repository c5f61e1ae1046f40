"""Private copies: there while their process lives, swept when it is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from rag.errors import IndexStateError
from rag.index import scratch
from rag.index.scratch import Scratch

LEAVE = """
import os, sys
from rag.index.scratch import Scratch
made = Scratch()
print(made.folder, flush=True)
if sys.argv[1] == "wait":
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(scratch.tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def child(mode):
    process = subprocess.Popen([sys.executable, "-c", LEAVE, mode], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return process, process.stdout.readline().strip()


def test_a_copy_is_private_and_goes(tmp_path, temporary):
    (tmp_path / "source").mkdir()
    (tmp_path / "source/f").write_bytes(b"1")
    made = Scratch()
    copy = made.copy(tmp_path / "source")
    assert (copy / "f").read_bytes() == b"1"
    assert made.folder.stat().st_mode & 0o077 == 0
    made.close()
    made.close()
    assert list(temporary.iterdir()) == []


@pytest.mark.slow
def test_what_a_killed_process_left_is_swept(temporary):
    process, folder = child("wait")
    living = Scratch()
    assert sorted(map(str, temporary.iterdir())) == sorted([folder, str(living.folder)])
    process.send_signal(signal.SIGKILL)
    process.communicate()
    other = Scratch()
    assert sorted(temporary.iterdir()) == sorted([living.folder, other.folder])
    living.close()
    other.close()
    assert list(temporary.iterdir()) == []


CUT_SHORT = """
import os, shutil, sys
from pathlib import Path
from rag.index import scratch
made = scratch.Scratch()
made.copy(Path(sys.argv[1]))
remove = shutil.rmtree
scratch.shutil.rmtree = lambda *some, **more: (remove(*some, **more), os.kill(os.getpid(), 9))
made.close()
"""


@pytest.mark.slow
def test_a_removal_that_was_cut_short_is_finished_at_once(temporary, tmp_path):
    (tmp_path / "source").mkdir()
    (tmp_path / "source/f").write_bytes(b"1")
    killed = subprocess.run([sys.executable, "-c", CUT_SHORT, str(tmp_path / "source")])
    assert killed.returncode == -signal.SIGKILL
    assert len(list(temporary.iterdir())) == 1
    made = Scratch()
    assert list(temporary.iterdir()) == [made.folder]
    made.close()


def test_a_folder_whose_owner_has_not_signed_yet_is_left_alone_for_a_minute(temporary):
    young, old = temporary / "rag-notes-young", temporary / "rag-notes-old"
    for folder in (young, old):
        folder.mkdir()
    os.utime(old, (time.time() - 3600,) * 2)
    Scratch().close()
    assert list(temporary.iterdir()) == [young]


def test_a_folder_that_is_being_made_is_not_swept_by_another_reader(tmp_path, temporary, monkeypatch):
    """Between the owner's file and its lock, the lock is free."""
    (tmp_path / "source").mkdir()
    real, swept = scratch.fcntl.flock, []

    def flock(descriptor, how):
        if not swept:
            swept.append(True)
            scratch._sweep(temporary)
        return real(descriptor, how)

    monkeypatch.setattr(scratch.fcntl, "flock", flock)
    made = Scratch()
    assert swept and made.copy(tmp_path / "source").is_dir()
    made.close()
    assert list(temporary.iterdir()) == []


def test_what_was_never_finished_is_swept_after_a_minute(temporary):
    young, old = temporary / "rag-making-young", temporary / "rag-making-old"
    for folder in (young, old):
        folder.mkdir()
        (folder / "owner.lock").write_text("")
    os.utime(old, (time.time() - 3600,) * 2)
    Scratch().close()
    assert list(temporary.iterdir()) == [young]


def test_nothing_else_is_swept(temporary, tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/owner.lock").write_text("")
    (temporary / "rag-notes-link").symlink_to(tmp_path / "precious")
    (temporary / "other").mkdir()
    (temporary / "rag-notes-file").write_text("a file")
    Scratch().close()
    assert {path.name for path in temporary.iterdir()} == {"rag-notes-link", "other", "rag-notes-file"}
    assert (tmp_path / "precious/owner.lock").exists()


def test_a_forked_child_leaves_its_parents_copy(temporary):
    made = Scratch()
    pid = os.fork()
    if pid == 0:
        made.close()
        os._exit(0)
    os.waitpid(pid, 0)
    assert made.folder.exists()
    made.close()


def test_no_temporary_folder(temporary):
    temporary.rmdir()
    with pytest.raises(IndexStateError, match="TMPDIR"):
        Scratch()
