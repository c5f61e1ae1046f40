"""Plots as files of their own, for a report in Markdown. Knows the curves of `plots`; knows no figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eval.plots import Points, curve

# A picture stands on whatever ground its reader has, so it brings its own.
_STYLE = (
    "svg{background:#fff;font:12px sans-serif}text{fill:#5b6470}.grid{stroke:#d9dde2;stroke-width:1}"
    ".line{fill:none;stroke:#1f5fae;stroke-width:2}.s1{stroke:#b0461f;stroke-dasharray:6 3}.s2{stroke:#2c7a4b;stroke-dasharray:2 3}"
    ".s3{stroke:#2c7a4b;stroke-dasharray:2 3}"
)


def standalone(svg: str) -> str:
    """Return an `svg` element as a file: with its namespace, and a style in the place of the page's."""
    start = svg.index(">") + 1
    return svg[: start - 1] + f' xmlns="http://www.w3.org/2000/svg"><style>{_STYLE}</style>' + svg[start:] + "\n"


def risk_coverage_picture(curves: Mapping[str, Points]) -> str:
    """Draw risk over coverage, both 0 to 1."""
    return standalone(curve(curves, x_name="questions answered, surest first", y_name="of those", x_most=1.0))


def reliability_picture(bins: Sequence[Mapping[str, Any]]) -> str:
    """Draw how often the notes held the answer over how probable it was called, with the bounds of each bin.

    Args:
        bins: as `answer_figures.reliability` returns them.

    Returns:
        An SVG file; a system that is as sure as it is right lies on the diagonal.
    """
    lines: dict[str, Points] = {
        "measured": [(each["said"], each["value"]) for each in bins],
        "ideal": [(0.0, 0.0), (1.0, 1.0)],
        "95%, low": [(each["said"], each["interval"][0]) for each in bins],
        "95%, high": [(each["said"], each["interval"][1]) for each in bins],
    }
    return standalone(curve(lines, x_name="Answer.probability", y_name="notes hold the answer", x_most=1.0))
