from dataclasses import replace

import pytest

from rag.types import Candidate, Retrieval
from rag.ui.chat.why import why
from tests.build import passage
from tests.unit.ui.chat.test_render import ANSWER
from tests.unit.ui.hostile import HOSTILE
from tests.unit.ui.inert import assert_inert

PASSAGES = (
    replace(passage("a", path="a.md", title="A"), rank=1, scores={"dense": 0.5, "fused": 0.9}),
    replace(passage("b", path="b.md", title="B"), rank=2, scores={"dense": 0.7, "lexical": 3.0, "fused": 0.8, "rerank": 0.1}),
)
FOUND = Retrieval("And it?", "LoRA And it?", PASSAGES, {"embed": 0.01, "total": 0.02}, 3, (("x", "too long"), ("y", "too long")))


def test_it_shows_every_stage_with_rank_and_score():
    text = assert_inert(why(replace(ANSWER, passages=PASSAGES), FOUND, {"Language model": "scripted"}))
    assert "Searched for: LoRA And it?" in text
    assert "DenseLexicalFusedRerankTokens" in text
    assert "0.500 (#2)–0.900 (#1)–" in text
    assert "0.700 (#1)3.000 (#1)0.800 (#2)0.100 (#1)" in text
    assert "2 chunks: too long" in text
    assert "Search: embed0.010 s" in text
    assert "First word after0.200 s" in text
    assert "Language modelscripted" in text
    assert "Generation of the index3" in text
    assert "It is green.unsupported: Not in the notes: green.0.10" in text


def test_sentences_are_shown_without_their_markup():
    marked = tuple(
        replace(ANSWER.sentences[0], text=text) for text in ("- **Only** the `adapters` are stored.", "2. A snake_case, 2 * 3.")
    )
    text = assert_inert(why(replace(ANSWER, sentences=marked), FOUND, {}))
    assert "Only the adapters are stored.supported" in text
    assert "A snake_case, 2 * 3.supported" in text


def test_it_shows_the_candidates_where_retrieval_traces_them():
    one = Candidate(PASSAGES[0].chunk.id, "a.md", 3, {"dense": 2}, {"bm25": 1.5}, "passage 1")
    text = assert_inert(
        why(replace(ANSWER, passages=PASSAGES), replace(FOUND, trace=(one, Candidate("c2", "", 0, {}, {}, "cut"))), {})
    )
    assert "All 2" in text
    assert "a.md:3dense #2bm25 1.500passage 1" in text
    assert "c2cut" in text


def test_a_candidate_is_said_to_be_read_where_it_was_read():
    found, cut = (one.chunk.id for one in PASSAGES)
    trace = (
        Candidate(found, "a.md", 3, {"dense": 1}, {}, "passage 1"),
        Candidate(cut, "b.md", 4, {"dense": 2}, {}, "too long"),
    )
    widened = replace(FOUND, trace=trace, dropped=((cut, "too long"), ("y", "too long")))
    text = assert_inert(why(replace(ANSWER, passages=(replace(PASSAGES[1], rank=1),)), widened, {}))
    assert "a.md:3dense #1found, and not read" in text
    assert "b.md:4dense #2passage 1" in text
    assert "1 chunk: too long" in text


def test_an_abstention_says_why():
    silent = replace(ANSWER, status="abstained", reason="It is not there.", passages=())
    text = assert_inert(why(silent, replace(FOUND, passages=(), query="And it?"), {}))
    assert "Not answered. It is not there." in text
    assert "Nothing was found." in text
    assert "Searched for" not in text


@pytest.mark.parametrize("text", HOSTILE)
def test_it_is_inert_whatever_the_notes_say(text):
    hostile = (passage(text, path=text, title=text, headings=(text,)),)
    assert_inert(
        why(replace(ANSWER, passages=hostile), replace(FOUND, question=text, query=text, dropped=((text, text),)), {text: text})
    )
