import pytest

from rag.errors import PromptTooLongError
from rag.llm.budget import check_room


def test_a_prompt_that_just_fits_is_fine():
    check_room(90, 10, 100)


def test_one_token_more_is_refused_with_the_figures():
    with pytest.raises(PromptTooLongError, match=r"91 .* 10 .* 100"):
        check_room(91, 10, 100)


def test_an_answer_has_at_least_one_token():
    with pytest.raises(ValueError, match="max_tokens"):
        check_room(1, 0, 100)
