"""A reranker between ranking and filling: its order counts, ties stay, and the trace says what became of the others."""

from __future__ import annotations

import io

import pytest

import rag.retrieve.retriever
from rag.retrieve.rank import Ranked
from rag.retrieve.rerank import RERANKED, rerank
from rag.retrieve.retriever import Retriever
from rag.show import show_retrieval, show_why
from tests.fake_index import FakeGeneration, page, vector
from tests.fake_reranker import OverlapReranker

QUESTION = "How long is black tea steeped?"
PAGES = [
    page("tea.md", "Black tea is steeped for four minutes.", title="Tea"),
    page("green.md", "Green tea is steeped for two minutes.", title="Green"),
    page("kettle.md", "A kettle boils.", title="Kettle"),
    page("cups.md", "Cups are of clay.", title="Cups"),
]


class Hashed:
    def embed_query(self, text):
        return vector(text)


class Scripted:
    """Gives each text the score of the first word in it that the script knows, else 0."""

    def __init__(self, **script):
        self.script = script

    def scores(self, question, texts):
        return [next((score for word, score in self.script.items() if word in text), 0.0) for text in texts]


def retrieve(reranker, question=QUESTION, **more):
    retriever = Retriever(Hashed(), lambda passage: len(passage.text.split()), candidates=10, reranker=reranker)
    return retriever.retrieve(question, FakeGeneration(PAGES), **{"top_k": 4, "max_tokens": 100, **more})


def order(found):
    return [passage.chunk.path for passage in found.passages]


def test_its_order_counts_and_its_score_is_the_passages():
    plain = retrieve(None)
    assert order(plain)[0] == "tea.md"
    found = retrieve(Scripted(Cups=-1.5, kettle=7.25, Green=3.0, Black=-8.0))
    assert order(found) == ["kettle.md", "green.md", "cups.md", "tea.md"]
    assert [passage.score for passage in found.passages] == [7.25, 3.0, -1.5, -8.0]
    for place, passage in enumerate(found.passages, 1):
        assert passage.rank == place
        assert passage.scores["rerank"] == passage.score
        assert set(passage.scores) == {"dense", "lexical", "coverage", "phrase", "fused", "rerank"}
    fused = {passage.chunk.id: passage.score for passage in plain.passages}
    assert {passage.chunk.id: passage.scores["fused"] for passage in found.passages} == fused


def test_without_one_nothing_is_said_of_it():
    found = retrieve(None)
    assert "rerank" not in found.timings_s
    assert all("rerank" not in one.scores and "rerank" not in one.ranks for one in found.trace)


def test_ties_stay_in_the_order_of_fusion():
    assert order(retrieve(Scripted())) == order(retrieve(None))
    tied = order(retrieve(Scripted(kettle=1.0)))
    assert tied == ["kettle.md", *(path for path in order(retrieve(None)) if path != "kettle.md")]


def test_it_reads_the_heading_line_and_what_is_searched_for():
    reranker = OverlapReranker()
    history = [{"role": "user", "content": "What is black tea?"}]
    retrieve(reranker, "How long is it steeped?", history=history)
    ((question, texts),) = reranker.asked
    assert question == "What is black tea? How long is it steeped?"
    assert "Tea > Part 0\nBlack tea is steeped for four minutes." in texts
    assert len(texts) == 4


def test_it_is_not_asked_where_there_is_nothing_to_read():
    reranker = OverlapReranker()
    assert retrieve(reranker, "  ").passages == ()
    assert retrieve(reranker, where={"tags": "none"}).passages == ()
    assert reranker.asked == []


def test_those_that_it_does_not_read_are_left_out_and_the_trace_says_so(monkeypatch):
    monkeypatch.setattr(rag.retrieve.retriever, "RERANKED", 2)
    first, second, *others = order(retrieve(None))
    begins = {path: chunks[0].text.split()[0] for (_, chunks) in PAGES for path in [chunks[0].path]}
    found = retrieve(Scripted(**{begins[second]: 1.0}, **{begins[path]: 9.0 for path in others}), top_k=1)
    assert order(found) == [second]
    fates = {one.path: one.fate for one in found.trace}
    assert fates == {
        second: "passage 1",
        first: "below the best 1",
        **dict.fromkeys(others, "not among the 2 that were reranked"),
    }
    assert len(found.trace) == len(found.passages) + len(found.dropped) == 4
    for one in found.trace:
        assert ("rerank" in one.ranks) == (one.path not in others)
        assert "fused" in one.ranks


def test_as_many_are_read_as_are_wanted():
    many = [page(f"p{number}.md", f"Tea number {number} is steeped.", title=f"T{number}") for number in range(60)]
    reranker = OverlapReranker()
    retriever = Retriever(Hashed(), lambda passage: 1, candidates=50, reranker=reranker)
    retriever.retrieve("steeped tea", FakeGeneration(many), top_k=5, max_tokens=100)
    assert len(reranker.asked[0][1]) == RERANKED == 30
    found = retriever.retrieve("steeped tea", FakeGeneration(many), top_k=45, max_tokens=100)
    assert len(reranker.asked[1][1]) == 45
    assert len(found.passages) == 45


def test_explain_and_why_show_its_place():
    reranker = Scripted(kettle=7.25, Green=3.0)
    out = io.StringIO()
    show_retrieval(retrieve(reranker, top_k=1), out, explain=True)
    assert "rerank 7.2500" in out.getvalue()
    assert "rerank #1" in out.getvalue()
    out = io.StringIO()
    show_why(retrieve(reranker, top_k=1, page="green.md"), "green.md", True, out)
    assert out.getvalue().startswith("green.md was considered and cut.\n")
    assert "below the best 1" in out.getvalue()
    assert "rerank #2" in out.getvalue()


def test_a_reranker_that_forgets_a_text_is_a_defect():
    candidate = Ranked(FakeGeneration(PAGES).chunks_of("tea.md")[0], 1.0, {}, {})
    with pytest.raises(ValueError, match="zip"):
        rerank("q", [candidate, candidate], type("Short", (), {"scores": lambda *_: [1.0]})(), 2)
