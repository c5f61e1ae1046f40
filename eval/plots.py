"""Plots as SVG text that stands inside a page: colours come from the page's style, so they follow its theme.

Pure functions over numbers. Knows no run and no page.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

from eval.statistics import Interval

_WIDTH, _HEIGHT = 460, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 14, 12, 44

Points = Sequence[tuple[float, float]]


def interval(value: float, bounds: Interval | None, *, width: int = 150) -> str:
    """Return a line from 0 to 1 with a mark at a value and a bar over its interval."""
    inner, height = width - 8, 14

    def x(share: float) -> str:
        return f"{4 + inner * min(1.0, max(0.0, share)):.1f}"

    bar = ""
    if bounds:
        bar = f'<line class="bar" x1="{x(bounds[0])}" x2="{x(bounds[1])}" y1="7" y2="7"/>'
    label = f"{value:.2f}" + (f", 95% from {bounds[0]:.2f} to {bounds[1]:.2f}" if bounds else "")
    return (
        f'<svg class="interval" role="img" aria-label="{label}" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f'<line class="axis" x1="4" x2="{width - 4}" y1="7" y2="7"/>{bar}<circle cx="{x(value)}" cy="7" r="3.5"/></svg>'
    )


def stacked(rows: Mapping[str, Mapping[str, int]], kinds: Sequence[str]) -> str:
    """Return a bar for each row, divided by kind; each part has the class of its kind and shows its count.

    Args:
        rows: counts by row and kind.
        kinds: from left to right.

    Returns:
        An `svg` element.
    """
    row_height, label_width, width = 22, 120, 620
    most = max((sum(counts.values()) for counts in rows.values()), default=0) or 1
    parts = []
    for number, (name, counts) in enumerate(rows.items()):
        y = number * row_height
        parts.append(f'<text class="label" x="{label_width - 8}" y="{y + 14}" text-anchor="end">{escape(name)}</text>')
        x = float(label_width)
        for kind in kinds:
            count = counts.get(kind, 0)
            size = (width - label_width) * count / most
            if not count:
                continue
            title = f"<title>{escape(name)}: {count} {escape(kind)}</title>"
            parts.append(f'<rect class="{kind}" x="{x:.1f}" y="{y + 2}" width="{size:.1f}" height="17">{title}</rect>')
            if size > 14:
                parts.append(f'<text class="count" x="{x + size / 2:.1f}" y="{y + 15}" text-anchor="middle">{count}</text>')
            x += size
    height = max(1, len(rows)) * row_height
    return f'<svg class="stacked" role="img" aria-label="Verdicts by type" viewBox="0 0 {width} {height}">{"".join(parts)}</svg>'


def curve(
    lines: Mapping[str, Points], *, x_name: str, y_name: str, x_most: float | None = None, percent: bool = True, steps: bool = False
) -> str:
    """Return lines over two axes from 0; y goes to 1.

    Args:
        lines: points by name, with x ascending.
        x_name: what the horizontal axis is.
        y_name: what the vertical axis is.
        x_most: where the horizontal axis ends; by default at the largest x.
        percent: whether the horizontal axis is a share.
        steps: whether a line keeps its height up to the next point.

    Returns:
        An `svg` element.
    """
    far = x_most or _round_up(max((x for points in lines.values() for x, _ in points), default=1.0) or 1.0)
    inner_x, inner_y = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def place(x: float, y: float) -> tuple[float, float]:
        return _LEFT + inner_x * min(x, far) / far, _TOP + inner_y * (1 - y)

    parts = [_axes(place, far, percent)]
    for number, (name, points) in enumerate(lines.items()):
        path = _path([place(*point) for point in points], steps=steps)
        parts.append(f'<path class="line s{number}" d="{path}"><title>{escape(name)}</title></path>')
        if len(lines) > 1:
            y = _TOP + inner_y - 14 * (len(lines) - number)
            parts.append(f'<line class="line s{number}" x1="{_WIDTH - 120}" x2="{_WIDTH - 100}" y1="{y - 4}" y2="{y - 4}"/>')
            parts.append(f'<text x="{_WIDTH - 94}" y="{y}">{escape(name)}</text>')
    parts.append(f'<text x="{_LEFT + inner_x / 2}" y="{_HEIGHT - 6}" text-anchor="middle">{escape(x_name)}</text>')
    parts.append(f'<text transform="translate(12 {_TOP + inner_y / 2}) rotate(-90)" text-anchor="middle">{escape(y_name)}</text>')
    label = f"{y_name} over {x_name}"
    return f'<svg class="curve" role="img" aria-label="{escape(label)}" viewBox="0 0 {_WIDTH} {_HEIGHT}">{"".join(parts)}</svg>'


def cumulative(values: Sequence[float]) -> list[tuple[float, float]]:
    """Return the points of the share of values that are at most x, ascending."""
    ordered = sorted(values)
    return [(0.0, 0.0), *((value, (place + 1) / len(ordered)) for place, value in enumerate(ordered))]


def _round_up(value: float) -> float:
    """Return the least 1, 2, 4 or 8 times a power of ten that is no less, so that quarters of it are short numbers."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 8, 10) if step * power >= value)


def _axes(place: Callable[[float, float], tuple[float, float]], far: float, percent: bool) -> str:
    parts = []
    for tick in range(5):
        x, y = place(far * tick / 4, tick / 4)
        value = far * tick / 4
        named = f"{100 * value:.0f}%" if percent else f"{value:.3g}"
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{25 * tick}%</text>')
        parts.append(f'<text x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 19}" text-anchor="middle">{named}</text>')
    return "".join(parts)


def _path(points: Points, *, steps: bool) -> str:
    if not points:
        return ""
    moves = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for x, y in points[1:]:
        moves.append(f"H{x:.1f}V{y:.1f}" if steps else f"L{x:.1f} {y:.1f}")
    return "".join(moves)
