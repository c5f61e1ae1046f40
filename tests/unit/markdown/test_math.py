"""Formulas between dollar signs, where they begin and end. Source in, blocks out."""

from tests.unit.markdown.checks import outline, page_of


def test_a_formula_that_begins_inside_a_line_does_not_open_another_with_its_end():
    source = """\
The loss is $$
L = a*b*c
$$

Words *between*.

$$
y = 1
$$

End.
"""
    page = page_of(source, "note.md")
    assert [(block.kind, block.text) for block in page.blocks] == [
        ("paragraph", "The loss is $$ L = a*b*c $$"),
        ("paragraph", "Words between."),
        ("math", "y = 1"),
        ("paragraph", "End."),
    ]


def test_environments_of_tex():
    source = r"""
\begin{align*}
a &= b \\
c &= *d*
\end{align*}

> \begin{equation}
> x
> \end{equation}

Inline \begin{equation} x \end{equation} stays.

\begin{gather}
never closed
"""
    page = page_of(source, "note.md")
    first = source[1 : source.index("\n\n")]
    assert outline(source, page) == [
        ("math", "", first, (first,)),
        ("math", "", "\\begin{equation}\nx\n\\end{equation}", ("> \\begin{equation}\n> x\n> \\end{equation}",)),
        (
            "paragraph",
            "",
            "Inline \\begin{equation} x \\end{equation} stays.",
            ("Inline \\begin{equation} x \\end{equation} stays.",),
        ),
        ("paragraph", "", "\\begin{gather} never closed", ("\\begin{gather}\nnever closed",)),
    ]


def test_dollars_that_are_money_open_no_formula():
    source = "It costs $$ and more.\n\n$$\ny\n$$\n"
    page = page_of(source, "note.md")
    assert [(block.kind, block.text) for block in page.blocks] == [("paragraph", "It costs $$ and more."), ("math", "y")]
