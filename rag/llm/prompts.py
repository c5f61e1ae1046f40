"""Tokens of a conversation, and where prompts that begin alike are likely to part. Knows no engine and no template."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from rag.llm.turns import placeholders, split_template
from rag.types import Message

_PARAGRAPH: Final = "\n\n"


class Prompts:
    """Makes prompts for one model.

    Args:
        render: a conversation in the model's chat template, up to where the assistant begins.
        of_template: tokens of the template's own text; told whether it is the first of the prompt.
        of_text: tokens of a message, in which nothing is special.
    """

    def __init__(
        self,
        render: Callable[[Sequence[Message]], str],
        of_template: Callable[[str, bool], list[int]],
        of_text: Callable[[str], list[int]],
    ) -> None:
        self._render, self._of_template, self._of_text = render, of_template, of_text
        self._templates: dict[tuple[str, ...], tuple[list[int] | int, ...]] = {}

    def tokens(self, messages: Sequence[Message]) -> tuple[list[int], list[int]]:
        """Return the tokens of a conversation, and where a new batch is worth its while, ascending.

        That is where the rules end, and before the last paragraph: what is to be done with all that stands above it.
        """
        tokens: list[int] = []
        cuts: list[int] = []
        for part in self._template(tuple(message["role"] for message in messages)):
            if not isinstance(part, int):
                tokens += part
                continue
            content = messages[part]["content"]
            task = content.rfind(_PARAGRAPH) + len(_PARAGRAPH) if part == len(messages) - 1 and _PARAGRAPH in content else 0
            for piece in (content[:task], content[task:]) if task else (content,):
                tokens += self._of_text(piece)
                if messages[part]["role"] == "system" or (task and piece == content[:task]):
                    cuts.append(len(tokens))
        return tokens, [cut for cut in cuts if 0 < cut < len(tokens)]

    def _template(self, roles: tuple[str, ...]) -> tuple[list[int] | int, ...]:
        """The template for these roles: tokens of its own text, and the indexes of the messages between them."""
        if roles not in self._templates:
            parts = split_template(self._render(placeholders(roles)), len(roles))
            self._templates[roles] = tuple(
                part if isinstance(part, int) else self._of_template(part, index == 0) for index, part in enumerate(parts)
            )
        return self._templates[roles]
