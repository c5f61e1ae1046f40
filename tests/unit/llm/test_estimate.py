import pytest

from rag.llm.estimate import estimate_tokens


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("word", 1), ("words", 2), ("a b", 2), ("2024", 4), ("a, b.", 4), ("漢字", 4)]
)
def test_an_estimate_counts_word_parts_digits_and_signs(text, tokens):
    assert estimate_tokens(text) == tokens


def test_an_estimate_is_rather_too_high():
    """24 words; common tokenizers make 27 to 30 tokens of this."""
    text = (
        "Retrieval-augmented generation answers a question from passages that were found first, so that each statement "
        "can be opened at the place it came from."
    )
    assert 30 <= estimate_tokens(text) <= 48


def test_half_a_surrogate_pair_is_taken():
    assert estimate_tokens("\ud800") == 1
