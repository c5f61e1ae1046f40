"""An embedder that is loaded at its first use."""

from __future__ import annotations

import pytest

from rag.embed.lazy import LazyEmbedder
from rag.errors import ModelError
from tests.fake_index import DIMENSION, VectorEmbedder


def test_it_is_loaded_once_and_when_it_is_used():
    loaded = []

    def load():
        loaded.append(1)
        return VectorEmbedder()

    lazy = LazyEmbedder(load)
    assert not loaded
    assert lazy.embed_query("tea").shape == (DIMENSION,)
    assert lazy.embed_passages(["tea", "milk"]).shape == (2, DIMENSION)
    assert (lazy.fingerprint, lazy.dimension, loaded) == ("fake", DIMENSION, [1])


def test_what_does_not_load_says_so_each_time():
    def missing():
        raise ModelError("There is none", hint="Fetch it.")

    lazy = LazyEmbedder(missing)
    for _ in range(2):
        with pytest.raises(ModelError, match="There is none"):
            lazy.embed_query("tea")
