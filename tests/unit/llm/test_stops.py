import pytest

from rag.llm.stops import StopFilter


def read(pieces, stops):
    shown = StopFilter(stops)
    return "".join(shown.feed(piece) for piece in pieces) + shown.rest(), shown.stopped


@pytest.mark.parametrize("pieces", [["one two STOP three"], list("one two STOP three"), ["one two S", "TO", "P three"]])
def test_text_ends_before_the_stop_string_however_the_pieces_fall(pieces):
    assert read(pieces, ["STOP"]) == ("one two ", True)


def test_what_might_be_a_stop_string_is_kept_back_and_given_in_the_end():
    shown = StopFilter(["\n\n"])
    assert shown.feed("a\n") == "a"
    assert shown.feed("b\n") == "\nb"
    assert shown.rest() == "\n"
    assert not shown.stopped


def test_the_first_of_several_counts():
    assert read(["a b c d"], ["c", "b", ""]) == ("a ", True)


def test_a_beginning_within_a_beginning_is_seen():
    assert read(list("aaab"), ["aab"]) == ("a", True)


def test_without_stop_strings_nothing_is_kept_back():
    assert StopFilter([]).feed("a\n") == "a\n"


def test_nothing_is_shown_after_the_stop():
    shown = StopFilter(["x"])
    assert shown.feed("ax") == "a"
    assert shown.feed("b") == ""
    assert shown.rest() == ""
