import threading
import time

import pytest

from rag.errors import LLMError
from rag.llm.pump import Outlet, pump


def text(pieces):
    return [piece for piece in pieces if piece]


def test_pieces_arrive_in_order_and_one_by_one():
    def work(outlet):
        for piece in ("a", "", "b", "c"):
            outlet.put(piece)

    assert text(pump(work, name="test")) == ["a", "b", "c"]


def test_pieces_arrive_before_the_work_is_done():
    release = threading.Event()

    def work(outlet):
        outlet.put("early")
        assert release.wait(10)
        outlet.put("late")

    pieces = pump(work, name="test")
    assert next(pieces) == "early"
    release.set()
    assert text(pieces) == ["late"]


@pytest.mark.slow
def test_while_there_is_no_text_empty_pieces_let_the_reader_close():
    stopped = threading.Event()

    def work(outlet):
        while not outlet.closed:
            time.sleep(0.001)
        stopped.set()

    pieces = pump(work, name="test")
    assert next(pieces) == ""
    pieces.close()
    assert stopped.wait(10)


def test_an_error_reaches_the_reader_after_the_text():
    def work(outlet):
        outlet.put("a")
        raise LLMError("broken")

    pieces = pump(work, name="test")
    assert next(pieces) == "a"
    with pytest.raises(LLMError, match="broken"):
        list(pieces)


def test_put_tells_the_engine_that_the_reader_has_gone():
    seen = []
    done = threading.Event()

    def work(outlet):
        while not outlet.put("a"):
            time.sleep(0.001)
        seen.append(outlet.put("never read"))
        done.set()

    pieces = pump(work, name="test")
    next(pieces)
    pieces.close()
    assert done.wait(10)
    assert seen == [True]


def test_a_slow_reader_does_not_hold_the_engine():
    done = threading.Event()

    def work(outlet):
        for _ in range(1000):
            outlet.put("a")
        done.set()

    pieces = pump(work, name="test")
    next(pieces)
    assert done.wait(10)
    assert len(text(pieces)) == 999


def test_nothing_runs_before_the_first_piece_is_asked_for():
    started = threading.Event()
    pieces = pump(lambda outlet: started.set(), name="test")
    assert not started.wait(0.05)
    assert list(pieces) == []
    assert started.is_set()


def test_closing_wakes_an_engine_that_waits():
    woken = threading.Event()

    def work(outlet):
        outlet.on_close(woken.set)
        outlet.put("a")
        woken.wait(10)

    pieces = pump(work, name="test")
    assert next(pieces) == "a"
    assert not woken.is_set()
    pieces.close()
    assert woken.wait(10)


def test_a_wake_up_call_that_comes_after_closing_is_made_at_once():
    outlet = Outlet()
    outlet.close()
    woken = []
    outlet.on_close(lambda: woken.append(1))
    assert woken == [1]
    outlet.close()
    assert woken == [1]
