from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from eval.calibration import Scores, write_calibration
from eval.record import RunFolder, read_results
from eval.report import render, write_reports
from eval.report_page import render_page
from eval.trust import UNKNOWN, trust
from tests.unit.eval.parts import failed, judged, not_judged, piece, result, run_json

HOSTILE = "a | b\n\n# c <script>alert(1)</script> <img src=http://x.test/y onerror=z>"


def section(report, heading):
    return report.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]


def call(*statements):
    listed = [{"statement": text, "reason": why, "verdict": verdict} for text, why, verdict in statements]
    verdicts = [{"field": "verdict", "value": verdict, "expected": 0.8} for *_, verdict in statements]
    return {
        "asks_for": "NLI",
        "prompt": "the prompt",
        "output": json.dumps({"statements": listed}),
        "seconds": 1.0,
        "error": "",
        "verdicts": verdicts,
    }


def scores(judge, metric="faithfulness"):
    """A calibration on forty answers to twenty questions, of which word overlap gets half right."""
    good = [True, False] * 20
    overlap = [0.6, 0.4, 0.4, 0.6] * 10
    return Scores(metric, "notes", good, [str(n // 2) for n in range(40)], judge, None, overlap)


SHARP = scores([0.9, 0.1] * 20)
BLUNT = scores([0.5, 0.4, 0.4, 0.5] * 10)


VOID = {"meta", "link", "br", "img"}


class Outline(HTMLParser):
    """Tags that are open, and everything that a browser would fetch or run."""

    def __init__(self, text):
        super().__init__()
        self.open, self.links, self.scripts, self.words = [], [], 0, []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.scripts += tag == "script" or any(name.startswith("on") for name, _ in attributes)
        self.links += [value for name, value in attributes if name in {"src", "href", "xlink:href", "action"}]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture
def results():
    wrong = result(
        "bad",
        question=f"Why? {HOSTILE}",
        verdict="wrong",
        facts={"stated": [], "missing": ["3.3 billion"], "share": 0.0},
        evidence=[piece(0, cited=False)],
        judged={"faithfulness": judged(0.5, call(("It is small.", "not there", 0), ("It is BERT.", "stated", 1)), expected=0.4)},
    )
    broken = result("broken", answer=None, error=f"the engine failed {HOSTILE}", verdict="error", evidence=[])
    declined = result(
        "declined", verdict="refused", answer=result()["answer"] | {"status": "abstained", "reason": "Too far.", "citations": []}
    )
    good = result("good", judged={"faithfulness": judged(1.0, expected=0.9)})
    return [good, wrong, broken, declined, result("cut", judged={"faithfulness": failed("cut")})]


def test_the_headline_shows_counts_and_intervals():
    results = [
        result("a", judged={"faithfulness": judged(1.0)}),
        result("b", judged={"faithfulness": judged(0.0, expected=0.6)}),
        result("c", judged={"faithfulness": failed("cut")}),
        result("d", judged={"faithfulness": not_judged("the question was not answered")}),
    ]
    report = render(run_json(selected=4), results)
    [row] = [row for row in section(report, "Figures").splitlines() if row.startswith("| *faithfulness*")]
    assert row.startswith("| *faithfulness* | 0.50 | 0.00 to 1.00 | 0.60 | – | 2 | 1 | 1 |")
    assert "faithfulness: 1 not judged, the question was not answered." in report
    assert "| c | faithfulness | cut |" in section(report, "Failures")


def test_the_worst_question_comes_first(results):
    report = render(run_json(), results)
    listed = [row for row in section(report, "Questions, worst first").splitlines() if row.startswith("| **")]
    assert [row.split("**")[1] for row in listed] == ["broken", "bad", "declined", "cut", "good"]
    page = render_page(run_json(), results, [])
    assert re.findall(r'class="id">(\w+) ', page) == ["broken", "bad", "declined", "cut", "good"]
    assert page.count('<details class="question" open>') == 3


def test_both_reports_say_where_the_time_of_the_judge_went(results):
    assert "| faithfulness | 3 | 1 | 3 |" in section(render(run_json(), results), "Latency")
    assert "calls of the judge" in render_page(run_json(), results, [])
    unjudged = [result("a")]
    assert "calls of the judge" not in render(run_json(), unjudged) + render_page(run_json(), unjudged, [])


def test_text_of_notes_and_models_breaks_no_table_and_opens_no_tag(results):
    row = next(row for row in render(run_json(), results).splitlines() if row.startswith("| **bad**"))
    assert "a \\| b # c &lt;script>" in row
    assert row.count(" | ") == len("question verdict facts evidence faithfulness answer".split()) - 1
    outline = Outline(render_page(run_json(name=HOSTILE), results, []))
    assert outline.open == []
    assert outline.scripts == 0
    assert outline.links == ["data:,"]
    assert any("<script>alert(1)</script>" in words for words in outline.words)


def test_answer_evidence_and_verdicts_stand_side_by_side(results):
    page = render_page(run_json(), results, [])
    [bad] = [each for each in page.split('<details class="question"') if 'class="id">bad ' in each]
    for part in (
        "missing: 3.3 billion",
        "in no passage",
        "statement: It is small.; reason: not there",
        "expected 0.40",
        "3.3 billion words",
    ):
        assert part in bad
    assert bad.count("(expected 0.80)") == 2


@pytest.mark.parametrize("page", [False, True])
def test_a_judge_that_does_not_beat_word_overlap_is_grey_with_that_sentence(results, page):
    def rendered(calibrated):
        return (render_page if page else render)(run_json(), results, calibrated)

    blunt, sharp = rendered([BLUNT]), rendered([SHARP])
    sentence = "On labelled answers the judge does not beat counting shared words (AUC "
    assert sentence in blunt
    assert sentence not in sharp
    assert "On labelled answers the judge beats counting shared words" in sharp
    grey = 'class="grey"' if page else "| *faithfulness* |"
    assert grey in blunt
    assert grey not in sharp
    assert UNKNOWN in rendered([])
    assert grey in (rendered([]) if not page else rendered([BLUNT]))


def test_reports_open_with_the_judge(results):
    for report in (render(run_json(), results, [SHARP]), render_page(run_json(), results, [SHARP])):
        places = [report.index(words) for words in ("How far the judge can be trusted", "Figures", "By type of question")]
        assert places == sorted(places)


@pytest.mark.slow
def test_corrected_shares_stand_beside_the_raw_ones():
    values = {"faithfulness": {str(n): 0.5 for n in range(20)}, "context_precision": {"a": 0.5}}
    found = trust(["faithfulness", "context_precision"], values, [SHARP, scores([0.9, 0.1] * 20, "context_precision")])
    assert found["faithfulness"].corrected.value == pytest.approx(0.5)
    assert found["context_precision"].corrected is None, "a label of one passage says nothing of a ranking"
    results = [result(str(n), judged={"faithfulness": judged(0.5)}) for n in range(4)]
    assert "0.50 (0.50 to 0.50)" in render(run_json(), results, [SHARP])
    assert "corrected for the judge&#x27;s errors: 0.50" in render_page(run_json(), results, [SHARP])


def test_it_says_how_to_make_the_run_again_and_whether_it_was_finished():
    report = render(run_json(), [result()])
    repeat = section(report, "Make it again")
    for part in (
        "python -m eval run",
        "abababababababab",
        "generation 1, 3 documents, 9 chunks",
        "0.5 minutes",
        "8 GiB",
        "efefefefefefefef",
        "engine installed, embedder sha256:0e0e",
        "top_k = 8",
        "python 3.11.1",
    ):
        assert part in repeat
        assert part in render_page(run_json(), [result()], [])
    assert "not finished" not in report
    assert "**The run was not finished.**" in render(run_json(finished=None), [result()])
    assert "The run was not finished." in render_page(run_json(finished=None), [result()], [])


def test_a_figure_of_which_less_is_better_says_so():
    run = run_json(metrics=["noise_sensitivity", "faithfulness"])
    line = result(judged={"noise_sensitivity": judged(0.25), "faithfulness": judged(0.5)})
    rows = {row.split(" | ")[0].strip("| *"): row for row in section(render(run, [line]), "Figures").splitlines()}
    assert "less is better" in rows["noise_sensitivity"]
    assert "less is better" not in rows["faithfulness"]
    assert render_page(run, [line], []).count("less is better") == 1


def test_a_run_without_results_or_judge_has_reports_too():
    description = run_json(judge="", metrics=[])
    report = render(description, [])
    assert "judge none" in report
    assert "How far the judge" not in report
    assert Outline(render_page(description, [], [])).open == []


def test_half_a_character_that_a_model_wrote_ends_no_run(tmp_path):
    half = "a \ud83d"
    line = result("a")
    line["answer"]["text"] = half
    with RunFolder(tmp_path / "run", run_json()) as folder:
        folder.add(line)
        folder.judge("a", "faithfulness", failed(half))
    assert read_results(tmp_path / "run")["a"]["answer"]["text"] == half
    for report in write_reports(tmp_path / "run", tmp_path / "c.json"):
        assert "a \\ud83d" in report.read_text("utf-8")


def test_the_reports_of_a_folder(tmp_path):
    write_calibration(tmp_path / "c.json", {"model": "small"}, [SHARP])
    with RunFolder(tmp_path / "run", run_json()) as folder:
        folder.add(result("a"))
    page, summary = write_reports(tmp_path / "run", tmp_path / "c.json")
    assert summary.read_text("utf-8") == render(run_json(), [result("a")], [SHARP])
    assert "beats counting shared words" in page.read_text("utf-8")


def test_the_summary_says_what_a_threshold_would_give_and_how_far_the_probability_holds():
    def answered(id, score, probability, verdict="right", **changes):
        changed = result()["answer"] | {"sentences": [{"text": "", "score": score}], "probability": probability}
        return result(id, verdict=verdict, answer=changed, **changes)

    results = [
        answered("a", 0.9, 0.95),
        answered("b", 0.6, 0.92),
        answered("c", 0.4, 0.31, "overanswered", expected="abstain"),
        answered("d", 0.3, 0.35, "wrong"),
    ]
    told = section(render(run_json(selected=4), results), "When it answers")
    assert "| coverage | risk | 95% interval | support from | answers |" in told
    assert "| 25% | 0.00 | 0.00 to 0.79 | 0.90 | 1 |" in told
    assert "| 50% | 0.00 | 0.00 to 0.66 | 0.60 | 2 |" in told
    assert "| 100% | 0.50 | 0.15 to 0.85 | 0.30 | 4 |" in told
    assert "| 0.33 | 0.50 | 0.09 to 0.91 | 2 |" in told
    assert "| 0.94 | 1.00 | 0.34 to 1.00 | 2 |" in told


def test_the_summary_of_a_run_that_answered_nothing_or_says_no_probability_leaves_that_out():
    assert "No question was answered." in section(render(run_json(), [result("a", answer=None, error="cut")]), "When it answers")
    assert "Reliability" not in render(run_json(), [result("a")])
