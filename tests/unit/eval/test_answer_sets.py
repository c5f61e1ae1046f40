"""Sets of questions for answers: what is read from their files, and which of them a small run asks."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from eval.answer_sets import ANSWER_SETS, Item, choose_items, read_answer_set
from rag.errors import ConfigError


def item(number, expected="answer", split="test"):
    return Item(f"q{number}", "Why?", (), "fact", expected, split)


def test_a_small_run_meets_both_kinds_evenly_and_in_order():
    items = [item(n, "abstain" if n >= 90 else "answer") for n in range(100)]
    chosen = choose_items(items, None, 10)
    assert [one.id for one in chosen] == [f"q{n}" for n in (0, 10, 20, 30, 40, 50, 60, 70, 80, 90)]
    assert Counter(one.silent for one in choose_items(items, None, 4)) == {False: 3, True: 1}
    assert choose_items(items, None, None) == choose_items(items, None, 1000) == tuple(items)


@pytest.mark.parametrize("limit", range(1, 13))
@pytest.mark.parametrize("silent", [0, 1, 6, 11, 12])
def test_a_limit_is_kept_to_whatever_the_set_is_made_of(silent, limit):
    items = [item(n, "decline" if n < silent else "answer") for n in range(12)]
    chosen = choose_items(items, None, limit)
    assert len(chosen) == len({one.id for one in chosen}) == limit
    if limit > 1:
        assert {one.silent for one in chosen} == {one.silent for one in items}


def test_a_half_leaves_the_other_out_but_no_attack():
    items = [item(0, split="tune"), item(1, split="test"), item(2, split="")]
    assert [one.id for one in choose_items(items, "test", None)] == ["q1", "q2"]


def squad(folder, *lines, name="squad2_dev"):
    (folder / "bench").mkdir()
    (folder / "bench" / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_each_paragraph_is_a_page_and_its_answers_are_the_evidence(tmp_path):
    first = {"id": "a", "question": "When? ", "title": "Sarn_bell", "context": "Cast in 1743.", "answerable": True}
    squad(tmp_path, first | {"answers": ["1743", "in 1743"]}, first | {"id": "b", "answerable": False, "answers": []})
    read = read_answer_set("squad2_dev", tmp_path, tmp_path)
    assert read.pages == {"page-001.md": "# Sarn bell\n\nCast in 1743.\n"}
    known, unknown = read.items
    assert (known.question, known.page, known.split, known.answers) == ("When?", "page-001.md", "tune", ("1743", "in 1743"))
    assert [read.pages[at.path][at.start : at.end] for at in known.evidence[0]] == ["1743", "in 1743"]
    assert unknown.silent and not unknown.evidence and unknown.split == "test"


def test_the_sentences_that_annotators_chose_are_the_evidence_each_once(tmp_path):
    line = {"id": 7, "question": "when", "title": "Bell", "context": "Cast in 1743. It rang. It fell.", "answerable": True}
    chosen = [["Cast in 1743.", "It fell."], ["It fell.", "Not there."]]
    squad(tmp_path, line | {"answers": ["In 1743.", "1743 it was."], "selected_sentences": chosen}, name="clapnq_dev")
    read = read_answer_set("clapnq_dev", tmp_path, tmp_path)
    [one] = read.items
    assert (read.scoring, one.id, one.answers) == ("f1", "7", ("In 1743.", "1743 it was."))
    assert [[read.pages[at.path][at.start : at.end] for at in piece] for piece in one.evidence] == [["Cast in 1743."], ["It fell."]]


def test_pages_that_are_not_here_are_told_and_damage_is_an_error(tmp_path):
    for name in ("source-notes", "mkdocs-material", "hugo-book", "squad2_dev", "clapnq_dev"):
        with pytest.raises(FileNotFoundError, match="not on this machine"):
            read_answer_set(name, tmp_path, tmp_path)
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / "squad2_dev.jsonl").write_text("{\n")
    with pytest.raises(ConfigError, match="damaged"):
        read_answer_set("squad2_dev", tmp_path, tmp_path)


def test_the_attacks_are_a_set_that_brings_its_pages(tmp_path):
    read = ANSWER_SETS["attacks"](tmp_path, tmp_path)
    assert len(read.items) >= 36
    for one in read.items:
        assert read.pages[one.page] == one.attack.page
        assert one.silent == (not one.must)
