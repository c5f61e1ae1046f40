"""`ingest.py --watch` through the real command, with real files, the real embedder and the real Chroma."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from queue import Empty, Queue

import pytest

from tests.integration.test_trouble import ROOT

pytestmark = pytest.mark.model
PAGE = "# Kettles\n\nA kettle boils one litre of water in three minutes.\n"


class Watching:
    """The running command; its lines can be waited for."""

    def __init__(self, folder, *arguments):
        command = [sys.executable, str(ROOT / "ingest.py"), "--watch", "--corpus", "notes", "--index", "index", *arguments]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, cwd=folder, stdout=pipe, stderr=pipe, text=True, env={**os.environ})
        self._lines = {"out": Queue(), "err": Queue()}
        streams = (("out", self.process.stdout), ("err", self.process.stderr))
        self._threads = [threading.Thread(target=self._read, args=(stream, self._lines[name])) for name, stream in streams]
        for thread in self._threads:
            thread.start()

    @staticmethod
    def _read(stream, lines):
        for line in stream:
            lines.put(line.rstrip("\n"))
        stream.close()

    def line(self, name="out", timeout=60):
        try:
            return self._lines[name].get(timeout=timeout)
        except Empty:
            pytest.fail(f"no line on {name}; status {self.process.poll()}")

    def silent(self, seconds):
        time.sleep(seconds)
        return self._lines["out"].empty()

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(timeout=20)
        self.close()
        return status, "\n".join(self._lines["err"].queue)

    def close(self):
        self.process.kill()
        self.process.wait()
        for thread in self._threads:
            thread.join()


@pytest.fixture
def folder(tmp_path, embedder_folder):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "kettles.md").write_text(PAGE, encoding="utf-8")
    return tmp_path


@pytest.fixture
def watching(folder):
    started = []

    def start(*arguments):
        started.append(Watching(folder, *arguments))
        return started[-1]

    yield start
    for each in started:
        each.close()


def test_edits_are_ingested_one_line_each_until_ctrl_c(folder, watching):
    notes = folder / "notes"
    running = watching()
    assert running.line("err") == "Watching notes; Ctrl-C ends it."
    assert "generation 1: added kettles.md; 1 of 1 chunks embedded" in running.line()
    (notes / "bread.md").write_text("# Bread\n\nA sourdough rises for twelve hours.\n", encoding="utf-8")
    assert "generation 2: added bread.md; 1 of 2 chunks embedded" in running.line()
    (notes / "bread.md").rename(notes / "sourdough.md")
    assert "generation 3: added sourdough.md; removed bread.md; 0 of 2 chunks embedded" in running.line()
    # Many writes at once are one ingest.
    for step in range(5):
        (notes / "kettles.md").write_text(f"{PAGE}\n\nEdited {step} times.\n", encoding="utf-8")
        time.sleep(0.05)
    assert "generation 4: changed kettles.md" in running.line()
    (notes / ".draft.md.swp").write_bytes(b"swap")
    (notes / "sourdough.md").touch()
    assert running.silent(1.5), "neither an ignored file nor an untouched text is a line"
    (notes / "sourdough.md").write_bytes(b"\0\1\2")
    assert "generation 5: changed sourdough.md; NOT READ sourdough.md" in running.line()
    status, said = running.interrupt()
    assert status == 130
    assert "Traceback" not in said
    assert "Stopped." in said


def test_json_lines_and_a_lock_that_is_waited_for(folder, watching):
    holder = subprocess.Popen(
        [sys.executable, "-m", "tests.integration.index_child", "hold", str(folder / "index"), "somebody else"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert json.loads(holder.stdout.readline()) == {"ready": True}
        running = watching("--json", "--quiet")
        assert running.line("err").startswith("waiting: 'somebody else' (process ")
        assert running.silent(1)
    finally:
        holder.kill()
        holder.communicate()
    first = json.loads(running.line())
    assert (first["generation"], first["added"]) == (1, ["kettles.md"])
    (folder / "notes" / "kettles.md").write_text(f"{PAGE}\n[none](none.md)\n", encoding="utf-8")
    second = json.loads(running.line())
    assert (second["generation"], second["changed"]) == (2, ["kettles.md"])
    assert [warning["kind"] for warning in second["warnings"]] == ["broken-link"]
    assert running.interrupt() == (130, "\nStopped.")


def test_no_corpus_is_one_line(folder):
    done = subprocess.run(
        [sys.executable, str(ROOT / "ingest.py"), "--watch", "--quiet", "--corpus", "none", "--index", "index"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: There is no folder none to watch")
    assert done.stderr.count("\n") == 1
