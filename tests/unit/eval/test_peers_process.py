"""Drivers that behave, die, babble or hang: what they did is told in words. Real processes, no peer."""

from __future__ import annotations

import sys
import time

import pytest

from eval.bench.peers.process import Driver, PeerFailureError, shortened

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


def test_a_driver_that_takes_too_long_is_ended(tmp_path):
    start = time.monotonic()
    with driver(tmp_path, "import time; time.sleep(60)") as running:
        with pytest.raises(PeerFailureError, match="not finished in 0 s"):
            running.call("ingest", 0.2)
        with pytest.raises(PeerFailureError, match="signal 9"):
            running.call("ingest", 5)
    assert time.monotonic() - start < 30


def test_leaving_ends_the_process(tmp_path):
    with driver(tmp_path, ECHO) as running:
        process = running._process
    assert process.poll() is not None


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
