"""Progress of long work on standard error: a bar on a terminal, plain lines otherwise."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Never

from tqdm import tqdm

_LINE_EVERY_S = 10.0


class ProgressBar:
    """A `Progress` callback: `bar(stage, done, total)`. A context manager; closing it ends the current bar."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._terminal = sys.stderr.isatty()
        self._stage = ""
        self._bar: tqdm[Never] | None = None
        self._last_line = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that `done` of `total` is done; a total of 0 is unknown."""
        if self._quiet:
            return
        if self._terminal:
            self._draw(stage, done, total)
        else:
            self._write(stage, done, total)

    def close(self) -> None:
        """End the current bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _draw(self, stage: str, done: int, total: int) -> None:
        if stage != self._stage:
            self.close()
        if self._bar is None:
            self._stage = stage
            self._bar = tqdm(total=total or None, desc=stage, file=sys.stderr, leave=False, dynamic_ncols=True)
        bar = self._bar
        bar.total = total or None
        bar.update(done - bar.n)

    def _write(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        finished = bool(total) and done >= total
        if stage == self._stage and not finished and now - self._last_line < _LINE_EVERY_S:
            return
        self._stage, self._last_line = stage, now
        sys.stderr.write(f"{stage}: {done}{f' of {total}' if total else ''}\n")
        sys.stderr.flush()
