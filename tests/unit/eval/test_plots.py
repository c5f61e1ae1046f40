from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from eval import plots


@pytest.mark.parametrize(
    "drawing",
    [
        plots.interval(0.5, (0.2, 0.9)),
        plots.interval(1.0, None),
        plots.stacked({"a <b>": {"right": 3, "wrong": 1}, "c": {}}, ["right", "wrong"]),
        plots.stacked({}, []),
        plots.curve({"a & b": [(0.0, 0.0), (1.0, 0.5)], "c": []}, x_name="<x>", y_name="y"),
        plots.curve({}, x_name="x", y_name="y"),
    ],
)
def test_every_plot_is_well_formed_and_says_what_it_is(drawing):
    root = ET.fromstring(drawing)
    assert root.tag == "svg"
    assert root.get("aria-label")
    assert root.get("viewBox")
    assert not re.search(r"#[0-9a-f]{3,6}\b|rgb", drawing), "colours belong to the page's style"


def test_an_interval_is_drawn_where_it_lies():
    bar = ET.fromstring(plots.interval(0.5, (0.25, 0.75), width=108)).find("line[@class='bar']")
    assert (float(bar.get("x1")), float(bar.get("x2"))) == (29.0, 79.0)
    dot = ET.fromstring(plots.interval(0.5, None, width=108)).find("circle")
    assert float(dot.get("cx")) == 54.0


def test_parts_of_a_bar_have_the_size_of_their_counts():
    root = ET.fromstring(plots.stacked({"a": {"right": 3, "wrong": 1}, "b": {"right": 2}}, ["right", "wrong"]))
    sizes = [(rect.get("class"), float(rect.get("width"))) for rect in root.iter("rect")]
    assert sizes == [("right", 375.0), ("wrong", 125.0), ("right", 250.0)]
    assert [text.text for text in root.iter("text") if text.get("class") == "count"] == ["3", "1", "2"]


def test_cumulative_shares_end_at_1():
    assert plots.cumulative([3.0, 1.0]) == [(0.0, 0.0), (1.0, 0.5), (3.0, 1.0)]


def test_a_curve_rises_to_the_top_right():
    path = ET.fromstring(plots.curve({"a": [(0.0, 0.0), (2.0, 1.0)]}, x_name="x", y_name="y")).find("path").get("d")
    start, end = (tuple(map(float, pair.split())) for pair in path[1:].split("L"))
    assert start[0] < end[0]
    assert start[1] > end[1]
