"""What is read where the best passages leave doubt, through the whole of `ask`."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from rag.answer.single import AskSettings
from rag.assistant import Assistant
from rag.retrieve.retriever import Retriever
from rag.retrieve.widen import NEAREST
from rag.types import Answer
from tests.fake_index import FakeGeneration, VectorEmbedder, page
from tests.fakes import ScriptedLLM

NEAR = page("tea.md", "Black tea is steeped for four minutes.", title="Tea")
FAR = page("pot.md", "A pot keeps drinks warm and tea dark.", title="Pots")


@pytest.mark.parametrize(("yes", "read"), [(99.0, ["tea.md"]), (0.9, ["tea.md", "pot.md"])])
def test_what_was_not_worth_reading_is_read_in_doubt(yes, read):
    generation = FakeGeneration([NEAR, FAR])
    source = SimpleNamespace(current_number=lambda: 1, open_current=lambda: generation)
    retriever = Retriever(VectorEmbedder(), lambda passage: len(passage.text.split()), candidates=10)
    llm = ScriptedLLM(
        "Black tea is steeped for four minutes.",
        weights=lambda messages: {"Yes": yes if "\nNote 1 (" in messages[-1]["content"] else 1.0, "No": 1.0},
    )
    with Assistant(source, retriever, lambda: llm, AskSettings(4, 400, 60, 1e-6)) as assistant:
        question = "How long is black tea steeped?"
        assert [one.chunk.path for one in assistant.to_read(assistant.search(question))] == ["tea.md"]
        *_, answer = assistant.ask(question)
    assert isinstance(answer, Answer)
    assert answer.status == "answered"
    assert [one.chunk.path for one in answer.passages] == read
    assert [NEAREST in one.scores for one in answer.passages] == [False, True][: len(read)]
