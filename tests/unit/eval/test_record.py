from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from eval.errors import RunLockedError
from eval.record import JUDGEMENTS_FILE, LOCK_FILE, RESULTS_FILE, RUN_FILE, RunFolder, find_unfinished, read_results, read_run
from rag.errors import ConfigError
from tests.unit.eval.parts import judged, result, run_json

HOLD = """
import json, sys
from pathlib import Path
from eval.record import RunFolder
folder = RunFolder(Path(sys.argv[1]), json.loads(sys.argv[2]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_result_is_on_disk_when_it_was_added(tmp_path):
    with RunFolder(tmp_path / "run", run_json()) as folder:
        folder.add(result("a"))
        assert read_results(tmp_path / "run") == {"a": result("a")}


def test_a_run_resumes_with_what_is_there(tmp_path):
    with RunFolder(tmp_path, run_json(started="before")) as folder:
        folder.add(result("a"))
        folder.finish(finished="then")
    with RunFolder(tmp_path, run_json(started="now", finished=None)) as folder:
        assert list(folder.results) == ["a"]
        assert (read_run(tmp_path)["started"], read_run(tmp_path)["finished"]) == ("before", None)


def test_a_line_that_a_crash_cut_is_dropped_and_the_next_one_stands_alone(tmp_path):
    with RunFolder(tmp_path, run_json()) as folder:
        folder.add(result("a"))
    with (tmp_path / RESULTS_FILE).open("ab") as lines:
        lines.write('{"id": "b", "question": "Wie groß'.encode()[:-1])
    assert list(read_results(tmp_path)) == ["a"]
    with RunFolder(tmp_path, run_json()) as folder:
        folder.add(result("c"))
    assert list(read_results(tmp_path)) == ["a", "c"]


def test_a_later_line_replaces_an_earlier_one(tmp_path):
    with RunFolder(tmp_path, run_json()) as folder:
        folder.add(result("a", error="failed"))
        folder.add(result("a"))
    assert read_results(tmp_path)["a"]["error"] == ""


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"questions_sha256": "00"}, "questions sha256"),
        ({"generation": 2}, "generation: it was 1, is 2"),
        ({"chunks_sha256": "00"}, "chunks sha256"),
        ({"settings": {"top_k": 4}}, "settings: top_k was 8, is 4"),
        ({"judge": "other"}, "judge"),
        ({"metrics": []}, "metrics"),
        ({"versions": {"python": "3.12"}}, "versions"),
        ({"code": "fedcba"}, "code"),
        ({"system_code": "fedcba"}, "system code"),
        ({"selected": 2}, "selected"),
        ({"split": "test"}, "split: it was None, is 'test'"),
        ({"parts": {"engine": "another"}}, "parts: embedder was 'sha256:0e0e', is None, engine was 'installed', is 'another'"),
    ],
)
def test_a_run_made_with_something_else_is_not_mixed_in(tmp_path, change, named):
    RunFolder(tmp_path, run_json()).close()
    with pytest.raises(ConfigError) as caught:
        RunFolder(tmp_path, run_json(**change))
    assert named in str(caught.value)
    assert read_run(tmp_path) == run_json()


def test_a_folder_that_cannot_be_written_is_a_plain_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        RunFolder(tmp_path / "file" / "run", run_json())


def test_a_second_writer_is_told_who_writes_and_touches_nothing(tmp_path):
    with RunFolder(tmp_path, run_json(command="python -m eval run --name first", finished=None)) as folder:
        folder.add(result("a"))
        # As it looks while the other process is in the middle of a line: what is half written must not be cut off.
        with (tmp_path / RESULTS_FILE).open("a", encoding="utf-8") as lines:
            lines.write('{"id": "b", "ques')
        before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
        with pytest.raises(RunLockedError) as caught:
            RunFolder(tmp_path, run_json(finished=None))
        assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
    for words in ("python -m eval run --name first", f"process {os.getpid()} on", str(tmp_path), "Wait until", "--out"):
        assert words in str(caught.value)
    assert (caught.value.retry, caught.value.exit_status) == (True, 2)
    with RunFolder(tmp_path, run_json()) as folder:
        assert list(folder.results) == ["a"]


@pytest.mark.slow
def test_the_folder_is_free_when_its_writer_was_killed(tmp_path):
    command = [sys.executable, "-c", HOLD, str(tmp_path), json.dumps(run_json(finished=None))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(RunLockedError, match=f"process {other.pid} "):
            RunFolder(tmp_path, run_json())
        other.kill()
        other.communicate()
    assert json.loads((tmp_path / LOCK_FILE).read_text())["pid"] == other.pid, "the kill left its name, and that does not matter"
    RunFolder(tmp_path, run_json()).close()


@pytest.mark.parametrize("spoilt", [RUN_FILE, RESULTS_FILE])
def test_a_folder_that_cannot_be_taken_up_is_not_kept_from_others(tmp_path, spoilt):
    (tmp_path / spoilt).write_text("nonsense\n")
    with pytest.raises(ConfigError):
        RunFolder(tmp_path, run_json())
    (tmp_path / spoilt).unlink()
    RunFolder(tmp_path, run_json()).close()


def test_nan_does_not_get_into_a_run(tmp_path):
    with RunFolder(tmp_path, run_json()) as folder:
        folder.add(result("a"))
        with pytest.raises(ValueError):
            folder.judge("a", "faithfulness", judged(float("nan")))
        with pytest.raises(ValueError):
            folder.add(result("b", seconds=float("nan")))


def test_a_judgement_is_on_disk_when_it_was_made(tmp_path):
    with RunFolder(tmp_path, run_json()) as folder:
        folder.add(result("a"))
        folder.judge("a", "faithfulness", judged(0.5))
        assert read_results(tmp_path)["a"]["judged"] == {"faithfulness": judged(0.5)} == folder.results["a"]["judged"]
    with (tmp_path / JUDGEMENTS_FILE).open("a", encoding="utf-8") as lines:
        lines.write('{"id": "a", "metric": "context_re')
    with RunFolder(tmp_path, run_json()) as folder:
        assert list(folder.results["a"]["judged"]) == ["faithfulness"]
        folder.judge("a", "answer_relevancy", judged(1.0))
    assert list(read_results(tmp_path)["a"]["judged"]) == ["faithfulness", "answer_relevancy"]


def test_a_judgement_of_an_earlier_answer_does_not_count(tmp_path):
    with RunFolder(tmp_path, run_json()) as folder:
        folder.add(result("a"))
        folder.judge("a", "faithfulness", judged(0.5))
        folder.add(result("a", answer=None, error="the engine failed"))
        assert folder.results["a"]["judged"] == {}
    assert read_results(tmp_path)["a"]["judged"] == {}


def test_the_newest_unfinished_run_of_the_same_name_and_make_is_found(tmp_path):
    for folder, changes in {
        "1-run": {"finished": None},
        "2-run": {"finished": None, "command": "typed otherwise"},
        "3-run": {},
        "4-run": {"finished": None, "generation": 2},
        "5-other": {"finished": None, "name": "other"},
        "6-other-run": {"finished": None, "name": "other-run"},
    }.items():
        RunFolder(tmp_path / folder, run_json(**changes)).close()
    (tmp_path / "7-run").mkdir()
    (tmp_path / "7-run" / RUN_FILE).write_text("{")
    assert find_unfinished(tmp_path, run_json(finished=None)) == tmp_path / "2-run"
    assert find_unfinished(tmp_path, run_json(selected=3)) is None
    assert find_unfinished(tmp_path, run_json(split="test")) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "There is no run"),
        ("{", "is not JSON"),
        ("[]", "not a run of this version"),
        ('{"format": 99}', "not a run of this version"),
    ],
)
def test_what_is_no_run_is_refused(tmp_path, text, message):
    if text is not None:
        (tmp_path / RUN_FILE).write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_run(tmp_path)


@pytest.mark.parametrize("line", [b"nonsense", b"\xff", b'{"id": "b", "answer": null}', b'{"id": NaN}'])
def test_a_line_that_is_no_result_is_named(tmp_path, line):
    (tmp_path / RESULTS_FILE).write_bytes(json.dumps(result("a")).encode() + b"\n" + line + b"\n")
    with pytest.raises(ConfigError, match="line 2 is not a result"):
        read_results(tmp_path)


def test_a_figure_that_is_no_number_is_not_read(tmp_path):
    with RunFolder(tmp_path, run_json()) as folder:
        folder.add(result("a"))
        folder.judge("a", "faithfulness", judged(0.5))
    file = tmp_path / JUDGEMENTS_FILE
    file.write_text(file.read_text("utf-8").replace("0.5", "NaN"), "utf-8")
    with pytest.raises(ConfigError, match="line 1 is not a judgement"):
        read_results(tmp_path)
