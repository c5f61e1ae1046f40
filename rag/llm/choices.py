"""Choices as the next words of a model: the token that each stands for, and probabilities from a list of the most likely tokens."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from rag.errors import LLMError


def choice_probabilities(top: Sequence[tuple[str, float]], choices: Sequence[str]) -> tuple[float, ...]:
    """Turn the likeliest tokens that a server lists into probabilities among the choices.

    A choice has the probability of every listed token that it begins with and no other choice does. One that has none is given all
    that it can have: as much as the least likely token listed, and no more than what the list leaves over. So the probability of a
    choice that is not listed is an upper bound.

    Args:
        top: tokens and their logarithmic probabilities, best first.
        choices: at least one.

    Returns:
        The probability of each choice, in order; they sum to 1.

    Raises:
        LLMError: none of the choices is listed.
    """
    mass = [0.0] * len(choices)
    for token, logprob in top:
        owners = [index for index, choice in enumerate(choices) if token and choice.startswith(token)]
        if len(owners) == 1:
            mass[owners[0]] += math.exp(logprob)
    if not any(mass):
        listed = ", ".join(repr(token) for token, _ in top[:5])
        raise LLMError(
            f"None of {', '.join(map(repr, choices))} is among the server's {len(top)} most likely answers ({listed}, ...)",
            hint="Use a stronger model, or one in this process.",
        )
    left = max(1.0 - sum(math.exp(logprob) for _, logprob in top), 0.0)
    bound = min(math.exp(top[-1][1]), left)
    mass = [each or bound for each in mass]
    return tuple(each / sum(mass) for each in mass)


def first_tokens(choices: Sequence[str], tokenize: Callable[[str], list[int]]) -> list[int]:
    """Let each choice stand for its own first token.

    Args:
        choices: at least one; no two begin with the same token.
        tokenize: a text to the numbers of its tokens.

    Returns:
        The first token of each choice, in order.

    Raises:
        ValueError: no choice, an empty one, or two that begin with the same token.
    """
    first = [(tokenize(choice) or [-1])[0] for choice in choices]
    if not first or -1 in first or len(set(first)) < len(first):
        raise ValueError(f"choices must differ in their first token: {list(choices)}")
    return first
