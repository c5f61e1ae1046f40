"""Plain text and pieces of any kind, put together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.extract import plain
from rag.extract.pieces import Extract, Piece
from tests.unit.extract.checks import composed, shown


def test_plain_text_is_its_own_source():
    text = "  First *line*\n# not a heading\n\n\r\n\r\n  Second <b>\r\n\r\nthird\n"
    source, page = composed(plain.read(text), "notes/read me.txt")
    assert source == text
    assert page.title == "read me"
    assert [(block.kind, block.text, block.line) for block in page.blocks] == [
        ("paragraph", "First *line*\n# not a heading", 1),
        ("paragraph", "Second <b>", 6),
        ("paragraph", "third", 8),
    ]


def test_mojibake_is_repaired_in_the_text_and_not_in_the_source():
    source, page = composed(plain.read("Das ist schÃ¶n."), "a.txt")
    assert (source, page.blocks[0].text) == ("Das ist schÃ¶n.", "Das ist schön.")


def test_headings_tables_and_places():
    pieces = [
        Piece("Intro", "paragraph", "Page 1"),
        Piece("Head", "heading", "Page 1", level=2),
        Piece("a | b\n1 | 2\n3 | 4", "table", "Page 2", header=True),
        Piece(" \n ", "paragraph", "Page 3"),
        Piece("- one\n- two", "list", "Page 3"),
    ]
    assert shown(Extract(pieces, "T"), "x.pdf") == [
        ("paragraph", "Page 1", "Intro", ("Intro",)),
        ("heading", "Page 2", "Head", ("Head",)),
        ("table", "Page 2 > Head", "a | b\n1 | 2\n3 | 4", ("a | b\n1 | 2\n3 | 4",)),
        ("list", "Page 3 > Head", "- one\n- two", ("- one\n- two",)),
    ]
    source, page = composed(Extract(pieces, "T"), "x.pdf")
    assert page.title == "T"
    assert [(part.kind, part.text, source[slice(*part.spans[0])]) for part in page.blocks[2].parts] == [
        ("header", "a | b", "a | b\n"),
        ("row", "1 | 2", "1 | 2\n"),
        ("row", "3 | 4", "3 | 4"),
    ]


KINDS = st.sampled_from([None, "paragraph", "code", "table", "list", "diagram", "heading", "quote"])
TEXTS = st.text(alphabet=st.sampled_from("ab \n\r\t#*`<>|-[]Ã©ğŸ’½\x0c%{}:!é中"), max_size=40)


@pytest.mark.slow
@given(st.lists(st.tuples(KINDS, TEXTS, st.sampled_from(["", "Page 1", "Cell 2"])), max_size=6))
def test_whatever_is_extracted_the_offsets_hold(found):
    pieces = [Piece(text, kind, place, level=2 if kind == "heading" else 0) for kind, text, place in found]
    composed(Extract(pieces), "any.pdf")
