"""Hard pages in all dialects, and the pieces that they are made of."""

PAGES = {
    "docusaurus": """\
---
title: Install
sidebar_position: 2
tags: [setup, mdx]
---

import Tabs from '@theme/Tabs';
import Warn from './_warn.mdx'

export const VERSION = 3

# Install it {#start}

<Tabs groupId="os">
  <TabItem value="pip" label="With pip">

    ```bash title="shell"
    pip install x # not a heading
    ```

  </TabItem>
  <TabItem value="conda">Use conda {VERSION}.</TabItem>
</Tabs>

::::tip[Read **this**]

Outer.

:::warning

Inner {/* secret */} text.

:::

::::

<Warn />

<details>
<summary>More</summary>

| a | b |
|---|---|
| `x \\| y` | <end_of_turn> |

</details>
""",
    "hugo": """\
+++
title = "Shortcodes"
draft = true
+++

{{< tabs "id" >}}
{{% tab "Linux" %}}
Run **this**.
{{% /tab %}}
{{< /tabs >}}

See [other]({{< relref "other.md#part" >}}) and `{{</* ref "x" */>}}`.

{{< mermaid >}}
graph LR
  A[One] -->|two| B(Three)
{{< /mermaid >}}

{{% steps %}}
1. ## First
   Do it.
{{% /steps %}}

{{< figure src="a.png" title="A figure" caption="It shows" >}}
""",
    "mkdocs": """\
# Guide

!!! warning "Be *careful*"

    Body.

    ??? note
        Nested:

        ```py hl_lines="1"
        x = 1 # (1)!
        ```

        1.  An annotation.

=== "Python"

    - one
    - two

=== "Rust"

    | a | b |
    |---|---|
    | 1 | 2 |

Press ++ctrl+c++ and {++add++} :material-check: { .green }.

--8<-- "includes/a.md"

Term
:   Definition with `code`.

A note[^1].

[^1]: The note.
    More of it.

*[HTML]: Hyper Text Markup Language
<!-- md:version 9.2.0 -->
""",
    "obsidian": """\
---
aliases: [One, "Two: three"]
tags:
  - a/b
created: 2024-02-05
---
TTL:: 15 minutes
See [[Page#Part|the part]], ![[Other#^id]] and #tag/sub.

> [!warning]- Folded **title**
> Body
> > [!tip] Nested
> > Deep
>
> ```py
> x
> ```

%% hidden
comment %%

A line. ^block-1

- [x] done
- [ ] open with %%inline%% comment

```dataview
TABLE x
```

| a | b |
|---|---|
| [[x\\|y]] | z |
""",
    "myst": """\
(target)=
# MyST

```{note} A title
:class: big
Body with {ref}`target` and {term}`word <x>`.
```

:::{warning}
Colon body.
:::

```{math}
:label: eq
a^2
```

```{code-cell} python
print(1)
```
""",
    "common": """\
Setext *heading*
===

A line with a [link](http://x.y "t"), ![alt](i.png), `code`, \\*escaped\\*, &amp; and \\$25.
Second line<br>third <b>bold</b> <s>.

* a
  continued

  second paragraph

      code in item
* b
    1. c

> quote
lazy

$$
\\frac{a}{b}
$$

[ref]: http://example.org

<div align="center">
  <img src="x" alt="Alt text">
</div>

```python
# not a heading

## Heading after an open fence

Last paragraph.
""",
}

FRAGMENTS = [
    *(
        "\n",
        "\n\n",
        " ",
        "    ",
        "\t",
        "text",
        "# h\n",
        "- a\n",
        "1. b\n",
        "> q\n",
        "```",
        "```py\n",
        "\n```\n",
        "~~~\n",
        "`",
        "``",
    ),
    *(
        "*",
        "**",
        "_",
        "~~",
        "[",
        "]",
        "(",
        ")",
        "![",
        "[[",
        "]]",
        "|",
        "|-|-|\n",
        "| a | b |\n",
        "---\n",
        "===\n",
        "$",
        "$$",
        "\\[",
        "\\]",
    ),
    *(
        "<!--",
        "-->",
        "%%",
        "{/*",
        "*/}",
        "{{< x >}}",
        "{{< /x >}}",
        "{{%",
        "%}}",
        "{{</* y */>}}",
        '{{< tab "a" >}}',
        "{{< /tab >}}",
    ),
    *(
        ":::note\n",
        ":::",
        "::::tip[T]\n",
        "!!! note\n",
        '!!! tip "T"\n',
        "??? a\n",
        '=== "T"\n',
        "<div>",
        "</div>\n",
        "<details>\n",
    ),
    *(
        "<summary>s</summary>",
        "</details>",
        "<Tabs>\n",
        '<TabItem label="L">\n',
        "</TabItem>\n",
        "</Tabs>\n",
        "<br>",
        "<s>",
        "<table>\n<tr>",
        "<th>a</th>",
        "</tr>\n</table>\n",
        "<CodeBlock>{`",
        "`}</CodeBlock>\n",
        "<>",
        "</>",
        '<img\n  src="a"\n>',
    ),
    *(
        "/// note | T\n",
        "    type: x\n",
        "\n///\n",
        "{++\n",
        "\n++}",
        "{~~",
        "~>",
        "~~}",
        "{>>",
        "<<}",
        '{"a"}',
        "{x => (\n",
        "<li>said</li>\n))}\n",
        "\\begin{align}\n",
        "\\end{align}\n",
        '{{< badge "new" >}}',
        '{{< x name="a" value="b" >}}',
        "{{< x.inline >}}",
        "^[a *b*",
        "]{.c}",
        '++"a"+b++',
        "[f:: v]",
        "```mermaid\ngraph TD; A[a]-->B; ",
        "<b>",
        "</b>",
    ),
    *(
        "<img alt='x'>",
        "<table><tr><td>a</td></tr></table>\n",
        "<pre>",
        "</pre>",
        "<script>",
        "</script>",
        "[^1]",
        "[^1]: n\n",
        "[r]: u\n",
    ),
    *(
        ": d\n",
        "*[A]: b\n",
        "&amp;",
        "^id",
        "#tag",
        "> [!note]- T\n",
        "{#id}",
        "{.c}",
        "{: .x }\n",
        "import a from 'b'\n",
        "export const a = 1\n",
    ),
    *(
        "```{note} T\n",
        "{ref}`x`",
        "(t)=\n",
        "==",
        "++a+b++",
        "{++",
        "++}",
        ":material-x:",
        "--8<-- 'f'\n",
        "[TOC]\n",
        "\r",
        "\r\n",
        "\0",
    ),
    *(
        "\ufeff",
        "\u2028",
        "\x85",
        "\x0b",
        "漢字",
        "ğ—•ğ—¼",
        "Ã©",
        "é",
        "\ufdd0",
        "  \n",
        "\\\n",
        "```mermaid\ngraph LR\nA-->B\n```\n",
    ),
]
