"""HTML inside Markdown. Source in, blocks out, offsets exact."""

from tests.unit.markdown.checks import outline, page_of


def test_comments_are_cut_out():
    source = """\
a <!-- c --> b

<!-- x

# no
-->
end <!-- not closed
"""
    page = page_of(source, "note.md")
    assert outline(source, page) == [
        ("paragraph", "", "a b", ("a", "b")),
        ("paragraph", "", "end <!-- not closed", ("end <!-- not closed",)),
    ]
    assert [(notice.line, notice.kind) for notice in page.notices] == [(7, "unclosed-comment")]


def test_details_and_summary():
    source = """\
<details>
<summary>Sum *x*</summary>

Inner

</details>
after
"""
    page = page_of(source, "note.md")
    assert outline(source, page) == [
        ("admonition*", "", "Sum x", ("<summary>Sum *x*</summary>",)),
        ("admonition", "Sum x", "Inner", ("Inner",)),
        ("paragraph", "", "after", ("after",)),
    ]
    assert [block.info for block in page.blocks] == ["details", "details", ""]


def test_image_alt():
    source = """\
![only](a.png)

[![badge](b.svg)](http://l)

Text <img src='x' alt="in line"> and ![](e.png).
"""
    page = page_of(source, "note.md")
    assert outline(source, page) == [
        ("image", "", "only", ("![only](a.png)",)),
        ("image", "", "badge", ("[![badge](b.svg)](http://l)",)),
        ("paragraph", "", "Text in line and .", ("Text <img src='x' alt=\"in line\"> and ![](e.png).",)),
    ]
    assert [(link.kind, link.target, link.anchor, source[slice(*link.span)]) for link in page.links] == [
        ("image", "a.png", "", "![only](a.png)"),
        ("link", "http://l", "", "[![badge](b.svg)](http://l)"),
        ("image", "b.svg", "", "![badge](b.svg)"),
        ("image", "x", "", "<img src='x' alt=\"in line\">"),
        ("image", "e.png", "", "![](e.png)"),
    ]


def test_inline_html():
    source = "Press <kbd>Ctrl</kbd>, <b>bold</b> <span style='x'>s</span><br/>next H<sub>2</sub>O\n"
    page = page_of(source, "note.md")
    assert outline(source, page) == [
        (
            "paragraph",
            "",
            "Press Ctrl, bold s\nnext H2O",
            ("Press <kbd>Ctrl</kbd>, <b>bold</b> <span style='x'>s</span><br/>next H<sub>2</sub>O",),
        ),
    ]


def test_html_table():
    source = """\
<table>
<tr><th>A</th><th>B</th></tr>
<tr><td>1</td><td>2 &amp; 3</td></tr>
</table>
"""
    page = page_of(source, "note.md")
    assert outline(source, page) == [
        (
            "html",
            "",
            "A | B\n1 | 2 & 3",
            ("<table>\n<tr><th>A</th><th>B</th></tr>\n<tr><td>1</td><td>2 &amp; 3</td></tr>\n</table>",),
        ),
    ]


def test_rows_of_an_html_table():
    source = """\
<table>
  <caption>Sizes</caption>
  <thead><tr><th>Name</th><th>Val<br/>ue</th></tr></thead>
  <TR><td><p>A</p></td><td><ul><li>i</li><li>*j*</li></ul></td></TR>
  <tr>
    <td>B</td>
    <td><code>x | y</code></td>
  </tr>
</table>
"""
    page = page_of(source, "note.md")
    assert outline(source, page) == [("html", "", "Sizes\nName | Val ue\nA | i j\nB | x | y", (source.strip(),))]
    assert [(part.kind, part.text, source[slice(*part.spans[0])].split("\n")[0].strip()) for part in page.blocks[0].parts] == [
        ("header", "Sizes\nName | Val ue", "<table>"),
        ("row", "A | i j", "<TR><td><p>A</p></td><td><ul><li>i</li><li>*j*</li></ul></td></TR>"),
        ("row", "B | x | y", "<tr>"),
    ]


def test_html_heading_and_pre():
    source = """\
<h2 id='x'>Head <em>i</em></h2>

<pre>a <b>b</b>
  c</pre>
"""
    page = page_of(source, "note.md")
    assert outline(source, page) == [
        ("heading", "", "Head i", ("<h2 id='x'>Head <em>i</em></h2>",)),
        ("code", "Head i", "a b\n  c", ("<pre>a <b>b</b>\n  c</pre>",)),
    ]
    assert [heading.anchor for heading in page.headings] == ["head-i"]
