from __future__ import annotations

import pytest

from eval.summary import (
    Effort,
    by_type,
    efforts,
    failures,
    headline,
    latencies,
    not_judged_reasons,
    risk_coverage,
    selected,
    worst_first,
)
from tests.unit.eval.parts import failed, judged, not_judged, piece, result


def silent(id, **changes):
    return (
        result(id, expected="abstain", type="unanswerable", facts={"stated": [], "missing": [], "share": None}, evidence=[])
        | changes
    )


DECLINED = result()["answer"] | {"status": "abstained", "citations": [], "sentences": []}


def refused(id, **changes):
    return result(id, verdict="refused", answer=DECLINED, **changes)


def broken(id):
    return result(id, answer=None, error="the engine failed", verdict="error", evidence=[])


def rows(results, metrics=()):
    return {row.name: row for row in headline(results, metrics, seed=0)}


def test_what_judging_took_is_told_by_metric_and_what_was_not_judged_took_nothing():
    results = [
        result("a", judged={"faithfulness": judged(1.0, {}, {}), "context_precision": judged(1.0, {}, {}, {})}),
        result("b", judged={"faithfulness": not_judged("abstained"), "context_precision": failed("cut")}),
    ]
    assert efforts(results) == [Effort("context_precision", 2, 3, 2.0), Effort("faithfulness", 1, 2, 1.0)]
    assert efforts([result("a")]) == []


def test_failed_judgements_are_counted_and_take_no_part_in_the_mean():
    results = [
        result("a", judged={"faithfulness": judged(1.0)}),
        result("b", judged={"faithfulness": judged(0.5)}),
        result("c", judged={"faithfulness": failed("cut")}),
        result("d", judged={"faithfulness": not_judged("abstained")}),
    ]
    row = rows(results, ["faithfulness"])["faithfulness"]
    assert row.value == 0.75
    assert (row.judged, row.failed, row.not_judged) == (2, 1, 1)


def test_a_metric_that_nothing_was_judged_by_has_no_value():
    row = rows([result(judged={"faithfulness": failed("cut")})], ["faithfulness"])["faithfulness"]
    assert (row.value, row.interval, row.failed) == (None, None, 1)


def test_abstaining_is_counted_on_both_sides():
    results = [
        result("a"),
        refused("b"),
        result("c", verdict="wrong"),
        silent("d", answer=DECLINED),
        silent("e", verdict="overanswered"),
    ]
    figures = rows(results)
    assert figures["answered"].value == pytest.approx(2 / 3)
    assert figures["abstained"].value == 0.5
    assert figures["abstention precision"].value == 0.5
    assert figures["right"].value == 0.4
    assert (figures["abstained"].judged, figures["abstained"].not_judged) == (2, 3)


def test_questions_that_ended_with_an_error_are_failed_and_in_no_figure():
    figures = rows([result("a"), broken("b"), silent("c", answer=None, error="the engine failed", verdict="error")])
    assert figures["right"].value == 1.0
    counted = {name: (figures[name].judged, figures[name].failed) for name in ("right", "must_facts", "mrr", "abstained")}
    assert counted == {"right": (1, 2), "must_facts": (1, 1), "mrr": (1, 1), "abstained": (0, 1)}


def test_evidence_is_averaged_within_a_question_first():
    results = [result("a", evidence=[piece(2), piece(0)]), result("b", evidence=[piece(1, cited=False)])]
    figures = rows(results)
    assert [figures[f"evidence_recall@{budget}"].value for budget in (256, 1024)] == [0.75, 0.75]
    assert (figures["hit@1"].value, figures["mrr"].value) == (0.5, 0.75)
    assert figures["citation_recall"].value == 0.5


def test_citations_of_a_refusal_do_not_count():
    results = [result("a"), refused("b", evidence=[piece(cited=False)])]
    assert rows(results)["citation_recall"].value == 1.0
    assert rows(results)["citation_recall"].judged == 1
    assert rows(results)["hit@1"].judged == 2


def test_an_answer_without_citations_has_no_precision_to_boast_of():
    assert rows([result("a", citations={"given": 0, "good": 0})])["citation_precision"].value == 0.0


def test_the_expected_value_stands_beside_the_hard_one():
    results = [result("a", judged={"faithfulness": judged(1.0, expected=0.6)}), result("b", judged={"faithfulness": judged(0.0)})]
    row = rows(results, ["faithfulness"])["faithfulness"]
    assert (row.value, row.expected) == (0.5, 0.6)


def test_risk_coverage_takes_the_surest_answer_first():
    results = [sure("a", 0.2, "wrong"), sure("b", 0.9, "right"), sure("c", 0.5, "wrong"), refused("d"), broken("e")]
    assert risk_coverage(results) == [(0.25, 0.0), (0.5, 0.5), (0.75, pytest.approx(2 / 3))]


def sure(id, score, verdict="right"):
    return result(id, verdict=verdict, answer=result()["answer"] | {"sentences": [{"text": "", "score": score}]})


def test_points_of_the_curve_have_the_threshold_that_reaches_them():
    answers = [sure("a", 0.9), sure("b", 0.8, "wrong"), sure("c", 0.8), sure("d", 0.4), sure("e", 0.3, "partial")]
    found = selected([*answers, refused("f"), refused("g"), refused("h"), broken("i")], (0.1, 0.25, 0.3, 0.9))
    # Of b and c the system is equally sure: who takes one takes the other.
    assert [(point.threshold, point.answered, point.coverage) for point in found] == [
        (0.9, 1, 1 / 8),
        (0.8, 3, 3 / 8),
        (0.3, 5, 5 / 8),
    ]
    assert [point.risk for point in found] == [0.0, pytest.approx(1 / 3), 0.4]
    assert all(point.interval[0] <= point.risk <= point.interval[1] for point in found)
    curve = dict(risk_coverage([*answers, refused("f"), refused("g"), refused("h")]))
    assert all(curve[point.coverage] == point.risk for point in found)


def test_without_answers_there_is_nothing_to_select_from():
    assert selected([]) == selected([refused("a"), broken("b")]) == []


def test_latencies_come_from_answers_only():
    slow = result()["answer"] | {"timings_s": {"retrieve": 0.3, "total": 4.0}}
    table = {row.stage: row for row in latencies([result("a"), result("b", answer=slow), broken("c")])}
    assert (table["total"].p50, table["total"].count) == (3.0, 2)
    assert table["first_token"].count == 1


def test_worst_first():
    results = [
        result("right"),
        result("right-unfaithful", judged={"faithfulness": judged(0.2)}),
        result("half", verdict="partial", facts={"stated": ["a"], "missing": ["b"], "share": 0.5}),
        silent("over", verdict="overanswered"),
        broken("broken"),
        result("refused", verdict="refused", facts={"stated": [], "missing": ["a"], "share": 0.0}),
    ]
    order = [r["id"] for r in worst_first(results)]
    assert order == ["broken", "over", "refused", "half", "right-unfaithful", "right"]


def test_failures_and_reasons_are_listed():
    results = [
        broken("a"),
        result("b", judged={"faithfulness": failed("cut"), "answer_relevancy": not_judged("no answer")}),
        result("c", judged={"answer_relevancy": not_judged("no answer")}),
    ]
    assert failures(results) == [("a", "answer", "the engine failed"), ("b", "faithfulness", "cut")]
    assert not_judged_reasons(results) == {("answer_relevancy", "no answer"): 2}


def test_types_are_counted_by_verdict():
    counts = by_type([result("a"), result("b", verdict="wrong"), silent("c")])
    assert counts == {"fact": {"right": 1, "wrong": 1}, "unanswerable": {"right": 1}}
