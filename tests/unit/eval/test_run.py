from __future__ import annotations

import io

import pytest

from eval.judgement import Call, Judgement
from eval.pace import Pace
from eval.questions import QuestionFile
from eval.record import RunFolder, read_results, read_run
from eval.run import ask_all, describe, finish, judge_all, new_folder
from rag.config import load_config
from rag.errors import IndexStateError, LLMError
from tests.unit.eval.parts import System, abstained, answered, question, run_json

ASKED = question().question


class Judge:
    name = "fixed"

    def __init__(self):
        self.seen = []

    def judge(self, metric, sample):
        self.seen.append((metric, sample.user_input))
        if sample.abstained:
            return Judgement.not_judged("the question was not answered")
        return Judgement("judged", 0.5, "", 1.0, (Call("Verdicts", "prompt", "{}", 1.0),))


def run(tmp_path, system, questions, judge=None, metrics=()):
    quiet = io.StringIO()

    def pace(total, what):
        return Pace(total, what, stream=quiet)

    with RunFolder(tmp_path, run_json(finished=None)) as folder:
        ask_all(questions, system=system, folder=folder, pace=pace)
        if judge:
            judge_all(questions, judge=judge, metrics=metrics, folder=folder, pace=pace)
        return finish(folder, questions)


def test_each_question_is_asked_measured_judged_and_written(tmp_path):
    system, judge = System({ASKED: answered("On 3.3 billion words.")}), Judge()
    [result] = run(tmp_path, system, [question()], judge, ["faithfulness"])
    assert result["verdict"] == "right"
    assert result["seconds"] >= 0
    assert result["answer"]["citations"][0]["quote"] == "3.3 billion words"
    judgement = result["judged"]["faithfulness"]
    assert (judgement["value"], judgement["calls"][0]["prompt"]) == (0.5, "prompt")
    assert read_results(tmp_path) == {"bert-words": result}
    assert read_run(tmp_path)["finished"]


def test_a_resumed_run_asks_only_what_is_left(tmp_path):
    other = question(id="other", question="And how many parameters has BERT?")
    system = System({ASKED: answered("On 3.3 billion words."), other.question: abstained()})
    run(tmp_path, system, [question()])
    results = run(tmp_path, system, [question(), other])
    assert system.asked == [ASKED, other.question]
    assert [r["id"] for r in results] == ["bert-words", "other"]


def test_answers_are_judged_metric_by_metric_and_none_twice(tmp_path):
    other = question(id="other", question="And how many parameters has BERT?")
    system, judge = System({ASKED: answered("On 3.3 billion words."), other.question: answered("110M parameters.")}), Judge()
    run(tmp_path, system, [question(), other], judge, ["faithfulness"])
    results = run(tmp_path, system, [question(), other], judge, ["faithfulness", "context_recall"])
    assert [metric for metric, _ in judge.seen] == ["faithfulness"] * 2 + ["context_recall"] * 2
    assert all(set(r["judged"]) == {"faithfulness", "context_recall"} for r in results)


def test_an_engine_that_fails_costs_one_question_and_that_one_is_asked_again(tmp_path):
    other = question(id="other", question="And how many parameters has BERT?")
    system, judge = System({ASKED: LLMError("the engine failed"), other.question: answered("110M parameters.")}), Judge()
    first, second = run(tmp_path, system, [question(), other], judge, ["faithfulness"])
    assert (first["verdict"], first["error"], first["judged"]) == ("error", "the engine failed", {})
    assert second["verdict"] == "wrong"
    assert judge.seen == [("faithfulness", other.question)]
    system.answers[ASKED] = answered("On 3.3 billion words.")
    again = run(tmp_path, system, [question(), other], judge, ["faithfulness"])
    assert system.asked == [ASKED, other.question, ASKED]
    assert [r["verdict"] for r in again] == ["right", "wrong"]


def test_what_was_done_before_an_interruption_is_kept(tmp_path):
    other = question(id="other", question="And how many parameters has BERT?")

    class Interrupted(System):
        def answer(self, question, *, history=()):
            if question == other.question:
                raise KeyboardInterrupt
            return super().answer(question, history=history)

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, Interrupted({ASKED: answered("On 3.3 billion words.")}), [question(), other])
    assert list(read_results(tmp_path)) == ["bert-words"]
    assert read_run(tmp_path)["finished"] is None


def test_an_index_that_changes_under_way_ends_the_run(tmp_path):
    with pytest.raises(IndexStateError, match="changed while"):
        run(tmp_path, System({ASKED: answered("On 3.3 billion words.", generation=2)}), [question()])


def test_the_description_names_what_answers_depend_on_and_nothing_else_as_settings(tmp_path):
    config = load_config(flags={"index": str(tmp_path)}, environment={})
    file = QuestionFile(tmp_path / "q.jsonl", "ab", (question(),), (1,))
    index = {"generation": 4, "documents": 2}
    said = describe(config, file, selected=1, name="n", metrics=["faithfulness"], index=index, llm="l", judge="j", command="c")
    assert said["settings"]["top_k"] == config.top_k
    assert not {"index", "corpus", "port", "models_dir"} & set(said["settings"])
    assert said["config"]["index"] == str(tmp_path)
    assert (said["generation"], said["questions_file"], said["finished"]) == (4, "q.jsonl", None)
    assert (said["split"], said["parts"]) == (None, {})
    assert {"python", "numpy"} <= set(said["versions"])
    assert said["machine"]["cores"] >= 1


def test_folders_are_named_by_time(tmp_path):
    assert new_folder(tmp_path, "nightly").name.endswith("Z-nightly")


def test_pace_estimates_what_is_left():
    out, times = io.StringIO(), iter([0.0, 60.0, 120.0, 180.0])
    with Pace(3, "questions", stream=out, clock=lambda: next(times)) as pace:
        pace.step("a: right")
        pace.step("b: wrong")
        pace.step("c: right")
    assert out.getvalue().splitlines() == [
        "1 of 3: a: right, about 2 min left",
        "2 of 3: b: wrong, about 60 s left",
        "3 of 3: c: right, 3 min in all",
    ]


def test_what_was_kept_from_before_does_not_make_the_rest_look_short():
    out, times = io.StringIO(), iter([0.0, 0.01, 0.02, 60.02, 60.03])
    with Pace(12, "questions", stream=out, clock=lambda: next(times)) as pace:
        for name in "abcd":
            pace.step(name)
    assert [line.split(", ")[1] for line in out.getvalue().splitlines()] == [
        "no estimate yet",
        "no estimate yet",
        "about 9 min left",
        "about 4 min left",
    ]
