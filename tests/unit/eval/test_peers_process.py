"""Drivers that behave, die, babble or hang: what they did is told in words. Real processes, no peer."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from eval.bench.peers.engine import Engine
from eval.bench.peers.process import Driver, PeerFailureError, shortened
from eval.bench.peers.program import run_program

ECHO = """
import json, sys
for line in sys.stdin:
    print(json.dumps({"ok": json.loads(line), "peak_bytes": 7}), flush=True)
"""


def driver(tmp_path, program):
    return Driver([sys.executable, "-c", program], {}, tmp_path / "log", tmp_path)


def test_a_line_in_gives_a_line_out(tmp_path):
    with driver(tmp_path, ECHO) as running:
        assert running.call("search", 30, question="wer?") == {"verb": "search", "question": "wer?"}
        assert running.peak_bytes == 7
        running.finish()


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (
            "import sys; sys.stdin.readline(); print('no vectors here', file=sys.stderr); sys.exit(3)",
            "ended with status 3: no vectors here",
        ),
        ("import sys; sys.stdin.readline(); sys.exit(0)", "ended with status 0"),
        ("import os, sys; sys.stdin.readline(); os.kill(os.getpid(), 9)", "was ended by signal 9"),
        ("import sys; sys.stdin.readline(); print('Loading weights')", "said something that is no reply: Loading weights"),
        ("import sys; sys.stdin.readline(); print('[1, 2]')", r"said something that is no reply: \[1, 2\]"),
        ("import sys; sys.stdin.readline(); print('{\"ok\": 5}')", "said something that is no reply"),
        ('import sys; sys.stdin.readline(); print(\'{"error": "KeyError: text"}\')', "^KeyError: text"),
    ],
)
def test_what_went_wrong_is_told(tmp_path, program, reason):
    with driver(tmp_path, program) as running, pytest.raises(PeerFailureError, match=reason):
        running.call("ingest", 30)


def test_a_driver_that_takes_too_long_is_ended_and_what_comes_later_was_not_asked(tmp_path):
    start = time.monotonic()
    with driver(tmp_path, "import time; time.sleep(60)") as running:
        with pytest.raises(PeerFailureError, match=r"^not finished in 0 s"):
            running.call("ask", 0.2)
        for _ in range(2):
            with pytest.raises(PeerFailureError, match=r"^not asked: the process was ended after ask took more than 0 s\."):
                running.call("ask", 30)
    assert time.monotonic() - start < 30


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("import sys; sys.stdin.readline(); sys.exit(3)", "^not asked: the process was ended after it ended with status 3"),
        ("import sys; sys.stdin.readline(); print('x')", "^not asked: the process was ended after it said something that is no"),
    ],
)
def test_nothing_is_asked_of_a_driver_that_is_gone(tmp_path, program, reason):
    with driver(tmp_path, program) as running:
        with pytest.raises(PeerFailureError, match=r"^(ended|said)"):
            running.call("ask", 30)
        with pytest.raises(PeerFailureError, match=reason):
            running.call("ask", 30)


WITH_WORKER = """
import subprocess, sys
worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(worker.pid, flush=True)
"""


def gone(pid):
    """Whether a process ends within some seconds; one that waits to be collected has ended."""
    for _ in range(200):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


def worker_of(running):
    return int(running._program.line(30))


def test_a_timeout_ends_the_workers_too(tmp_path):
    with driver(tmp_path, WITH_WORKER + "import time; time.sleep(600)") as running:
        worker = worker_of(running)
        assert Path(f"/proc/{worker}").exists()
        with pytest.raises(PeerFailureError, match="not finished"):
            running.call("ingest", 0.1)
        assert gone(worker)


def test_workers_that_outlive_a_driver_are_ended(tmp_path):
    with driver(tmp_path, WITH_WORKER) as running:
        worker = worker_of(running)
        running.finish()
        assert gone(worker)


def test_a_program_that_runs_to_its_end_is_bounded_with_its_workers(tmp_path):
    done = run_program(
        [sys.executable, "-c", "import sys; print('a'); print('b', file=sys.stderr); sys.exit(3)"], 30, environment={}
    )
    assert (done.status, done.said, done.errors) == (3, "a\n", "b\n")
    file = tmp_path / "pid"
    hangs = WITH_WORKER + f"open({str(file)!r}, 'w').write(str(worker.pid))\nimport time; time.sleep(600)"
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        run_program([sys.executable, "-c", hangs], 2.0, environment={})
    assert time.monotonic() - start < 60  # the worker holds the pipes, and would for ten minutes
    assert gone(int(file.read_text()))


def engine(tmp_path, program, start_s=30.0):
    """An engine whose program is another."""
    command = [sys.executable, "-c", program]
    return Engine(tmp_path / "x.gguf", context_tokens=1, threads=1, log=tmp_path / "engine.log", start_s=start_s, program=command)


def test_an_engine_is_ready_when_it_says_so_whatever_it_prints_before(tmp_path):
    program = "import sys; print('x' * 300000, file=sys.stderr); print('loading'); print('ready', flush=True); sys.stdin.read()"
    with engine(tmp_path, program) as running:
        running.wait()
        running.wait()
        assert running.peak_bytes() > 10**6
    assert (tmp_path / "engine.log").stat().st_size > 300000


SERVES = """
import os, sys
from types import SimpleNamespace
import rag.llm.llama_library

class Vendor:
    def CommonParams(self):
        return SimpleNamespace(model=SimpleNamespace(), cpuparams=SimpleNamespace(), cpuparams_batch=SimpleNamespace())
    def Server(self, params):
        os.write(1, b"a vendor prints\\n" * 20000)
        os.write(2, f"{params.port} {params.n_ctx} {bool(params.api_keys[0])}\\n".encode())
        return self

rag.llm.llama_library.import_library = Vendor
from eval.bench.peers.engine import main
main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
"""


def test_what_the_vendor_prints_while_it_serves_fills_no_pipe(tmp_path):
    with engine(tmp_path, SERVES) as running:
        running.wait()
        port = running.url.rpartition(":")[2].removesuffix("/v1")
        running._program.close_input()
        assert running._program.wait(30) == 0
    log = (tmp_path / "engine.log").read_text()
    assert log.count("a vendor prints") == 20000
    assert f"{port} 1 True" in log


def test_an_engine_that_does_not_get_ready_is_ended_and_quoted(tmp_path):
    start = time.monotonic()
    program = "import sys, time; print('mapping\\nstuck at 3%', file=sys.stderr, flush=True); time.sleep(600)"
    with engine(tmp_path, program, 2.0) as running:
        with pytest.raises(PeerFailureError, match="the engine was not ready in 2 s: mapping / stuck at 3%"):
            running.wait()
        assert gone(running._program.pid)
    assert time.monotonic() - start < 30


def test_an_engine_that_ends_is_quoted_with_its_last_lines(tmp_path):
    program = "import sys; sys.exit('one\\ntwo\\nthree\\nno such file')"
    reason = r"the engine did not start: two / three / no such file\."
    with engine(tmp_path, program) as running, pytest.raises(PeerFailureError, match=reason):
        running.wait()


def test_leaving_ends_the_process(tmp_path):
    with driver(tmp_path, ECHO) as running:
        pid = running._program.pid
    assert gone(pid)


def test_only_what_this_process_wrote_is_quoted(tmp_path):
    (tmp_path / "log").write_text("of an earlier run\n")
    with driver(tmp_path, "import sys; sys.stdin.readline(); sys.exit(1)") as running, pytest.raises(PeerFailureError) as caught:
        running.call("ingest", 30)
    assert "earlier" not in caught.value.message


def test_a_program_that_is_not_there_is_told(tmp_path):
    with pytest.raises(PeerFailureError, match="does not start: No such file"):
        Driver([str(tmp_path / "nobody")], {}, tmp_path / "log", tmp_path)


def test_a_bad_end_counts_though_the_work_was_done(tmp_path):
    with driver(tmp_path, ECHO + "\nsys.exit(4)") as running:
        running.call("ingest", 30)
        with pytest.raises(PeerFailureError, match="status 4"):
            running.finish()


def test_long_reasons_are_cut():
    assert len(shortened("x" * 1000)) == 300
    assert shortened("a\n b") == "a b"


def test_reasons_name_no_place_of_this_machine():
    assert shortened("No file '/home/me/notes/a b.md' or 3/4 of /x/y.py") == "No file '…/a b.md' or 3/4 of …/y.py"
    assert shortened("get https://somewhere.example:80/simple/x failed") == "get (address)/simple/x failed"
