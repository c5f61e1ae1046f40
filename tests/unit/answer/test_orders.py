"""Looking for a few words before the patterns changes nothing: no order in a note is overlooked for it."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eval.attacks import read_attacks
from rag.answer import prompt
from rag.answer.inert import visible
from rag.answer.request import _ORDERS_IN_NOTES, is_order_in_note, may_hold_order
from rag.sentences import split_sentences

ROOT = Path(__file__).parents[3]


def matches(sentence):
    return any(pattern.search(sentence) for pattern in _ORDERS_IN_NOTES)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(_ORDERS_IN_NOTES)))
def test_whatever_a_pattern_matches_is_looked_at(number):
    """Texts are made from the pattern itself, with every case that it ignores, and stand among others."""

    @settings(max_examples=40, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.from_regex(_ORDERS_IN_NOTES[number]), st.text(max_size=20), st.text(max_size=20))
    def check(text, before, after):
        assert may_hold_order(text)
        assert is_order_in_note(text)
        assert may_hold_order(f"{before}\n{text}\n{after}")

    check()


@pytest.mark.slow
def test_in_notes_and_attacks_the_same_orders_are_found_as_without_looking_first():
    pages = [file.read_text("utf-8", errors="replace") for file in sorted((ROOT / "corpus").rglob("*.md"))]
    attacks = read_attacks()
    texts = [block for page in pages for block in page.split("\n\n")]
    hostile = [each.page for each in attacks] + [each.question for each in attacks]
    found = 0
    for text in texts + hostile:
        expected = tuple(span for span in split_sentences(text) if matches(visible(text[slice(*span)])))
        assert prompt._orders(text) == expected
        found += len(expected)
    assert len(texts) > 2000
    assert found > 20


def test_most_notes_are_done_after_the_first_look():
    pages = [file.read_text("utf-8", errors="replace") for file in sorted((ROOT / "corpus" / "notes").rglob("*.md"))[:20]]
    blocks = [block for page in pages for block in page.split("\n\n")]
    assert sum(map(may_hold_order, blocks)) < len(blocks) / 4


@pytest.mark.slow
def test_every_character_that_nobody_sees_goes_and_no_other():
    everything = "".join(chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000)
    unseen = [letter for letter in everything if unicodedata.category(letter) == "Cf" and letter not in "\u200c\u200d"]
    assert len(unseen) > 100
    assert all(visible(f"é{letter}é") == "éé" for letter in unseen)
    assert visible(everything) == everything.translate(dict.fromkeys(map(ord, unseen)))
