"""Docusaurus and MDX. Source in, blocks out, offsets exact."""

import pytest

from tests.unit.markdown.checks import outline, page_of


def test_module_lines():
    source = """\
import X from './_x.mdx'
import {
  a,
  b
} from 'c';

export const f = (x) => {

  return 1
}

Text {/* hide */} more {f(1)}.

<X/>

import this into your project
"""
    page = page_of(source, "docs/page.mdx")
    assert outline(source, page) == [
        ("paragraph", "", "Text more {f(1)}.", ("Text", "more {f(1)}.")),
        ("paragraph", "", "import this into your project", ("import this into your project",)),
    ]
    assert [(link.kind, link.target, link.anchor, source[slice(*link.span)]) for link in page.links] == [
        ("import", "./_x.mdx", "", "<X/>")
    ]


def test_exported_constants():
    source = """\
export const STEPS = 20
export const DAY = '18 July 2024';

In {STEPS} steps on {DAY} and {OTHER}.
"""
    page = page_of(source, "docs/page.mdx")
    assert outline(source, page) == [
        ("paragraph", "", "In 20 steps on 18 July 2024 and {OTHER}.", ("In {STEPS} steps on {DAY} and {OTHER}.",)),
    ]


def test_explicit_anchors():
    source = """\
## Head {#custom}

## Head

## Head {/* #other */}
"""
    page = page_of(source, "docs/page.mdx")
    assert outline(source, page) == [
        ("heading", "", "Head", ("## Head {#custom}",)),
        ("heading", "", "Head", ("## Head",)),
        ("heading", "", "Head", ("## Head",)),
    ]
    assert [heading.anchor for heading in page.headings] == ["custom", "head", "other"]


def test_nested_admonitions():
    source = """\
::::info[Outer *t*]

a

:::danger Take care
b
:::

c

::::

d
"""
    page = page_of(source, "docs/a.md")
    assert outline(source, page) == [
        ("admonition*", "", "Outer t", ("Outer *t*",)),
        ("admonition", "Outer t", "a", ("a",)),
        ("admonition*", "Outer t", "Take care", ("Take care",)),
        ("admonition", "Outer t > Take care", "b", ("b",)),
        ("admonition", "Outer t", "c", ("c",)),
        ("paragraph", "", "d", ("d",)),
    ]
    assert [block.info for block in page.blocks] == ["info", "info", "danger", "danger", "info", ""]


def test_admonition_without_end():
    source = """\
:::note
not closed

## Next

x
"""
    page = page_of(source, "docs/a.md")
    assert outline(source, page) == [
        ("admonition", "", "not closed", ("not closed",)),
        ("heading", "", "Next", ("## Next",)),
        ("paragraph", "Next", "x", ("x",)),
    ]
    assert [(notice.line, notice.kind) for notice in page.notices] == [(1, "unclosed-admonition")]
    assert [block.info for block in page.blocks] == ["note", "", ""]


def test_colons_that_are_text():
    source = """\
Use ::: as a fence

::: unknown words here

text
"""
    page = page_of(source, "note.md")
    assert outline(source, page) == [
        ("paragraph", "", "Use ::: as a fence", ("Use ::: as a fence",)),
        ("paragraph", "", "::: unknown words here", ("::: unknown words here",)),
        ("paragraph", "", "text", ("text",)),
    ]


def test_tabs_by_values():
    source = """\
<Tabs
  defaultValue="a"
  values={[{label: 'Apple', value: 'a'}, {label: 'Bee', value: 'b'}]}>
<TabItem value="a">

One

</TabItem>
<TabItem value="b">Two</TabItem>
</Tabs>
"""
    page = page_of(source, "docs/page.mdx")
    assert outline(source, page) == [
        ("tab", "Apple", "One", ("One",)),
        ("tab", "Bee", "Two", ("Two</TabItem>",)),
    ]


def test_tabs_with_indented_bodies():
    source = """\
## Install

<Tabs>
  <TabItem value='x' label='With pip'>
    Indented text

    - item

      ```sh
      run
      ```
  </TabItem>
</Tabs>
"""
    page = page_of(source, "docs/a.md")
    assert outline(source, page) == [
        ("heading", "", "Install", ("## Install",)),
        ("tab*", "Install", "With pip", ("With pip",)),
        ("tab", "Install > With pip", "Indented text", ("Indented text",)),
        ("list", "Install > With pip", "- item", ("- item",)),
        ("code", "Install > With pip", "run", ("```sh\n      run\n      ```",)),
    ]
    assert [block.info for block in page.blocks] == ["", "", "", "", "sh"]


def test_tabs_in_a_list():
    source = """\
1. Step

   <Tabs>
   <TabItem value="u" label="U">

   para

   </TabItem>
   </Tabs>

   after
2. Two
"""
    page = page_of(source, "docs/page.mdx")
    assert outline(source, page) == [
        ("list", "", "1. Step", ("1. Step",)),
        ("tab*", "", "U", ("U",)),
        ("list", "U", "para", ("para",)),
        ("list", "", "after\n2. Two", ("after\n2. Two",)),
    ]


def test_components():
    source = """\
<Card title="The card" href="/x" description='Says it' />

<Admonition type="tip" title="Adm">

body

</Admonition>

A <Highlight color="red">red</Highlight> List<String> and Dict<Key, Value> here.
"""
    page = page_of(source, "docs/page.mdx")
    assert outline(source, page) == [
        ("html", "", "The card", ("The card",)),
        ("html", "", "Says it", ("Says it",)),
        ("admonition*", "", "Adm", ("Adm",)),
        ("admonition", "Adm", "body", ("body",)),
        (
            "paragraph",
            "",
            "A red List<String> and Dict<Key, Value> here.",
            ('A <Highlight color="red">red</Highlight> List<String> and Dict<Key, Value> here.',),
        ),
    ]
    assert [block.info for block in page.blocks] == ["", "", "tip", "tip", ""]


def test_code_with_a_title():
    source = """\
```jsx title="/src/a.js" {1,3} showLineNumbers
const a = {/* kept */};
```
"""
    page = page_of(source, "docs/page.mdx")
    assert outline(source, page) == [
        (
            "code",
            "",
            "/src/a.js\nconst a = {/* kept */};",
            ('```jsx title="/src/a.js" {1,3} showLineNumbers\nconst a = {/* kept */};\n```',),
        ),
    ]
    assert [block.info for block in page.blocks] == ["jsx"]


def test_admonitions_that_begin_an_item_and_text_that_is_no_jsx():
    source = "- :::tip\n  in a list\n  :::\n- b\n\n<CodeBlock>{`a = {1}`}</CodeBlock>\n\n<CodeBlock>{`a = 1;`}</CodeBlock>\n"
    page = page_of(source, "page.mdx")
    assert [(block.kind, block.text, block.containers) for block in page.blocks] == [
        ("list", "- in a list", ("admonition",)),
        ("list", "- b", ()),
        ("code", "a = {1}", ()),
        ("code", "a = 1;", ()),
    ]


def test_a_card_with_a_description_and_a_body():
    source = '<Card title="Fast" description="As *light*" icon={x}>\n\nBody.\n\n</Card>\n'
    page = page_of(source, "page.mdx")
    assert [(block.text, block.heading_path, source[block.start : block.end]) for block in page.blocks] == [
        ("Fast", (), "Fast"),
        ("As light", (), "As *light*"),
        ("Body.", ("Fast",), "Body."),
    ]


def test_expressions():
    source = """\
Version {props.version} of {"a"}{' '}
{'set'} and {1 + 2}.

{ /* hidden
*/ }

{list.map((item) => (
  <li key={item}>Said *once* {item}</li>
))}

{props.children > 1}

<>

In a fragment

</>

export const x = {
  a: `}`,
}

{`Of two
lines`}

In `{code}` it stays.
"""
    page = page_of(source, "docs/page.mdx")
    assert outline(source, page) == [
        (
            "paragraph",
            "",
            "Version {props.version} of a set and {1 + 2}.",
            ("Version {props.version} of {\"a\"}{' '}\n{'set'} and {1 + 2}.",),
        ),
        ("html", "", "Said once", ("Said *once*",)),
        ("paragraph", "", "In a fragment", ("In a fragment",)),
        ("html", "", "Of two lines", ("Of two\nlines",)),
        ("paragraph", "", "In {code} it stays.", ("In `{code}` it stays.",)),
    ]


def test_a_page_that_imports_from_its_site_is_mdx_whatever_its_name():
    page = page_of("import X from '@site/x';\n\n<X>\n    {x.map((y) => y)}\n\n    Text of {'one'}.\n</X>\n", "docs/a.md")
    assert [(block.kind, block.text) for block in page.blocks] == [("paragraph", "Text of one.")]


def test_components_over_several_lines():
    source = """\
<Button
  onClick={() => {
    alert('x > y');
  }}
  disabled
>Press *me*</Button>

<img src={require('./a.png').default} alt={"A cat"} />

<CodeBlock
  language="js" title="a.js">
{`const x = {1};

x`}
</CodeBlock>
"""
    page = page_of(source, "docs/page.mdx")
    assert outline(source, page) == [
        ("paragraph", "", "Press me", ("Press *me*</Button>",)),
        ("image", "", "A cat", ("<img src={require('./a.png').default} alt={\"A cat\"} />",)),
        ("code", "", "a.js\nconst x = {1};\n\nx", (source[source.index("<CodeBlock") :].strip(),)),
    ]
    assert [(link.kind, link.target) for link in page.links] == [("image", "./a.png")]


@pytest.mark.parametrize("line", ["import X from '@theme/X';", '<TabItem value="a">'])
def test_a_page_that_shows_such_a_line_as_code_is_not(line):
    page = page_of(f"```jsx\n{line}\n```\n\n{{\n  presets: ['classic'],\n}}\n", "docs/a.md")
    assert [block.kind for block in page.blocks] == ["code", "paragraph"]
