"""Tags of HTML and JSX as editors break and nest them, and tags that are content. Source in, blocks out, offsets exact."""

from tests.unit.markdown.checks import outline, page_of


def shapes(source: str, path: str = "note.md") -> list[tuple[str, str, str]]:
    """Kind, heading path and text of each block."""
    return [(kind, path, text) for kind, path, text, _ in outline(source, page_of(source, path))]


def test_details_on_one_line_are_no_code():
    source = "<details><summary>Why</summary>Because of **this**.</details>\n\nafter\n"
    page = page_of(source, "note.md")
    assert outline(source, page) == [
        ("admonition*", "", "Why", ("<summary>Why</summary>",)),
        ("admonition", "Why", "Because of this.", ("Because of **this**.</details>",)),
        ("paragraph", "", "after", ("after",)),
    ]
    assert not page.notices


def test_headings_and_summaries_are_one_line():
    source = '<h1>\n  <img src="l.png" alt="Logo"><br>\n  A *name*\n</h1>\n\n'
    source += "<details><summary>Two<br>parts</summary>\n\nx [[y]]\n\n</details>\n"
    page = page_of(source, "Notes/n.md")
    assert [(block.kind, block.heading_path, block.text) for block in page.blocks] == [
        ("heading", (), "Logo A name"),
        ("admonition", ("Logo A name",), "Two parts"),
        ("admonition", ("Logo A name", "Two parts"), "x y"),
    ]


def test_text_after_a_summary_of_two_lines():
    assert shapes("<details><summary>Two\nlines</summary>Answer\n</details>\n") == [
        ("admonition*", "", "Two lines"),
        ("admonition", "Two lines", "Answer"),
    ]


def test_a_tag_that_ends_on_a_line_of_its_own():
    source = """\
<Tabs>
<TabItem
  value="a"
  label="First"
>

Text of *a*.

</TabItem>
</Tabs>

end
"""
    assert shapes(source, "page.mdx") == [
        ("tab*", "", "First"),
        ("tab", "First", "Text of a."),
        ("paragraph", "", "end"),
    ]


def test_the_blank_line_of_a_quote_ends_its_paragraph():
    assert [text for _, _, text in shapes("> a `x\n>\n> b` c\n")] == ["a `x", "b` c"]


def test_a_component_closed_right_after_a_word():
    source = '<Admonition type="tip" title="Short">inside</Admonition>\n\nafter\n'
    page = page_of(source, "page.mdx")
    assert [(block.text, block.heading_path) for block in page.blocks] == [("Short", ()), ("inside", ("Short",)), ("after", ())]
    assert not page.notices


def test_tabs_on_one_line_do_not_run_together():
    source = '<Tabs><TabItem value="a">one</TabItem><TabItem value="b">two</TabItem></Tabs>\n'
    assert "onetwo" not in " ".join(text for _, _, text in shapes(source, "page.mdx"))


def test_tokens_alone_in_cells_and_items_are_content():
    source = """\
| Token | Other | Meaning |
|---|---|---|
| <s> | </s> | sequence |
| <mask> | <video> | hole |
| <b>x</b> | <sup>2</sup> | bold |

- <s>
- </s> ends
- <audio>
"""
    assert shapes(source) == [
        ("table", "", "Token | Other | Meaning\n<s> | </s> | sequence\n<mask> | <video> | hole\nx | 2 | bold"),
        ("list", "", "- <s>\n- </s> ends\n- <audio>"),
    ]


def test_struck_out_words_and_prompts():
    assert [text for _, _, text in shapes("Now <s>9</s> 8.\n\n<s>[INST] Hi [/INST] Hello </s>\n\n<s>[INST] Hi [/INST]</s>\n")] == [
        "Now 9 8.",
        "<s>[INST] Hi [/INST] Hello </s>",
        "<s>[INST] Hi [/INST]</s>",
    ]


def test_capital_words_in_brackets_are_no_void_elements():
    source = 'Send <Input> to <Source> at <Link>.<BR>Next\n\n<img src="x.png" alt="Alt">\n'
    assert [text for _, _, text in shapes(source)] == ["Send <Input> to <Source> at <Link>.\nNext", "Alt"]


def test_an_empty_item_leaves_no_marker():
    assert shapes('- one\n- <a id="x"></a>\n\nnext\n') == [("list", "", "- one"), ("paragraph", "", "next")]
