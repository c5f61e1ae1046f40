import pytest

from rag.as_json import answer_json
from rag.ui.chat.export import as_markdown, file_name
from rag.ui.store.conversations import Conversation, StoredTurn
from tests.unit.ui.chat.test_render import ANSWER

TALK = Conversation("a1", "What is\nLoRA?", "2026-05-01T10:00:00+00:00", "2026-05-01T10:00:00+00:00")


def test_a_conversation_as_markdown():
    turns = [
        StoredTurn("t1", "What is LoRA?", "done", answer_json(ANSWER), None, None, ""),
        StoredTurn("t2", "And then?", "stopped", None, None, None, ""),
    ]
    text = as_markdown(TALK, turns)
    assert text == (
        "# What is LoRA?\n\nAsked on 2026-05-01.\n\n## What is LoRA?\n\nLoRA trains few weights. [1] It is green.\n\n"
        "1. `lora.md:1` (LoRA › Idea): “LoRA trains few weights.”\n\n## And then?\n\n*No answer: stopped.*\n"
    )


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("What is LoRA?", "What-is-LoRA.md"),
        ("../../etc/passwd", "etc-passwd.md"),
        ('a"\r\nSet-Cookie: x', "a-Set-Cookie-x.md"),
        ("???", "conversation.md"),
        ("ä" * 10, "conversation.md"),
        ("x" * 200, "x" * 60 + ".md"),
    ],
)
def test_the_name_of_a_file_is_safe_anywhere(title, name):
    assert file_name(Conversation("a", title, "", "")) == name
