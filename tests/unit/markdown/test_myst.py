"""MyST and Jupyter Book. Source in, blocks out, offsets exact."""

from tests.unit.markdown.checks import outline, page_of


def test_directives():
    source = """\
(lab)=
# T

% comment

```{admonition} My *t*
:class: tip
body {ref}`x <y>` {doc}`z`
- l
```

:::{note}
n
:::
"""
    page = page_of(source, "a.md")
    assert outline(source, page) == [
        ("heading", "", "T", ("# T",)),
        ("admonition*", "T", "My t", ("My *t*",)),
        ("admonition", "T > My t", "body x z", ("body {ref}`x <y>` {doc}`z`",)),
        ("list", "T > My t", "- l", ("- l",)),
        ("admonition", "T", "n", ("n",)),
    ]
    assert [(link.kind, link.target, link.anchor, source[slice(*link.span)]) for link in page.links] == [
        ("link", "", "y", "{ref}`x <y>`"),
        ("link", "z", "", "{doc}`z`"),
    ]
    assert [block.info for block in page.blocks] == ["", "admonition", "admonition", "", "note"]


def test_code_and_math():
    source = """\
```{code-cell} ipython3
:tags: [a]
print(1)
```

```{math}
:label: e
x
```

{math}`a_b` and {term}`w`.
"""
    page = page_of(source, "a.md")
    assert outline(source, page) == [
        ("code", "", "print(1)", ("```{code-cell} ipython3", "print(1)\n```")),
        ("math", "", "x", ("```{math}\n:label: e\nx\n```",)),
        ("paragraph", "", "a_b and w.", ("{math}`a_b` and {term}`w`.",)),
    ]
    assert [(link.kind, link.target, link.anchor, source[slice(*link.span)]) for link in page.links] == [
        ("link", "", "w", "{term}`w`")
    ]
    assert [block.info for block in page.blocks] == ["ipython3", "", ""]


def test_tabs_figures_and_trees():
    source = """\
```{figure} img.png
:alt: x
Caption
```

```{toctree}
a
```

````{tab-set}
```{tab-item} One
1
```
````
"""
    page = page_of(source, "a.md")
    assert outline(source, page) == [
        ("image", "", "x", ("x",)),
        ("paragraph", "", "Caption", ("Caption",)),
        ("tab*", "", "One", ("One",)),
        ("tab", "One", "1", ("1",)),
    ]
    assert [(link.kind, link.target, link.anchor, source[slice(*link.span)]) for link in page.links] == [
        ("image", "img.png", "", "```{figure} img.png")
    ]
    assert [block.info for block in page.blocks] == ["", "", "tab-item", "tab-item"]


def test_tables_glossaries_and_labels():
    source = """\
```{list-table} Models
:header-rows: 1

* - Name
  - Size
```

```{glossary}
Token
  A piece of text.
```

```{csv-table} Rates
:header: a, b

1, 2
```

{kbd}`Ctrl`

$$
x
$$ (eq1)
"""
    page = page_of(source, "a.md")
    assert outline(source, page) == [
        ("admonition*", "", "Models", ("Models",)),
        ("list", "Models", "- Name\n  - Size", ("- Name\n  - Size",)),
        ("paragraph", "", "Token A piece of text.", ("Token\n  A piece of text.",)),
        ("code", "", "Rates\na, b\n\n1, 2", ("```{csv-table} Rates", "a, b", "1, 2\n```")),
        ("paragraph", "", "Ctrl", ("{kbd}`Ctrl`",)),
        ("math", "", "x", ("$$\nx\n$$",)),
    ]


def test_directives_between_colons():
    source = """\
:::{figure} img.png
:alt: An arch
:width: 3
The *caption*.
:::

:::{image} y.png
:alt: A bridge
:::

:::{toctree}
:maxdepth: 1
a
:::

:::{code-block} Python
:caption: Add
x = a *b* c
:::

:::{csv-table} Rates
:header: a, b
1, 2
:::

:::{math}
:label: e
a_b
:::

::::{grid} 2
:::{grid-item-card} Card
Head
^^^
Body
:::
::::
"""
    page = page_of(source, "a.md")
    assert [(block.kind, block.heading_path, block.text, block.info) for block in page.blocks] == [
        ("image", (), "An arch", ""),
        ("paragraph", (), "The caption.", ""),
        ("image", (), "A bridge", ""),
        ("code", (), "Add\nx = a *b* c", "python"),
        ("code", (), "Rates\na, b\n1, 2", "csv-table"),
        ("math", (), "a_b", ""),
        ("admonition", (), "Card", "grid-item-card"),
        ("admonition", ("Card",), "Head", "grid-item-card"),
        ("admonition", ("Card",), "Body", "grid-item-card"),
    ]
    assert [(link.kind, link.target) for link in page.links] == [("image", "img.png"), ("image", "y.png")]


def test_options_between_dashes_and_figures_in_markdown():
    source = """\
```{code-block} python
---
lineno-start: 1
caption: How to
emphasize-lines: 2
---
a = 1
```

```{figure-md} fig-t
<img src="x.jpg" alt="fishy">

The *caption*
```
"""
    page = page_of(source, "a.md")
    assert outline(source, page) == [
        ("code", "", "How to\na = 1", ("```{code-block} python", "How to", "a = 1\n```")),
        ("image", "", "fishy", ('<img src="x.jpg" alt="fishy">',)),
        ("paragraph", "", "The caption", ("The *caption*",)),
    ]


def test_what_the_first_line_of_a_directive_says():
    source = """\
```{versionadded} 1.2
```

```{code-block} python
:linenos:
:caption: How to add
1 + 1
```

:::{code-block}
never closed

+++ {"tags": ["hide-cell"]}

end
"""
    page = page_of(source, "a.md")
    assert [(block.kind, block.text) for block in page.blocks] == [
        ("admonition", "1.2"),
        ("code", "How to add\n1 + 1"),
        ("paragraph", ":::{code-block} never closed"),
        ("paragraph", "end"),
    ]
