from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from eval.calibration import FILE, Scores, agreement, read_calibration, score, verdict, write_calibration
from eval.calibration_report import calibration_markdown
from eval.evidence import check_places
from eval.judgement import Judgement, Sample
from eval.labels import DEFAULT_FILE, LABELLED, labelled, read_claims, read_labels
from eval.names import DEFAULT_JUDGED
from eval.overlap import OverlapJudge, share
from eval.protocol import METRIC_REVISIONS
from rag.errors import ConfigError

ROOT = Path(__file__).parents[3]


class Knowing:
    """A judge that knows the labels and errs now and then; it is unsure where it errs."""

    name = "knowing"

    def __init__(self, things, right=0.9):
        draw = random.Random(1)
        self.values = {thing.sample: float(thing.good == (draw.random() < right)) for thing in map(hashable, things)}

    def judge(self, metric, sample):
        value = self.values[hashable_sample(sample)]
        return Judgement("judged", value, expected=value * 0.8 + 0.1)


class Failing:
    name = "failing"

    def judge(self, metric, sample):
        return Judgement("failed", None, "cut")


def hashable_sample(sample):
    return (sample.user_input, sample.response, tuple(sample.retrieved_contexts), sample.reference)


def hashable(thing):
    from types import SimpleNamespace

    return SimpleNamespace(sample=hashable_sample(thing.sample), good=thing.good)


@pytest.fixture(scope="module")
def answers():
    return read_labels()


def scored(answers, metric, judge=None):
    things = labelled(answers, metric)
    return score(metric, things, judge or Knowing(things), OverlapJudge(), labels="notes")


def test_the_labels_of_this_repository_stand_in_the_corpus(answers):
    places = [(answer.id, place) for answer in answers for place in answer.contexts]
    assert check_places(places, ROOT / "corpus") == []
    assert len(answers) >= 150
    kinds = Counter(answer.kind for answer in answers)
    assert min(kinds.values()) >= 35
    assert len(kinds) == 4


def test_every_default_metric_has_good_and_bad_ones(answers):
    assert set(LABELLED) == set(DEFAULT_JUDGED)
    for metric in LABELLED:
        things = labelled(answers, metric)
        assert 0 < sum(thing.good for thing in things) < len(things)
        assert len({thing.id for thing in things}) == len(things)


def test_labels_follow_from_what_was_done_to_an_answer(answers):
    group = [answer for answer in answers if answer.question == answers[0].question]

    def good(metric):
        return [thing.good for thing in labelled(group, metric)]

    assert [answer.kind for answer in group] == ["right", "subtly_wrong", "unsupported", "off_question"]
    assert good("faithfulness") == [True, False, False, True]
    assert good("answer_relevancy") == [True, True, True, False]
    assert good("semantic_similarity") == [True, False, False, False]
    assert [thing.good for thing in labelled(answers, "context_relevance")[:2]] == [True, False]
    with pytest.raises(ValueError, match="no label follows"):
        labelled(group, "factual_correctness")


@pytest.mark.slow
def test_a_good_judge_beats_counting_words_and_a_failing_one_measures_nothing(answers):
    good = scored(answers, "faithfulness")
    assert (len(good.judge), good.failed) == (len(answers), 0)
    assert agreement(good.scored()).accuracy.value > 0.85
    assert verdict(good).beats_overlap
    assert "beats counting shared words (AUC 0." in verdict(good).sentence
    failed = scored(answers, "faithfulness", Failing())
    assert (failed.judge, failed.failed) == ([], len(answers))
    assert not verdict(failed).beats_overlap
    assert "no labelled answers" in verdict(failed).sentence


def test_a_judge_whose_expected_values_alone_beat_counting_words_is_told_so():
    good = [True, False] * 20
    blunt, soft, overlap = [1.0] * 40, [0.9, 0.6] * 20, [0.6, 0.4, 0.4, 0.6] * 10
    groups = [str(number // 2) for number in range(40)]
    found = verdict(Scores("faithfulness", "notes", good, groups, blunt, soft, overlap))
    assert not found.beats_overlap
    assert found.sentence.endswith(
        "difference -0.20 to +0.20). Its expected values do (AUC 1.00 against 0.50, difference +0.30 to +0.70)."
    )
    assert "expected" not in verdict(Scores("faithfulness", "notes", good, groups, blunt, overlap, overlap)).sentence


def test_to_beat_a_word_counter_that_is_worse_than_chance_is_not_enough():
    good = [True, False] * 20
    guess, inverted = [0.6, 0.4, 0.4, 0.6] * 10, [0.1, 0.9] * 20
    groups = [str(number // 2) for number in range(40)]
    found = verdict(Scores("answer_relevancy", "notes", good, groups, guess, None, inverted))
    assert not found.beats_overlap
    assert "beats counting shared words (AUC 0.50 against 0.00" in found.sentence
    assert found.sentence.endswith(", but is not shown to beat chance.")


def test_scores_of_an_earlier_way_to_judge_a_metric_say_nothing(tmp_path):
    file, judge = tmp_path / "calibration.json", {"model": "m"}
    old = Scores("context_recall", "notes", [True], ["a"], [1.0], None, [1.0])
    write_calibration(file, judge, [old, Scores("faithfulness", "notes", [True], ["a"], [1.0], None, [1.0])])
    assert [each.metric for each in read_calibration("m", file)] == ["faithfulness"]
    new = Scores("context_recall", "notes", [True], ["a"], [0.0], None, [1.0], 0, 192, METRIC_REVISIONS["context_recall"])
    write_calibration(file, judge, [new])
    assert {each.metric: each.judge for each in read_calibration("m", file)} == {"faithfulness": [1.0], "context_recall": [0.0]}


SILENT = Scores("faithfulness", "notes", [], [], [], [], [], 0, 192)


def test_a_few_questions_say_nothing_however_well_they_come_out():
    good, groups = [True, False] * 9, [str(number // 2) for number in range(18)]
    found = verdict(Scores("faithfulness", "notes", good, groups, [0.9, 0.1] * 9, None, [0.5] * 18, 0, 192))
    assert (found.beats_overlap, found.gain.interval) == (False, None)
    assert found.sentence.startswith("Only 18 labelled answers to 9 questions were judged, too few")
    assert [row for row in calibration_markdown("a judge", [SILENT]).splitlines() if "| judge" in row] == []


def test_word_overlap_does_not_beat_itself(answers):
    same = scored(answers, "context_relevance", OverlapJudge())
    assert not verdict(same).beats_overlap
    assert "does not beat counting shared words" in verdict(same).sentence


@pytest.mark.slow
def test_scores_are_kept_by_judge_and_the_same_judge_is_replaced(tmp_path, answers):
    file = tmp_path / "calibration.json"
    good = scored(answers, "faithfulness")
    write_calibration(file, {"model": "a"}, [good])
    write_calibration(file, {"model": "b"}, [])
    write_calibration(file, {"model": "a"}, [good])
    assert len(json.loads(file.read_text("utf-8"))["judges"]) == 2
    [again] = read_calibration("a", file)
    assert (again.metric, again.judge, again.good) == ("faithfulness", good.judge, good.good)
    assert verdict(again).gain == verdict(good).gain
    write_calibration(file, {"model": "a"}, [replace(good, labels="claims"), replace(good, failed=3)])
    assert [(each.labels, each.failed) for each in read_calibration("a", file)] == [("notes", 3), ("claims", 0)]
    smaller = replace(good, **{name: getattr(good, name)[:8] for name in ("good", "groups", "judge", "expected", "overlap")})
    write_calibration(file, {"model": "a"}, [smaller, replace(SILENT, labels="others")])
    assert [len(each.judge) for each in read_calibration("a", file)] == [192, 192], "a sample replaces no larger one"
    write_calibration(file, {"model": "a", "protocol": {"system": "Be kind."}}, [])
    assert len(read_calibration("a", file)) == 2, "a judge that is told other things is another one"
    assert read_calibration("b", file) == read_calibration("c", file) == read_calibration("a", tmp_path / "none") == []


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 1, "columns": {}}'])
def test_a_file_of_something_else_is_not_written_over(tmp_path, text):
    (tmp_path / "c.json").write_text(text)
    with pytest.raises(ConfigError, match="is not a calibration"):
        read_calibration("a", tmp_path / "c.json")
    with pytest.raises(ConfigError, match="is not a calibration"):
        write_calibration(tmp_path / "c.json", {"model": "a"}, [])
    assert (tmp_path / "c.json").read_text() == text


def test_an_interrupted_write_leaves_the_calibrations_that_were_there(tmp_path, monkeypatch):
    write_calibration(tmp_path / "c.json", {"model": "a"}, [SILENT])
    before = (tmp_path / "c.json").read_bytes()

    def full(path, *_):
        path.write_bytes(b'{"for')
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rag.index.files.write_file", full)
    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(ConfigError, match=r"cannot be written: No space left on device\. Check --out"):
        write_calibration(tmp_path / "c.json", {"model": "b"}, [SILENT])
    assert (tmp_path / "c.json").read_bytes() == before


@pytest.mark.slow
def test_the_table_shows_the_judge_and_word_overlap_with_intervals(answers):
    said = calibration_markdown("a judge", [scored(answers, "faithfulness")])
    rows = [line for line in said.splitlines() if line.startswith("| faithfulness")]
    assert [row.split(" | ")[3] for row in rows] == ["judge", "judge, expected", "word overlap"]
    assert all(row.count(" to ") == 3 for row in rows)
    assert "- faithfulness (notes): On labelled answers the judge beats" in said
    assert {row.split(" | ")[2] for row in rows} == {"96 + 96"}
    assert "It has not been compared" in calibration_markdown("a judge", [])


def test_a_sample_says_of_how_many_it_is_one(answers):
    things = labelled(answers, "faithfulness")
    some = score("faithfulness", things[:8], OverlapJudge(), OverlapJudge(), labels="notes", total=len(things))
    assert some.sampled
    assert "| 4 + 4 of 192 |" in calibration_markdown("a judge", [some])
    assert not scored(answers, "faithfulness", OverlapJudge()).sampled


@pytest.mark.skipif(not FILE.exists(), reason="no judge has been calibrated yet")
def test_what_was_calibrated_can_be_read():
    entries = json.loads(FILE.read_text("utf-8"))["judges"]
    assert all(read_calibration(entry["judge"]["model"]) for entry in entries)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot be read"),
        (b"\n", "holds no labelled answers"),
        (b"{}\n", "line 1: id: Field required"),
        (b"\xff", "is not UTF-8"),
    ],
)
def test_labels_that_cannot_be_used_are_refused(tmp_path, text, message):
    if text is not None:
        (tmp_path / "l.jsonl").write_bytes(text)
    with pytest.raises(ConfigError, match=message):
        read_labels(tmp_path / "l.jsonl")


def test_an_id_is_given_once(tmp_path):
    first = DEFAULT_FILE.read_text("utf-8").split("\n")[0]
    (tmp_path / "l.jsonl").write_text(f"{first}\n{first}\n", "utf-8")
    with pytest.raises(ConfigError, match="line 2: id 'kv-why-no-queries-right' is there twice"):
        read_labels(tmp_path / "l.jsonl")


def test_claims_are_read_with_their_labels(tmp_path):
    claim = {"id": "a", "question": "", "context": "Kettles boil.", "answer": "They do.", "faithful": 1}
    (tmp_path / "c.jsonl").write_text(json.dumps(claim) + "\n" + json.dumps(claim | {"id": "b", "faithful": 0}) + "\n")
    found = read_claims(tmp_path / "c.jsonl")
    assert [(each.id, each.good, each.sample.retrieved_contexts) for each in found] == [
        ("a", True, ["Kettles boil."]),
        ("b", False, ["Kettles boil."]),
    ]
    (tmp_path / "c.jsonl").write_text("{}\n")
    with pytest.raises(ConfigError, match="claim 1 is wrong"):
        read_claims(tmp_path / "c.jsonl")


def test_shares_of_words():
    # A number counts as itself and as the word that it stands in.
    assert share("BERT has 110M parameters", "It is BERT; its parameters are many") == 0.5
    assert share("of the", "of the") == 0.0
    sample = Sample("How fast?", "Three minutes.", ["Three minutes.", "Bread."], "Three minutes.", False)
    judge = OverlapJudge()
    assert judge.judge("faithfulness", sample).value == 1.0
    assert judge.judge("context_precision", sample).value == 1.0
    assert judge.judge("semantic_similarity", sample).value == 1.0
    assert judge.judge("factual_correctness", sample).status == "not_judged"
    assert judge.judge("faithfulness", Sample("q", "", ["c"], "", True)).status == "not_judged"


def test_the_readme_shows_the_calibration_that_is_kept():
    readme = (ROOT / "README.md").read_text("utf-8")
    begin, end = "<!-- measured: python -m eval calibrate judge --show -->\n\n", "\n<!-- end of calibration -->"
    shown = readme.partition(begin)[2].partition(end)[0]
    [judge] = {entry["judge"]["model"] for entry in json.loads(FILE.read_text("utf-8"))["judges"]}
    _, preface, table = calibration_markdown(judge, read_calibration(judge)).split("\n\n", 2)
    assert shown == f"{preface}\n\n{table}"
