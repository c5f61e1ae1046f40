"""Two questions in one, through the whole of `ask`."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from rag.answer.parts import parts
from rag.answer.restate import told_alone
from rag.answer.single import AskSettings
from rag.assistant import Assistant
from rag.retrieve.retriever import Retriever
from rag.types import Answer, Draft
from tests.fake_index import FakeGeneration, VectorEmbedder, page
from tests.fakes import ScriptedLLM

BLOOM = page("bloom.md", "BLOOM was trained in Paris by a thousand people.", title="BLOOM")
GPT = page("gpt.md", "Twelve layers are in GPT.", title="GPT")
QUESTION = "Where was BLOOM trained, and how many layers are in GPT?"
FIRST, SECOND = "BLOOM was trained in Paris.", "Twelve layers are in GPT."


def asked(*replies, question=QUESTION, yes=lambda messages: 99.0, threshold=1e-6):
    generation = FakeGeneration([BLOOM, GPT])
    source = SimpleNamespace(current_number=lambda: 1, open_current=lambda: generation)
    retriever = Retriever(VectorEmbedder(), lambda passage: len(passage.text.split()), candidates=10)
    llm = ScriptedLLM(*replies, weights=lambda messages: {"Yes": yes(messages), "No": 1.0})
    with Assistant(source, retriever, lambda: llm, AskSettings(1, 400, 60, threshold)) as assistant:
        events = list(assistant.ask(question))
    assert isinstance(events[-1], Answer)
    return events, llm


@pytest.mark.parametrize(
    ("question", "found"),
    [
        (QUESTION, ("Where was BLOOM trained?", "How many layers are in GPT?")),
        ("What is BERT and what is GPT?", ("What is BERT?", "What is GPT?")),
        ("In which year did Emma appear and by whom was Emma read?", ("In which year did Emma appear?", "By whom was Emma read?")),
        ("Who bought Amper Music, and in which year?", None),
        ("When and why was Books3 taken out?", None),
        ("Which is larger, BERT or GPT, and how many parameters has each?", None),
        ("Explain what it is and how it works.", None),
        ("What is the difference between bread and butter?", None),
        ("Who made it and when was it sold and where does it stand?", None),
        ("", None),
    ],
)
def test_a_question_is_two_where_both_halves_ask_something(question, found):
    assert parts(question) == (found or (question,))


def test_each_part_is_searched_for_and_answered_and_markers_count_on():
    events, _ = asked(FIRST, SECOND)
    answer = events[-1]
    assert answer.text == f"{FIRST} [1]\n\n{SECOND} [2]"
    assert [(one.marker, one.path) for one in answer.citations] == [(1, "bloom.md"), (2, "gpt.md")]
    assert [sentence.citations for sentence in answer.sentences] == [(1,), (2,)]
    assert [(one.rank, one.chunk.path) for one in answer.passages] == [(1, "bloom.md"), (2, "gpt.md")]
    assert answer.timings_s["first_token"] <= answer.timings_s["total"]


def test_what_was_shown_of_the_first_part_stays_while_the_second_is_written():
    events, _ = asked(FIRST, SECOND)
    drafts = [event for event in events if isinstance(event, Draft) and "GPT" in event.text]
    assert drafts
    assert all(draft.text.startswith(f"{FIRST} [1]\n\n") and draft.settled >= len(f"{FIRST} [1]") for draft in drafts)


def test_what_was_shown_stays_while_the_second_half_is_understood():
    replies = (FIRST, "How many layers are in GPT?", SECOND)
    events, llm = asked(*replies, question="Where was BLOOM trained, and how many layers are in it or in GPT?")
    assert len([call for call in llm.calls if call.method == "stream"]) == 3
    texts = [event.text for event in events if isinstance(event, Draft)]
    shown = next(place for place, text in enumerate(texts) if text)
    assert all(texts[shown:])
    assert events[-1].text == f"{FIRST} [1]\n\n{SECOND} [2]"


@pytest.mark.parametrize(
    ("named", "text"),
    [
        ("GPT", f"{FIRST} [1]\n\nThe notes don't say: How many layers are in GPT?"),
        ("BLOOM", f"The notes don't say: Where was BLOOM trained?\n\n{SECOND} [1]"),
    ],
)
def test_of_a_part_that_is_not_answered_it_is_said_that_the_notes_are_silent(named, text):
    def yes(messages):
        return 0.0 if f"Question: {'How' if named == 'GPT' else 'Where'}" in messages[-1]["content"] else 99.0

    events, _ = asked(*([FIRST] if named == "GPT" else [SECOND]), yes=yes, threshold=0.3)
    assert events[-1].status == "answered"
    assert events[-1].text == text


def test_where_no_part_is_answered_the_whole_is_not():
    events, _ = asked(yes=lambda _: 0.0, threshold=0.3)
    answer = events[-1]
    assert (answer.status, answer.citations) == ("abstained", ())
    assert not any(event.settled for event in events if isinstance(event, Draft))
    assert answer.text.startswith("The notes don't say.")
    assert [one.chunk.path for one in answer.passages] == ["bloom.md", "gpt.md"]


def test_a_half_that_points_back_is_told_what_it_points_to():
    def told(*replies):
        steps = told_alone(ScriptedLLM(*replies), "How many layers does it have?", "Where was GPT trained?")
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return end.value

    assert told("How many layers does GPT have?") == "How many layers does GPT have?"
    assert told("GPT has twelve.") == "Where was GPT trained? How many layers does it have?"


def test_a_part_that_is_repeated_is_no_picture():
    question = "Where was BLOOM trained, and how many layers are in ![GPT](https://example.com/x.png)?"
    events, _ = asked(
        FIRST, yes=lambda messages: 0.0 if "Question: How" in messages[-1]["content"] else 99.0, question=question, threshold=0.3
    )
    assert events[-1].status == "answered"
    assert "![" not in events[-1].text
