"""Long texts in windows: every token is in one, and neighbours share some."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.rerank.windows import ending, windows


def places(count):
    """Tokens of two characters with a space between them."""
    return [(3 * number, 3 * number + 2) for number in range(count)]


def test_what_fits_is_one_window():
    assert windows(places(4), 4) == [(0, 11)]
    assert windows([], 4) == []


def test_the_last_window_is_as_wide_as_the_others():
    assert windows(places(10), 4) == [(0, 11), (9, 20), (18, 29)]


@given(st.integers(1, 200), st.integers(1, 50))
def test_every_token_is_whole_in_a_window_and_none_is_too_wide(count, width):
    tokens = places(count)
    found = windows(tokens, width)
    for start, end in tokens:
        assert any(a <= start and end <= b for a, b in found)
    for a, b in found:
        assert 1 <= sum(a <= start and end <= b for start, end in tokens) <= width
    assert found == sorted(set(found))


@given(st.integers(8, 60), st.integers(1, 150))
def test_neighbours_share_a_quarter_or_more(width, count):
    found = windows(places(count), width)
    for (_, end), (start, _) in pairwise(found):
        assert sum(start <= a and b <= end for a, b in places(count)) >= width // 4


@pytest.mark.parametrize(("most", "start"), [(1, 12), (2, 9), (5, 0), (9, 0)])
def test_the_end_of_a_question(most, start):
    assert ending(places(5), most) == start
