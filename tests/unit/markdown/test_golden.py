"""Every construct of every dialect: source in, blocks and chunks out, offsets exact.

A case in `golden/*.txt` is its name and path, the source, and one line of JSON for each block (kind, with a star for a label; info;
heading path; text; the stretches of source that it shows), each chunk (kind, heading path, text, stretches, those repeated) and,
where it matters, what else the page says.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rag.chunk import chunk_page
from rag.markdown.blocks import Page
from rag.types import Document
from tests.chunk_checks import Pieces
from tests.unit.markdown.checks import page_of

FOLDER = Path(__file__).parent / "golden"
TARGET_TOKENS = 48


class Case(NamedTuple):
    """One construct."""

    path: str
    source: str
    blocks: list[str]
    chunks: list[str]
    also: dict[str, Any]


def cases() -> dict[str, Case]:
    found = {}
    for file in sorted(FOLDER.glob("*.txt")):
        for written in re.split(r"^@@ ", file.read_text("utf-8"), flags=re.MULTILINE)[1:]:
            head, rest = written.split("\n", 1)
            name, path = head.split(" | ")
            source, blocks, chunks, *also = re.split(r"^-- \w+\n", rest, flags=re.MULTILINE)
            parts = [part.splitlines() for part in (blocks, chunks)]
            found[f"{file.stem}: {name}"] = Case(path, source, *parts, json.loads(also[0]) if also else {})
    return found


def blocks_of(source: str, page: Page) -> list[list[Any]]:
    return [
        [b.kind + "*" * b.label, b.info, " > ".join(b.heading_path), b.text, [source[low:high] for low, high in b.spans]]
        for b in page.blocks
    ]


def chunks_of(source: str, path: str, page: Page) -> list[list[Any]]:
    document = Document("id", path, page.title, page.metadata, source, "")
    return [
        [c.kind, " > ".join(c.heading_path), c.text, *([source[low:high] for low, high in s] for s in (c.spans, c.repeated))]
        for c in chunk_page(document, page, Pieces(), TARGET_TOKENS)
    ]


def said(page: Page, name: str) -> Any:
    """Something that a page says beside its blocks, as JSON has it."""
    match name:
        case "title" | "draft":
            return getattr(page, name)
        case "links":
            return [[link.kind, link.target, link.anchor] for link in page.links]
        case "notices":
            return [[notice.line, notice.kind] for notice in page.notices]
        case "anchors":
            return [heading.anchor for heading in page.headings]
        case "ids":
            return sorted(page.block_ids)
        case _:
            return page.metadata[name]


CASES = cases()


@pytest.mark.parametrize("name", CASES)
def test_a_construct(name):
    case = CASES[name]
    page = page_of(case.source, case.path)
    assert blocks_of(case.source, page) == [json.loads(line) for line in case.blocks]
    assert chunks_of(case.source, case.path, page) == [json.loads(line) for line in case.chunks]
    assert {key: said(page, key) for key in case.also} == case.also


@pytest.mark.parametrize("name", CASES)
def test_a_construct_with_other_line_ends(name):
    case = CASES[name]
    for end in ("\r\n", "\r"):
        page = page_of(case.source.replace("\n", end), case.path)
        expected = [json.loads(line) for line in case.blocks]
        assert [[b.kind + "*" * b.label, b.info, b.text] for b in page.blocks] == [[k, i, text] for k, i, _, text, _ in expected]
