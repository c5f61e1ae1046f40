import json
from dataclasses import replace

import pytest

from eval.chat import ChatEvaluation
from eval.questions import read_question_file
from eval.record import FORMAT
from rag.config import Config
from rag.errors import ConfigError
from rag.ui.evaluation import render
from rag.ui.evaluation.tab import EvaluationTab
from tests.unit.eval.parts import PAGE, QUOTE, question_json, result
from tests.unit.ui.evaluation.test_tab import House


def write_run(runs, name, results, **more):
    folder = runs / name
    folder.mkdir(parents=True)
    description = {"format": FORMAT, "started": f"2026-01-0{len(name)}", "finished": "x", "llm": "qwen", "judge": "", "selected": 2}
    (folder / "run.json").write_text(json.dumps(description | {"metrics": [], "seed": 0} | more), "utf-8")
    (folder / "results.jsonl").write_text("".join(json.dumps(one) + "\n" for one in results), "utf-8")


@pytest.fixture
def lab(tmp_path):
    runs = tmp_path / "runs"
    wrong = result("other", verdict="wrong", facts={"stated": [], "missing": ["x"], "share": 0.0})
    write_run(runs, "a", [result(), wrong])
    write_run(runs, "bb", [result(), result("other")])
    (runs / "damaged").mkdir()
    (runs / "damaged" / "run.json").write_text("{", "utf-8")
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "bert.md").write_text(f"# BERT\n\n{PAGE}\n", "utf-8")
    config = Config(corpus=tmp_path / "corpus", index=tmp_path / "index", data_dir=tmp_path)
    return ChatEvaluation(config, runs=runs, questions=tmp_path / "questions.jsonl")


def test_the_runs_the_last_one_first_and_no_damaged_one(lab):
    first, second = lab.runs()
    assert (first.name, first.right, first.asked) == ("bb", 1.0, 2)
    assert (second.name, second.right) == ("a", 0.5)


def test_a_run_with_figures_and_plots(lab):
    view = lab.view("a")
    figures = {figure.name: figure for figure in view.figures}
    assert figures["right"].value == 0.5
    assert figures["right"].count == 2
    assert [question.verdict for question in view.questions] == ["wrong", "right"]
    assert [plot.title for plot in view.plots] == ["By metric", "By question type", "Risk over coverage"]
    assert all(plot.svg.startswith("<svg") for plot in view.plots)
    assert lab.question("a", "other")["verdict"] == "wrong"


def test_a_figure_whose_judge_was_never_calibrated_is_doubted(lab, tmp_path):
    write_run(tmp_path / "runs", "judged", [result()], metrics=["faithfulness"], judge="unknown")
    view = lab.view("judged")
    figures = {figure.name: figure for figure in view.figures}
    assert "has not been compared with labelled answers" in figures["faithfulness"].doubt
    assert not figures["right"].doubt
    assert "has not been compared" in render.run(replace(view, figures=[replace(figures["faithfulness"], value=1.0, count=1)]))


def test_two_runs_compared(lab):
    found = lab.compare("a", "bb")
    assert "1 came right, 0 went wrong" in found.words
    assert ("other", "wrong", "right") in found.changes
    assert any(figure.name == "right" and figure.difference == 0.5 for figure in found.figures)


@pytest.mark.parametrize("name", ["", "..", "../a", "none", "damaged/../a"])
def test_only_runs_that_there_are_can_be_opened(lab, name):
    with pytest.raises(ConfigError, match="no run"):
        lab.view(name)
    with pytest.raises(ConfigError):
        lab.question("a", name)


def test_the_command_of_a_run(lab):
    command = lab.command(limit=3, judged=False)
    assert command[1:4] == ["-m", "eval", "run"]
    assert command[command.index("--limit") + 1] == "3"
    assert command[-2:] == ["--metrics", "none"]
    assert "--metrics" not in lab.command(limit=None, judged=True)


def test_a_question_is_checked_and_written(lab, tmp_path):
    fields = {key: value for key, value in question_json().items() if key != "id"}
    identity = lab.add({**fields, "evidence": [{"page": "bert.md", "quote": QUOTE}]})
    [line] = (tmp_path / "questions.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line)["id"] == identity
    assert json.loads(line)["evidence"][0]["heading"] == "BERT"
    with pytest.raises(ConfigError):
        lab.add({**fields, "evidence": [{"page": "bert.md", "quote": "not there at all"}]})


def test_a_follow_up_is_written_with_its_history(lab, tmp_path):
    fields = {key: value for key, value in question_json().items() if key != "id"}
    fields |= {"type": "follow_up", "evidence": [{"page": "bert.md", "quote": QUOTE}]}
    with pytest.raises(ConfigError, match="a follow_up has a history"):
        lab.add(fields)
    lab.add({**fields, "history": [{"role": "user", "content": "What is BERT?"}, {"role": "assistant", "content": "A model."}]})
    assert [turn.content for turn in read_question_file(tmp_path / "questions.jsonl").questions[0].history] == [
        "What is BERT?",
        "A model.",
    ]


def test_the_tab_shows_it(lab):
    house = House()
    EvaluationTab(lab, house.feedback, house.job).offer(house.actions)
    assert "bb" in house.act("runs")["parts"]["runs-main"]
    assert "<svg" in house.act("run", run="a")["parts"]["runs-main"]
    assert "+0.500" in house.act("compare-runs", before="a", after="bb")["parts"]["runs-main"]
    assert "3.3 billion" in house.act("run-question", run="a", id="other")["parts"]["run-question"]
