from __future__ import annotations

import json

import pytest

from eval.baseline import Side, differing, read_side, write_baseline
from eval.cli import main
from eval.compare import compare, values_of
from eval.comparison_report import comparison_json, comparison_markdown
from eval.record import RunFolder
from rag.errors import ConfigError
from tests.unit.eval.parts import judged, piece, result, run_json


def results(share_right, *, faith=1.0, count=40, seconds=2.0):
    """Questions of which the first ones are right."""
    right = round(share_right * count)
    answer = result()["answer"] | {"timings_s": {"total": seconds}}
    return [
        result(
            f"q-{number}",
            verdict="right" if number < right else "wrong",
            facts={"stated": [], "missing": [], "share": float(number < right)},
            evidence=[piece(1 if number < right else 0)],
            answer=answer,
            judged={"faithfulness": judged(faith, expected=faith), "noise_sensitivity": judged(1 - faith)},
        )
        for number in range(count)
    ]


def compared(one, other):
    before, after = values_of(one), values_of(other)
    return compare(before[0], after[0], (before[1], after[1]))


def verdicts(comparison):
    return {line.name: line.verdict for line in comparison.lines}


@pytest.mark.slow
def test_a_large_loss_is_worse_and_a_gain_is_better():
    found = compared(results(0.9), results(0.5))
    assert found.worse[:2] == ["right", "must_facts"]
    assert (found.lost, found.won, found.questions) == (16, 0, 40)
    assert found.mcnemar_p < 0.001
    assert verdicts(compared(results(0.5), results(0.9)))["right"] == "better"


def test_a_system_that_fails_on_half_of_the_questions_is_worse():
    broken = [each if number % 2 else each | {"error": "no engine", "verdict": "error"} for number, each in enumerate(results(0.9))]
    found = compared(results(0.9), broken)
    assert found.lost == 18
    assert found.worse == ["right"]


@pytest.mark.parametrize(
    ("share", "worse"), [(1.0, ["judged", "faithfulness (gone)", "noise_sensitivity (gone)"]), (0.5, ["judged"])]
)
def test_judgements_that_fail_do_not_pass_a_gate(share, worse):
    def failed(each):
        judged_ = {name: one | {"status": "failed", "value": None} for name, one in each["judged"].items()}
        return each | {"judged": judged_}

    after = [failed(each) if number < 40 * share else each for number, each in enumerate(results(0.9))]
    assert compared(results(0.9), after).worse == worse


def test_a_run_is_no_worse_than_the_baseline_that_was_made_of_it(tmp_path):
    # So ragas computes the precision of a perfect list.
    run = [each | {"judged": {"context_precision": judged(0.9999999999)}} for each in results(0.9)]
    columns, verdicts = values_of(run)
    write_baseline(tmp_path / "baseline.json", Side("a", {}, columns, verdicts))
    kept = read_side(tmp_path / "baseline.json")
    found = compare(kept.columns, columns, (kept.verdicts, verdicts))
    assert (found.worse, list(found.changes)) == ([], [])


def test_what_happened_to_three_questions_is_no_proof():
    found = compared(results(1.0, count=3), results(0.0, count=3))
    assert found.worse == []
    assert compared(results(1.0, count=12), results(0.0, count=12)).worse


def test_one_question_more_or_less_is_noise():
    assert set(verdicts(compared(results(0.9), results(0.875))).values()) == {"noise"}


def test_the_same_run_twice_is_noise_in_every_figure():
    found = compared(results(0.7), results(0.7))
    assert set(verdicts(found).values()) == {"noise"}
    assert (found.changes, found.worse, found.mcnemar_p) == ([], [], 1.0)


def test_where_less_is_better_more_is_worse():
    found = compared(results(0.9, faith=0.9), results(0.9, faith=0.4))
    assert verdicts(found) | {"faithfulness": "worse", "noise_sensitivity": "worse"} == verdicts(found)
    assert set(found.worse) == {"faithfulness", "noise_sensitivity"}


def test_times_and_expected_values_fail_no_gate():
    found = compared(results(0.9), results(0.9, seconds=9.0))
    assert verdicts(found)["total s"] == "worse"
    assert found.worse == []
    assert "faithfulness (expected)" in verdicts(found)


def test_changed_questions_come_worst_first_with_what_moved():
    found = compared(results(0.5, count=4), results(0.5, count=4)[::-1])
    assert found.changes == []
    swapped = results(0.5, count=4)
    swapped[0], swapped[3] = swapped[3] | {"id": "q-0"}, swapped[0] | {"id": "q-3"}
    found = compared(results(0.5, count=4), swapped)
    assert [(change.id, change.worse, change.better) for change in found.changes] == [("q-0", True, False), ("q-3", False, True)]
    assert found.changes[0].moved["must_facts"] == -1.0


def test_questions_of_one_run_only_do_not_count():
    found = compared(results(1.0, count=10), results(1.0, count=4))
    assert (found.questions, found.only_one) == (4, 6)


@pytest.mark.slow
def test_noise_among_many_figures_is_not_called_significant():
    """Each of thirty figures differs by chance alone; without a correction, one or two would pass 0.05."""
    import random

    draw = random.Random(5)
    names = [f"figure {number}" for number in range(30)]
    false_alarms = 0
    for _ in range(8):
        before, after = ({name: {f"q{n}": draw.random() for n in range(40)} for name in names} for _ in range(2))
        same = {f"q{n}": "right" for n in range(40)}
        false_alarms += bool(compare(before, after, (same, same)).worse)
    assert false_alarms <= 2


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, share in {"good": 0.9, "bad": 0.4}.items():
        with RunFolder(tmp_path / "eval" / "runs" / name, run_json(settings={"top_k": int(share * 10)})) as folder:
            for line in results(share):
                folder.add(line)
                for metric, judgement in line["judged"].items():
                    folder.judge(line["id"], metric, judgement)
    return tmp_path


@pytest.mark.slow
def test_compare_says_what_differs_and_exits_0(runs, capsys):
    assert main(["compare", "good", "bad"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("# good → bad\n\n**Worse: right, must_facts, ")
    assert "| settings.top_k | 9 | 4 |" in said
    assert "| right | 0.90 | 0.40 | -0.500 |" in said
    assert "| q-16 | right → wrong |" in said
    assert main(["compare", "good", "bad", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert (value["right"]["lost"], value["worse"][0]) == (20, "right")
    with pytest.raises(ConfigError, match="There is no run"):
        main(["compare", "good", "none"])


@pytest.mark.slow
def test_a_gate_exits_1_on_a_loss_and_0_on_none(runs, capsys):
    assert main(["gate", "good", "--accept"]) == 0
    assert main(["gate", "good"]) == 0
    assert main(["gate", "bad"]) == 1
    assert "Worse than eval/baseline.json: right" in capsys.readouterr().err
    assert main(["gate", "bad", "--against", "bad"]) == 0


def test_a_run_that_was_cut_short_decides_nothing(runs, capsys):
    with RunFolder(runs / "eval" / "runs" / "cut", run_json(finished=None)) as folder:
        folder.add(results(0.9)[0])
    for arguments in (["--accept"], ["--against", "good"]):
        with pytest.raises(ConfigError, match="The run cut was not finished"):
            main(["gate", "cut", *arguments])
    assert not (runs / "eval" / "baseline.json").exists()
    assert main(["compare", "good", "cut"]) == 0
    assert "**cut was not finished.**" in capsys.readouterr().out


def test_a_baseline_holds_what_a_run_says_but_its_times(runs):
    side = read_side(runs / "eval" / "runs" / "good")
    write_baseline(runs / "b.json", side)
    again = read_side(runs / "b.json")
    assert again.verdicts == side.verdicts
    assert {*side.columns} - {*again.columns} == {"total s"}
    assert again.columns["must_facts"] == side.columns["must_facts"]
    assert differing(side, again) == {}


def test_other_notes_another_judge_and_other_code_are_named(runs):
    side = read_side(runs / "eval" / "runs" / "good")
    for change, named in (
        ({"chunks_sha256": "00"}, "chunks_sha256"),
        ({"parts": {"engine": "built", "embedder": "sha256:0e0e", "reranker": ""}}, "parts.engine"),
        ({"system_code": "00"}, "system_code"),
        ({"judging": {"context_tokens": 2048}}, "judging"),
    ):
        about = {**side.about, "judging": None}
        assert list(differing(Side("a", about, {}, {}), Side("b", about | change, {}, {}))) == [named]


def test_what_an_older_baseline_does_not_say_is_no_difference(runs):
    side = read_side(runs / "eval" / "runs" / "good")
    older = {key: value for key, value in side.about.items() if key not in {"parts", "system_code"}}
    assert differing(Side("old", older, {}, {}), side) == {}


WHOLE = {"format": 1, "name": "a", "about": {}, "verdicts": {"q": "right"}, "columns": {"right": {"q": 1.0}}}


@pytest.mark.parametrize(
    "text",
    [
        *["{", "[]", '{"format": 99}', '{"format": 1}'],
        json.dumps(WHOLE | {"verdicts": {"q": "rihgt"}}),
        json.dumps(WHOLE | {"columns": {"right": {"q": float("nan")}}}),
        json.dumps(WHOLE | {"columns": {"right": [1.0]}}),
    ],
)
def test_what_is_no_baseline_is_refused(tmp_path, text):
    (tmp_path / "b.json").write_text(text)
    with pytest.raises(ConfigError, match="is not a baseline"):
        read_side(tmp_path / "b.json")


def test_where_there_is_nothing_to_compare_with_it_says_how_to_get_it(runs, tmp_path, monkeypatch):
    for arguments in (["good"], ["good", "--against", "nowhere.json"]):
        with pytest.raises(ConfigError, match=r"There is no baseline .* gate RUN --accept"):
            main(["gate", *arguments])
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(ConfigError, match=r"There is no run in eval/runs yet\. Make one: python -m eval run"):
        main(["compare", "latest", "good"])


def test_runs_without_a_common_question_cannot_be_compared(runs):
    with RunFolder(runs / "eval" / "runs" / "other", run_json()) as folder:
        folder.add(result("elsewhere"))
    with pytest.raises(ConfigError, match="no question in common"):
        main(["compare", "good", "other"])


def test_a_comparison_of_equal_runs_reads_as_noise():
    side = Side("a", {}, *values_of(results(0.7)))
    found = compared(results(0.7), results(0.7))
    said = comparison_markdown(side, side, found)
    assert "**Noise: no figure differs by more than chance.** 40 questions in both, 0 changed" in said
    assert "Both were made with the same notes, settings, models and code." in said
    assert comparison_json(side, side, found)["changes"] == []
