from __future__ import annotations

import pytest

from eval.measure import measure, plain_text, sample
from tests.unit.eval.parts import PAGE, QUOTE, abstained, answered, question

SOURCE = {"bert.md": PAGE}.__getitem__


def test_a_right_answer_states_every_fact_and_its_evidence_is_found():
    measures = measure(question(), answered("On 3.3 billion words."), SOURCE)
    assert measures.verdict == "right"
    assert measures.fact_share == 1.0
    assert [(found.retrieved, found.cited) for found in measures.evidence] == [(True, True)]


def test_markers_do_not_break_a_fact():
    answer = answered("On 3.3", "billion words.")
    assert "3.3 [1] billion" in answer.text
    assert measure(question(), answer, SOURCE).verdict == "right"


@pytest.mark.parametrize(
    ("expected", "answer", "verdict"),
    [
        ("answer", answered("On 3.3 billion words."), "right"),
        ("answer", answered("It has 110M parameters."), "wrong"),
        ("answer", abstained(), "refused"),
        ("abstain", abstained(), "right"),
        ("abstain", answered("On 3.3 billion words."), "overanswered"),
        ("decline", abstained(), "right"),
    ],
)
def test_verdicts(expected, answer, verdict):
    assert measure(question(expected=expected), answer, SOURCE).verdict == verdict


def test_some_of_the_facts_is_partial():
    asked = question(must=["3.3 billion", "110M"], reference="3.3 billion words, 110M parameters")
    measures = measure(asked, answered("It has 110M parameters."), SOURCE)
    assert measures.verdict == "partial"
    assert (measures.stated, measures.missing, measures.fact_share) == (("110M",), ("3.3 billion",), 0.5)


def test_the_text_of_an_abstention_states_nothing():
    asked = question(must=["the notes"], reference="the notes")
    measures = measure(asked, abstained(), SOURCE)
    assert measures.stated == ()
    assert measures.verdict == "refused"


def test_a_passage_shows_a_place_if_it_holds_half_of_it():
    start = PAGE.index(QUOTE)
    for kept, ranks in [(len(QUOTE) // 2, ()), (len(QUOTE) // 2 + 1, (1,))]:
        cut = answered("On 3.3 billion words.", page=PAGE[: start + kept], cite="110M parameters")
        assert measure(question(), cut, SOURCE).evidence[0].ranks == ranks


def test_citations_are_counted_and_those_that_point_at_evidence():
    measures = measure(question(), answered("On 3.3 billion words."), SOURCE)
    assert (measures.citations, measures.good_citations, measures.passage_tokens) == (1, 1, (11,))
    missed = measure(question(), answered("It has 110M parameters.", cite="110M parameters"), SOURCE)
    assert (missed.citations, missed.good_citations) == (1, 0)


def test_evidence_that_is_shown_and_not_cited():
    measures = measure(question(), answered("It has 110M parameters.", cite="110M parameters"), SOURCE)
    assert [(found.retrieved, found.cited) for found in measures.evidence] == [(True, False)]


def test_touching_is_not_overlapping():
    before = PAGE[: PAGE.index(QUOTE)]
    measures = measure(question(), answered("It has 110M.", cite=before), SOURCE)
    assert not measures.evidence[0].cited


def test_the_same_offsets_on_another_page_are_other_evidence():
    measures = measure(question(), answered("On 3.3 billion words.", path="gpt.md"), SOURCE)
    assert [(found.retrieved, found.cited) for found in measures.evidence] == [(False, False)]


def test_an_alternative_place_will_do():
    place = {"page": "bert.md", "heading": "BERT", "quote": QUOTE}
    elsewhere = {"page": "gone.md", "heading": "X", "quote": "not there at all"}
    measures = measure(question(evidence=[elsewhere | {"alternatives": [place]}]), answered("On 3.3 billion words."), SOURCE)
    assert measures.evidence[0].retrieved
    assert measures.evidence[0].note == ""


@pytest.mark.parametrize(
    ("place", "note"),
    [
        ({"page": "gone.md", "heading": "BERT", "quote": QUOTE}, "the page is not in the index"),
        ({"page": "bert.md", "heading": "BERT", "quote": "it said so once"}, "the quote is not on the page any more"),
    ],
)
def test_evidence_that_cannot_be_looked_for_says_why(place, note):
    [found] = measure(question(evidence=[place]), answered("On 3.3 billion words."), SOURCE).evidence
    assert (found.note, found.retrieved) == (note, False)


def test_the_judge_sees_the_answer_without_markers_and_the_passages_as_the_model_read_them():
    asked = sample(question().question, question().reference, answered("On 3.3 billion words."))
    assert asked.response == "On 3.3 billion words."
    [context] = asked.retrieved_contexts
    assert context.endswith(f"(BERT):\n{PAGE}")
    assert not asked.abstained


def test_an_abstention_has_no_response():
    assert plain_text(abstained()) == ""
    assert sample("Who?", "", abstained()).abstained


def test_a_follow_up_is_judged_with_the_question_before_it():
    turns = [
        {"role": "user", "content": "What is GPT?"},
        {"role": "assistant", "content": "A model."},
        {"role": "user", "content": "What is BERT?"},
        {"role": "assistant", "content": "Another one."},
    ]
    assert sample("Who made it?", "", abstained(), turns).user_input == "What is BERT? Who made it?"
