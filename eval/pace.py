"""Progress of a run on standard error, with an estimate of the time that is left."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

from rag.progress import ProgressBar


class Pace:
    """A bar on a terminal, otherwise a line for each thing that is done. A context manager.

    The estimate is the mean time of one so far, so it is worth little before the third.
    """

    def __init__(
        self, total: int, what: str = "questions", *, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream or sys.stderr
        self._clock = clock
        self._start = clock()
        self._total = total
        self._what = what
        self._done = 0
        self._bar = ProgressBar() if self._stream.isatty() else None

    def step(self, label: str) -> None:
        """Say that one more is done."""
        self._done += 1
        if self._bar:
            self._bar(self._what, self._done, self._total)
            return
        spent = self._clock() - self._start
        left = spent / self._done * (self._total - self._done)
        rest = f"about {_duration(left)} left" if left else f"{_duration(spent)} in all"
        self._stream.write(f"{self._done} of {self._total}: {label}, {rest}\n")
        self._stream.flush()

    def __enter__(self) -> Pace:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.close()


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
