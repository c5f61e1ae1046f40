"""Whether what an answer says is said of what was asked."""

from __future__ import annotations

import pytest

from rag.answer.answerable import Answerability
from rag.answer.attribute import Evidence
from rag.answer.rules import Known
from rag.answer.subject import answering, counts, loosest_tie, subject_words, tie
from rag.answer.write import Writing, write
from rag.types import Chunk, Draft, Passage
from tests.build import nearest_to
from tests.fakes import ScriptedLLM

NOTE = (
    "VALL-E copies a voice from three seconds of sound.\nIt was shown in January 2023.\nLlama 2 came half a year later.\n"
    "It has 70 billion parameters."
)


def passage(text=NOTE, heading="Speech"):
    chunk = Chunk("c", "d", "speech.md", heading, 0, text, ((0, len(text)),), ((0, len(text), 0, len(text)),))
    return Passage(chunk, 1.0, 1, {"dense": 0.6}, 20, text, chunk.spans, chunk.alignment)


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("How many parameters does VALL-E have?", {"vall", "e"}),
        ("How fast is an RTX 5090 with Llama 3.1 8B?", {"rtx", "5090", "llama", "3.1", "8", "b"}),
        ("What does DeepSeek-V4 Flash cost?", {"deepseek", "v", "4", "flash"}),
        ("how many languages does it know?", set()),
    ],
)
def test_names_are_asked_about_with_their_versions(question, found):
    assert subject_words(question, Known("", "")) == found


@pytest.mark.parametrize(
    ("question", "said", "least", "most"),
    [
        ("How many parameters does VALL-E have?", "VALL-E has 70 billion parameters.", 0.0, 0.5),
        ("How many parameters does Llama 2 have?", "Llama 2 has 70 billion parameters.", 1.0, 1.0),
        ("When was VALL-E shown?", "VALL-E was shown in January 2023.", 1.0, 1.0),
        ("how many seconds does it need?", "It needs three seconds.", 1.0, 1.0),
        ("Does VALL-E copy a voice?", "Yes, VALL-E does.", 1.0, 1.0),
        ("What did Bark cost?", "It cost one zebra.", 0.0, 0.0),
    ],
)
def test_a_value_of_another_is_not_tied_to_what_was_asked(question, said, least, most):
    assert least <= tie(question, said, Evidence([passage()], question)) <= most


@pytest.mark.parametrize(
    ("question", "least"),
    [
        ("How warm is it?", 1.0),  # asks of nobody
        ("What can VALL-E do?", 0.0),  # and other lines speak of others
        ("What is Speech?", 1.0),  # the heading of all lines
        ("How many euros is it?", 0.0),
    ],
)
def test_the_loosest_tie_is_that_of_the_line_that_is_furthest_from_the_name(question, least):
    evidence = Evidence([passage(f"{NOTE}\nThe end.")], question)
    assert loosest_tie(question, evidence) == pytest.approx(least, abs=0.01)


def test_a_heading_names_what_stands_under_it():
    question = "How many parameters does VALL-E have?"
    under = passage("It has 70 billion parameters.", heading="VALL-E")
    assert tie(question, "VALL-E has 70 billion parameters.", Evidence([under], question)) == 1.0


@pytest.mark.parametrize("question", ["What are FMs trained on?", "What is an FM trained on?"])
def test_a_short_form_stands_for_the_full_one(question):
    note = passage("Foundation Models are trained on vast amounts of text.")
    assert tie(question, "They are trained on vast amounts of text.", Evidence([note], question)) == 1.0


def test_the_probability_falls_with_the_tie_and_the_least_one_is_where_it_meets_the_threshold():
    model = Answerability(0.0, {}, tie=2.0)
    assert model.with_answer(0.6, 1.0) == pytest.approx(0.6)
    needed = model.least_tie(0.6, 0.33)
    assert 0 < needed < 1
    assert model.with_answer(0.6, needed) == pytest.approx(0.33)
    assert model.least_tie(0.95, 0.33) == 0.0
    assert model.least_tie(0.33, 0.33) == 1.0
    assert Answerability(0.0, {}).least_tie(0.4, 0.33) == 0.0


def test_an_answer_that_is_said_of_another_is_neither_shown_nor_given():
    llm = ScriptedLLM("VALL-E has 70 billion parameters. It is large.")
    question = "How many parameters does VALL-E have?"
    *drafts, last = write(llm, [passage()], question, [], 100, lambda _: NOTE, nearest_to(question), least_tie=0.8)
    assert isinstance(last, Writing)
    assert not last.draft.text
    assert last.tie < 0.8
    assert all(isinstance(draft, Draft) and not draft.text for draft in drafts)
    *_, free = write(llm, [passage()], question, [], 100, lambda _: NOTE, nearest_to(question))
    assert free.draft.text


def test_a_tied_answer_is_shown_from_its_first_sentence_on():
    llm = ScriptedLLM("VALL-E was shown in January 2023. It copies a voice from three seconds of sound.")
    *drafts, last = write(
        llm, [passage()], "When was VALL-E shown?", [], 100, lambda _: NOTE, nearest_to("When was VALL-E shown?"), least_tie=0.8
    )
    shown = [draft.text for draft in drafts if draft.text]
    assert shown
    assert "2023" in shown[0]
    assert last.tie == 1.0
    assert last.draft.citations


def test_where_the_decision_was_narrow_a_model_that_declines_is_not_helped_by_a_quotation():
    llm = ScriptedLLM("The notes do not state this.")
    question = "In which month was VALL-E shown?"
    *_, narrow = write(llm, [passage()], question, [], 100, lambda _: NOTE, nearest_to(question), least_tie=0.9, insists=False)
    assert not narrow.draft.text
    *_, clear = write(llm, [passage()], question, [], 100, lambda _: NOTE, nearest_to(question))
    assert clear.quoted


def test_a_preface_about_the_right_subject_does_not_tie_the_value_of_another():
    llm = ScriptedLLM("VALL-E copies a voice from three seconds of sound. It has 70 billion parameters.")
    question = "How many parameters does VALL-E have?"
    *drafts, last = write(llm, [passage()], question, [], 100, lambda _: NOTE, nearest_to(question), least_tie=0.8)
    assert not last.draft.text
    assert all(not draft.text for draft in drafts)


def test_sentences_that_are_left_out_tie_nothing():
    llm = ScriptedLLM("VALL-E is a purple zebra with 9 legs. VALL-E has 70 billion parameters.")
    question = "How many parameters does VALL-E have?"
    *_, last = write(
        llm, [passage()], question, [], 100, lambda _: NOTE, nearest_to(question), least_tie=0.8, drop_unsupported=True
    )
    assert not last.draft.text


def test_what_was_shown_is_tied_in_the_end_too():
    llm = ScriptedLLM("VALL-E was shown in January 2023. Llama 2 came half a year later. It has 70 billion parameters.")
    *drafts, last = write(
        llm, [passage()], "When was VALL-E shown?", [], 100, lambda _: NOTE, nearest_to("When was VALL-E shown?"), least_tie=0.8
    )
    assert any(draft.text for draft in drafts)
    assert last.draft.text
    assert last.tie >= 0.8


@pytest.mark.parametrize(
    ("question", "sentences", "found"),
    [
        ("What is it?", ["A voice.", "It has 3 parts."], ["A voice."]),
        ("How many parts has it?", ["A voice.", "It has 3 parts."], ["It has 3 parts."]),
        ("How many of the 3 are red?", ["Of 3 parts:", "2 are red."], ["2 are red."]),
        ("Which parts?", ["The parts are:", "- a lid"], ["The parts are: - a lid"]),
        ("How many parts has it?", ["It has 3 parts:", "- a lid"], ["It has 3 parts: - a lid"]),
        ("Which parts?", ["The parts are:"], []),
        ("How many parts has it?", ["A voice."], []),
        ("What is it?", [], []),
        (
            "How many books are there?",
            ["Made in 2018.", "12 layers.", "There are 11,000 books."],
            ["12 layers.", "There are 11,000 books."],
        ),
        ("How many books has Orla?", ["It has 12 books.", "Orla was made in 2031 with many books."], ["It has 12 books."]),
        ("In which year was Orla made?", ["Orla was made in 2018."], ["Orla was made in 2018."]),
        ("How many books has Orla?", ["It has 12 books.", "Orla came in 2018."], ["It has 12 books."]),
    ],
)
def test_an_answer_comes_down_to_a_sentence(question, sentences, found):
    assert list(answering(question, sentences, Known("", question))) == found


def test_nouns_of_another_language_are_no_names():
    question = "Wie viele Sprachen kennt das Modell BLOOM?"
    assert subject_words(question, Known("BLOOM writes 46 languages.", question)) == {"bloom"}


def test_a_short_form_keeps_its_version():
    notes = "Generative Pre-trained Transformers: GPT 3 has 175 billion parameters."
    question = "How many parameters does GPT 4 have?"
    assert subject_words(question, Known(notes, question)) == {"4"}


@pytest.mark.parametrize(
    ("question", "said", "tied"),
    [
        ("How many euros did the training cost?", "The training cost 433 MWh over 1,082,990 GPU hours.", 0),
        ("How many euros did the training cost?", "The training cost 3 million dollars.", 0),
        ("How many euros did the training cost?", "The training cost €3 million.", 1),
        ("How many hours did it take?", "It took 3 days.", 1),
        ("How many hours did it take?", "It used 40 kg of fuel.", 0),
        ("How many GPU hours did it take?", "It used 40 kg of fuel.", 0),
        ("How many tokens per second does it write?", "It writes 40 MB.", 1),
        ("How many points has the plan?", "The plan has 3 steps and takes 5 days.", 1),
        ("How many languages does it know?", "It knows 46.", 1),
        ("How many hours did it take?", "It took a while.", 1),
    ],
)
def test_a_number_of_another_measure_is_no_answer(question, said, tied):
    assert tie(question, said, Evidence([passage(said)], question)) == tied


def test_of_two_that_are_compared_an_answer_is_said_of_one():
    note = "Orla took 9 hours. Rain fell on the second of the days. The weather was mild. Brin took 12 hours."
    compared, of_both = "Which took more hours, Orla or Brin?", "How many hours did Orla and Brin take?"
    assert tie(compared, "Brin took 12 hours.", Evidence([passage(note)], compared)) == 1.0
    assert tie(of_both, "Brin took 12 hours.", Evidence([passage(note)], of_both)) < 0.6
    assert tie(compared, "The weather was mild.", Evidence([passage("The weather was mild.")], compared)) == 0.0


@pytest.mark.parametrize(
    ("question", "answer", "says"),
    [
        ("How many read it?", "It is read by 40 people.", True),
        ("How many read it?", "It has twelve readers.", True),
        ("How many read it?", "Nobody knows; there are none.", True),
        ("How many kinds are there?", "There are red, green, and blue ones.", True),
        ("How many read it?", "Readers may write to us.", False),
        ("How many of the 40 read it?", "The 40 may write to us.", False),
        ("In which year was it made?", "It was made by hand.", False),
        ("Who reads it?", "Readers may write to us.", True),
    ],
)
def test_what_is_asked_for_a_number_has_to_give_one(question, answer, says):
    assert counts(question, [answer]) == says


def test_an_answer_without_the_number_that_is_asked_for_is_none_unless_the_decision_was_clear():
    question = "How many people work on VALL-E?"
    llm = ScriptedLLM("VALL-E copies a voice.")
    note = passage("VALL-E copies a voice.")
    *_, last = write(llm, [note], question, [], 100, lambda _: note.text, nearest_to(question), least_tie=0.3)
    assert not last.draft.text
    *_, clear = write(llm, [note], question, [], 100, lambda _: note.text, nearest_to(question))
    assert clear.draft.text


@pytest.mark.parametrize(
    ("question", "said", "note"),
    [
        (
            "Does Mistral Large have more than 100 billion parameters?",
            "Falcon has 180 billion.",
            "A large model. Falcon has 180 billion.",
        ),
        (
            "Is the population of New York larger than 8 million?",
            "The population is 200,000.",
            "York is old. The population is 200,000.",
        ),
        (
            "Did Google train BERT on more than 3 billion words?",
            "It was trained on 780 billion.",
            "Google built PaLM. It was trained on 780 billion.",
        ),
    ],
)
def test_a_number_that_something_is_compared_with_is_no_second_subject(question, said, note):
    assert tie(question, said, Evidence([passage(note)], question)) < 0.8
