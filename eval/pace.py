"""Progress of a run on standard error, with an estimate of the time that is left."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

from rag.progress import ProgressBar

_AT_ONCE_S = 0.05


class Pace:
    """A bar on a terminal, otherwise a line for each thing that is done. A context manager.

    The estimate is the mean time of one so far, so it is worth little before the third. What is done at once in the beginning was
    kept from before and says nothing of the rest.
    """

    def __init__(
        self, total: int, what: str = "questions", *, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream or sys.stderr
        self._clock = clock
        self._start = self._worked = clock()
        self._total = total
        self._what = what
        self._done = 0
        self._kept = 0
        self._bar = ProgressBar() if self._stream.isatty() else None

    @property
    def seconds(self) -> float:
        """How long the work has taken so far."""
        return self._clock() - self._start

    def step(self, label: str) -> None:
        """Say that one more is done."""
        now = self._clock()
        self._done += 1
        if self._kept == self._done - 1 and now - self._worked < _AT_ONCE_S:
            self._kept, self._worked = self._done, now
        if self._bar:
            self._bar(self._what, self._done, self._total)
            return
        self._stream.write(f"{self._done} of {self._total}: {label}, {self._rest(now)}\n")
        self._stream.flush()

    def _rest(self, now: float) -> str:
        if self._done >= self._total:
            return f"{_duration(now - self._start)} in all"
        if self._done == self._kept:
            return "no estimate yet"
        left = (now - self._worked) / (self._done - self._kept) * (self._total - self._done)
        return f"about {_duration(left)} left"

    def __enter__(self) -> Pace:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.close()


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
