from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from eval.markdown import table


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("a | b", r"| a \| b | x |"),
        # GitHub reads \\ as a backslash, and the bar behind it as the end of the cell.
        (r"a \| b", r"| a \\\| b | x |"),
        ("a\n\n| b", r"| a \| b | x |"),
    ],
)
def test_no_text_ends_its_cell(text, row):
    assert table(["one", "two"], [[text, "x"]]).splitlines()[-1] == row


@pytest.mark.parametrize("text", ["![t](http://x.test/y.png)", "![t][r]", "<img src=http://x.test/y.png>"])
def test_no_text_fetches_a_picture(text):
    shown = MarkdownIt().enable("table").render(table(["one"], [[text]]))
    assert "<table>" in shown
    assert "<img" not in shown
