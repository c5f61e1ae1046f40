"""MkDocs Material and its extensions. Source in, blocks out, offsets exact."""

import pytest

from tests.unit.markdown.checks import outline, page_of


def test_admonitions():
    source = '!!! note\n    a\n\n    b\n\nc\n!!! danger ""\n    no title\n\nNot !!! here\n!!! \n'
    page = page_of(source, "docs/m.md")
    assert outline(source, page) == [
        ("admonition", "", "a", ("a",)),
        ("admonition", "", "b", ("b",)),
        ("paragraph", "", "c", ("c",)),
        ("admonition", "", "no title", ("no title",)),
        ("paragraph", "", "Not !!! here !!!", ("Not !!! here\n!!!",)),
    ]
    assert [block.info for block in page.blocks] == ["note", "note", "", "danger", ""]


def test_nested_details_with_code_and_tabs():
    source = """\
???+ tip "Open *it*"
    ```py
    x
    ```

    ??? inner
        deep
    === "T1"
        one
    === "T2"
        - two

after
"""
    page = page_of(source, "docs/m.md")
    assert outline(source, page) == [
        ("admonition*", "", "Open it", ("Open *it*",)),
        ("code", "Open it", "x", ("```py\n    x\n    ```",)),
        ("admonition", "Open it", "deep", ("deep",)),
        ("tab*", "Open it", "T1", ("T1",)),
        ("tab", "Open it > T1", "one", ("one",)),
        ("tab*", "Open it", "T2", ("T2",)),
        ("list", "Open it > T2", "- two", ("- two",)),
        ("paragraph", "", "after", ("after",)),
    ]
    assert [block.info for block in page.blocks] == ["tip", "py", "inner", "", "", "", "", ""]


def test_attribute_lists():
    source = """\
A [b](c){ .md-button } and *d*{: .x }.

## T { #id .x }

![i](a.png){ width=300 }
{: .cls }

Set {1, 2} and {x}.
"""
    page = page_of(source, "docs/m.md")
    assert outline(source, page) == [
        ("paragraph", "", "A b and d.", ("A [b](c){ .md-button } and *d*{: .x }.",)),
        ("heading", "", "T", ("## T { #id .x }",)),
        ("image", "T", "i", ("![i](a.png){ width=300 }",)),
        ("paragraph", "T", "Set {1, 2} and {x}.", ("Set {1, 2} and {x}.",)),
    ]
    assert [(link.kind, link.target, link.anchor, source[slice(*link.span)]) for link in page.links] == [
        ("link", "c", "", "[b](c)"),
        ("image", "a.png", "", "![i](a.png)"),
    ]
    assert [heading.anchor for heading in page.headings] == ["id"]


def test_keys_critic_and_icons():
    source = (
        "++ctrl+alt+del++ {--del--} {++ins++} {~~a~>b~~}{>>com<<} {==hl==} :material-x: :octicons-y-16:{ .g } C++ and i++ ok ++\n"
    )
    page = page_of(source, "docs/m.md")
    assert outline(source, page) == [
        (
            "paragraph",
            "",
            "ctrl+alt+del del ins a b hl C++ and i++ ok ++",
            ("++ctrl+alt+del++ {--del--} {++ins++} {~~a~>b~~}", "{==hl==} :material-x: :octicons-y-16:{ .g } C++ and i++ ok ++"),
        ),
    ]


def test_abbreviations_and_contents():
    source = """\
[TOC]

HTML here.

*[HTML]: Hyper Text
"""
    page = page_of(source, "docs/m.md")
    assert outline(source, page) == [
        ("paragraph", "", "HTML here.", ("HTML here.",)),
        ("definition", "", "HTML: Hyper Text", ("*[HTML]: Hyper Text",)),
    ]
    assert {"abbreviations": {"HTML": "Hyper Text"}}.items() <= page.metadata.items()


def test_critic_marks_around_blocks():
    source = """\
{++Two paragraphs

were added.++}

{--

* gone

--}

{>>

A *remark*

<<}

{~~

one

~>

other

~~}

{== never closed
"""
    page = page_of(source, "docs/m.md")
    assert outline(source, page) == [
        ("paragraph", "", "Two paragraphs", ("Two paragraphs",)),
        ("paragraph", "", "were added.", ("were added.",)),
        ("list", "", "* gone", ("* gone",)),
        ("paragraph", "", "one", ("one",)),
        ("paragraph", "", "other", ("other",)),
        ("paragraph", "", "{== never closed", ("{== never closed",)),
    ]


def test_blocks_between_slashes():
    source = """\
/// warning | The *title*
    type: x

Body.

//// tab | One

In it.

////
///

/// caption
The caption.
///

/// not one
/// html | div.x
    attrs: {a: b}
Text.
///

/// note
never closed
"""
    page = page_of(source, "docs/m.md")
    assert outline(source, page) == [
        ("admonition*", "", "The title", ("The *title*",)),
        ("admonition", "The title", "Body.", ("Body.",)),
        ("tab*", "The title", "One", ("One",)),
        ("tab", "The title > One", "In it.", ("In it.",)),
        ("paragraph", "", "The caption.", ("The caption.",)),
        ("paragraph", "", "/// not one", ("/// not one",)),
        ("paragraph", "", "Text.", ("Text.",)),
        ("admonition", "", "never closed", ("never closed",)),
    ]
    assert [(notice.line, notice.kind) for notice in page.notices] == [(23, "unclosed-admonition")]


def test_spans_with_attributes_and_quoted_keys():
    source = 'A [*red* word]{.red}, []{ #here }a [set] {x} and ++"Shift"+enter++.\n'
    page = page_of(source, "docs/m.md")
    assert outline(source, page) == [("paragraph", "", "A red word, a [set] {x} and Shift+enter.", (source.strip(),))]


def test_snippets():
    source = """\
--8<-- "inc/a.md"

```
--8<-- "kept.py"
```
"""
    page = page_of(source, "docs/m.md")
    assert outline(source, page) == [
        ("code", "", '--8<-- "kept.py"', ('```\n--8<-- "kept.py"\n```',)),
    ]
    assert [(link.kind, link.target, link.anchor, source[slice(*link.span)]) for link in page.links] == [
        ("snippet", "inc/a.md", "", '--8<-- "inc/a.md"')
    ]


def test_code_with_annotations():
    source = """\
Run this:

``` py title="b.py" hl_lines="1"
x # (1)!
```

1.  The note.
"""
    page = page_of(source, "docs/m.md")
    assert outline(source, page) == [
        ("paragraph", "", "Run this:", ("Run this:",)),
        ("code", "", "b.py\nx # (1)!", ('``` py title="b.py" hl_lines="1"\nx # (1)!\n```',)),
        ("list", "", "1. The note.", ("1.  The note.",)),
    ]
    assert [block.info for block in page.blocks] == ["", "py", ""]


def test_grids_and_figures():
    source = """\
<div class="grid cards" markdown>

-   :material-x:{ .lg } **Title**

    ---

    Text

</div>

<figure markdown="span">
  ![I](i.png)
  <figcaption>Cap</figcaption>
</figure>
"""
    page = page_of(source, "docs/m.md")
    assert outline(source, page) == [
        ("list", "", "- Title\n  Text", ("-   :material-x:{ .lg } **Title**", "Text")),
        ("paragraph", "", "I\nCap", ("![I](i.png)\n  <figcaption>Cap</figcaption>",)),
    ]
    assert [(link.kind, link.target, link.anchor, source[slice(*link.span)]) for link in page.links] == [
        ("image", "i.png", "", "![I](i.png)")
    ]


def test_comments_with_facts():
    source = """\
# A

<!-- md:version 9.2.0 --> <!-- md:flag experimental -->

Text <!-- note to self -->.
"""
    page = page_of(source, "docs/m.md")
    assert outline(source, page) == [
        ("heading", "", "A", ("# A",)),
        ("paragraph", "A", "version 9.2.0 flag experimental", ("version 9.2.0", "flag experimental")),
        ("paragraph", "A", "Text .", ("Text", ".")),
    ]
    assert {"md:version": ["9.2.0"], "md:flag": ["experimental"]}.items() <= page.metadata.items()


def test_a_fact_is_read_where_the_site_shows_it():
    source = """\
# Plugin

#### <!-- md:setting config.enabled -->

The last version with it was
<!-- md:version 4.6.3 -->.

| since | <!-- md:version 1.2 --> |
|-------|-------------------------|
| to    | 2                       |

<!-- md:default
`true` -->
<!-- todo:fix this -->
<!-- md:note nobody sees it -->
<!-- md:flag more than four words are a sentence -->

## Title <!-- md:version 9.2.0 -->

<!-- md:version 1 --><!-- md:default none -->
"""
    page = page_of(source, "docs/m.md")
    assert [(block.kind, block.text) for block in page.blocks] == [
        ("heading", "Plugin"),
        ("heading", "config.enabled"),
        ("paragraph", "The last version with it was version 4.6.3."),
        ("table", "since | version 1.2\nto | 2"),
        ("heading", "Title"),
        ("paragraph", "version 1 default none"),
    ]
    assert page.metadata["md:note"] == ["nobody sees it"]


@pytest.mark.parametrize("behind", ["", " ", " { #x }", " ####", "\r"])
def test_a_heading_that_is_a_fact_is_one_whatever_stands_behind_it(behind):
    source = f"# Plugin\n\n#### <!-- md:setting config.enabled -->{behind}\n\nText.\n"
    page = page_of(source, "docs/m.md")
    assert ("heading", "config.enabled") in [(block.kind, block.text) for block in page.blocks]


def test_footnote_with_a_body_below():
    source = """\
A[^1].

  [^1]:
    Body of
    it.
"""
    page = page_of(source, "docs/m.md")
    assert outline(source, page) == [
        ("paragraph", "", "A.", ("A[^1].",)),
        ("footnote", "", "Body of it.", ("[^1]:\n    Body of\n    it.",)),
    ]
    assert [block.info for block in page.blocks] == ["", "1"]


def test_marks_of_sections_and_remote_files():
    source = """\
--8<-- [start:one]
In one.
--8<-- [end:one]

--8<-- "https://example.org/x.md"

--8<--
a.md
;not.md
b.md:part
--8<--

;--8<-- "shown"
"""
    page = page_of(source, "docs/m.md", resolve={"a.md": "", "b.md": ""}.get)
    assert outline(source, page) == [
        ("paragraph", "", "In one.", ("In one.",)),
        ("paragraph", "", '--8<-- "shown"', ('--8<-- "shown"',)),
    ]
    assert [(link.target, link.anchor) for link in page.links] == [
        ("https://example.org/x.md", ""),
        ("a.md", ""),
        ("b.md", "part"),
    ]
    assert not page.notices


def test_attributes_without_a_value_and_code_without_a_language():
    source = """\
## Files { data-search-exclude }

[Lists](x.md){ data-preview } and a set {data-x} of words

``` title="a.py"
x
```
"""
    page = page_of(source, "note.md")
    assert [(block.kind, block.text, block.info) for block in page.blocks] == [
        ("heading", "Files", ""),
        ("paragraph", "Lists and a set {data-x} of words", ""),
        ("code", "a.py\nx", ""),
    ]


def test_inserted_words():
    page = page_of("A ^^new *word*^^ here, x^2^ and ^^ alone ^^.\n", "note.md")
    assert page.blocks[0].text == "A new word here, x^2^ and ^^ alone ^^."


def test_a_comment_that_is_the_term_of_a_definition():
    source = """\
<!-- md:option search.lang -->

:   Which *language* is searched:

    ``` yaml
    lang: en
    ```

<!-- md:option type:note -->

:   !!! note

        Body.

<!-- md:version 9.2.0 -->

Text
"""
    page = page_of(source, "note.md")
    assert [(block.kind, block.text, block.containers) for block in page.blocks] == [
        ("definition", "search.lang: Which language is searched:", ("definition",)),
        ("code", "lang: en", ("definition",)),
        ("definition", "type:note", ("definition",)),
        ("admonition", "Body.", ("definition", "admonition")),
        ("paragraph", "version 9.2.0", ()),
        ("paragraph", "Text", ()),
    ]
    assert page.metadata["md:option"] == ["search.lang", "type:note"]
    assert page.metadata["md:version"] == ["9.2.0"]


def test_definitions_that_begin_with_a_block_leave_no_mark():
    source = "One\n:   - item\n\nTwo\n:   ```\n    x\n    ```\n\nThree\n: > quoted\n: words\n"
    page = page_of(source, "note.md")
    assert [(block.kind, block.text) for block in page.blocks] == [
        ("definition", "One"),
        ("list", "- item"),
        ("definition", "Two"),
        ("code", "x"),
        ("definition", "Three"),
        ("quote", "quoted"),
        ("definition", "words"),
    ]
