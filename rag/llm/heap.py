"""Memory that was freed, given back to the system where the C library keeps it (glibc)."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

_LIBRARY: Final = ctypes.CDLL(None) if sys.platform == "linux" else None


def give_back() -> None:
    """Give back what can be; some milliseconds. Does nothing where the C library has no such call."""
    trim = getattr(_LIBRARY, "malloc_trim", None)
    if trim is not None:
        trim(0)
