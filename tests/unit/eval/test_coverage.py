"""Which evidence stands in passages, and how much of what was retrieved it is."""

from __future__ import annotations

import pytest

from eval.coverage import Found, completed, packed, shares
from eval.evidence_sets import Stretch

SOURCE = {"a.md": "BERT read 3.3 billion words. It has 110M parameters!", "b.md": "BERT: 110M."}
WORDS, SIZE, OTHER = Stretch("a.md", 0, 28), Stretch("a.md", 29, 52), Stretch("b.md", 6, 10)
EVIDENCE = ((WORDS,), (SIZE, OTHER))


def found(path, *spans, tokens=10):
    return Found(path, spans, tokens)


def shown(*passages, evidence=EVIDENCE):
    return completed(evidence, passages, lambda path: SOURCE.get(path, ""))


def test_a_piece_is_shown_by_any_of_its_places():
    assert shown(found("a.md", (0, 52))) == [{0, 1}]
    assert shown(found("b.md", (0, 11)), found("a.md", (0, 28))) == [{1}, {0}]


def test_two_passages_show_together_what_neither_shows_alone():
    assert shown(found("a.md", (0, 10))) == [set()]
    assert shown(found("a.md", (0, 10)), found("a.md", (10, 28))) == [set(), {0}]
    assert shown(found("a.md", (0, 10), (12, 28))) == [set()]


def test_marks_and_spaces_may_be_missing_letters_may_not():
    assert shown(found("a.md", (0, 27))) == [{0}]
    assert shown(found("a.md", (1, 28))) == [set()]


def test_where_a_link_leads_counts_for_nobody():
    source = "See [the notes](../data/index.md) and [[Data|them]]."
    evidence = ((Stretch("a.md", 0, len(source)),),)
    cleaned = found("a.md", (0, 4), (5, 14), (34, 38), (45, 49))
    assert source[45:49] == "them"
    assert completed(evidence, [cleaned], lambda _: source) == [{0}]
    assert completed(evidence, [found("a.md", (0, 14))], lambda _: source) == [set()]


def test_what_is_shown_again_counts_once():
    assert shown(found("a.md", (0, 28)), found("a.md", (0, 52)), found("b.md", (0, 11))) == [{0}, {1}, set()]


def test_a_page_that_is_not_there_shows_nothing():
    assert shown(found("c.md", (0, 99)), evidence=((Stretch("c.md", 0, 5),),)) == [set()]
    assert shown() == []


def test_a_passage_that_does_not_fit_is_passed_over():
    passages = [found("a.md", tokens=5), found("b.md", tokens=9), found("a.md", tokens=4), found("a.md", tokens=1)]
    assert [each.tokens for each in packed(passages, 10)] == [5, 4, 1]
    assert packed(passages, 0) == []


def test_shares_count_characters_and_repeated_ones_again():
    evidence = ((Stretch("a.md", 0, 10),), (Stretch("a.md", 20, 30),))
    one = shares(evidence, [found("a.md", (0, 20))])
    assert (one.recall, one.precision) == (0.5, 0.5)
    assert one.iou == pytest.approx(10 / 30)
    twice = shares(evidence, [found("a.md", (0, 20)), found("a.md", (0, 20))])
    assert (twice.recall, twice.precision, twice.iou) == (0.5, 0.25, pytest.approx(10 / 50))
    all_of_it = shares(evidence, [found("a.md", (0, 10)), found("a.md", (20, 30)), found("b.md", (0, 0))])
    assert (all_of_it.recall, all_of_it.precision, all_of_it.iou) == (1, 1, 1)
    nothing = shares(evidence, [])
    assert (nothing.recall, nothing.precision, nothing.iou) == (0, 0, 0)
