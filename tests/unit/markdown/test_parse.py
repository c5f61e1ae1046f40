"""What a page says beside its blocks: title, metadata, groups, parts, anchors, lines."""

import pytest

from rag.markdown.parse import parse
from rag.types import Notice
from tests.unit.markdown.checks import page_of


def test_title_from_front_matter_then_heading_then_file_name():
    assert page_of("---\ntitle: 'A  b'\n---\n# C\n").title == "A b"
    assert page_of("## Sub\n\n# Main *one*\n").title == "Main one"
    assert page_of("text", "docs/fine-tuning_basics.md").title == "Fine tuning basics"
    assert page_of("text [[Link]]", "Notes/Sub folder/Tokenizer (BPE).md").title == "Tokenizer (BPE)"
    assert page_of("# 2024-03-02\n\n[[Link]] ^abcd\n", "Notes/Eval log.md").title == "Eval log"
    assert page_of("text", "docs/evaluation/index.md").title == "Evaluation"
    assert page_of("text", "content/evaluation/_index.md").title == "Evaluation"
    assert page_of("text", "2024-03-02.md").title == "2024-03-02"
    assert page_of("text", "gpt-4_o-mini.md").title == "Gpt 4 o mini"
    assert page_of("Some text.\n\n# A part\n", "Notes/Whole.md").title == "Whole"
    assert page_of("![logo](a.png)\n\n# Main\n", "Notes/Whole.md").title == "Main"
    assert page_of("", "").title


def test_metadata_is_normalised():
    page = page_of("---\ndate: 2024-02-05\nTags: a, b\ncategories: [C]\nalias: Other\nlang: de\nn: .nan\nx: {1: [2]}\n---\n")
    assert page.metadata == {
        "date": "2024-02-05",
        "Tags": "a, b",
        "categories": ["C"],
        "alias": "Other",
        "lang": "de",
        "n": "nan",
        "x": {"1": [2]},
        "aliases": ["Other"],
        "tags": ["a", "b", "C"],
        "draft": False,
    }


@pytest.mark.parametrize(
    ("path", "text", "lang"),
    [
        ("a.md", "---\nlang: de\n---\nText", "de"),
        ("content.zh/a.md", "Text", "zh"),
        ("i18n/pt-BR/docs/a.md", "Text", "pt-br"),
        ("docs/a.fr.md", "Text", "fr"),
        ("docs/notes.ai.md", "Text", None),
        ("a.md", "Text with 漢字 in it", None),
        ("a.md", "提示缓存的有效时间", "zh"),
        ("a.md", "これは文です", "ja"),
        ("a.md", "캐시는 15분", "ko"),
        ("a.md", "แคชมีอายุ", "th"),
        ("a.md", "```\n提示缓存的有效时间\n```\n\nText", None),
    ],
)
def test_language(path, text, lang):
    assert page_of(text, path).metadata.get("lang") == lang


@pytest.mark.parametrize(
    ("field", "draft"), [("draft: true", True), ("draft: 'yes'", True), ("published: false", True), ("draft: no", False)]
)
def test_drafts(field, draft):
    assert page_of(f"---\n{field}\n---\ntext").draft is draft


def test_dialects():
    assert parse("text", "a.md").dialect == "gfm"
    assert parse("text", "a.mdx").dialect == "docusaurus"
    assert parse("{{< hint >}}x{{< /hint >}}", "a.md").dialect == "hugo"
    assert parse("a\n\n!!! note\n    x\n", "a.md").dialect == "mkdocs"
    assert parse("[[a]]", "a.md").dialect == "obsidian"
    assert parse("a {ref}`x`", "a.md").dialect == "myst"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_at_lf_crlf_and_cr(end):
    source = end.join(
        ["---", "title: T", "---", "", "# H", "", "one  ", "two", "", "```py", "a", "", "b", "```", "", "> q", "> r", ""]
    )
    page = page_of(source)
    assert [(block.kind, block.line, block.text) for block in page.blocks] == [
        ("heading", 5, "H"),
        ("paragraph", 7, "one\ntwo"),
        ("code", 10, "a\n\nb"),
        ("quote", 16, "q r"),
    ]


def test_other_line_separators_do_not_count():
    page = page_of("a\u2028b\x0bc\x1cd\n\ne")
    assert [(block.line, block.text) for block in page.blocks] == [(1, "a\u2028b\x0bc\x1cd"), (3, "e")]


def test_groups_and_introductions():
    source = "Do these:\n\n- a\n\n  ```py\n  x\n  ```\n\n- b\n\nOther.\n\nSee:\n\n| a |\n|---|\n| b |\n"
    source += "\n```py\ny  # (1)!\n```\n\n1. note\n"
    page = page_of(source)
    assert [(block.kind, block.group, block.intro.text if block.intro else None) for block in page.blocks] == [
        ("paragraph", 1, None),
        ("list", 1, "Do these:"),
        ("code", 1, None),
        ("list", 1, None),
        ("paragraph", 0, None),
        ("paragraph", 2, None),
        ("table", 2, "See:"),
        ("code", 3, None),
        ("list", 3, None),
    ]


def test_parts_of_a_table():
    source = "| a | b |\n|---|---|\n| 1 | **2** |\n| 3 | 4 |\n"
    (table,) = page_of(source).blocks
    assert [(part.kind, part.text, [source[slice(*span)] for span in part.spans]) for part in table.parts] == [
        ("header", "a | b", ["| a | b |\n|---|---|\n"]),
        ("row", "1 | 2", ["| 1 | **2** |\n"]),
        ("row", "3 | 4", ["| 3 | 4 |"]),
    ]
    assert table.header == table.parts[0]


def test_parts_of_a_list():
    source = "- one\n  more\n  - **two**\n- three\n"
    (block,) = page_of(source).blocks
    assert [(part.kind, part.level, part.text, [source[slice(*span)] for span in part.spans]) for part in block.parts] == [
        ("item", 1, "- one more", ["- one\n  more\n  "]),
        ("item", 2, "- **two**".replace("*", ""), ["- **two**\n"]),
        ("item", 1, "- three", ["- three"]),
    ]


def test_parts_of_code_take_the_fence_with_them():
    source = "```py\na\n\nb\n```\n"
    (code,) = page_of(source).blocks
    assert [(part.kind, part.text, [source[slice(*span)] for span in part.spans]) for part in code.parts] == [
        ("line", "a", ["```py\na\n"]),
        ("line", "", ["\n"]),
        ("line", "b", ["b\n```"]),
    ]


def test_prose_is_one_part():
    (paragraph,) = page_of("One. *Two*.").blocks
    assert [(part.kind, part.text, part.start) for part in paragraph.parts] == [("sentence-able", "One. Two.", 0)]


def test_anchors_by_dialect():
    headings = "# What's *new*?\n\n# What's new?\n\n# Ünï code\n"
    assert [heading.anchor for heading in page_of(headings).headings] == ["whats-new", "whats-new-1", "ünï-code"]
    mkdocs = page_of(headings + "\n!!! note\n    x\n")
    assert [heading.anchor for heading in mkdocs.headings] == ["whats-new", "whats-new_1", "uni-code"]
    obsidian = page_of(headings + "\n[[a]] [[b]]\n")
    assert [heading.anchor for heading in obsidian.headings][:2] == ["What's new?", "What's new?"]


def test_included_files_are_resolved():
    files = {"docs/inc/terms.md": "*[LLM]: Large Language Model\n"}
    source = '--8<-- "inc/terms.md"\n\n--8<-- "inc/none.md"\n'
    page = page_of(source, "docs/a.md", resolve=files.get)
    assert page.metadata["abbreviations"] == {"LLM": "Large Language Model"}
    assert page.notices == (Notice("docs/a.md", 3, "missing-include", "The included file inc/none.md does not exist."),)


def test_a_footnote_stands_under_the_heading_of_its_mark():
    page = page_of("# A\n\nx[^n]\n\n# B\n\ny\n\n[^n]: Note.\n")
    assert [(block.text, block.heading_path) for block in page.blocks if block.kind == "footnote"] == [("Note.", ("A",))]


def test_containers_are_named_outermost_first():
    page = page_of('!!! tip "T"\n    === "One"\n        text\n\n        > quoted\n')
    assert [(block.kind, block.containers) for block in page.blocks if not block.label] == [
        ("tab", ("admonition", "tab")),
        ("quote", ("admonition", "tab", "quote")),
    ]


def test_deep_nesting_keeps_all_text():
    source = "".join("  " * depth + f"- level{depth}\n" for depth in range(60))
    text = " ".join(block.text for block in page_of(source).blocks)
    assert all(f"level{depth}" in text for depth in range(60))


def test_control_characters():
    page = page_of("a\0b *c\0* \x01\x1b[0m\n\n```\n\0\n```\n")
    assert page.blocks[0].text == "a\ufffdb c\ufffd \x01\x1b[0m"


@pytest.mark.slow
def test_a_very_long_line():
    page = page_of("# H\n\n" + "word **bold** " * 15_000)
    assert len(page.blocks) == 2
    assert len(page.blocks[1].text) == 15_000 * 10 - 1


def test_words_that_only_begin_like_an_entity():
    page = page_of("AT&T, &notation; and &copy; &lt;x&gt; &#8212;\n")
    assert page.blocks[0].text == "AT&T, &notation; and © <x> —"


def test_a_table_of_contents_is_no_wikilink():
    page = page_of("[[toc]]\n\n# A *title*\n\ntext\n", "some page.md")
    assert (page.dialect, page.title) == ("gfm", "A title")


def test_what_no_block_takes_has_no_carriage_returns_either():
    [_, left] = page_of("# M\n\n```{math}\n:label: e\r\n```\r\n").blocks
    assert left.text == "```{math}\n:label: e\n```"


def test_text_after_an_item_that_begins_with_a_list_has_no_marker_of_its_own():
    [block] = page_of("* * a\n\n  b\n").blocks
    assert block.text == "* a\n  b"


@pytest.mark.parametrize("inner", ["# a", "```\n    a\n    ```"])
def test_text_after_an_item_that_begins_with_a_block_in_an_item_comes_after_it(inner):
    first, second = page_of(f"* * {inner}\n\n  b\n").blocks
    assert (first.text, second.text) == ("a", "b")


def test_a_definition_in_an_item_is_one():
    first, second = page_of("* b\n  : d\n* c\n").blocks
    assert (first.kind, first.text) == ("definition", "b: d")
    assert (second.kind, second.text) == ("list", "* c")
