"""What is read where the best passages leave doubt."""

from __future__ import annotations

from rag.retrieve.rank import Ranked
from rag.retrieve.widen import NEAREST, widened
from tests.build import WordEmbedder, chunk, passage

QUESTION = "How long is tea steeped?"
NEAR = "Kettles are made of steel. Tea is steeped for four minutes. Cups come in many colours."
FAR = "Bread rises slowly overnight. Ovens are hot. Flour is white."


def candidate(name, text, score):
    return Ranked(chunk(text, path=f"{name}.md"), score, {"fused": score}, {})


def wide(kept, *candidates, same=(), **budget):
    names = {one.chunk.id: one.chunk.id for one in (*kept, *candidates)}
    names |= {candidates[at].chunk.id: candidates[to].chunk.id for at, to in same}
    limits = {"top_k": 8, "max_tokens": 100, **budget}
    return widened(kept, candidates, QUESTION, WordEmbedder(), names, lambda one: len(one.text.split()), **limits)


def paths(passages):
    return [one.chunk.path for one in passages]


KEPT = passage("Tea is a drink.", path="kept.md")


def test_a_sentence_near_the_question_comes_before_a_better_score():
    found = wide([KEPT], candidate("far", FAR, 0.6), candidate("near", NEAR, 0.5))
    assert paths(found) == ["kept.md", "near.md", "far.md"]
    assert [one.rank for one in found] == [1, 2, 3]
    assert found[1].scores[NEAREST] > found[2].scores[NEAREST] >= 0
    assert found[1].score > 0.5


def test_the_score_of_the_rankers_still_counts():
    assert paths(wide([KEPT], candidate("far", FAR, 1.9), candidate("near", NEAR, 0.5)))[1] == "far.md"


def test_what_was_read_stays_in_front_as_it_was():
    kept = [passage(FAR, path="a.md", rank=1), passage(NEAR, path="b.md", rank=2)]
    found = wide(kept, candidate("near", "Tea is steeped for four minutes.", 2.0))
    assert paths(found) == ["a.md", "b.md", "near.md"]
    assert [one.text for one in found[:2]] == [one.text for one in kept], "to the character, as an engine remembers them"


def test_the_budget_is_for_all_of_them():
    others = [candidate("near", NEAR, 0.9), candidate("far", FAR, 0.1)]
    assert paths(wide([KEPT], *others, top_k=2)) == ["kept.md", "near.md"]
    assert paths(wide([KEPT], *others, max_tokens=4)) == ["kept.md"]
    short = candidate("short", "Tea cools.", 0.1)
    assert paths(wide([KEPT], *others, short, max_tokens=6)) == ["kept.md", "short.md"], "what still fits gets in"


def test_of_those_that_say_the_same_one_is_read():
    others = [candidate("near", NEAR, 0.9), candidate("twin", f"{NEAR} Really.", 0.8)]
    assert paths(wide([KEPT], *others, same=[(1, 0)])) == ["kept.md", "near.md"]


def test_what_has_no_sentence_is_placed_by_its_score():
    found = wide([KEPT], candidate("word", "Tea", 0.9), candidate("far", FAR, 0.1))
    assert paths(found) == ["kept.md", "word.md", "far.md"]
    assert found[1].scores[NEAREST] == 0.0
    assert paths(wide([KEPT], candidate("word", "Tea", 0.9))) == ["kept.md", "word.md"]
    assert paths(wide([KEPT])) == ["kept.md"]
    assert wide([]) == ()
