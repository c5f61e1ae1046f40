"""A chat template taken apart, so that a message's text can never forge a turn.

A model's turns are set apart by special tokens such as `<|im_end|>`. Engines look for them in the whole prompt, so a note that
holds that very text would end the user's turn and could go on as the assistant. Here the template is rendered with a placeholder
for each message; what stands around the placeholders is the template's own text, where special tokens are meant, and the messages
themselves are tokenised apart from it, as plain text. Knows no engine and no template.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.errors import LLMError
from rag.types import Message

Part = str | int
"""Text of the template, or the index of the message whose text stands there."""

_PLACEHOLDER = re.compile(r"\[\[message-(\d+)-4e6f7465\]\]")


def placeholders(roles: Sequence[str]) -> list[Message]:
    """Return a conversation with these roles whose messages are placeholders."""
    return [{"role": role, "content": f"[[message-{index}-4e6f7465]]"} for index, role in enumerate(roles)]  # type: ignore[typeddict-item]


def split_template(rendered: str, messages: int) -> tuple[Part, ...]:
    """Split what a template made of `placeholders` into its own text and the places of the messages.

    >>> split_template("<u>[[message-0-4e6f7465]]</u><a>", 1)
    ('<u>', 0, '</u><a>')

    Args:
        rendered: the whole prompt.
        messages: how many there are.

    Returns:
        Texts of the template and numbers of messages (from 0), in the order of the prompt; empty texts are left out.

    Raises:
        LLMError: the template leaves a message out.
    """
    parts: list[Part] = []
    for position, text in enumerate(_PLACEHOLDER.split(rendered)):
        if position % 2:
            parts.append(int(text))
        elif text:
            parts.append(text)
    missing = set(range(messages)) - {part for part in parts if isinstance(part, int)}
    if missing:
        raise LLMError(
            f"The model's chat template leaves out message {min(missing) + 1} of {messages}",
            hint="Use another model, or send fewer roles.",
        )
    return tuple(parts)
