from __future__ import annotations

import json

import pytest

from eval.cli import main
from eval.names import DEFAULT_JUDGED, JUDGED
from eval.record import RunFolder
from rag.errors import ConfigError
from tests.unit.eval.parts import question_json, result, run_json


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "required"),
        (["run", "--metrics", "bleu"], "there is no metric 'bleu'"),
        (["run", "--limit", "0"], "not a number from 1"),
        (["run", "--name", "a/b"], "use letters"),
        (["questions"], "required"),
    ],
)
def test_wrong_usage_exits_2_and_says_why(arguments, said, capsys):
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert said in capsys.readouterr().err


def test_a_wrong_question_file_is_refused_before_anything_is_loaded(elsewhere):
    (elsewhere / "q.jsonl").write_text("{}\n")
    with pytest.raises(ConfigError, match="line 1"):
        main(["run", "--questions", "q.jsonl"])


def test_questions_check_reports_and_exits_1(elsewhere, capsys):
    (elsewhere / "notes").mkdir()
    (elsewhere / "q.jsonl").write_text(json.dumps(question_json()) + "\n")
    arguments = ["questions", "check", "--questions", "q.jsonl", "--corpus", "notes"]
    assert main(arguments) == 1
    assert "q.jsonl, line 1 (bert-words): there is no readable page bert.md" in capsys.readouterr().out
    (elsewhere / "notes" / "bert.md").write_text("# BERT\n\n3.3 billion words\n")
    assert main(arguments) == 0


def test_report_takes_a_folder_or_a_name(elsewhere, capsys):
    with RunFolder(elsewhere / "eval" / "runs" / "first", run_json()) as folder:
        folder.add(result("a"))
    assert main(["report", "first"]) == 0
    assert main(["report", "eval/runs/first"]) == 0
    assert capsys.readouterr().out.split() == ["eval/runs/first/report.html", "eval/runs/first/report.md"] * 2
    assert main(["report", "latest"]) == 0
    with pytest.raises(ConfigError, match="There is no run"):
        main(["report", "second"])


def test_the_default_metrics_are_known():
    assert set(DEFAULT_JUDGED) <= set(JUDGED)
