"""Another process for the index tests: `python -m tests.integration.index_child COMMAND ROOT ...`; JSON on standard output."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

from rag.errors import RagError
from rag.index import Index
from tests.fake_index import FINGERPRINT, matrix, pages, vector

PAGES = 60
LOCK_EXPIRY_S = 2.0


def index_at(root, keep=3):
    """An index in a folder, or on a server: `http://host:port#name#cache`."""
    if not str(root).startswith("http"):
        return Index(Path(root), keep=keep)
    from rag.index.remote import RemoteIndex
    from rag.index.remote.server import Server

    address, name, cache = str(root).split("#")
    return RemoteIndex(Server(address, name), Path(cache), keep, lock_expiry_s=LOCK_EXPIRY_S)


def say(**what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def write(root, salt, kill_at="never"):
    """Put every page with another text. With `kill_at`, die right before that step: `17`, or `pointer+3` after its move."""
    index = index_at(root, keep=2)
    import rag.index.draft  # noqa: F401 - so that the steps counted are those of the write

    steps = count_steps(kill_at)
    say(ready=True)
    with index.write("a test") as writer:
        writer.begin(FINGERPRINT, "corpus")
        for document, chunks in pages(PAGES, salt):
            writer.put(document, chunks, matrix(chunks))
        manifest = writer.commit()
    say(generation=manifest.generation, **steps)


def count_steps(kill_at):
    seen = {"steps": 0, "pointer_moved": 0}

    def step(event, arguments):
        if event in {"open", "sqlite3.connect"} or event.startswith(("os.", "shutil.", "fcntl.")):
            seen["steps"] += 1
            if event == "os.rename" and str(arguments[1]).endswith("CURRENT"):
                seen["pointer_moved"] = seen["steps"]
            since = seen["steps"] - seen["pointer_moved"]
            if kill_at in {str(seen["steps"]), f"pointer+{since}" if seen["pointer_moved"] else ""}:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(step)
    return seen


def read(root, pause_s="0"):
    """Answer until standard input ends, with pauses; every answer must be whole and of one generation."""
    index = index_at(root, keep=1)
    asked, generations, wrong = 0, [], []
    os.set_blocking(0, False)
    reader = index.open()
    say(ready=True)
    while sys.stdin.buffer.read(1) != b"":
        if index.pointer() != reader.number:
            reader.close()
            reader = index.open()
        if reader.number not in generations:
            generations.append(reader.number)
        found = reader.nearest(vector(f"question {asked}"), 20)
        salts = {chunk.text.split()[0] for chunk in reader.chunks([one for one, _ in found])}
        if len(found) != 20 or len(salts) != 1:
            wrong.append([reader.number, len(found), sorted(salts)])
        asked += 1
        time.sleep(float(pause_s))
    reader.close()
    say(asked=asked, generations=generations, wrong=wrong)


def fill_disk(root, *rooms):
    """On a small file system of its own: write with less and less room; the old generation must answer after each failure."""
    folder = Path(root)
    index = Index(folder / "index", keep=1)
    write_all(index, "s0")
    for number, room in enumerate(map(int, rooms), 1):
        ballast = folder / "ballast"
        disk = os.statvfs(folder)
        with ballast.open("wb") as file:
            left = max(disk.f_bavail * disk.f_frsize - room, 0)
            while left > 0:
                left -= file.write(b"\0" * min(left, 1 << 20))
        before, error = index.pointer(), ""
        try:
            write_all(index, f"s{number}")
        except RagError as caught:
            error = str(caught)
        ballast.unlink()
        with index.open() as reader:
            salts = sorted({chunk.text.split()[0] for chunk in reader.all_chunks()})
            found = len(reader.nearest(vector("x"), 20))
        say(
            room=room,
            error=error,
            moved=index.pointer() != before,
            expected=f"s{number}",
            salts=salts,
            found=found,
            damage=index.verify(),
            names=sorted(path.name for path in (folder / "index").iterdir()),
        )


def write_all(index, salt):
    with index.write("a test") as writer:
        writer.begin(FINGERPRINT, "corpus")
        for document, chunks in pages(PAGES, salt):
            writer.put(document, chunks, matrix(chunks))
        return writer.commit()


def read_only(root):
    """Read and try to write where nothing can be written."""
    index = Index(Path(root))
    with index.open() as reader:
        found = reader.nearest(vector("x"), 5)
        chunks = len(reader.chunks([one for one, _ in found]))
    errors = []
    for attempt in (lambda: write_all(index, "new"), index.rollback):
        try:
            attempt()
        except RagError as caught:
            errors.append(str(caught))
    say(found=len(found), chunks=chunks, damage=index.verify(), errors=errors)


def hold(root, command):
    """Hold the writer's lock until killed."""
    with index_at(root).write(command):
        say(ready=True)
        time.sleep(600)


if __name__ == "__main__":
    {"write": write, "read": read, "fill_disk": fill_disk, "read_only": read_only, "hold": hold}[sys.argv[1]](*sys.argv[2:])
