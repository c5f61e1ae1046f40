"""An answer that says no more than the question did."""

from __future__ import annotations

import pytest

from rag.answer.write import Writing, write
from tests.build import nearest_to, passage
from tests.fakes import ScriptedLLM

NOTES = ("Tables can be sorted by a script.", "The plugin glightbox enlarges pictures.\n\nWhat else is needed:")


def written(question, *replies, notes=NOTES, **options):
    passages = [passage(text, rank=rank, path=f"{rank}.md") for rank, text in enumerate(notes, 1)]
    sources = {one.chunk.path: one.text for one in passages}
    llm = ScriptedLLM(*replies, weights={"Yes": 9.0, "No": 1.0})
    *_, last = write(llm, passages, question, (), 60, sources.__getitem__, nearest_to(question), **options)
    assert isinstance(last, Writing)
    return last.draft, sum(call.method == "stream" for call in llm.calls)


def test_a_bare_yes_is_followed_by_what_the_notes_say():
    draft, calls = written("Can a plugin enlarge pictures?", "Yes, a plugin can enlarge pictures.")
    assert draft.text.startswith("Yes, a plugin can enlarge pictures.")
    assert "The notes say:\n\n> The plugin glightbox enlarges pictures." in draft.text
    assert [citation.quote for citation in draft.citations] == ["The plugin glightbox enlarges pictures."]
    assert calls == 1


def test_a_plugin_that_is_not_named_is_named_by_the_note():
    draft, calls = written("Which plugin enlarges pictures?", "The plugin enlarges pictures.")
    assert draft.text == ("The plugin enlarges pictures. [1]\n\nThe notes say:\n\n> The plugin glightbox enlarges pictures. [1]")
    assert calls == 1


def test_a_model_that_declines_is_asked_again_and_the_note_quoted():
    draft, calls = written("Which plugin enlarges pictures?", "The notes do not say which plugin.")
    assert draft.text == "The notes say:\n\n> The plugin glightbox enlarges pictures. [1]"
    assert calls == 2


def test_where_the_best_passage_was_tried_before_it_is_not_tried_again():
    draft, calls = written("Which plugin enlarges pictures?", "The notes do not say which plugin.", first=False)
    assert draft.text == "The notes say:\n\n> The plugin glightbox enlarges pictures. [1]"
    assert calls == 1


def test_where_others_will_be_tried_nothing_is_quoted():
    draft, calls = written("Which plugin enlarges pictures?", "The notes do not say which plugin.", last=False)
    assert not draft.citations
    assert calls == 1


@pytest.mark.parametrize(
    ("question", "reply"),
    [
        ("Which is faster, the GPU or the CPU?", "The GPU is faster."),
        ("Does it run before or after the build?", "After the build."),
    ],
)
def test_of_two_things_that_were_named_one_is_an_answer(question, reply):
    notes = ("Colours of tea vary by region.", "The GPU is faster than the CPU. It does run after the build.")
    draft, calls = written(question, reply, notes=notes)
    assert draft.text == f"{reply} [1]"
    assert calls == 1


def test_a_letter_is_no_choice():
    draft, _ = written("Can it do async I/O?", "Yes, it can do async I/O.", notes=("Async I/O is what it can do since version 3.",))
    assert "since version 3" in draft.text


def test_nothing_is_quoted_that_is_not_near():
    draft, _ = written("Can tea be warm?", "Yes, tea can be warm.", notes=("Bananas are yellow.", "Tea be warm.\n\nTea:"))
    assert "The notes say" not in draft.text
    assert "Bananas" not in draft.text


def test_an_echo_of_a_question_that_no_sentence_states_is_no_answer_and_the_notes_speak_for_themselves():
    question = "Can I explain jargon in one place and have it pop up everywhere?"
    notes = ("Support is found in one place.", "Explain the issue in one sentence.", "The jargon of a trade is old.")
    draft, calls = written(question, "Yes, you can explain jargon in one place.", notes=notes, insists=False)
    assert draft.text.startswith("The notes say:\n\n> ")
    assert "Yes" not in draft.text
    assert calls == 1, "fewer passages make no echo an answer"
    far = ("Bananas are yellow and bent.", "Coffee grows on hills.")
    draft, _ = written(question, "Yes, you can explain jargon in one place.", notes=far)
    assert not draft.text


def test_a_model_that_declines_is_believed_unless_the_notes_surely_hold_an_answer():
    draft, calls = written("Which plugin enlarges pictures?", "The notes do not say which plugin.", insists=False)
    assert not draft.text
    assert calls == 1


def test_a_false_premise_that_is_repeated_is_marked():
    notes = ("SentencePiece is a library that implements BPE and unigram.", "Some vocabularies are better than others.")
    reply = "SentencePiece is better than BPE and unigram. It is a library that implements BPE and unigram."
    draft, _ = written("Is SentencePiece better than BPE and unigram?", reply, notes=notes)
    assert [(one.support, bool(one.citations)) for one in draft.sentences] == [("unsupported", False), ("supported", True)]
    assert draft.sentences[0].reason == "Only the question says this."


@pytest.mark.parametrize(
    ("note", "question", "reply"),
    [
        (
            "BERT supports:\n\n- masked language modelling\n- NSP, next sentence prediction",
            "Does BERT support NSP?",
            "Yes, BERT supports NSP.",
        ),
        ("BERT is a model from Google. It is bidirectional.", "Is BERT bidirectional?", "Yes, BERT is bidirectional."),
        ("It runs on a CPU. A GPU is not needed to run it.", "Do I need a GPU to run it?", "No, you do not need a GPU to run it."),
        ("Model | Open\nBLOOM | yes\nBERT | open", "Is BERT an open model?", "Yes, BERT is an open model."),
    ],
)
def test_a_yes_that_the_notes_state_is_an_answer(note, question, reply):
    draft, calls = written(question, reply, notes=("Tea is hot.", note))
    assert draft.text.startswith(reply)
    assert draft.sentences[0].support == "supported"
    assert calls == 1


def test_a_quotation_loads_nothing():
    note = "![a build badge](https://evil.example/b.svg?leak=1) is a build badge that you can show."
    draft, _ = written("Can I show a build badge?", "Yes, you can show a build badge.", notes=(note,))
    assert "The notes say" in draft.text
    assert "evil.example" not in draft.text


def test_an_answer_of_its_own_stands_alone():
    draft, _ = written("Which plugin enlarges pictures?", "The plugin glightbox enlarges pictures.")
    assert "The notes say" not in draft.text
