"""How much of what was found the model is given to read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.answer.attempts import FIRST_TOKENS, SURE, attempts, fitting
from rag.answer.decide import DENIED
from rag.config import Config
from rag.errors import PromptTooLongError
from tests.build import passage
from tests.fakes import ScriptedLLM

QUESTION = "How warm is tea?"
YES, UNSURE = {"Yes": 50.0, "No": 1.0}, {"Yes": 1.0, "No": 1.2}


def found(*tokens, says="Tea number {} is warm."):
    """Passages of so many tokens, near the question."""
    texts = (says.format(rank) for rank in range(1, len(tokens) + 1))
    passages = (passage(text, rank=rank, path=f"{rank}.md") for rank, text in enumerate(texts, 1))
    return [replace(one, tokens=size, scores={"dense": 0.5, "coverage": 1.0}) for one, size in zip(passages, tokens, strict=True)]


def tried(passages, weights, question=QUESTION, threshold=0.2, more=None):
    """The attempts at some passages; behind what is read first come the rest of them, or `more`."""
    llm = ScriptedLLM(weights=weights)
    rest = passages if more is None else [*passages, *more]
    steps = attempts(llm, passages, question, (), threshold, lambda read: [*read, *(one for one in rest if one not in read)])
    return [one for one in steps if one], llm


def test_the_best_passages_alone_where_they_are_likely_to_do():
    (first, last), llm = tried(found(100, 100, 100), YES)
    assert [len(first.passages), len(last.passages)] == [2, 3]
    assert (first.first, first.last, last.first, last.last) == (True, False, False, True)
    assert first.decision.probability >= SURE
    assert len(llm.calls) == 3


def test_a_caller_that_has_an_answer_does_not_have_the_rest_read():
    llm, asked = ScriptedLLM(weights=YES), []
    steps = attempts(llm, found(100, 100, 100), QUESTION, (), 0.2, asked.append)
    assert next(steps) is None
    assert not llm.calls, "a caller can stop before the model reads"
    assert next(steps) is None
    assert "Tea number" not in llm.calls[0].prompt, "what it says to such a question without notes"
    assert next(steps).passages
    assert "Tea number 2" in llm.calls[1].prompt
    assert "Tea number 3" not in llm.calls[1].prompt
    assert len(llm.calls) == 2
    assert not asked, "nor looked for"


def test_one_passage_is_read_however_long_it_is():
    (first, _), _ = tried(found(FIRST_TOKENS + 1, 5), YES)
    assert len(first.passages) == 1


@pytest.mark.parametrize("weights", [YES, UNSURE])
def test_where_what_was_found_is_read_at_once_more_is_looked_for_where_it_leaves_doubt(weights):
    more = [replace(one, rank=3) for one in found(100, says="Tea number 3 is warm.")]
    *before, last = tried(found(100, 100), weights, more=more)[0]
    assert [len(one.passages) for one in before] == [2] * (weights is YES)
    assert [one.rank for one in last.passages] == [1, 2, 3]
    assert last.last


def test_nothing_is_read_where_nothing_was_found():
    (only,), llm = tried([], YES)
    assert (only.passages, only.last, llm.calls) == ((), True, [])


def test_all_are_read_where_the_best_leave_doubt():
    (only,), llm = tried(found(100, 100, 100), UNSURE)
    assert len(only.passages) == 3
    assert len(llm.calls) == 3


def test_where_the_best_are_far_from_an_answer_the_rest_is_not_read():
    (only,), llm = tried(found(100, 100, 100), {"Yes": 1.0, "No": 99.0})
    assert len(only.passages) == 2
    assert only.last
    assert not only.decision.answerable
    assert len(llm.calls) == 2


def test_what_only_the_rest_is_said_of_is_no_reason_to_read_nothing_else():
    first, rest = found(150), found(100, 100, says="Tea number {} is warm. So is Zubrowka.")
    (only,), llm = tried([*first, *rest], UNSURE, "How warm is Zubrowka?")
    assert len(only.passages) == 3
    assert len(llm.calls) == 3


def test_where_nothing_is_said_of_what_was_asked_nothing_is_written():
    (only,), llm = tried(found(100, 100, 100), UNSURE, "How warm is Zubrowka?")
    assert not only.decision.answerable
    assert only.decision.reason == "What comes nearest is said of something else."
    assert [call.method for call in llm.calls] == ["probabilities"] * 2
    (only,), _ = tried(found(100, 100, 100, says="Tea number {} is warm. So is Zubrowka."), UNSURE, "How warm is Zubrowka?")
    assert only.decision.answerable


@pytest.mark.parametrize("weights", [UNSURE, {"Yes": 1.0, "No": 99.0}])
def test_what_the_notes_deny_is_corrected_and_not_refused(weights):
    question = "How do I warm the tea in a tin?"
    notes = found(150, 100, says="Tea number {} is warm. Tea cannot be warmed in a tin.")
    (only,), _ = tried(notes, weights, question)
    assert len(only.passages) == 2
    assert only.decision.answerable
    assert only.decision.probability >= DENIED
    (without,), _ = tried(found(150, 100, says="Tea number {} is warm. A tin is of metal."), {"Yes": 1.0, "No": 99.0}, question)
    assert not without.decision.answerable
    *_, stricter = tried(notes, weights, question, threshold=0.9)[0]
    assert not stricter.decision.answerable, "who asks for more gets no less"


def test_what_the_notes_deny_is_just_enough_as_it_is_configured():
    assert Config.model_fields["answerable_threshold"].default == DENIED


def test_what_is_far_from_everything_is_not_read():
    passages = [replace(one, scores={"dense": 0.1, "coverage": 0.0}) for one in found(100, 100, 100)]
    (only,), llm = tried(passages, YES)
    assert "far" in only.decision.reason
    assert (only.decision.answerable, only.last, llm.calls) == (False, True, [])


@pytest.mark.parametrize(
    "question", ["Which kinds of tea are warm?", "Is green or black tea warmer?", "Is tea warmer than coffee?"]
)
def test_all_are_read_for_a_list_and_a_comparison(question):
    (only,), llm = tried(found(100, 100, 100), YES, question)
    assert len(only.passages) == 3
    assert len(llm.calls) == 2


def test_what_does_not_fit_is_left_out_from_the_end():
    llm = ScriptedLLM(context_tokens=190)
    kept = fitting(llm, found(100, 100, 100), QUESTION, (), 60)
    assert 0 < len(kept) < 3
    assert [one.rank for one in kept] == list(range(1, len(kept) + 1))
    with pytest.raises(PromptTooLongError, match="The question needs"):
        fitting(llm, [], "tea " * 300, (), 60)
