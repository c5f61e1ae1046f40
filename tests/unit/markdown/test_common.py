"""CommonMark and GitHub's additions. Source in, blocks out, offsets exact."""

from tests.unit.markdown.checks import outline, page_of


def test_heading_and_paragraphs():
    source = """\
# A *title* #

One **two**
three.

Setext `x`
===

End\
"""
    page = page_of(source, "note.md")
    assert outline(source, page) == [
        ("heading", "", "A title", ("# A *title* #",)),
        ("paragraph", "A title", "One two three.", ("One **two**\nthree.",)),
        ("heading", "", "Setext x", ("Setext `x`\n===",)),
        ("paragraph", "Setext x", "End", ("End",)),
    ]
    assert [heading.anchor for heading in page.headings] == ["a-title", "setext-x"]


def test_rule_that_is_no_front_matter():
    source = """\
---

# Title

text

---

more
"""
    page = page_of(source, "note.md")
    assert outline(source, page) == [
        ("heading", "", "Title", ("# Title",)),
        ("paragraph", "Title", "text", ("text",)),
        ("paragraph", "Title", "more", ("more",)),
    ]


def test_hash_in_code_is_no_heading():
    source = """\
```sh
# comment
```

    # indented
"""
    page = page_of(source, "note.md")
    assert outline(source, page) == [
        ("code", "", "# comment", ("```sh\n# comment\n```",)),
        ("code", "", "# indented", ("# indented",)),
    ]
    assert [block.info for block in page.blocks] == ["sh", ""]


def test_fence_without_end_stops_at_the_heading():
    source = """\
```py
x=1
# c

## Heading

text
"""
    page = page_of(source, "note.md")
    assert outline(source, page) == [
        ("code", "", "x=1\n# c", ("```py\nx=1\n# c",)),
        ("heading", "", "Heading", ("## Heading",)),
        ("paragraph", "Heading", "text", ("text",)),
    ]
    assert [(notice.line, notice.kind) for notice in page.notices] == [(1, "unbalanced-fence")]
    assert [block.info for block in page.blocks] == ["py", "", ""]


def test_fence_whose_end_another_fence_would_take():
    source = """\
```py
x

# Head

```bash
y
```

end
"""
    page = page_of(source, "note.md")
    assert outline(source, page) == [
        ("code", "", "x", ("```py\nx",)),
        ("heading", "", "Head", ("# Head",)),
        ("code", "Head", "y", ("```bash\ny\n```",)),
        ("paragraph", "Head", "end", ("end",)),
    ]
    assert [(notice.line, notice.kind) for notice in page.notices] == [(1, "unbalanced-fence")]
    assert [block.info for block in page.blocks] == ["py", "", "bash", ""]


def test_tags_that_are_content():
    source = """\
<end_of_turn> and `<|im_start|>` <think>x</think> <s> start </s>

| a | b |
|--|--|
| <end_of_turn> | <b>x</b> |
"""
    page = page_of(source, "note.md")
    assert outline(source, page) == [
        (
            "paragraph",
            "",
            "<end_of_turn> and <|im_start|> <think>x</think> <s> start </s>",
            ("<end_of_turn> and `<|im_start|>` <think>x</think> <s> start </s>",),
        ),
        ("table", "", "a | b\n<end_of_turn> | x", ("| a | b |\n|--|--|\n| <end_of_turn> | <b>x</b> |",)),
    ]


def test_escapes_entities_and_money():
    source = "cost \\$25 and $30, really $x_1 + y$ ok. \\*no\\* &amp; &lt;x&gt; &copy; AT&T\n"
    page = page_of(source, "note.md")
    assert outline(source, page) == [
        (
            "paragraph",
            "",
            "cost $25 and $30, really $x_1 + y$ ok. *no* & <x> © AT&T",
            ("cost \\$25 and $30, really $x_1 + y$ ok. \\*no\\* &amp; &lt;x&gt; &copy; AT&T",),
        ),
    ]


def test_reference_links():
    source = """\
See [far][r], [R] and [none][x].

[r]: http://far "t"
"""
    page = page_of(source, "note.md")
    assert outline(source, page) == [
        ("paragraph", "", "See far, R and [none][x].", ("See [far][r], [R] and [none][x].",)),
    ]
    assert [(link.kind, link.target, link.anchor, source[slice(*link.span)]) for link in page.links] == [
        ("link", "http://far", "", "[far][r]"),
        ("link", "http://far", "", "[R]"),
    ]


def test_footnotes():
    source = """\
# H1

Text[^1].

# H2

Other.

[^1]: Note **b**.
    More.
"""
    page = page_of(source, "note.md")
    assert outline(source, page) == [
        ("heading", "", "H1", ("# H1",)),
        ("paragraph", "H1", "Text.", ("Text[^1].",)),
        ("heading", "", "H2", ("# H2",)),
        ("paragraph", "H2", "Other.", ("Other.",)),
        ("footnote", "H1", "Note b. More.", ("[^1]: Note **b**.\n    More.",)),
    ]
    assert [block.info for block in page.blocks] == ["", "", "", "", "1"]


def test_definition_list():
    source = """\
Term
: Def one
: Def two

Other

:   Lazy def
    cont
"""
    page = page_of(source, "note.md")
    assert outline(source, page) == [
        (
            "definition",
            "",
            "Term: Def one\nDef two\nOther: Lazy def cont",
            ("Term\n: Def one\n: Def two\n\nOther\n\n:   Lazy def\n    cont",),
        ),
    ]


def test_table():
    source = "| a | b |\n|---|:-:|\n| `x \\| y` | **z** | extra |\n| only |\n"
    page = page_of(source, "note.md")
    assert outline(source, page) == [
        ("table", "", "a | b\nx | y | z | extra\nonly", ("| a | b |\n|---|:-:|\n| `x \\| y` | **z** | extra |\n| only |",)),
    ]


def test_nested_lists():
    source = """\
Intro:

1. a
   1. b
      - c

   para
2. d

   ```js
   x
   ```

   tail
- [x] done
"""
    page = page_of(source, "note.md")
    assert outline(source, page) == [
        ("paragraph", "", "Intro:", ("Intro:",)),
        ("list", "", "1. a\n  1. b\n    - c\n  para\n2. d", ("1. a\n   1. b\n      - c\n\n   para\n2. d",)),
        ("code", "", "x", ("```js\n   x\n   ```",)),
        ("list", "", "tail", ("tail",)),
        ("list", "", "- [x] done", ("- [x] done",)),
    ]
    assert [block.info for block in page.blocks] == ["", "", "js", "", ""]


def test_quotes():
    source = """\
> quote *a*
> b
>
> - item

lazy
"""
    page = page_of(source, "note.md")
    assert outline(source, page) == [
        ("quote", "", "quote a b", ("> quote *a*\n> b",)),
        ("list", "", "- item", ("> - item",)),
        ("paragraph", "", "lazy", ("lazy",)),
    ]
    assert [block.info for block in page.blocks] == ["quote", "", ""]


def test_line_breaks():
    source = "one  \ntwo\\\nthree<br>four\nfive :smile:\n"
    page = page_of(source, "note.md")
    assert outline(source, page) == [
        ("paragraph", "", "one\ntwo\nthree\nfour five :smile:", ("one  \ntwo\\\nthree<br>four\nfive :smile:",)),
    ]


def test_east_asian_lines_join_without_a_space():
    source = """\
中文
字符。日本語
テキスト
abc
def\
"""
    page = page_of(source, "note.md")
    assert outline(source, page) == [
        ("paragraph", "", "中文字符。日本語テキスト abc def", ("中文\n字符。日本語\nテキスト\nabc\ndef",)),
    ]


def test_emphasis():
    source = "H ~~gone~~ snake_case_name **bold*it*** __x__ _y_ 2 * 3 * 4\n"
    page = page_of(source, "note.md")
    assert outline(source, page) == [
        (
            "paragraph",
            "",
            "H gone snake_case_name boldit x y 2 * 3 * 4",
            ("H ~~gone~~ snake_case_name **bold*it*** __x__ _y_ 2 * 3 * 4",),
        ),
    ]


def test_display_math():
    source = "$$\na_b \\\\\n- c\n$$\n\n> $$ x $$\n\nInline $$y$$ and \\(z_1\\).\n"
    page = page_of(source, "note.md")
    assert outline(source, page) == [
        ("math", "", "a_b \\\\\n- c", ("$$\na_b \\\\\n- c\n$$",)),
        ("math", "", "x", ("> $$ x $$",)),
        ("paragraph", "", "Inline $$y$$ and \\(z_1\\).", ("Inline $$y$$ and \\(z_1\\).",)),
    ]


def test_alert():
    source = """\
> [!NOTE]
> Body
> more
"""
    page = page_of(source, "note.md")
    assert outline(source, page) == [
        ("admonition", "", "Body more", ("> Body\n> more",)),
    ]
    assert [block.info for block in page.blocks] == ["note"]


def test_marks_of_tokens_in_a_table():
    source = "| tok | use |\n|---|---|\n| <\\|im_start\\|> | a |\n| `<|im_end|>` | b |\n| <|pad|> | c |\n| x <| y |\n"
    page = page_of(source, "note.md")
    assert outline(source, page) == [
        ("table", "", "tok | use\n<|im_start|> | a\n<|im_end|> | b\n<|pad|> | c\nx < | y", (source.strip(),)),
    ]


def test_a_link_to_a_definition_far_away():
    source = "See [the paper][p].\n\n" + "Filler.\n\n" * 50 + "[p]: https://example.org/p\n"
    page = page_of(source, "note.md")
    assert page.blocks[0].text == "See the paper."
    assert [(link.target, source[slice(*link.span)]) for link in page.links] == [("https://example.org/p", "[the paper][p]")]
    assert not any("example.org" in block.text for block in page.blocks)
