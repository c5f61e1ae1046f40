from rag.markdown.align import Aligned, as_whole, cut, join, merge, strip, subtract, verbatim


def test_join_maps_pieces_and_no_separator():
    assert join([verbatim("ab", 4), Aligned("", ()), verbatim("c", 9)], "; ") == Aligned("ab; ; c", ((0, 2, 4, 6), (6, 7, 9, 10)))


def test_cut_keeps_whole_what_maps_as_a_whole():
    text = Aligned("a & b", ((0, 2, 0, 2), (2, 3, 2, 7), (3, 5, 7, 9)))
    assert cut(text, 1, 4) == Aligned(" & ", ((0, 1, 1, 2), (1, 2, 2, 7), (2, 3, 7, 8)))
    assert cut(text, 5, 5) == Aligned("", ())


def test_strip():
    assert strip(verbatim("  ab ", 3)) == Aligned("ab", ((0, 2, 5, 7),))
    assert strip(verbatim("   ", 3)) == Aligned("", ())


def test_equal_lengths_that_do_not_correspond():
    assert as_whole(0, 3, 5, 8) == ((0, 1, 5, 8), (1, 3, 5, 8))
    assert as_whole(0, 2, 5, 8) == ((0, 2, 5, 8),)


def test_spans_as_sets():
    assert merge([(4, 6), (0, 2), (2, 3), (5, 9), (7, 7)]) == ((0, 3), (4, 9))
    assert subtract((0, 10), [(2, 3), (8, 12)]) == ((0, 2), (3, 8))
    assert subtract((2, 3), [(0, 10)]) == ()
    assert subtract((5, 9), [(0, 2), (3, 6), (20, 30)]) == ((6, 9),)
