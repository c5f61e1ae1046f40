"""The writer's lock, leases, and how they keep out of each other's way. Forked children stand for other processes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

import pytest

from rag.errors import IndexLockedError, IndexStateError
from rag.index.lock import Lease, WriterLock, holder, retire

HOLD = """
import sys, time
from pathlib import Path
from rag.index.lock import Lease, WriterLock
held = WriterLock(Path(sys.argv[2]), "python ingest.py") if sys.argv[1] == "lock" else Lease.take(Path(sys.argv[2]))
print("held" if held else "refused", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def elsewhere():
    """Start another process that holds a lock or a lease until it is killed."""
    started = []

    def start(kind, path):
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, kind, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def generation(tmp_path):
    folder = tmp_path / "gen-000001"
    folder.mkdir()
    (folder / "manifest.json").write_text("{}")
    return folder


def test_the_holder_is_named(tmp_path):
    path = tmp_path / "LOCK"
    assert holder(path) is None
    lock = WriterLock(path, "python ingest.py --watch")
    who = holder(path)
    assert (who.pid, who.host, who.command) == (os.getpid(), socket.gethostname(), "python ingest.py --watch")
    with pytest.raises(IndexLockedError) as caught:
        WriterLock(path, "another")
    for word in (str(os.getpid()), who.host, who.since, "python ingest.py --watch", "Wait"):
        assert word in str(caught.value)
    assert caught.value.retry
    lock.release()
    lock.release()
    assert holder(path) is None
    assert path.read_bytes() == b""
    WriterLock(path, "next").release()


@pytest.mark.slow
def test_the_lock_ends_with_its_process_however_it_ends(tmp_path, elsewhere):
    path = tmp_path / "LOCK"
    other = elsewhere("lock", path)
    with pytest.raises(IndexLockedError, match=str(other.pid)):
        WriterLock(path, "me")
    other.kill()
    other.wait()
    assert json.loads(path.read_text())["pid"] == other.pid, "the kill left its name"
    assert holder(path) is None
    WriterLock(path, "me").release()


@pytest.mark.slow
@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}'])
def test_a_holder_that_does_not_say_who_it_is(tmp_path, elsewhere, content):
    path = tmp_path / "LOCK"
    elsewhere("lock", path)
    path.write_text(content)
    with pytest.raises(IndexLockedError, match="Another process"):
        WriterLock(path, "me")
    assert holder(path) is None


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(IndexStateError):
        WriterLock(tmp_path / "none" / "LOCK", "me")


@pytest.mark.slow
def test_leases_are_shared_and_keep_a_generation(generation, tmp_path, elsewhere):
    first, second = Lease.take(generation), Lease.take(generation)
    other = elsewhere("lease", generation)
    trash = tmp_path / "trash"
    for leave in (first.release, second.release, lambda: (other.kill(), other.wait())):
        assert not retire(generation, trash)
        assert generation.exists()
        leave()
    first.release()
    assert retire(generation, trash)
    assert trash.exists()
    assert not generation.exists()
    assert Lease.take(generation) is None


def test_no_lease_on_a_generation_that_was_just_renamed_away(generation, tmp_path, monkeypatch):
    import rag.index.lock as lock

    take = lock._try

    def slowly(descriptor, kind):
        generation.rename(tmp_path / "trash")
        return take(descriptor, kind)

    monkeypatch.setattr(lock, "_try", slowly)
    lowest = os.dup(0)
    os.close(lowest)
    assert Lease.take(generation) is None
    again = os.dup(0)
    os.close(again)
    assert again == lowest, "the descriptor was not closed"


def test_a_lease_is_not_inherited_by_other_programs(generation, tmp_path):
    lease = Lease.take(generation)
    code = "import sys; print('up', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False) as child:
        assert child.stdout.readline() == b"up\n"
        lease.release()
        retired = retire(generation, tmp_path / "trash")
        child.communicate()
    assert retired
