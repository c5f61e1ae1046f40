"""How the threads of an engine wait for one another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_SWITCH = "OMP_WAIT_POLICY"


@contextmanager
def sleeping_threads() -> Iterator[None]:
    """Have an engine that is imported inside let its waiting threads sleep; what the user has set is left alone.

    An engine's threads meet some hundred times a token. Spinning until all are there is quickest on an idle machine; beside any
    other busy process they spin away the very time that the others wait for, and decoding is several times slower. OpenMP reads
    this when its library is loaded and never again.
    """
    if _SWITCH in os.environ:
        yield
        return
    os.environ[_SWITCH] = "passive"
    try:
        yield
    finally:
        del os.environ[_SWITCH]
