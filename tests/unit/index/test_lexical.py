"""The lexical index on disk: BM25 as the textbook has it, edits that equal a fresh build, damage that is noticed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.errors import IndexStateError
from rag.index import lexical
from rag.index.lexical import Lexical, LexicalDraft, encode_term

WORDS = ["bert", "token", "46", "日本", "long" * 20, "\udcff", "x"]
LABELS = ["tags:rag", "path:guides"]


def chunks():
    terms = st.dictionaries(st.sampled_from(WORDS), st.sampled_from([0.5, 1.0, 3.0]), max_size=4)
    return st.tuples(terms, st.integers(0, 30).map(float), st.sets(st.sampled_from(LABELS)))


def steps():
    name = st.sampled_from("abcdef")
    put = st.tuples(st.just("put"), name, chunks())
    remove = st.tuples(st.just("remove"), st.lists(name, max_size=3), st.none())
    finish = st.tuples(st.just("finish"), st.none(), st.none())
    return st.lists(st.one_of(put, put, remove, finish), max_size=12)


def built(folder, held):
    draft = LexicalDraft(folder)
    for one, (terms, length, labels) in held.items():
        draft.put(one, terms, length, labels)
    draft.finish()
    return Lexical(folder)


@pytest.mark.slow
@pytest.mark.parametrize("run", [1, 2, 1000])
def test_any_edits_equal_a_fresh_build(tmp_path_factory, monkeypatch, run):
    monkeypatch.setattr(lexical, "_RUN", run)

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(steps())
    def check(done):
        root = tmp_path_factory.mktemp("lexical")
        held = {}
        draft = LexicalDraft(root / "edited")
        for what, which, chunk in done:
            if what == "put":
                draft.put(which, *chunk)
                held[which] = chunk
            elif what == "remove":
                draft.remove(which)
                for one in which:
                    held.pop(one, None)
            else:
                draft.finish()
                draft = LexicalDraft(root / "edited")
        draft.finish()
        built(root / "fresh", held)
        for name in ("terms", "starts", "rows", "weights", "ids", "lengths"):
            edited, fresh = (np.load(root / kind / f"{name}.npy") for kind in ("edited", "fresh"))
            assert edited.tolist() == fresh.tolist(), name

    check()


def test_scores_are_bm25(tmp_path):
    index = built(
        tmp_path / "lexical",
        {
            "a": ({"bert": 2.0, "token": 1.0}, 10.0, ()),
            "b": ({"bert": 1.0}, 30.0, ()),
            "c": ({"x": 1.0}, 20.0, ()),
        },
    )

    def idf(count):
        return math.log(1 + (3 - count + 0.5) / (count + 0.5))

    def often(count, length):
        return count * 2.2 / (count + 1.2 * (0.25 + 0.75 * length / 20))

    expected = {"a": idf(2) * often(2, 10) + 2 * idf(1) * often(1, 10), "b": idf(2) * often(1, 30)}
    found = index.best({"bert": 1.0, "token": 2.0}, 5)
    assert [one for one, _ in found] == ["a", "b"]
    assert dict(found) == pytest.approx(expected)
    scores = index.scores({"bert": 1.0, "token": 2.0, "nowhere": 1.0}, ["b", "c", "unknown"])
    total = idf(2) + 2 * idf(1) + idf(0)
    assert scores[0] == pytest.approx((expected["b"], idf(2) / total))
    assert scores[1:] == [(0.0, 0.0), (0.0, 0.0)]
    assert max(dict(found).values()) < index.highest({"bert": 1.0, "token": 2.0})


def test_ties_are_in_the_order_of_ids_also_at_the_cut(tmp_path):
    index = built(tmp_path / "lexical", {one: ({"bert": 1.0}, 5.0, ()) for one in "dbca"})
    assert [one for one, _ in index.best({"bert": 1.0}, 2)] == ["a", "b"]


def test_labels_filter_and_are_no_words(tmp_path):
    index = built(tmp_path / "lexical", {"a": ({"bert": 1.0}, 5.0, LABELS), "b": ({"bert": 1.0}, 5.0, LABELS[:1])})
    assert [one for one, _ in index.best({"bert": 1.0}, 5, LABELS)] == ["a"]
    assert index.best({"bert": 1.0}, 5, ["tags:none"]) == []
    assert index.vocabulary() == ["bert"]


def test_words_that_share_their_first_bytes_are_one(tmp_path):
    long = "b" * 40
    index = built(tmp_path / "lexical", {"a": ({long: 1.0}, 5.0, ())})
    assert index.frequency(long) == index.frequency(long[:32]) == 1
    assert len(encode_term("日" * 20)) <= 32


def test_an_empty_index_finds_nothing(tmp_path):
    index = built(tmp_path / "lexical", {})
    assert (index.chunk_count, index.best({"bert": 1.0}, 3), index.vocabulary()) == (0, [], [])
    assert index.scores({"bert": 1.0}, ["a"]) == [(0.0, 0.0)]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["terms", "starts", "rows", "weights", "ids", "lengths"])
@pytest.mark.parametrize("damage", ["missing", "empty", "short"])
def test_damage_is_noticed_and_has_a_remedy(tmp_path, name, damage):
    folder = tmp_path / "gen-000001" / "lexical"
    folder.parent.mkdir()
    built(folder, {"a": ({"bert": 1.0}, 5.0, ()), "b": ({"bert": 1.0, "x": 1.0}, 5.0, ())})
    file = folder / f"{name}.npy"
    if damage == "missing":
        file.unlink()
    elif damage == "empty":
        file.write_bytes(b"")
    else:
        np.save(file, np.load(file)[:-1])
    with pytest.raises(IndexStateError) as error:
        Lexical(folder)
    assert error.value.hint
