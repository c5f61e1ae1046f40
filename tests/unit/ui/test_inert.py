"""The judge itself: it must see what is dangerous."""

import pytest

from tests.unit.ui.inert import assert_inert, read


@pytest.mark.parametrize(
    "html",
    [
        "<script>x</script>",
        "<p onclick='x'>y</p>",
        "<a href='x'>y</a>",
        "<img src=x>",
        "<p style='x'>y</p>",
        "<p>unclosed",
        "</div>",
        "<!-- x -->",
        "<button data-open='c1 onclick'>x</button>",
        "<span class='\"x'>y</span>",
    ],
)
def test_it_sees_danger(html):
    assert read(html)[0]


def test_it_lets_ours_pass():
    assert assert_inert('<p class="x">a &lt; <strong>b</strong></p>') == "a < b"
