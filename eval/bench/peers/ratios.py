"""Medians, ranges and ratios of what was measured. Pure functions over numbers; a cell that failed gives none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Spread:
    """Some values.

    Attributes:
        median: of them.
        low: the least.
        high: the greatest.
        count: how many.
    """

    median: float
    low: float
    high: float
    count: int


def spread(values: Sequence[float]) -> Spread | None:
    """Return median and range; None without values."""
    return Spread(median(values), min(values), max(values), len(values)) if values else None


def ratio(peer: Mapping[str, float], own: Mapping[str, float]) -> Spread | None:
    """Return peer over ours, pair by pair.

    Args:
        peer: values by number.
        own: ours; above 0.

    Returns:
        The spread of the ratios of the numbers that both have; None without any.
    """
    return spread([peer[number] / own[number] for number in peer if own.get(number, 0) > 0])


def shown(found: Spread | None, digits: int = 1, factor: float = 1.0) -> str:
    """Return the median, with the range behind it where there is more than one value; a dash without any.

    >>> shown(Spread(2.0, 1.0, 4.5, 3)), shown(Spread(2.0, 2.0, 2.0, 1)), shown(None)
    ('2.0 (1.0 to 4.5)', '2.0', '–')
    """
    if found is None:
        return "–"
    middle = f"{found.median * factor:,.{digits}f}"
    return middle if found.count < 2 else f"{middle} ({found.low * factor:,.{digits}f} to {found.high * factor:,.{digits}f})"
