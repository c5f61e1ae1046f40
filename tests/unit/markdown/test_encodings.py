"""Bytes in, blocks out: whatever encoding an editor saved a page in, its text and its offsets are the same."""

from __future__ import annotations

import codecs

import pytest

from rag.load import decode
from tests.unit.markdown.checks import outline, page_of

SOURCE = "---\ntitle: Café\n---\n\n# Größe\n\nEin **schöner** Satz.\n\n| a | b |\n|---|---|\n| é | ü |\n"
BLOCKS = [
    ("heading", "", "Größe", ("# Größe",)),
    ("paragraph", "Größe", "Ein schöner Satz.", ("Ein **schöner** Satz.",)),
    ("table", "Größe", "a | b\né | ü", ("| a | b |\n|---|---|\n| é | ü |",)),
]


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (b"", "utf-16-le"),
        (b"", "utf-16-be"),
        (b"", "latin-1"),
        (b"", "cp1252"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_page_in_any_encoding(mark, encoding, end):
    source = decode(mark + SOURCE.replace("\n", end).encode(encoding))
    assert source == SOURCE.replace("\n", end)
    page = page_of(source)
    assert page.title == "Café"
    assert outline(source, page) == [
        (kind, path, text, tuple(piece.replace("\n", end) for piece in pieces)) for kind, path, text, pieces in BLOCKS
    ]
