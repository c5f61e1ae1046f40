import pytest

from rag.types import Citation
from rag.ui.chat.place import CONTEXT_CHARS, of_citation, of_passage
from tests.build import chunk, passage

SOURCE = "# Page\n\nBefore it.\n\nThe quote stands here. More of it.\n\nAfter it.\n"


def cite(quote, source=SOURCE, start=None, line=5):
    at = source.index(quote) if start is None else start
    return Citation(1, "page.md", at, at + len(quote), line, ("Page",), quote)


def test_the_pieces_are_the_source_and_the_quote_is_marked():
    place = of_citation(cite("The quote stands here."), "Page", SOURCE)
    assert "".join(piece for piece, _ in place.pieces) == SOURCE
    assert place.quote == "The quote stands here."
    assert place.lines == (5, 5)
    assert not place.more_before
    assert not place.more_after


def test_lines_count_whatever_ends_them():
    source = "one\r\ntwo\rthree\nfour"
    assert of_citation(cite("two\rthree", source), "Page", source).lines == (2, 3)
    assert of_citation(cite("three\n", source), "Page", source).lines == (3, 3)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", " "])
def test_what_stands_around_it_is_cut_at_lines_or_words(end):
    source = end.join(f"line {number} of the page" for number in range(200))
    place = of_citation(cite("line 100 of the page", source), "Page", source)
    before, quote, after = (piece for piece, _ in place.pieces)
    assert before + quote + after in source
    assert source[source.index(before) - 1] in "\r\n "
    assert len(before) <= CONTEXT_CHARS
    assert len(after) <= CONTEXT_CHARS
    assert place.more_before
    assert place.more_after


def test_one_long_word_around_it():
    source = "x" * 5000 + "quote" + "y" * 5000
    place = of_citation(cite("quote", source), "Page", source)
    assert [len(piece) for piece, _ in place.pieces] == [CONTEXT_CHARS, 5, CONTEXT_CHARS]


def test_a_quote_that_is_not_there_any_more_is_shown_alone():
    place = of_citation(cite("The quote stands here.", start=3), "Page", SOURCE)
    assert place.pieces == (("The quote stands here.", True),)
    assert place.lines == (5, 5)
    assert of_citation(cite("The quote", start=3), "Page", "").quote == "The quote"


def test_a_passage_is_marked_where_its_spans_are():
    text = "Before it.\n\nThe quote"
    one = passage(text, start=SOURCE.index(text))
    place = of_passage(one, SOURCE)
    assert place.quote == text
    assert "".join(piece for piece, _ in place.pieces) == SOURCE


def test_spans_with_a_gap():
    whole = chunk("Before it.", start=SOURCE.index("Before"))
    spans = (whole.spans[0], (SOURCE.index("More"), SOURCE.index("More") + 4))
    one = passage("Before it.")
    one = type(one)(whole, 1.0, 1, {}, 1, "Before it. More", spans, ())
    place = of_passage(one, SOURCE)
    assert [piece for piece, marked in place.pieces if marked] == ["Before it.", "More"]
    assert "The quote stands here." in "".join(piece for piece, marked in place.pieces if not marked)


def test_a_passage_of_a_page_that_is_gone_shows_its_text():
    assert of_passage(passage("Text.", start=50), "short").pieces == (("Text.", True),)
