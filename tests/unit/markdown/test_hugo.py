"""Hugo, with the shortcodes of its Book theme. Source in, blocks out, offsets exact."""

from tests.unit.markdown.checks import outline, page_of


def test_tabs():
    source = """\
{{< tabs >}}
{{< tab "A" >}}
one
{{< /tab >}}
{{% tab name="B" %}}two{{% /tab %}}
{{< /tabs >}}
"""
    page = page_of(source, "content/p.md")
    assert outline(source, page) == [
        ("tab*", "", "A", ("A",)),
        ("tab", "A", "one", ("one",)),
        ("tab*", "", "B", ("B",)),
        ("tab", "B", "two", ("two",)),
    ]
    assert [block.info for block in page.blocks] == ["tab", "tab", "tab", "tab"]


def test_details_and_hints():
    source = """\
{{% details title="More" open=true %}}
Inner **b**
{{% /details %}}

{{< hint warning >}}
Care
{{< /hint >}}

{{< youtube abc >}}
"""
    page = page_of(source, "content/p.md")
    assert outline(source, page) == [
        ("admonition*", "", "More", ("More",)),
        ("admonition", "More", "Inner b", ("Inner **b**",)),
        ("admonition", "", "Care", ("Care",)),
    ]
    assert [block.info for block in page.blocks] == ["details", "details", "warning"]


def test_references_and_escapes():
    source = '[x]({{< relref "a.md#b" >}}) and {{< ref "c" >}} `{{</* z */>}}` {{</* y */>}} \n\n```tpl\n{{%/* hint */%}}\n```\n'
    page = page_of(source, "content/p.md")
    assert outline(source, page) == [
        ("paragraph", "", "x and {{< z >}} {{< y >}}", ("[x](", ") and", "`{{</* z */>}}` {{<", "y", ">}}")),
        ("code", "", "{{% hint %}}", ("```tpl\n{{%/* hint */%}}\n```",)),
    ]
    assert [(link.kind, link.target, link.anchor, source[slice(*link.span)]) for link in page.links] == [
        ("relref", "a.md", "b", '{{< relref "a.md#b" >}}'),
        ("relref", "c", "", '{{< ref "c" >}}'),
    ]
    assert [block.info for block in page.blocks] == ["", "tpl"]


def test_raw_shortcodes():
    source = """\
{{< katex display >}}
a_b
{{< /katex >}}

Inline {{< katex >}}x^2{{< /katex >}} ok

{{< highlight go "linenos" >}}
x := 1
{{< /highlight >}}
"""
    page = page_of(source, "content/p.md")
    assert outline(source, page) == [
        ("math", "", "a_b", ("{{< katex display >}}\na_b\n{{< /katex >}}",)),
        ("paragraph", "", "Inline x^2 ok", ("Inline", "x^2", "ok")),
        ("code", "", "x := 1", ('{{< highlight go "linenos" >}}\nx := 1\n{{< /highlight >}}',)),
    ]
    assert [block.info for block in page.blocks] == ["", "", "go"]


def test_mermaid():
    source = """\
{{< mermaid >}}
flowchart LR
  D[Large Datasets]
  F[Foundation Models]
  D -->|Training| F
{{< /mermaid >}}
"""
    page = page_of(source, "content/p.md")
    assert outline(source, page) == [
        (
            "diagram",
            "",
            "Large Datasets -> Foundation Models: Training",
            ("{{< mermaid >}}\nflowchart LR\n  D[Large Datasets]\n  F[Foundation Models]\n  D -->|Training| F\n{{< /mermaid >}}",),
        ),
    ]


def test_figure_and_button():
    source = """\
{{< figure src="a.png" title="T" alt="A" >}}

{{< button href="/" >}}Go{{< /button >}}
"""
    page = page_of(source, "content/p.md")
    assert outline(source, page) == [
        ("image", "", "T", ("T",)),
        ("image", "", "A", ("A",)),
        ("paragraph", "", "Go", ("Go",)),
    ]
    assert [(link.kind, link.target, link.anchor, source[slice(*link.span)]) for link in page.links] == [
        ("image", "a.png", "", '{{< figure src="a.png" title="T" alt="A" >}}')
    ]


def test_steps_with_headings():
    source = """\
## How

{{% steps %}}
1. ## First
   Do it.
2. ## Second
   Do that.
{{% /steps %}}

After.
"""
    page = page_of(source, "content/p.md")
    assert outline(source, page) == [
        ("heading", "", "How", ("## How",)),
        ("heading", "How", "First", ("1. ## First",)),
        ("paragraph", "How > First", "Do it.", ("Do it.",)),
        ("heading", "How", "Second", ("2. ## Second",)),
        ("paragraph", "How > Second", "Do that.", ("Do that.",)),
        ("paragraph", "How", "After.", ("After.",)),
    ]


def test_columns():
    source = """\
{{% columns %}}
- ### Left
  L
- ### Right
  R
{{% /columns %}}
"""
    page = page_of(source, "content/p.md")
    assert outline(source, page) == [
        ("heading", "", "Left", ("- ### Left",)),
        ("paragraph", "Left", "L", ("L",)),
        ("heading", "", "Right", ("- ### Right",)),
        ("paragraph", "Right", "R", ("R",)),
    ]


def test_the_mark_between_columns():
    page = page_of("{{< columns >}}\nleft\n<--->\nright\n{{< /columns >}}\n\nfrom <---> to\n", "note.md")
    assert [block.text for block in page.blocks] == ["left", "right", "from <---> to"]


def test_the_mark_between_columns_with_a_comment():
    source = "{{< columns >}} <!-- begin -->\nleft\n<---> <!-- magic separator -->\nright\n{{< /columns >}}\n"
    page = page_of(source, "note.md")
    assert outline(source, page) == [("paragraph", "", "left", ("left",)), ("paragraph", "", "right", ("right",))]


def test_words_of_shortcodes_inside_a_line():
    source = """\
Is {{< badge "new" >}} or {{< badge title="Hugo" value="0.1" link="x" >}}: {{< x.inline >}}{{ now }}{{< /x.inline >}} end

| a |
|---|
| {{% badge content="Beta" %}} |
"""
    page = page_of(source, "content/p.md")
    assert outline(source, page) == [
        ("paragraph", "", "Is new or Hugo 0.1: end", ("Is", "new", "or", "Hugo", "0.1", ":", "end")),
        ("table", "", "a\nBeta", ("| a |\n|---|\n|", "Beta", "|")),
    ]


def test_names_that_are_no_labels():
    page = page_of(
        '{{< icon name="check" >}} Done. {{< file name="a.md" >}}\n\n{{< tab name="One" >}}x{{< /tab >}}\n', "content/p.md"
    )
    assert [(block.kind, block.heading_path, block.text) for block in page.blocks] == [
        ("paragraph", (), "Done."),
        ("tab", (), "One"),
        ("tab", ("One",), "x"),
    ]


def test_a_label_over_two_lines():
    source = '{{% tab "A *b*\r\nc" %}}\nx\n{{% /tab %}}\n'
    page = page_of(source, "content/p.md")
    assert [(block.kind, block.heading_path, block.text) for block in page.blocks] == [
        ("tab", (), "A b c"),
        ("tab", ("A b c",), "x"),
    ]


def test_the_dialect_is_not_told_by_code():
    source = "# Menus *here*\n\n```toml\n[[menu.after]]\nname = 1\n```\n\n```sh\nif [[ -f $x ]]; then\n```\n\nSee `[[a]]`.\n"
    page = page_of(source, "site/menus.md")
    assert page.dialect == "gfm"
    assert page.title == "Menus here"
    assert page_of("# T\n\n```dataview\nLIST\n```\n\ntext\n", "a note.md").dialect == "obsidian"
