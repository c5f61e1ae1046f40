"""From a question to passages, on a generation in memory."""

from __future__ import annotations

import numpy as np
import pytest

from rag.retrieve.retriever import Retriever
from rag.retrieve.widen import LOOKED_AT
from tests.fake_index import FakeGeneration, page, vector

PAGES = [
    page("lora.md", "LoRA trains two small matrices beside each frozen weight.", "The rank is often 8 or 16.", title="LoRA"),
    page("copy.md", "LoRA trains two small matrices beside each frozen weight!", title="LoRA again"),
    page("rag.md", "Retrieval finds passages, generation writes the answer.", title="RAG", metadata={"tags": ["search"]}),
    page("tea.md", "Black tea is steeped for four minutes.", title="Tea"),
]


class Hashed:
    """Embeds a text to a vector that depends on it alone: only equal texts are near."""

    def embed_query(self, text):
        return vector(text)


class Likes:
    """Holds one text to make any question likely."""

    def __init__(self, text):
        self._text = text

    def scores(self, question, texts):
        return [-1.0 if self._text in text else -3.0 for text in texts]


class Nears(Hashed):
    def embed_passages(self, texts, on_batch=None):
        return np.stack([vector(text) for text in texts])


@pytest.fixture
def generation():
    return FakeGeneration(PAGES)


def retrieve(generation, question, **more):
    retriever = Retriever(Hashed(), lambda passage: len(passage.text.split()), candidates=10)
    return retriever.retrieve(question, generation, **{"top_k": 5, "max_tokens": 100, **more})


def test_where_the_best_leave_doubt_what_was_compared_is_read_too():
    pages = [page(f"{name}.md", f"The {name} kettle boils water.", title="Kettles") for name in ("red", "green", "blue")]
    generation = FakeGeneration(pages)

    def widen(limits, **parts):
        retriever = Retriever(Nears(), lambda passage: 5, candidates=10, **parts)
        found = retriever.retrieve("Which kettle boils water?", generation, top_k=2, max_tokens=100)
        kept = found.passages[:1]
        more = retriever.widen(kept, found, generation, **limits)
        assert more[0].chunk.id == kept[0].chunk.id
        return [one.chunk.path for one in more], [one.chunk.path for one in found.passages]

    more, found = widen({"top_k": 3, "max_tokens": 100})
    assert sorted(more) == ["blue.md", "green.md", "red.md"], "also what was not among the passages"
    assert len(found) == 2
    assert len(widen({"top_k": 3, "max_tokens": 10})[0]) == 2
    more, found = widen({"top_k": 3, "max_tokens": 100}, reranker=Likes("green"))
    assert more == found, "what a reranker put in order stays so"


def test_few_candidates_are_looked_at_in_doubt():
    generation = FakeGeneration([page(f"{n}.md", f"Kettle {n} boils.", title="Kettles") for n in range(2 * LOOKED_AT)])
    seen = []

    class Counting(Nears):
        def embed_passages(self, texts, on_batch=None):
            seen.extend(texts)
            return super().embed_passages(texts)

    retriever = Retriever(Counting(), lambda passage: 1, candidates=2 * LOOKED_AT)
    found = retriever.retrieve("Which kettle boils?", generation, top_k=2, max_tokens=100)
    assert len(found.trace) == 2 * LOOKED_AT
    retriever.widen(found.passages, found, generation, top_k=8, max_tokens=100)
    assert len(seen) == LOOKED_AT


def test_what_is_read_is_put_in_order_by_what_makes_the_question_likely():
    pages = [page(f"{name}.md", f"The {name} kettle boils water.", title="Kettles") for name in ("red", "green", "blue")]
    generation, question = FakeGeneration(pages), "Which kettle boils water?"

    def reading(likes, **how):
        model = (lambda: Likes(likes)) if likes else (lambda: None)
        retriever = Retriever(Nears(), lambda passage: 5, candidates=10, question_model=model)
        found = retriever.retrieve(question, generation, top_k=5, max_tokens=100)
        return [one.chunk.path for one in found.passages], retriever.to_read(found, **how)

    before, plain = reading("")
    assert [one.chunk.path for one in plain] == before
    for liked in before:
        shown, read = reading(liked.removesuffix(".md"))
        assert shown == before, "what is shown at once is in the order of the rankers"
        assert read[0].chunk.path == liked
        assert [one.rank for one in read] == [1, 2, 3]
        assert all("likelihood" in one.scores for one in read)
        assert [one.chunk.path for one in reading(liked.removesuffix(".md"), in_order=False)[1]] == before


def test_the_words_lead_to_the_chunk(generation):
    found = retrieve(generation, "How long is black tea steeped?")
    assert found.passages[0].chunk.path == "tea.md"
    assert set(found.passages[0].scores) == {"dense", "lexical", "coverage", "phrase", "fused"}
    assert [passage.rank for passage in found.passages] == list(range(1, len(found.passages) + 1))
    assert found.passages[0].score == found.passages[0].scores["fused"]


def test_of_near_duplicates_one_is_shown(generation):
    generation.representatives = lambda ids: {
        one: ids[0] if generation.chunks([one])[0].text.startswith("LoRA") else one for one in ids
    }
    found = retrieve(generation, "Which matrices does LoRA train?")
    assert sum(passage.text.startswith("LoRA trains") for passage in found.passages) == 1
    assert any(candidate.fate.startswith("says the same as passage") for candidate in found.trace)


def test_the_budget_is_kept_and_smaller_ones_still_get_in(generation):
    found = retrieve(generation, "LoRA trains two small matrices, rank 8 or 16", max_tokens=7)
    assert sum(passage.tokens for passage in found.passages) <= 7
    assert found.passages
    assert any("left of the budget" in candidate.fate for candidate in found.trace)


def test_what_cannot_fit_is_not_counted_and_the_same_passages_are_found(generation):
    counted = []

    def count(passage):
        counted.append(passage.text)
        return 2 * len(passage.text.split())

    def found(fewest):
        retriever = Retriever(Hashed(), count, candidates=10, fewest=fewest)
        return retriever.retrieve("LoRA trains two small matrices, rank 8 or 16", generation, top_k=5, max_tokens=15)

    plain, all_counted = found(None), len(counted)
    counted.clear()
    quick = found(lambda passage: len(passage.text.split()))
    assert quick.passages == plain.passages
    assert 0 < len(counted) < all_counted
    assert any("tokens or more, " in one.fate for one in quick.trace)
    assert [one.id for one in quick.trace] == [one.id for one in plain.trace]


def test_every_candidate_has_a_fate(generation):
    found = retrieve(generation, "What is LoRA?", top_k=1)
    assert len(found.passages) == 1
    assert {candidate.fate for candidate in found.trace if not candidate.fate.startswith("passage ")} == {"below the best 1"}
    assert len(found.trace) == len(found.passages) + len(found.dropped)


def test_every_chunk_of_a_page_asked_about_is_in_the_trace(generation):
    retriever = Retriever(Hashed(), lambda passage: 1, candidates=1)
    for path in ("lora.md", "copy.md", "rag.md", "tea.md"):
        found = retriever.retrieve("LoRA matrices", generation, top_k=1, max_tokens=50, page=path)
        own = [candidate for candidate in found.trace if candidate.path == path]
        assert {candidate.id for candidate in own} == {chunk.id for chunk in generation.chunks_of(path)}
        for candidate in own:
            if candidate.fate.startswith("not proposed"):
                assert "fused" not in candidate.ranks


def test_a_quoted_phrase_comes_first(generation):
    found = retrieve(generation, 'Which page has "passages, generation"?')
    assert found.passages[0].chunk.path == "rag.md"


@pytest.mark.parametrize("question", ["", "   ", "\n\t"])
def test_an_empty_question_finds_nothing(generation, question):
    assert retrieve(generation, question).passages == ()


def test_odd_questions_are_answered_with_something_or_nothing(generation):
    for question in ("x" * 20_000, "\x00\x01\x02", "?" * 50, "日本語", "a " * 10_000):
        found = retrieve(generation, question)
        assert all(passage.tokens <= 100 for passage in found.passages)


def test_a_filter_that_matches_nothing_finds_nothing(generation):
    assert retrieve(generation, "LoRA", where={"tags": "none"}).passages == ()
    assert [passage.chunk.path for passage in retrieve(generation, "LoRA", where={"tags": "search"}).passages] == ["rag.md"]


def test_an_empty_index_finds_nothing():
    assert retrieve(FakeGeneration([]), "anything").passages == ()
