"""Whether a prompt and its answer fit a model's context; counted before anything is sent, and nothing is cut off."""

from __future__ import annotations

from rag.errors import PromptTooLongError


def check_room(prompt_tokens: int, max_tokens: int, context_tokens: int) -> None:
    """Refuse a prompt that leaves less than `max_tokens` of the context.

    Args:
        prompt_tokens: of the whole prompt, template included.
        max_tokens: of the answer, at least 1.
        context_tokens: what both may have together.

    Raises:
        PromptTooLongError: it does.
        ValueError: `max_tokens` is less than 1.
    """
    if max_tokens < 1:
        raise ValueError(f"max_tokens must be at least 1, not {max_tokens}")
    if prompt_tokens + max_tokens > context_tokens:
        raise PromptTooLongError(
            f"A prompt of {prompt_tokens} tokens and an answer of up to {max_tokens} do not fit the model's {context_tokens}",
            hint="Ask with fewer or shorter passages, or raise context_tokens.",
        )
