"""A question that the notes nearly answer, through the whole of `ask`."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from rag.answer.single import AskSettings
from rag.assistant import Assistant
from rag.retrieve.retriever import Retriever
from rag.types import Answer, Draft
from tests.fake_index import FakeGeneration, VectorEmbedder, page
from tests.fakes import ScriptedLLM

QUESTION = "How many parameters does VALL-E have?"
NOTE = (
    "VALL-E copies a voice from 3 seconds of sound.\nIt was shown in January 2023.\nLlama 2 came half a year later.\n"
    "It has 70 billion parameters."
)


def events(reply, threshold):
    generation = FakeGeneration([page("speech.md", NOTE, title="Notes")])
    source = SimpleNamespace(current_number=lambda: 1, open_current=lambda: generation)
    retriever = Retriever(VectorEmbedder(), lambda passage: len(passage.text.split()), candidates=10)
    llm = ScriptedLLM(reply, weights={"Yes": 1.5})
    with Assistant(source, retriever, lambda: llm, AskSettings(4, 400, 60, threshold)) as assistant:
        return list(assistant.ask(QUESTION))


def test_the_value_of_another_is_not_given_where_the_decision_was_narrow():
    *_, sure = events("VALL-E copies a voice from 3 seconds of sound.", 1e-6)
    assert isinstance(sure, Answer)
    threshold = 0.9 * sure.probability
    *before, last = events("VALL-E has 70 billion parameters.", threshold)
    assert (last.status, last.citations) == ("abstained", ())
    assert last.reason == "What comes nearest is said of something else."
    assert last.probability < threshold
    assert not any(event.text for event in before if isinstance(event, Draft))
    assert last.timings_s["decide"] <= last.timings_s["first_token"] <= last.timings_s["total"]
    *_, tied = events("VALL-E copies a voice from 3 seconds of sound.", threshold)
    assert tied.status == "answered"
    assert tied.probability == pytest.approx(sure.probability)


def test_a_sure_decision_stands():
    *_, last = events("VALL-E has 70 billion parameters.", 1e-6)
    assert (last.status, last.reason) == ("answered", "")
