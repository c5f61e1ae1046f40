"""Golden pages: source in, blocks out, offsets exact."""

from rag.markdown.parse import parse
from tests.unit.markdown.checks import check_page


def page_of(source: str, path: str = "note.md", **options):
    page = parse(source, path, **options)
    check_page(source, page)
    return page


def outline(page):
    return [(block.kind, block.text) for block in page.blocks]


def test_a_page_of_common_blocks():
    source = """\
# Title

Some *emphasis* and `code`.

- one
- two
  - three

| a | b |
|---|---|
| 1 | 2 |

```py
x = 1
```
"""
    page = page_of(source)
    assert outline(page) == [
        ("heading", "Title"),
        ("paragraph", "Some emphasis and code."),
        ("list", "- one\n- two\n  - three"),
        ("table", "a | b\n1 | 2"),
        ("code", "x = 1"),
    ]
    assert [source[block.start : block.end] for block in page.blocks] == [
        "# Title",
        "Some *emphasis* and `code`.",
        "- one\n- two\n  - three",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "```py\nx = 1\n```",
    ]
    assert page.blocks[4].info == "py"
    assert all(block.heading_path == ("Title",) for block in page.blocks[1:])
