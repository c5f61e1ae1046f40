import math

import pytest

from rag.errors import LLMError
from rag.llm.choices import choice_probabilities


def logs(**probabilities):
    return [(token, math.log(value)) for token, value in probabilities.items()]


def test_listed_choices_share_what_they_have():
    assert choice_probabilities(logs(Yes=0.6, No=0.2, Maybe=0.1), ("Yes", "No")) == pytest.approx((0.75, 0.25))


def test_a_choice_has_every_token_that_it_alone_begins_with():
    assert choice_probabilities(logs(Y=0.2, Yes=0.4, No=0.2), ("Yes", "No")) == pytest.approx((0.75, 0.25))


def test_a_token_that_two_choices_begin_with_counts_for_neither():
    assert choice_probabilities(logs(s=0.5, so=0.3, se=0.1), ("so", "see")) == pytest.approx((0.75, 0.25))


def test_a_choice_that_is_not_listed_has_at_most_as_much_as_the_last_one_listed():
    yes, no = choice_probabilities(logs(Yes=0.5, The=0.1), ("Yes", "No"))
    assert (yes, no) == pytest.approx((0.5 / 0.6, 0.1 / 0.6))


def test_and_no_more_than_the_list_leaves_over():
    yes, no = choice_probabilities(logs(Yes=0.9, The=0.09), ("Yes", "No"))
    assert (yes, no) == pytest.approx((0.9 / 0.91, 0.01 / 0.91))


def test_no_choice_listed_is_an_error_that_says_what_is():
    with pytest.raises(LLMError, match=r"'The'") as caught:
        choice_probabilities(logs(The=0.9, A=0.05), ("Yes", "No"))
    assert caught.value.hint


def test_an_empty_token_belongs_to_nobody():
    assert choice_probabilities([("", -0.1), ("Yes", -2.0), ("No", -2.0)], ("Yes", "No")) == pytest.approx((0.5, 0.5))
