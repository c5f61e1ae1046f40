from rag.align import cut, first_place, first_places, shift, to_source, to_spans

# text "bold & x" from source "**bold** &amp; x"
BOLD = ((0, 4, 2, 6), (4, 5, 8, 9), (5, 6, 9, 14), (6, 8, 14, 16))


def test_equal_lengths_map_character_by_character():
    assert to_source(BOLD, 1, 3) == (3, 5)


def test_an_entity_maps_as_a_whole():
    assert to_source(BOLD, 5, 6) == (9, 14)


def test_a_stretch_gives_the_hull():
    assert to_source(BOLD, 0, 8) == (2, 16)


def test_inserted_text_has_no_source():
    assert to_source(((0, 2, 5, 7),), 2, 4) is None


def test_spans_leave_out_what_is_hidden_between():
    alignment = ((0, 3, 0, 3), (3, 6, 10, 13))
    assert to_spans(alignment, ((0, 4), (9, 13)), 1, 5) == ((1, 4), (9, 12))


def test_cut_and_shift():
    assert cut(BOLD, 3, 6) == ((0, 1, 5, 6), (1, 2, 8, 9), (2, 3, 9, 14))
    assert shift(((0, 1, 5, 6),), 2) == ((2, 3, 5, 6),)
    assert to_source(cut(BOLD, 3, 6), 0, 3) == to_source(BOLD, 3, 6)


def test_the_first_place_of_all_that_follows():
    alignment = ((0, 2, 5, 7), (2, 4, 1, 3), (4, 5, 9, 14), (5, 8, 20, 23))
    places = first_places(alignment)
    for start in range(9):
        hull = to_source(alignment, start, 8)
        assert first_place(alignment, places, start) == (hull[0] if hull else None)
    assert first_place((), first_places(()), 0) is None
