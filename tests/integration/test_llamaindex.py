"""Our retriever inside LlamaIndex's own query engine."""

from __future__ import annotations

import warnings

import pytest

from rag.types import Retrieval
from tests.build import passage

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the vendor's own imports
    from llama_index.core import Settings
    from llama_index.core.llms import MockLLM
    from llama_index.core.query_engine import RetrieverQueryEngine
    from llama_index.core.response_synthesizers import ResponseMode

    from rag.llamaindex.retriever import KnowledgeBaseRetriever

FOUND = Retrieval(
    "q", "q", (passage("BERT has 340M.", headings=("BERT",)), passage("GPT has 117M.", rank=2, dense=0.4, start=40)), {}, 3
)


@pytest.fixture
def asked():
    return []


@pytest.fixture
def retriever(asked):
    return KnowledgeBaseRetriever(lambda question: asked.append(question) or FOUND)


def test_passages_become_nodes(retriever, asked):
    first, second = retriever.retrieve("How large is BERT?")
    assert asked == ["How large is BERT?"]
    assert (first.node.get_content(), first.score) == ("BERT has 340M.", 0.7)
    assert first.node.metadata["heading"] == "BERT"
    assert (second.node.metadata["start"], second.node.metadata["end"]) == (40, 53)


def test_it_serves_a_stock_query_engine(retriever, monkeypatch):
    monkeypatch.setattr(Settings, "_llm", MockLLM())  # the engine reaches for a cloud otherwise, also where it writes nothing
    engine = RetrieverQueryEngine.from_args(retriever, llm=MockLLM(), response_mode=ResponseMode.NO_TEXT)
    answer = engine.query("How large is BERT?")
    assert [node.node.get_content() for node in answer.source_nodes] == ["BERT has 340M.", "GPT has 117M."]
