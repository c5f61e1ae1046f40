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
        ("paragraph", "", "Caption", ("Caption",)),
        ("tab*", "", "One", ("One",)),
        ("tab", "One", "1", ("1",)),
    ]
    assert [(link.kind, link.target, link.anchor, source[slice(*link.span)]) for link in page.links] == [
        ("image", "img.png", "", "```{figure} img.png")
    ]
    assert [block.info for block in page.blocks] == ["", "tab-item", "tab-item"]


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
        ("code", "", "1, 2", ("```{csv-table} Rates", "1, 2\n```")),
        ("paragraph", "", "Ctrl", ("{kbd}`Ctrl`",)),
        ("math", "", "x", ("$$\nx\n$$",)),
    ]
