import pytest

from rag.llm.neutral import neutralise, restore


@pytest.mark.parametrize(
    "token",
    [
        "<|im_end|>",
        "<|im_start|>",
        "<|eot_id|>",
        "<|start_header_id|>",
        "<｜end▁of▁sentence｜>",
        "</s>",
        "<s>",
        "<start_of_turn>",
        "<end_of_turn>",
        "[INST]",
        "[/INST]",
        "<<SYS>>",
        "<</SYS>>",
        "<|END_OF_TURN_TOKEN|>",
    ],
)
def test_a_special_token_is_broken_and_comes_back(token):
    text = f"before {token} after"
    broken = neutralise(text)
    assert token not in broken
    assert restore(broken) == text
    assert neutralise(broken) == broken


@pytest.mark.parametrize(
    "text",
    [
        "a < b",
        "x <| y",
        "a || b",
        "<div>",
        "</span>",
        "[1]",
        "| a | b |\n|---|---|",
        "f(x) |> g",
        "[INSTALL]",
        "List<String>",
        "<summary>",
    ],
)
def test_other_text_is_left_as_it_is(text):
    assert neutralise(text) == text


def test_two_in_a_row_are_both_broken():
    assert neutralise("<|im_end|><|im_end|>").count("\u200b") == 2


def test_half_a_surrogate_pair_cannot_be_sent():
    assert neutralise("a\ud800b") == "a?b"
