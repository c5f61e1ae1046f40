import pytest

from rag.ui.markup import Html, element, join, text
from tests.unit.ui.hostile import HOSTILE
from tests.unit.ui.inert import assert_inert


@pytest.mark.parametrize("value", HOSTILE)
def test_text_and_attributes_are_data(value):
    html = element("p", value, element("span", value, title=value, aria_label=value), value)
    assert assert_inert(html) == value * 3


def test_finished_html_is_not_escaped_twice():
    assert element("p", element("em", "a & b")) == "<p><em>a &amp; b</em></p>"
    assert join("<", Html("<hr>")) == "&lt;<hr>"
    assert text(text("<")) == "&lt;"


def test_attributes():
    assert element("p", class_="a", data_open="c1", hidden=True, title=None, dir=False) == '<p class="a" data-open="c1" hidden></p>'
    assert element("br") == "<br>"
