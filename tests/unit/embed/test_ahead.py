"""Embedding on another thread: the same vectors, the same errors, and an end when nobody waits any more."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from rag.embed.ahead import Ahead
from rag.errors import ModelError


class Slow:
    """Gives each text its length; goes on only when it is let."""

    fingerprint, dimension = "slow@1", 1

    def __init__(self):
        self.go, self.begun, self.seen = threading.Event(), threading.Event(), []

    def embed_passages(self, texts, on_batch=None):
        self.begun.set()
        for text in texts:
            self.go.wait(10)
            if text == "bad":
                raise ModelError("It does not fit", hint="Free some.")
            self.seen.append(text)
            if on_batch:
                on_batch(1)
        return np.array([[len(text)] for text in texts], dtype=np.float32)


def test_vectors_come_in_the_order_of_the_texts():
    embedder = Slow()
    with Ahead() as ahead:
        one, other = ahead.embed(lambda: embedder, ["a", "bbb"]), ahead.embed(lambda: embedder, ["cc"])
        assert not one.done()
        embedder.go.set()
        assert one.result().tolist() == [[1], [3]]
        assert other.result().tolist() == [[2]]


def test_an_error_of_the_embedder_reaches_who_waits():
    embedder = Slow()
    embedder.go.set()
    with Ahead() as ahead, pytest.raises(ModelError, match="does not fit"):
        ahead.embed(lambda: embedder, ["a", "bad"]).result()


def test_what_nobody_waits_for_is_given_up():
    embedder = Slow()
    with pytest.raises(KeyboardInterrupt), Ahead() as ahead:
        first = ahead.embed(lambda: embedder, ["a", "b", "c"])
        second = ahead.embed(lambda: embedder, ["d"])
        assert embedder.begun.wait(10)
        threading.Timer(0.05, embedder.go.set).start()
        raise KeyboardInterrupt
    assert first.done(), "the thread was waited for"
    assert first.exception() is not None
    assert second.cancelled()
    assert embedder.seen == ["a"]


def test_the_embedder_is_loaded_on_the_thread_and_its_failure_reaches_who_waits():
    loaded_by = []

    def missing():
        loaded_by.append(threading.current_thread())
        raise ModelError("There is none", hint="Fetch it.")

    with Ahead() as ahead, pytest.raises(ModelError, match="There is none"):
        ahead.embed(missing, ["a"]).result()
    assert loaded_by != [threading.current_thread()]
