"""The project's own notes: every page is accounted for, character by character."""

from pathlib import Path

import pytest

from rag.markdown import parse as module
from tests.unit.markdown.checks import page_of

CORPUS = Path(__file__).parents[3] / "corpus"
PAGES = sorted(path for path in CORPUS.rglob("*") if path.suffix in (".md", ".mdx"))


@pytest.mark.slow
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(CORPUS).as_posix())
def test_a_page_of_the_corpus(path, monkeypatch):
    def nothing_left(text, drafts, left, assembler):
        raise AssertionError([text[slice(*span)] for span in left])

    monkeypatch.setattr(module, "_with_leftovers", nothing_left)
    page = page_of(path.read_text("utf-8"), path.relative_to(CORPUS).as_posix())
    assert page.blocks
    assert not [notice for notice in page.notices if notice.kind.startswith(("unbalanced", "unclosed", "bad"))]


@pytest.mark.parametrize(
    "source",
    [
        ">[!e]\n<pre>a\n\r</pre>:",
        '<pre>d\n>"</pre>',
        "```{note}\n```mermaid\n```\n{{<b>}}:",
        '```{note}\n```mermaid\n```\nd{{<tab"a">}}',
        "```{note}",
        "<summary>s</summary>text",
        "${{</* y */>}}$",
        "[^1]:\n",
        "<table>y<  \nd/<b>h></table>",
        "<table><tr><td>a<  \nb</td></tr></table>",
        '{{%tab"```nT\r\n```t">}}',
        "- <details>\n  <summary>a</summary>\n",
    ],
)
def test_what_fuzzing_once_found(source):
    page_of(source, "a.md")
    page_of(source, "a.mdx")
