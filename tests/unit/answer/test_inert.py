"""What does something in a text, and what only looks as if it did."""

from __future__ import annotations

import pytest

from rag.answer.inert import inert, visible


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("![x](https://a.example/x.png?d=1)", "x"),
        ('![x](https://a.example/x.png "title") and more', "x and more"),
        ("![x][ref]\n[ref]: https://a.example/x.png", "x\n"),
        ("[click](javascript:alert(1))", "click)"),
        ("[click](https://a.example/ 'title')", "click"),
        ("<https://a.example/x>", "https://a.example/x"),
        ('<img src="https://a.example/x.png">', ""),
        ('before <a href="x">inside</a> after', "before inside</a> after"),
        ("<b onclick='x()'>b", "b"),
        ("f[i](x) and a[1] [2]", "f[i](x) and a[1] [2]"),
        ("`![a](b.png)` and <mask> stay", "`![a](b.png)` and <mask> stay"),
        ("```html\n<img src='a.png'>\n```", "```html\n<img src='a.png'>\n```"),
        ("````\n```\n![a](b.png)\n```\n````\n", "````\n```\n![a](b.png)\n```\n````\n"),
        ("````\ncode\n````\n\n![x](https://a.example/leak)\n\nUse `a`.", "````\ncode\n````\n\nx\n\nUse `a`."),
        ("5` wide\n\n![x](https://a.example/leak)\n\n3` high", "5` wide\n\nx\n\n3` high"),
        ("~~~\n![a](b.png)\nnot closed", "~~~\n![a](b.png)\nnot closed"),
        ("x < 3 and y > 2", "x < 3 and y > 2"),
    ],
)
def test_addresses_go_and_words_stay(text, left):
    assert inert(text) == left


@pytest.mark.parametrize("text", ["plain", "é漢😀", "نمی\u200cخواهم", "क्\u200dष", "👩\u200d🚀"])
def test_what_is_seen_stays(text):
    assert visible(text) == text


def test_what_is_not_seen_goes():
    assert visible("a\u200bb\u2060c\u202ed\U000e0041e\ufefff\u00adg") == "abcdefg"
