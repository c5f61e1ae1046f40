import re

import pytest

from rag.ui.chat.rendered import rendered
from tests.unit.ui.hostile import HOSTILE
from tests.unit.ui.inert import assert_inert

PAGE = (
    "---\ntitle: LoRA\n---\n\n# LoRA\n\nIt trains **a few** weights. The rest [stays](rest.md) `frozen`.\n\n"
    "- A rank of 8 is enough.\n- A rank of 64 costs more.\n  It learns more.\n\n"
    "| rank | cost |\n|---|---|\n| 8 | low |\n| 64 | high |\n\n"
    "```python\nrank = 8\nprint(rank)\n```\n\n> Quoted words stand here.\n\n"
    "1. First things.\n2. Second things.\n\nLast paragraph, on\ntwo lines.\n"
)


def marked(quote, source=PAGE):
    start = source.index(quote)
    html = rendered(source, [(start, start + len(quote))])
    if html is None:
        return None
    assert_inert(html)
    words = "".join(re.sub(r"<[^>]*>", "", found) for found in re.findall(r"<mark>(.*?)</mark>", html, re.DOTALL))
    return " ".join(words.split())


@pytest.mark.parametrize(
    ("quote", "shown"),
    [
        ("It trains **a few** weights.", "It trains a few weights."),
        ("**a few**", "a few"),
        ("weights. The rest [stays](rest.md) `frozen`.", "weights. The rest stays frozen."),
        ("`frozen`", "frozen"),
        ("A rank of 8 is enough.", "A rank of 8 is enough."),
        ("- A rank of 8 is enough.\n- A rank of 64 costs more.", "A rank of 8 is enough.A rank of 64 costs more."),
        ("A rank of 64 costs more.\n  It learns more.", "A rank of 64 costs more.It learns more."),
        ("| 8 | low |", "8low"),
        ("| rank | cost |\n|---|---|\n| 8 | low |", "rankcost8low"),
        ("low", "low"),
        ("rank = 8", "rank = 8"),
        ("```python\nrank = 8\nprint(rank)\n```", "rank = 8 print(rank)"),
        ("> Quoted words stand here.", "Quoted words stand here."),
        ("2. Second things.", "Second things."),
        ("# LoRA", "LoRA"),
        ("Last paragraph, on\ntwo lines.\n", "Last paragraph, ontwo lines."),
    ],
)
def test_exactly_the_quote_is_highlighted(quote, shown):
    assert marked(quote) == shown


def test_front_matter_and_odd_pages_are_shown_as_they_are_written():
    assert marked("title: LoRA") is None
    assert rendered(PAGE.replace("\n", "\r\n"), [(30, 40)]) is None
    assert rendered("a \ue010 b", [(0, 1)]) is None
    assert rendered(PAGE, []) is None
    assert rendered("x" * 300_000, [(0, 5)]) is None


def test_two_spans_leave_out_what_stands_between():
    first, second = PAGE.index("A rank of 8"), PAGE.index("It learns more.")
    html = rendered(PAGE, [(first, first + 22), (second, second + 15)])
    assert re.findall(r"<mark>(.*?)</mark>", html) == ["A rank of 8 is enough.", "It learns more."]


@pytest.mark.parametrize("heading", ["Cutting {#truncation}", "Cutting { #truncation .big }", "*Cutting* it {#x}"])
def test_attributes_of_a_heading_are_not_shown_and_code_is(heading):
    page = f"## {heading}\n\nWords.\n\n```\n## Code {{#kept}}\n```\n"
    for span in ((0, 3 + len(heading)), (page.index("Words"), page.index("Words") + 5)):
        html = rendered(page, [span])
        assert "truncation" not in html
        assert "{#x}" not in html
        assert "Cutting" in html
        assert "{#kept}" in html


def test_a_long_page_is_cut_at_blocks_and_says_so():
    page = "".join(f"## Part {n}\n\n{'Words of this part. ' * 20}\n\n" for n in range(30))
    start = page.index("## Part 15") + 12
    html = rendered(page, [(start, start + 10)])
    assert html.count("⋯") == 2
    assert "Part 15" in html
    assert "Part 2<" not in html
    assert len(html) < 5000
    assert "⋯" not in rendered("Short.", [(0, 5)])


@pytest.mark.parametrize("text", HOSTILE)
def test_it_is_inert_whatever_the_page_says(text):
    source = f"Before.\n\n{text}\n\nThe words that are meant.\n\n{text}\n"
    for span in ((0, 7), (9, 9 + len(text)), (0, len(source)), (source.index("The words"), len(source) - 2)):
        html = rendered(source, [span])
        if html is not None:
            assert_inert(html)
