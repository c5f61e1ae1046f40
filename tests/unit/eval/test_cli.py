from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval.calibration import read_calibration
from eval.cli import main
from eval.commands.arguments import run_folder, write_out
from eval.judging import KeptJudgements
from eval.labels import DEFAULT_FILE
from eval.names import DEFAULT_JUDGED, JUDGED
from eval.overlap import OverlapJudge
from eval.record import RunFolder
from rag.errors import ConfigError, CorpusError
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


def test_a_split_without_questions_is_refused_before_anything_is_loaded(elsewhere):
    (elsewhere / "q.jsonl").write_text(json.dumps(question_json(split="tune")) + "\n")
    with pytest.raises(ConfigError, match="no questions of the split test"):
        main(["run", "--questions", "q.jsonl", "--split", "test"])


def test_questions_check_reports_and_exits_1(elsewhere, capsys):
    (elsewhere / "notes").mkdir()
    (elsewhere / "q.jsonl").write_text(json.dumps(question_json()) + "\n")
    arguments = ["questions", "check", "--questions", "q.jsonl", "--corpus", "notes"]
    assert main(arguments) == 1
    assert "q.jsonl, line 1 (bert-words): there is no readable page bert.md" in capsys.readouterr().out
    (elsewhere / "notes" / "bert.md").write_text("# BERT\n\n3.3 billion words\n")
    assert main(arguments) == 0


def test_notes_that_are_not_there_are_one_problem_and_not_one_for_each_quote(elsewhere):
    (elsewhere / "q.jsonl").write_text(json.dumps(question_json()) + "\n")
    with pytest.raises(CorpusError, match="There is no corpus at nowhere"):
        main(["questions", "check", "--questions", "q.jsonl", "--corpus", "nowhere"])


def test_what_cannot_be_written_is_said_plainly(elsewhere):
    with pytest.raises(ConfigError, match=r"cannot be written: Is a directory\. Check --out"):
        write_out(elsewhere, "text")


def test_report_takes_a_folder_or_a_name(elsewhere, capsys):
    with RunFolder(elsewhere / "eval" / "runs" / "first", run_json()) as folder:
        folder.add(result("a"))
    assert main(["report", "first"]) == 0
    assert main(["report", "eval/runs/first"]) == 0
    assert capsys.readouterr().out.split() == ["eval/runs/first/report.html", "eval/runs/first/report.md"] * 2
    assert main(["report", "latest"]) == 0
    with pytest.raises(ConfigError, match="There is no run"):
        main(["report", "second"])


def test_the_latest_run_is_the_one_that_finished_last(elsewhere):
    for name, finished in (("20260101-old", "2026-03-01T00:00:00"), ("20260201-new", "2026-02-01T00:00:00"), ("20260401-cut", "")):
        with RunFolder(elsewhere / "eval" / "runs" / name, run_json(finished=finished)):
            pass
    assert run_folder(Path("latest")).name == "20260101-old"


def test_the_default_metrics_are_known():
    assert set(DEFAULT_JUDGED) <= set(JUDGED)


ROOT = Path(__file__).parents[3]


@pytest.fixture
def calibrated(elsewhere, monkeypatch):
    """Calibrate a judge that counts words, and return how it was built."""
    (elsewhere / "a.gguf").write_bytes(b"GGUF one")
    (elsewhere / "embedder").mkdir()
    monkeypatch.setenv("RAG_EMBEDDER", str(elsewhere / "embedder"))
    claim = {"id": "a", "question": "", "context": "Kettles boil.", "answer": "They boil.", "faithful": 1}
    lines = [json.dumps(claim | {"id": str(number), "faithful": number % 2}) for number in range(10)]
    (elsewhere / "claims.jsonl").write_text("\n".join(lines))
    built = []

    def build(config, cache, stack, *, verdict_first):
        built.append(verdict_first)
        return KeptJudgements("words", {"model": "words"}, OverlapJudge, cache)

    monkeypatch.setattr("eval.commands.calibrate.build_judge", build)

    def calibrate(*arguments):
        given = ["--judge", f"gguf:{elsewhere / 'a.gguf'}", "--corpus", str(ROOT / "corpus"), "--claims", "claims.jsonl"]
        assert main(["calibrate", "judge", *given, *arguments]) == 0
        return built

    return calibrate


def test_a_sample_of_labels_is_spread_over_them_and_kept_only_where_it_is_asked_to_be(calibrated, elsewhere, capsys, monkeypatch):
    monkeypatch.setattr("eval.calibration.FILE", elsewhere / "default.json")
    assert calibrated("--metrics", "faithfulness", "--limit", "4") == [True]
    said = capsys.readouterr()
    assert "| 8 + 8 of 192 |" in said.out
    assert "| 2 + 2 of 10 |" in said.out
    judged = [line.split(" of ")[2].split(",")[0] for line in said.err.splitlines() if line.endswith(("yet", "left", "in all"))]
    ids = [json.loads(line)["id"] for line in DEFAULT_FILE.read_text("utf-8").splitlines()]
    assert judged == [ids[start + kind] for start in (0, 96, 48, 144) for kind in range(4)] + ["0", "5", "2", "7"]
    assert not (elsewhere / "default.json").exists()
    calibrated("--metrics", "faithfulness", "--limit", "4", "--out", "c.json")
    calibrated("--metrics", "context_recall", "--limit", "2", "--out", "c.json")
    scores = read_calibration(json.loads((elsewhere / "c.json").read_text())["judges"][0]["judge"]["model"], elsewhere / "c.json")
    found = [(each.metric, each.labels, len(each.judge), each.total) for each in scores]
    assert found == [("faithfulness", "notes", 16, 192), ("faithfulness", "claims", 4, 10), ("context_recall", "notes", 8, 192)]


def test_a_calibration_can_be_shown_again_and_that_of_the_other_order_is_another(calibrated, capsys):
    calibrated("--metrics", "context_relevance", "--out", "c.json")
    first = capsys.readouterr().out
    assert calibrated("--show", "--out", "c.json") == [True], "nothing is judged"
    assert capsys.readouterr().out == first
    calibrated("--metrics", "context_relevance", "--limit", "3", "--out", "c.json", "--verdict", "last")
    capsys.readouterr()
    calibrated("--show", "--out", "c.json")
    assert capsys.readouterr().out == first


def test_a_calibration_in_parts_goes_on_where_it_was_and_says_of_how_many_it_is(calibrated, elsewhere, capsys, monkeypatch):
    """Two judgements a second until half a minute is over, for each of two metrics: then the next part finds them kept."""
    now = [0.0]

    class Slow(OverlapJudge):
        def judge(self, metric, sample):
            now[0] += 0.5
            return super().judge(metric, sample)

    def build(config, cache, stack, *, verdict_first):
        return KeptJudgements("words", {"model": "words"}, Slow, cache)

    monkeypatch.setattr("eval.commands.calibrate.build_judge", build)
    monkeypatch.setattr("eval.pace.Pace.seconds", property(lambda _: now[0]))
    monkeypatch.setattr("eval.calibration.FILE", elsewhere / "default.json")
    arguments = ("--metrics", "context_recall,context_relevance", "--minutes", "1")
    counts = []
    for _ in range(2):
        now[0] = 0.0
        calibrated(*arguments)
        rows = [line.split(" | ") for line in capsys.readouterr().out.splitlines() if "| judge |" in line]
        counts.append([row[2] for row in rows])
    assert counts == [["30 + 30 of 192", "30 + 30 of 96"], ["60 + 60 of 192", "48 + 48"]]
    scores = json.loads((elsewhere / "default.json").read_text())["judges"][0]["scores"]
    assert [len(each["judge"]) for each in scores] == [120, 96]
