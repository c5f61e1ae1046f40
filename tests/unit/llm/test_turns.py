import pytest

from rag.errors import LLMError
from rag.llm.turns import placeholders, split_template


def chatml(messages):
    turns = "".join(f"<|im_start|>{message['role']}\n{message['content']}<|im_end|>\n" for message in messages)
    return f"{turns}<|im_start|>assistant\n"


def test_a_template_is_split_around_the_messages():
    rendered = chatml(placeholders(["system", "user"]))
    assert split_template(rendered, 2) == (
        "<|im_start|>system\n",
        0,
        "<|im_end|>\n<|im_start|>user\n",
        1,
        "<|im_end|>\n<|im_start|>assistant\n",
    )


def test_the_roles_are_kept():
    assert [message["role"] for message in placeholders(["system", "user", "assistant"])] == ["system", "user", "assistant"]


def test_placeholders_differ():
    assert len({message["content"] for message in placeholders(["user"] * 12)}) == 12


def test_a_template_that_adds_a_system_message_keeps_it():
    assert split_template("You are kind." + chatml(placeholders(["user"])), 1)[0] == "You are kind.<|im_start|>user\n"


def test_a_message_may_stand_at_the_start_at_the_end_and_twice():
    text = placeholders(["user"])[0]["content"]
    assert split_template(f"{text} again: {text}", 1) == (0, " again: ", 0)


def test_a_template_that_leaves_a_message_out_is_refused():
    rendered = chatml(placeholders(["system", "user"])[1:])
    with pytest.raises(LLMError, match="message 1 of 2"):
        split_template(rendered, 2)
