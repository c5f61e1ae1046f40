"""Hashes of items, sets, texts and corpora."""

from __future__ import annotations

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.index.hashes import SetHash, corpus_hash, decode, embed_hash, encode, item

relaxed = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])


@relaxed
@given(st.lists(st.binary(max_size=20), unique=True), st.randoms())
def test_the_order_of_a_set_does_not_matter(parts, order):
    one, other = SetHash(), SetHash()
    for part in parts:
        one.add(item(part))
    shuffled = list(parts)
    order.shuffle(shuffled)
    for part in shuffled:
        other.add(item(part))
    assert one.hexdigest() == other.hexdigest()


@relaxed
@given(st.sets(st.binary(max_size=20), min_size=1))
def test_what_is_taken_out_leaves_no_trace(parts):
    kept, *rest = parts
    direct, detour = SetHash(), SetHash()
    direct.add(item(kept))
    for part in parts:
        detour.add(item(part))
    for part in rest:
        detour.remove(item(part))
    assert detour.hexdigest() == direct.hexdigest()
    detour.remove(item(kept))
    assert detour.hexdigest() == SetHash().hexdigest() == "0" * 64


def test_a_set_goes_on_from_its_digits():
    whole, first = SetHash(), SetHash()
    for part in (b"a", b"b"):
        whole.add(item(part))
    first.add(item(b"a"))
    later = SetHash(first.hexdigest())
    later.add(item(b"b"))
    assert later.hexdigest() == whole.hexdigest()


def test_the_parts_of_an_item_do_not_run_together():
    assert item(b"ab", b"c") != item(b"a", b"bc") != item(b"abc")


@relaxed
@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_any_text_survives_encoding(text):
    assert decode(encode(text)) == text


def test_embed_hash_takes_lone_surrogates():
    assert embed_hash("a\ud800") != embed_hash("a?")


def test_corpus_hash_sees_paths_and_contents_but_not_order():
    files = [("a.md", "1"), ("b.md", "2"), ("c.md", "3")]
    shuffled = random.Random(1).sample(files, 3)
    assert corpus_hash(files) == corpus_hash(shuffled) == corpus_hash(dict(files))
    assert corpus_hash(files) != corpus_hash([("a.md", "2"), ("b.md", "1"), ("c.md", "3")])
    assert corpus_hash(files) != corpus_hash(files[:2])
