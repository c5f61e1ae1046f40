"""An answer that says no more than the question did."""

from __future__ import annotations

import pytest

from rag.answer.write import Writing, write
from tests.build import passage
from tests.fakes import ScriptedLLM

NOTES = ("Tables can be sorted by a script.", "The plugin glightbox enlarges pictures.\n\nWhat else is needed:")


def written(question, *replies, notes=NOTES):
    passages = [passage(text, rank=rank, path=f"{rank}.md") for rank, text in enumerate(notes, 1)]
    sources = {one.chunk.path: one.text for one in passages}
    llm = ScriptedLLM(*replies)
    *_, last = write(llm, passages, question, (), 60, sources.__getitem__)
    assert isinstance(last, Writing)
    return last.draft, len(llm.calls)


def test_a_bare_yes_is_followed_by_what_the_notes_say():
    draft, calls = written("Can a plugin enlarge pictures?", "Yes, a plugin can enlarge pictures.")
    assert draft.text.startswith("Yes, a plugin can enlarge pictures.")
    assert "The notes say:\n\n> The plugin glightbox enlarges pictures." in draft.text
    assert all(quote.quote in NOTES[0] + NOTES[1] and not quote.quote.endswith(":") for quote in draft.citations)
    assert calls == 1


@pytest.mark.parametrize("reply", ["The plugin enlarges pictures.", "The notes do not say which plugin."])
def test_a_plugin_that_is_not_named_is_no_answer(reply):
    draft, calls = written("Which plugin enlarges pictures?", reply)
    assert draft.text.startswith("The notes say:\n\n> The plugin glightbox enlarges pictures.")
    assert calls == 2


def test_the_second_try_with_the_best_passage_counts():
    draft, calls = written("Which plugin enlarges pictures?", "The plugin enlarges pictures.", "Glightbox does.", notes=NOTES[::-1])
    assert draft.text == "Glightbox does. [1]"
    assert calls == 2


def test_with_one_passage_the_answer_stays_and_the_note_follows():
    draft, calls = written("Which plugin enlarges pictures?", "The plugin enlarges pictures.", notes=NOTES[1:])
    assert draft.text.startswith("The plugin enlarges pictures.")
    assert "> The plugin glightbox enlarges pictures. [1]" in draft.text
    assert calls == 1


def test_an_answer_of_its_own_stands_alone():
    draft, _ = written("Which plugin enlarges pictures?", "The plugin glightbox enlarges pictures.")
    assert "The notes say" not in draft.text
