"""How near the nearest sentence of a passage is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rag.retrieve.closely import SENTENCE, look_closely
from rag.types import Chunk, Passage
from tests.fake_index import VectorEmbedder, vector


def passage(text):
    chunk = Chunk("c", "d", "a.md", "A", 0, text, ((0, len(text)),), (), (), 1)
    return Passage(chunk, 1.0, 1, {"dense": 0.2}, 9, text, chunk.spans, ())


def test_each_passage_has_the_score_of_its_nearest_sentence():
    question = "Tea is steeped for four minutes."
    one = passage(f"Coffee is brewed at length. {question} Milk comes last of all.")
    other = passage("Bread rises slowly overnight.")
    near, far = look_closely([one, other], question, VectorEmbedder())
    assert near.scores[SENTENCE] > 0.99
    assert np.isclose(far.scores[SENTENCE], vector("Bread rises slowly overnight.") @ vector(question))
    assert (near.scores["dense"], near.text, near.chunk) == (0.2, one.text, one.chunk)


def test_what_has_no_sentence_stays_as_it_is():
    assert look_closely([], "Tea?", VectorEmbedder()) == ()
    short = passage("Tea")
    assert look_closely([short], "Tea?", VectorEmbedder()) == (short,)
    assert look_closely([replace(short, text="")], "Tea?", VectorEmbedder())[0].scores == {"dense": 0.2}


def test_a_book_of_a_passage_costs_no_more_than_its_first_sentences():
    class Counting(VectorEmbedder):
        seen = 0

        def embed_passages(self, texts, on_batch=None):
            self.seen += len(texts)
            return super().embed_passages(texts)

    embedder = Counting()
    look_closely([passage("Bread rises slowly overnight. " * 500)], "Tea?", embedder)
    assert 10 < embedder.seen < 200
