"""Any text is parsed: never an exception, offsets hold, every visible character is in one block and one chunk, no hidden one."""

import os
import random
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.chunk import chunk_page
from rag.markdown.parse import parse
from rag.types import Document
from tests.chunk_checks import Pieces, check_chunks
from tests.fuzz.pages import FRAGMENTS, PAGES
from tests.unit.markdown.checks import check_page

_PATHS = st.sampled_from(["note.md", "docs/page.mdx", "a/_index.md"])
# `make soak` runs ten thousand pages a test.
_SETTINGS = settings(
    max_examples=100 * int(os.environ.get("RAG_SOAK") or 3), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def check(source: str, path: str = "note.md") -> None:
    page = parse(source, path)
    check_page(source, page)
    for target in (40, 220):
        check_chunks(source, page, chunk_page(Document("id", path, page.title, page.metadata, source, ""), page, Pieces(), target))


@_SETTINGS
@given(st.text(), _PATHS)
def test_any_text(source, path):
    check(source, path)


@_SETTINGS
@given(st.text(alphabet="`*_~[](){}<>|!#-+=:.%$^\\/ \t\n\r\"'&@ab1\0é漢😀\ufdd0\u2028"), _PATHS)
def test_text_of_marks(source, path):
    check(source, path)


@_SETTINGS
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join), _PATHS)
def test_text_of_fragments(source, path):
    check(source, path)


def mutated(page: str, seed: int) -> str:
    """A page with a few pieces cut, copied, moved or replaced."""
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 8)):
        at, to = sorted((chance.randint(0, len(page)), chance.randint(0, len(page))))
        to = min(to, at + chance.choice([1, 2, 5, 40, 200]))
        piece = chance.choice(["", page[at:to] * 2, chance.choice(FRAGMENTS), page[at:to].replace("\n", "\r\n"), page[at:to][::-1]])
        page = page[:at] + piece + page[to:]
    return page


@pytest.mark.parametrize("name", sorted(PAGES))
def test_hard_pages(name):
    check(PAGES[name], f"{name}.md")
    check(PAGES[name].replace("\n", "\r\n"), f"{name}.mdx")
    check(PAGES[name].replace("\n", "\r"), f"{name}.md")


@_SETTINGS
@given(st.sampled_from(sorted(PAGES)), st.integers(0, 2**32), _PATHS)
def test_mutated_pages(name, seed, path):
    check(mutated(PAGES[name], seed), path)


LONG = 200_000  # characters of one line
LINES = 50_000  # characters of many lines


@pytest.mark.parametrize(
    "source",
    [
        "a" * LONG,
        "word " * (LONG // 5),
        "*a " * (LONG // 3),
        "**a** " * (LONG // 6),
        "_a*" * (LONG // 3),
        "[" * LONG,
        "[a](" * (LONG // 4),
        "![" * (LONG // 2),
        "[a][" * (LONG // 4),
        "[[a" * (LONG // 3),
        "<" * LONG,
        "<a " * (LONG // 3),
        '<a b="' * (LONG // 6),
        "<div>" * (LONG // 5),
        "<div>\n" * (LINES // 6),
        "<Tabs a={" * (LONG // 9),
        "<!-- " * (LONG // 5),
        "%% " * (LONG // 3),
        "{{< a " * (LONG // 6),
        "{{< tab >}}\n" * (LINES // 12),
        "{{< mermaid >}}" * (LONG // 15),
        "`" * LONG,
        "".join("`" * n + " " for n in range(1, 620)),
        "```x\n" * (LINES // 5),
        "# h\n\n```x\n" * (LINES // 10),
        ">" * LONG,
        "> " * (LONG // 2),
        ">\n" * (LINES // 2),
        "- " * (LONG // 2),
        "".join("  " * n + "- a\n" for n in range(400)),
        "- a\n" * (LINES // 8),
        "1. a\n   - b\n" * (LINES // 12),
        ":::note\n" * (LINES // 8),
        ":::\n" * (LINES // 4),
        ":::note\n" * 5000 + ":::\n" * 5000,
        "$" * LONG,
        "$a " * (LONG // 3),
        "$$\n" * (LINES // 3),
        "\\[\n" * (LINES // 3),
        "| a " * (LONG // 4),
        "| a |\n" * (LINES // 6),
        "|a|b|\n|-|-|\n" + "|1|2|\n" * (LINES // 6),
        "a|" * 5000 + "\n" + "-|" * 5000 + "\n" + "b|" * 5000,
        "!!! note\n" * (LINES // 9),
        "".join("    " * n + "!!! note\n" for n in range(200)),
        '=== "a"\n' * (LINES // 8),
        "[^1]: a\n" * (LINES // 8),
        "[a]: b\n" * (LINES // 7),
        "a\n: b\n\n" * (LINES // 7),
        "&amp;" * (LONG // 5),
        "==a " * (LONG // 4),
        "{" * LONG,
        "{++a" * (LONG // 4),
        "++a" * (LONG // 3),
        "^[" * (LONG // 2),
        "\n" * LONG,
        " " * LONG,
        "\t" * LONG,
        "\r" * LONG,
        "---\n" * (LINES // 4),
        "---\na: " + "[" * 5000,
        "---\na: " + "[" * 5000 + "\n---\n",
        "---\na: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{c}: &{c} [{','.join(['*' + p] * 9)}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True))
        + "---\n",
        "{" * 20000 + "\n",
        "ğ—•" * (LONG // 3),
        "Ã©" * (LONG // 2),
        "漢字" * (LONG // 2),
        "export const a = {" * (LONG // 18),
        "<Tab/><TabItem/>\n" + "{x => (\n" * (LINES // 8),
        "<Tab/><TabItem/>\n" + ("{x >" + "ab " * 6000 + "}\n\n") * 8,
        "{/* " * (LONG // 2) + "\n*/",
        "import a from 'b'\n" * (LINES // 18),
        "<details>\n<summary>a</summary>\n" * (LINES // 33),
        "<table>" * (LONG // 7),
        "(a)=\n" * (LINES // 5),
        "--8<--\n" * (LINES // 7),
        "*[a]: b\n" * (LINES // 8),
        "```mermaid\ngraph\n" + "a --> b\n" * (LINES // 8) + "```\n",
        "```mermaid\ngraph\n" + "a --> " * (LINES // 6) + "\n```\n",
        "```mermaid\nmindmap\n" + "".join(" " * n + "a\n" for n in range(600)) + "```\n",
        "\0" * LONG,
    ],
    ids=lambda source: repr(source[:14]),
)
def test_hostile_text_takes_seconds_at_most(source):
    begin = time.process_time()
    page = parse(source, "note.md")
    assert time.process_time() - begin < 12  # on a busy machine; most take a tenth of a second
    check_page(source, page)
