"""One question from what was found for it, attempt by attempt."""

from __future__ import annotations

from dataclasses import replace

from rag.answer.single import AskSettings, answer_one
from rag.types import Answer, Draft, Retrieval
from tests.build import nearest_to, passage
from tests.fakes import ScriptedLLM

QUESTION = "How many lids does the pot have?"
TEXTS = ("The pot is red.", "The pot has 12 lids.")


def events(*replies, question=QUESTION, sizes=(150, 150)):
    found = [
        replace(passage(text, rank=rank, path=f"{rank}.md"), tokens=size, scores={"dense": 0.8, "coverage": 1.0})
        for rank, (text, size) in enumerate(zip(TEXTS, sizes, strict=True), 1)
    ]
    sources = {one.chunk.path: one.text for one in found}
    llm = ScriptedLLM(*replies, weights={"Yes": 9.0, "No": 1.0})
    retrieval = Retrieval(question, question, tuple(found), {}, 1)
    settings = AskSettings(4, 400, 60, 0.2)
    source, nearest = sources.__getitem__, nearest_to(question)
    given = answer_one(llm, question, retrieval, found, (), settings, source, nearest, lambda _: found, {"retrieve": 0.0}, 0.0)
    *drafts, answer = given
    assert isinstance(answer, Answer)
    return drafts, answer, [call for call in llm.calls if call.method == "stream"]


def test_an_answer_from_the_best_passages_is_an_answer():
    _, answer, asked = events("The pot is red.", question="Is the pot red?")
    assert answer.text == "The pot is red. [1]"
    assert [one.rank for one in answer.passages] == [1]
    assert len(asked) == 1


def test_where_nothing_comes_of_the_best_all_are_read_and_what_was_withdrawn_does_not_stay():
    drafts, answer, asked = events("The notes do not say how many. [7]", "The pot has 12 lids.")
    assert (answer.status, answer.text) == ("answered", "The pot has 12 lids. [1]")
    assert [one.rank for one in answer.passages] == [1, 2]
    assert answer.invented_markers == 1
    assert len(asked) == 2
    texts = [draft.text for draft in drafts if isinstance(draft, Draft)]
    withdrawn = next(place for place, text in enumerate(texts) if text)
    assert "" in texts[withdrawn:]


def test_where_nothing_comes_of_all_the_best_is_not_tried_again():
    _, answer, asked = events("The notes do not say how many.")
    assert len(asked) == 2
    assert (answer.status, answer.reason.split(";")[0]) == ("answered", "The model had no answer of its own")
