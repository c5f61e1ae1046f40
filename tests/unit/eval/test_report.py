from __future__ import annotations

import json

from eval.record import RunFolder
from eval.report import render, write_reports
from tests.unit.eval.parts import failed, judged, not_judged, result, run_json


def section(report, heading):
    return report.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]


def call(*statements):
    listed = [{"statement": text, "reason": why, "verdict": verdict} for text, why, verdict in statements]
    return {"asks_for": "NLI", "prompt": "", "output": json.dumps({"statements": listed}), "seconds": 1.0, "error": ""}


def test_the_headline_shows_counts_and_intervals():
    results = [
        result("a", judged={"faithfulness": judged(1.0)}),
        result("b", judged={"faithfulness": judged(0.0, expected=0.6)}),
        result("c", judged={"faithfulness": failed("cut")}),
        result("d", judged={"faithfulness": not_judged("the question was not answered")}),
    ]
    report = render(run_json(selected=4), results)
    [line] = [line for line in section(report, "Figures").splitlines() if line.startswith("| faithfulness")]
    assert line.startswith("| faithfulness | 0.50 | 0.00 to 1.00 | 0.60 | 2 | 1 | 1 |")
    assert "faithfulness: 1 not judged, the question was not answered." in report
    assert "| c | faithfulness | cut |" in section(report, "Failures")


def test_the_worst_question_comes_first_with_what_is_missing():
    wrong = result("bad", verdict="wrong", facts={"stated": [], "missing": ["3.3 billion"], "share": 0.0})
    report = render(run_json(), [result("good"), wrong])
    listed = [line for line in section(report, "Questions, worst first").splitlines() if line.startswith("| **")]
    assert [line.split("**")[1] for line in listed] == ["bad", "good"]
    details = section(report, "What went wrong, question by question")
    assert "### bad: wrong" in details
    assert "- missing fact: 3.3 billion" in details
    assert "### good" not in details


def test_statements_that_the_judge_found_unfaithful_are_shown():
    told = judged(0.5, call(("It is small.", "not in the context", 0), ("It is BERT.", "stated", 1)))
    details = section(render(run_json(), [result("a", judged={"faithfulness": told})]), "What went wrong, question by question")
    assert "judged unfaithful: “It is small.” (not in the context)" in details
    assert "It is BERT." not in details


def test_text_of_notes_and_models_breaks_no_table_and_opens_no_tag():
    answer = result()["answer"] | {"text": "a | b\n\n# c <script>"}
    line = next(line for line in render(run_json(), [result("a", answer=answer)]).splitlines() if line.startswith("| **a**"))
    assert "a \\| b # c &lt;script>" in line
    assert line.count(" | ") == len("question verdict facts evidence faithfulness answer citations".split()) - 1


def test_an_error_and_an_abstention_are_shown_as_such():
    broken = result("a", answer=None, error="the engine failed", verdict="error", evidence=[])
    declined = result(
        "b", verdict="refused", answer=result()["answer"] | {"status": "abstained", "reason": "Too far.", "citations": []}
    )
    questions = section(render(run_json(), [broken, declined]), "Questions, worst first")
    assert "(error) the engine failed" in questions
    assert "(abstained) Too far." in questions


def test_it_says_how_to_make_the_run_again_and_whether_it_was_finished():
    report = render(run_json(), [result()])
    repeat = section(report, "Make it again")
    for part in (
        "`python -m eval run`",
        "abababababababab",
        "generation 1, 3 documents, 9 chunks",
        "0.5 minutes",
        "8 GiB",
        "efefefefefefefef",
        "top_k = 8",
        "python 3.11.1",
    ):
        assert part in repeat
    assert "not finished" not in report
    assert "**The run was not finished.**" in render(run_json(finished=None), [result()])


def test_a_run_without_results_or_judge_has_a_report_too():
    report = render(run_json(judge="", metrics=[]), [])
    assert "judge none" in report
    assert "has not been compared" not in report


def test_the_report_of_a_folder(tmp_path):
    with RunFolder(tmp_path, run_json()) as folder:
        folder.add(result("a"))
    [report] = write_reports(tmp_path)
    assert report.read_text("utf-8") == render(run_json(), [result("a")])
