"""The index under kills, full disks, read-only folders, and several processes at once. Real Chroma, small synthetic vectors."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rag.errors import IndexLockedError, IndexStateError
from rag.index import Index, embed_hash, scratch
from tests.fake_index import FINGERPRINT, embed_hashes, pages, store, vector
from tests.integration.children import ROOT, children, last_line, salt_of
from tests.integration.index_child import PAGES

SOAK = os.environ.get("RAG_SOAK", "")
TRIALS = (int(SOAK) if SOAK.isdigit() and int(SOAK) > 1 else 100) if SOAK else 10
# `SOAK_PART=2/4` runs the second quarter of the trials, so that a long soak can be had in parts.
PART, PARTS = map(int, os.environ.get("SOAK_PART", "1/1").split("/"))
MINE = range((PART - 1) * TRIALS // PARTS, PART * TRIALS // PARTS)


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Where readers of this test keep their copies."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(scratch.tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def start():
    """Start `index_child` and wait until it says that it is ready."""
    with children() as run:
        yield run


def no_left_overs(root, temporary, keep=2):
    names = {path.name for path in root.iterdir()}
    assert {"CURRENT", "LOCK"} < names
    assert all(name in {"CURRENT", "LOCK"} or name.startswith("gen-") for name in names), names
    assert len(names) <= 2 + keep
    # A folder that was being made or removed at a kill has no owner's file; a reader sweeps it once it is a minute old.
    for folder in temporary.iterdir():
        # Killed between making it and giving it its name: there is nothing in it yet but the owner's file.
        unfinished = folder.name.startswith("rag-making-")
        assert [path.name for path in folder.iterdir()] in ([[], ["owner.lock"]] if unfinished else [[]])
        os.utime(folder, (0, 0))
    Index(root).open().close()
    assert list(temporary.iterdir()) == []


class Readers:
    """Two other processes that ask all the time; what they were answered must be whole, whatever a writer is killed at."""

    def __init__(self, start, root):
        self._processes = [start("read", root, 0.05) for _ in range(2)]

    def answered_throughout(self):
        for process in self._processes:
            said = last_line(process)
            assert said["wrong"] == []
            assert said["asked"] > 10
            assert said["generations"] == sorted(said["generations"])


def after_the_kill(index, old, new, outcomes):
    """Exactly the old or the new set answers."""
    now = salt_of(index)
    assert now in {old, new}
    outcomes[now == new] += 1
    return now


@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_the_old_or_the_new_set(tmp_path, temporary, start):
    root = tmp_path / "index"
    index = Index(root, keep=2)
    store(index, pages(PAGES, "s0"))
    whole = start("write", root, "s-whole")
    began = time.monotonic()
    last_line(whole)
    takes_s = time.monotonic() - began
    moments = [random.Random(f"{TRIALS}/{trial}").uniform(0, 1.1 * takes_s) for trial in range(TRIALS)]
    now, outcomes = "s-whole", [0, 0]
    readers = Readers(start, root)
    for trial in MINE:
        writer = start("write", root, f"s{trial}x")
        time.sleep(moments[trial])
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        now = after_the_kill(index, now, f"s{trial}x", outcomes)
    readers.answered_throughout()
    last_line(start("write", root, "s-end"))
    assert salt_of(index) == "s-end"
    no_left_overs(root, temporary)


@pytest.mark.slow
def test_a_kill_at_any_step_leaves_the_old_or_the_new_set(tmp_path, temporary, start):
    """Killed right before a call to the operating system: the copies, the renames, the pointer's rename, the removals after it."""
    root = tmp_path / "index"
    index = Index(root, keep=2)
    store(index, pages(PAGES, "s0"))
    last_line(start("write", root, "s1"))
    said = last_line(start("write", root, "s-whole"))
    steps, moved = said["steps"], said["pointer_moved"]
    assert 50 < moved < steps
    # Before the pointer's move and after it, spread over all steps; what a killed writer left moves the numbers of the next.
    before = [str(1 + n * moved // (TRIALS // 2)) for n in range(TRIALS // 2)]
    after = [f"pointer+{n * (steps - moved) // (TRIALS // 2)}" for n in range(TRIALS - TRIALS // 2)]
    now, outcomes = "s-whole", [0, 0]
    readers = Readers(start, root)
    chosen = [*before, *after][MINE.start : MINE.stop]
    for trial, step in enumerate(chosen):
        writer = start("write", root, f"s{trial}x", step)
        writer.communicate(timeout=120)
        # How much there is to remove at the end depends on the writers before; the last steps may not come.
        assert writer.returncode == -signal.SIGKILL or step in after[-3:]
        now = after_the_kill(index, now, f"s{trial}x", outcomes)
    still_old = sum(step in before or step == "pointer+0" for step in chosen)
    assert outcomes == [still_old, len(chosen) - still_old], "old up to the pointer's move, new from there"
    readers.answered_throughout()
    last_line(start("write", root, "s-end"))
    assert salt_of(index) == "s-end"
    no_left_overs(root, temporary)


def test_a_first_ingest_that_is_killed_leaves_no_index_and_no_obstacle(tmp_path, temporary, start):
    root = tmp_path / "index"
    writer = start("write", root, "s0", 40)
    writer.communicate(timeout=120)
    assert writer.returncode == -signal.SIGKILL
    index = Index(root)
    assert index.current() is None
    with pytest.raises(IndexStateError, match="no index"):
        index.open()
    assert index.holder() is None
    assert last_line(start("write", root, "s1"))["generation"] == 1
    assert salt_of(index) == "s1"
    no_left_overs(root, temporary)


def test_two_readers_answer_while_a_writer_commits(tmp_path, temporary, start):
    root = tmp_path / "index"
    index = Index(root, keep=1)
    store(index, pages(30, "s0"))
    readers = [start("read", root) for _ in range(2)]
    for number in range(1, 7):
        store(index, pages(30, f"s{number}"))
        time.sleep(0.3)
    time.sleep(1)
    for reader in readers:
        said = last_line(reader)
        assert said["wrong"] == []
        assert said["asked"] > 10
        assert len(said["generations"]) >= 2
        assert said["generations"] == sorted(said["generations"])
        assert said["generations"][-1] == 7
    store(index, pages(30, "s9"))
    no_left_overs(root, temporary, keep=1)


def test_a_second_writer_is_told_who_holds_the_lock(tmp_path, temporary, start):
    root = tmp_path / "index"
    first = start("hold", root, "python ingest.py --watch")
    index = Index(root)
    with pytest.raises(IndexLockedError) as caught:
        index.write("me")
    for word in (str(first.pid), "python ingest.py --watch", "Wait"):
        assert word in str(caught.value)
    first.kill()
    first.communicate()
    index.write("me").__exit__(None, None, None)


def test_copies_of_killed_readers_are_swept(tmp_path, temporary, start):
    root = tmp_path / "index"
    index = Index(root)
    store(index, pages(30, "s0"))
    reader = start("read", root)
    deadline = time.monotonic() + 60
    while not list(temporary.glob("*/chroma")) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(temporary.iterdir())
    reader.kill()
    reader.communicate()
    with index.open() as mine:
        mine.nearest(vector("x"), 1)
        assert len(list(temporary.iterdir())) == 1
    assert list(temporary.iterdir()) == []


def _in_own_mounts(script, *arguments, env=None):
    """Run a shell script where it may mount without anybody else seeing it; skip where the system does not allow it."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("there is no unshare command to mount a file system privately")
    prefix = [unshare, "--mount"] if os.getuid() == 0 else [unshare, "--user", "--map-root-user", "--mount"]
    if subprocess.run([*prefix, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False).returncode:
        pytest.skip("this system lets nobody mount a file system privately")
    command = [*prefix, "sh", "-euc", script, "sh", sys.executable, *map(str, arguments)]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **(env or {})}, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.slow
def test_a_full_disk_leaves_the_old_generation(tmp_path, temporary):
    """With less and less room, down to none: it fits, or it says that the disk is full, and the old set answers."""
    disk = tmp_path / "disk"
    disk.mkdir()
    rooms = [1 << 25, *(1 << power for power in range(21, 10, -1)), 1_500_000, 1_200_000, 900_000, 700_000, 300_000, 0]
    script = 'mount -t tmpfs -o size=64m none "$2"; "$1" -m tests.integration.index_child fill_disk "$2" $3'
    said = _in_own_mounts(script, disk, " ".join(map(str, rooms)))
    assert [each["room"] for each in said] == rooms
    now = "s0"
    for each in said:
        if each["moved"]:
            assert each["error"] == ""
            now = each["expected"]
        else:
            assert "No space left" in each["error"], each
            assert "Free some space" in each["error"]
        assert each["salts"] == [now]
        assert each["found"] == 20
        assert each["damage"] == []
        assert all(name in {"CURRENT", "LOCK"} or name.startswith("gen-") for name in each["names"]), each
        assert len(each["names"]) == 3, each
    assert said[0]["moved"]
    assert sum(not each["moved"] for each in said) >= 8


def test_no_room_for_a_readers_copy(tmp_path, temporary):
    index = Index(tmp_path / "index")
    store(index, pages(PAGES, "s0"))
    disk = tmp_path / "disk"
    disk.mkdir()
    code = (
        "import sys; from pathlib import Path; from rag.errors import RagError; from rag.index import Index; import json;"
        "from tests.fake_index import vector\n"
        "try:\n    Index(Path(sys.argv[1])).open().nearest(vector('x'), 1)\n"
        "except RagError as error:\n    print(json.dumps(str(error)))"
    )
    script = 'mount -t tmpfs -o size=128k none "$2"; TMPDIR="$2" "$1" -c "$4" "$3"; ls -A "$2" | wc -l'
    said, left = _in_own_mounts(script, disk, tmp_path / "index", code)
    assert "No space left" in said
    assert "TMPDIR" in said
    assert left == 0


def test_a_read_only_index_answers_and_refuses_to_change(tmp_path, temporary):
    index = Index(tmp_path / "index")
    store(index, pages(30, "s0"))
    store(index, pages(30, "s1"))
    if os.getuid() == 0:
        script = 'mount --bind "$2" "$2"; mount -o remount,ro,bind "$2"; "$1" -m tests.integration.index_child read_only "$2"'
        [said] = _in_own_mounts(script, tmp_path / "index")
    else:
        places = [tmp_path / "index", *(tmp_path / "index").rglob("*")]
        try:
            for path in places:
                path.chmod(0o555 if path.is_dir() else 0o444)
            command = [sys.executable, "-m", "tests.integration.index_child", "read_only", str(tmp_path / "index")]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
            said = json.loads(done.stdout)
        finally:
            for path in places:
                path.chmod(0o755 if path.is_dir() else 0o644)
    assert (said["found"], said["chunks"], said["damage"]) == (5, 5, [])
    assert len(said["errors"]) == 2
    for error in said["errors"]:
        assert "permissions" in error
        assert "--index" in error


def _process_state():
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmRSS"].split()[0]) // 1024, int(status["Threads"]), len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc to see descriptors and memory")
def test_opening_a_hundred_times_leaks_nothing(tmp_path, temporary):
    index = Index(tmp_path / "index")
    store(index, pages(300, "s0"))

    def cycle():
        with index.open() as reader:
            assert reader.nearest(vector("x"), 5)

    for _ in range(10):
        cycle()
    rss_mb, threads, descriptors = _process_state()
    for _ in range(100):
        cycle()
    now = _process_state()
    assert now[1] <= threads + 1
    assert now[2] <= descriptors
    assert now[0] - rss_mb < 40, f"{rss_mb} MB became {now[0]} MB"
    assert list(temporary.iterdir()) == []


def test_a_writer_leaves_no_descriptor_open(tmp_path, temporary):
    index = Index(tmp_path / "index", keep=1)
    store(index, pages(10, "s0"))
    before = _process_state()[2]
    for number in range(10):
        store(index, pages(10, f"t{number}"))
        with pytest.raises(ValueError, match="float32"), index.write("test") as writer:
            writer.begin(FINGERPRINT, "corpus")
            document, chunks = pages(1, "bad")[0]
            writer.put(document, chunks, vector("x"))
    assert _process_state()[2] <= before


class TestDamage:
    """Each kind of damage is one sentence with a way out, and `ingest.py --full` mends it."""

    @pytest.fixture
    def index(self, tmp_path, temporary):
        index = Index(tmp_path / "index")
        store(index, pages(PAGES, "s0"))
        store(index, pages(PAGES, "s1"))
        return index

    def mended(self, index):
        assert store(index, pages(PAGES, "s2"), full=True).generation == 3
        assert salt_of(index) == "s2"

    def refuses(self, index, *words):
        with pytest.raises(IndexStateError) as caught, index.open() as reader:
            reader.nearest(vector("x"), 3)
            reader.chunks([one for batch in reader._notes.ids() for one in batch])
        for word in words:
            assert word in str(caught.value)
        assert caught.value.hint

    def test_a_pointer_to_nothing(self, index):
        shutil.rmtree(index.root / "gen-000002")
        self.refuses(index, "names generation 2", "rollback")
        with index.write("test") as writer:
            assert writer.previous is None
            assert "not" in str(writer.damage)
            with pytest.raises(IndexStateError, match="--full"):
                writer.begin(index.manifest(1).fingerprint, "corpus")
        assert index.rollback().generation == 1
        assert salt_of(index) == "s0"

    def test_a_damaged_pointer(self, index):
        (index.root / "CURRENT").write_text("nonsense")
        self.refuses(index, "CURRENT is damaged")
        assert index.rollback().generation == 2
        assert salt_of(index) == "s1"

    def test_a_damaged_manifest(self, index):
        (index.root / "gen-000002/manifest.json").write_text("{}")
        self.refuses(index, "manifest.json is damaged")
        assert [manifest.generation for manifest in index.generations()] == [1]
        assert index.rollback().generation == 1
        self.mended(index)

    def test_missing_vectors(self, index):
        shutil.rmtree(index.root / "gen-000002/chroma")
        self.refuses(index)
        assert index.verify() != ()
        with pytest.raises(IndexStateError, match="chroma"):
            index.rollback(2)
        self.mended(index)

    @pytest.mark.parametrize("name", ["notes.sqlite", "chroma/chroma.sqlite3"])
    def test_a_file_that_is_something_else(self, index, name):
        (index.root / "gen-000002" / name).write_bytes(b"not what it was" * 1000)
        self.refuses(index)
        self.mended(index)

    @pytest.mark.parametrize(
        "name", ["notes.sqlite", "chroma/chroma.sqlite3", "chroma/*/data_level0.bin", "chroma/*/index_metadata.pickle"]
    )
    def test_a_file_that_was_cut_short(self, index, name):
        [path] = (index.root / "gen-000002").glob(name)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        # In a process of its own: in this one the missing half may be found again in memory that was freed and not cleared.
        check = f"from rag.index import Index; from pathlib import Path; print(Index(Path({str(index.root)!r})).verify())"
        found = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        assert found.strip() not in {"", "()"}
        self.mended(index)

    def test_changed_vectors_are_found_and_not_handed_on(self, index):
        [path] = (index.root / "gen-000002/chroma").glob("*/data_level0.bin")
        raw = bytearray(path.read_bytes())
        victim = pages(PAGES, "s1")[7][1][1]
        raw[raw.index(vector(victim.embed_text).tobytes())] ^= 1
        path.write_bytes(raw)
        found = " ".join(index.verify())
        assert f"1 vectors are not what was stored ({victim.id})" in found
        assert "hash of the vectors" in found
        keys = embed_hashes(chunk for _, chunks in pages(PAGES, "s1") for chunk in chunks)
        with index.write("test") as writer:
            writer.begin(FINGERPRINT, "corpus")
            assert set(keys) - set(writer.vectors_for(keys)) == {embed_hash(victim.embed_text)}

    def test_a_changed_text_is_found(self, index):
        with sqlite3.connect(index.root / "gen-000002/notes.sqlite") as connection:
            connection.execute("UPDATE chunks SET embed_hash = 'x' WHERE position = 0")
        connection.close()
        assert "hash of the texts" in " ".join(index.verify())

    def test_a_lost_chunk_is_found(self, index):
        with sqlite3.connect(index.root / "gen-000002/notes.sqlite") as connection:
            connection.execute("DELETE FROM chunks WHERE path = 'notes/p003.md'")
        connection.close()
        found = " ".join(index.verify())
        assert "177 chunks and 180 vectors" in found
        assert "hash of the ids" in found
