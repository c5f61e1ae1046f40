"""Bars and lines as SVG files for the report: ratios over ours, and how cost grows. Pure functions over numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from eval.pictures import standalone

_WIDTH, _ROW, _LABEL, _RIGHT = 720, 20, 250, 110
# By the place of a system among all of them, also those without values, so that it has the same one in every picture.
_COLOURS = ("#1f5fae", "#b0461f", "#2c7a4b", "#7a3f8f", "#8a6d1a", "#4b5563")


def bars(groups: Mapping[str, Mapping[str, float]], names: Sequence[str], *, unit: str) -> str:
    """Return bars on a logarithmic scale, in groups: to the right of 1 what is above it, to the left what is below.

    Args:
        groups: values above 0 by name, by the title of their group.
        names: of all systems, in the order of every picture.
        unit: behind each value.

    Returns:
        An SVG file; a group without values says so.
    """
    values = [value for group in groups.values() for value in group.values()]
    low, high = (min([*values, 1.0]), max([*values, 10.0])) if values else (1.0, 10.0)
    floor = 10.0 ** math.floor(math.log10(low))
    ceiling = 10.0 ** math.ceil(math.log10(high))
    inner = _WIDTH - _LABEL - _RIGHT

    def x(value: float) -> float:
        return _LABEL + inner * math.log(value / floor) / math.log(ceiling / floor)

    parts, y, colours = [], 0, _colours(names)
    for title, group in groups.items():
        parts.append(f'<text x="4" y="{y + 14}" style="font-weight:bold">{escape(title)}</text>')
        y += _ROW
        for name, value in group.items():
            parts.append(f'<text x="{_LABEL - 8}" y="{y + 14}" text-anchor="end">{escape(name)}</text>')
            left, right = sorted((x(1.0), x(value)))
            width = max(1.0, right - left)
            parts.append(f'<rect x="{left:.1f}" y="{y + 3}" width="{width:.1f}" height="14" fill="{colours[name]}"/>')
            parts.append(f'<text x="{right + 5:.1f}" y="{y + 14}">{_short(value)}{escape(unit)}</text>')
            y += _ROW
        if not group:
            parts.append(f'<text x="{_LABEL}" y="{y + 14}">not measured</text>')
            y += _ROW
        y += 6
    parts.insert(0, f'<line class="grid" x1="{x(1.0):.1f}" x2="{x(1.0):.1f}" y1="0" y2="{y}"/>')
    label = "; ".join(groups)
    return standalone(f'<svg role="img" aria-label="{escape(label)}" viewBox="0 0 {_WIDTH} {max(y, _ROW)}">{"".join(parts)}</svg>')


def lines(series: Mapping[str, Sequence[tuple[float, float]]], *, x_name: str, y_name: str) -> str:
    """Return lines over two logarithmic axes.

    Args:
        series: points above 0 by name, x ascending, of all systems in the order of every picture; who has none is left out.
        x_name: what the horizontal axis is.
        y_name: what the vertical axis is.

    Returns:
        An SVG file.
    """
    colours = _colours(list(series))
    drawn = {name: points for name, points in series.items() if points}
    every = [point for points in drawn.values() for point in points] or [(1.0, 1.0)]
    width, height, left, top, right, bottom = 720, 320, 64, 14, 260, 44
    x_low, x_high = _decades([x for x, _ in every])
    y_low, y_high = _decades([y for _, y in every])

    def place(x: float, y: float) -> tuple[float, float]:
        across = math.log(x / x_low) / math.log(x_high / x_low)
        up = math.log(y / y_low) / math.log(y_high / y_low)
        return left + (width - left - right) * across, top + (height - top - bottom) * (1 - up)

    parts = []
    for tick in _ticks(x_low, x_high):
        x, y = place(tick, y_low)
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{x:.1f}" y="{y + 16:.1f}" text-anchor="middle">{_short(tick)}</text>')
    for tick in _ticks(y_low, y_high):
        x, y = place(x_low, tick)
        parts.append(f'<line class="grid" x1="{left}" x2="{width - right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{_short(tick)}</text>')
    for number, (name, points) in enumerate(drawn.items()):
        colour = colours[name]
        at = [place(*point) for point in points]
        path = " ".join(f"{'ML'[place_number > 0]}{x:.1f} {y:.1f}" for place_number, (x, y) in enumerate(at))
        parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in at]
        parts.append(f'<rect x="{width - right + 14}" y="{top + 20 * number}" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{width - right + 32}" y="{top + 20 * number + 11}">{escape(name)}</text>')
    parts.append(f'<text x="{(left + width - right) / 2}" y="{height - 6}" text-anchor="middle">{escape(x_name)}</text>')
    parts.append(f'<text transform="translate(14 {height / 2}) rotate(-90)" text-anchor="middle">{escape(y_name)}</text>')
    label = f"{y_name} over {x_name}"
    return standalone(f'<svg role="img" aria-label="{escape(label)}" viewBox="0 0 {width} {height}">{"".join(parts)}</svg>')


def _colours(names: Sequence[str]) -> dict[str, str]:
    return {name: _COLOURS[number % len(_COLOURS)] for number, name in enumerate(names)}


def _decades(values: Sequence[float]) -> tuple[float, float]:
    low, high = 10.0 ** math.floor(math.log10(min(values))), 10.0 ** math.ceil(math.log10(max(values)))
    return low, high if high > low else low * 10


def _ticks(low: float, high: float) -> list[float]:
    return [10.0**power for power in range(round(math.log10(low)), round(math.log10(high)) + 1)]


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
