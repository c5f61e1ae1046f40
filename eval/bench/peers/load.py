"""How much of the processors other programs used meanwhile, which says how far a time can be trusted. Linux only; else unknown."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

_STAT = Path("/proc/stat")
_IDLE = slice(3, 5)  # idle, and waiting for a disk
_COUNTED = 8  # what guests use is in the others already


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time.

    Attributes:
        clock: seconds.
        busy: processor seconds that all programs used so far; None where the system does not tell.
        ours: those of this process and of its children that have ended.
    """

    clock: float
    busy: float | None
    ours: float


def now() -> Moment:
    """Return this point in time."""
    used = os.times()
    return Moment(time.perf_counter(), _busy(), used.user + used.system + used.children_user + used.children_system)


def others(before: Moment, after: Moment, cores: int) -> float | None:
    """Return the share of the processors that other programs used between two points, 0 to 1; None where it is unknown.

    Args:
        before: when work began; children that ran then count as others.
        after: when it was done and its children had ended.
        cores: of this machine.

    Returns:
        A share.
    """
    if before.busy is None or after.busy is None or after.clock <= before.clock:
        return None
    strangers = (after.busy - before.busy) - (after.ours - before.ours)
    return min(1.0, max(0.0, strangers / ((after.clock - before.clock) * cores)))


def _busy() -> float | None:
    try:
        ticks = [int(each) for each in _STAT.read_text("ascii").split("\n")[0].split()[1:]][:_COUNTED]
    except (OSError, ValueError):
        return None
    return float(sum(ticks) - sum(ticks[_IDLE])) / os.sysconf("SC_CLK_TCK")
