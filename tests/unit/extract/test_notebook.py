"""Jupyter notebooks. Cells in, blocks out, offsets exact."""

from __future__ import annotations

import json

import pytest

from rag.errors import UnreadableFileError
from rag.extract.notebook import read
from tests.unit.extract.checks import composed, shown

PYTHON = {"kernelspec": {"language": "python", "name": "python3"}}


def markdown(*lines, **more):
    return {"cell_type": "markdown", "source": list(lines), **more}


def code(source, *outputs, **more):
    return {"cell_type": "code", "source": source, "outputs": list(outputs), "metadata": {}, **more}


def stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def result(**data):
    return {"output_type": "execute_result", "data": {key.replace("_", "/"): value for key, value in data.items()}}


def notebook(*cells, metadata=PYTHON):
    return json.dumps({"nbformat": 4, "metadata": metadata, "cells": list(cells)})


def test_markdown_code_and_short_outputs():
    text = notebook(
        markdown("# Fine-tuning\n", "\n", "Load the **model**:"),
        code("model = load()\nmodel.size", result(text_plain="'135M'")),
        markdown("## Train\n"),
        code("train(model)", stream("loss 0.71\n")),
    )
    assert shown(read(text), "lab/tune.ipynb") == [
        ("heading", "Cell 1", "Fine-tuning", ("# Fine-tuning",)),
        ("paragraph", "Cell 1 > Fine-tuning", "Load the model:", ("Load the **model**:",)),
        ("code", "Cell 2 > Fine-tuning", "model = load()\nmodel.size", ("model = load()\nmodel.size",)),
        ("code", "Cell 2 > Fine-tuning", "'135M'", ("'135M'",)),
        ("heading", "Cell 4 > Fine-tuning", "Train", ("## Train",)),
        ("code", "Cell 4 > Fine-tuning > Train", "train(model)", ("train(model)",)),
        ("code", "Cell 4 > Fine-tuning > Train", "loss 0.71", ("loss 0.71",)),
    ]


def test_title_language_and_lines():
    source, page = composed(read(notebook(markdown("# One\n", "\n", "a\n", "\n", "b"), code("x = 1"))), "n/lab.ipynb")
    assert page.title == "One"
    assert page.metadata["format"] == "notebook"
    assert page.metadata["language"] == "python"
    assert [(block.line, block.info) for block in page.blocks] == [(1, ""), (3, ""), (5, ""), (7, "python")]
    assert source.split("\n")[6] == "x = 1"
    assert composed(read(notebook(code("x = 1"))), "n/My lab.ipynb")[1].title == "My lab"


def test_headings_hold_over_cells_until_one_of_their_level():
    text = notebook(markdown("# A"), markdown("## B\n\nb"), markdown("### C\n\nc"), markdown("## D\n\nd"))
    paths = [(block.text, block.heading_path) for block in composed(read(text), "n.ipynb")[1].blocks if not block.level]
    assert paths == [("b", ("Cell 2", "A", "B")), ("c", ("Cell 3", "A", "B", "C")), ("d", ("Cell 4", "A", "D"))]


def test_an_open_fence_or_comment_ends_with_its_cell():
    text = notebook(markdown("```py\nnot closed"), markdown("<!-- not closed"), markdown("# After"))
    _, page = composed(read(text), "n.ipynb")
    assert [block.kind for block in page.blocks] == ["code", "paragraph", "heading"]
    assert [(notice.line, notice.kind) for notice in page.notices] == [(1, "unbalanced-fence"), (4, "unclosed-comment")]


@pytest.mark.parametrize(
    "output",
    [
        {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure size 640x480 with 1 Axes>"}},
        result(text_plain="<__main__.Model object at 0x7f3c>"),
        result(text_plain="<IPython.core.display.HTML object>", text_html="<b>x</b>"),
        result(text_html="<table></table>"),
        result(text_plain="x" * 501),
        stream("line\n" * 16),
        stream("warning: slow\n", name="stderr"),
        stream("\n \n"),
        {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": ["..."]},
        {"output_type": "unknown"},
        "not an output",
    ],
)
def test_outputs_that_are_no_short_text(output):
    assert shown(read(notebook(code("x", output))), "n.ipynb") == [("code", "Cell 1", "x", ("x",))]


def test_text_that_a_cell_displays():
    output = result(text_markdown="The **loss**", text_plain="<IPython.core.display.Markdown object>")
    assert shown(read(notebook(code("x", output))), "n.ipynb")[1] == ("code", "Cell 1", "The **loss**", ("The **loss**",))


def test_colours_are_not_part_of_an_output():
    assert shown(read(notebook(code("x", stream("\x1b[31mred\x1b[0m\n")))), "n.ipynb")[1][2] == "red"


def test_cells_that_the_author_hides():
    text = notebook(
        code("secret()", metadata={"tags": ["remove-cell"]}),
        code("hidden()", stream("shown"), metadata={"tags": ["remove_input"]}),
        code("shown()", stream("hidden"), metadata={"tags": ["remove-output"]}),
        {"cell_type": "raw", "source": "raw"},
    )
    assert [(row[1], row[2]) for row in shown(read(text), "n.ipynb")] == [("Cell 2", "shown"), ("Cell 3", "shown()")]


def test_version_3():
    cells = [
        {"cell_type": "heading", "level": 2, "source": "Old"},
        {"cell_type": "code", "input": ["a\n", "b"], "language": "r", "outputs": [{"output_type": "pyout", "text": "3"}]},
    ]
    assert shown(read(json.dumps({"nbformat": 3, "metadata": {}, "worksheets": [{"cells": cells}]})), "n.ipynb") == [
        ("heading", "Cell 2", "Old", ("Old",)),
        ("code", "Cell 2 > Old", "a\nb", ("a\nb",)),
        ("code", "Cell 2 > Old", "3", ("3",)),
    ]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"cells": 1}', "null", "[" * 100_000])
def test_what_is_no_notebook_says_so(text):
    with pytest.raises(UnreadableFileError, match="not a notebook"):
        read(text)


@pytest.mark.parametrize("cell", [1, None, {}, {"cell_type": 3}, {"cell_type": "code", "source": 3, "metadata": [], "outputs": {}}])
def test_odd_cells_give_nothing(cell):
    assert shown(read(json.dumps({"cells": [cell]})), "n.ipynb") == []
