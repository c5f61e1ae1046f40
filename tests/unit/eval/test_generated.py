from __future__ import annotations

import pytest

from eval.adding import parsed
from eval.generated import Generated, check, pick
from eval.pages import PageText
from tests.build import chunk

PAGE = (
    "# Kettles\n\nA kettle boils one litre in three minutes. The Meteor draws 2,200 watts and was built in Leeds. "
    "It has a lid of tin.\n"
)
BODY = PAGE[PAGE.index("A kettle") :].strip()
CHUNK = chunk(BODY, path="kettles.md", title="Kettles", start=PAGE.index(BODY), headings=("Kettles",))


def surely(*_):
    return 0.9


def checked(question="How many watts does the Meteor draw?", answer="The Meteor draws 2,200 watts.", stated=surely):
    return check(Generated(question, answer, CHUNK), PageText("kettles.md", PAGE), stated)


def test_a_good_question_gets_its_evidence_as_the_source_has_it():
    fields = checked().fields
    [place] = fields["evidence"]
    assert place == {"page": "kettles.md", "heading": "Kettles", "quote": "The Meteor draws 2,200 watts and was built in Leeds."}
    assert PAGE.count(place["quote"]) == 1
    assert (fields["must"][0], fields["type"]) == ("2,200", "number")
    assert parsed(fields | {"id": "a"}).must == fields["must"]


@pytest.mark.parametrize(
    ("question", "answer", "reason"),
    [
        ("Tell me of kettles.", "The Meteor draws 2,200 watts.", "no question"),
        ("What does the context say of the Meteor?", "The Meteor draws 2,200 watts.", "does not see"),
        ("How many watts does it draw at sea?", "Ships carry large copper boilers at sea.", "no sentences of the page"),
        ("How many watts does the Meteor draw?", "The Meteor draws 2,400 watts.", "a number of the answer"),
        ("Does the Meteor kettle draw watts?", "The Meteor draws watts.", "says nothing that the question does not"),
    ],
)
def test_a_bad_one_is_dropped_with_the_reason(question, answer, reason):
    found = checked(question, answer)
    assert found.fields is None
    assert reason in found.reason


def test_the_model_has_the_last_word_and_is_asked_only_if_all_else_is_well():
    asked = []

    def doubting(*given):
        asked.append(given)
        return 0.2

    assert "does not find the answer in the evidence (0.20)" in checked(stated=doubting).reason
    assert asked == [
        ("How many watts does the Meteor draw?", "The Meteor draws 2,200 watts.", checked().fields["evidence"][0]["quote"])
    ]
    checked("Tell me of kettles.", stated=doubting)
    assert len(asked) == 1


def test_an_answer_from_two_sentences_has_both_as_evidence():
    fields = checked("What of a kettle's lid and time?", "It has a lid of tin and boils one litre in three minutes.").fields
    assert len(fields["evidence"]) == 2


def test_chunks_are_picked_evenly_and_poor_ones_are_left_out():
    rich = [chunk(" ".join(f"word{n}x{m}" for m in range(40)), id=str(n)) for n in range(10)]
    assert [each.id for each in pick([*rich, chunk("Too short.")], 3)] == ["0", "3", "6"]
    assert len(pick(rich, 99)) == 10
