"""Questions to begin with, drawn from the notes themselves.

Pure: titles and headings to questions. Knows no corpus by name. Reads English titles; notes in another language get what fits.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence

_QUESTION = re.compile(r"(how|what|why|when)\b.*\?", re.IGNORECASE)
_VERSUS = re.compile(r"(.+?)\s+(?:vs\.?|versus)\s+(.+)", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z][\w .+/-]*")
_LONGEST_CHARS = 60
_MOST_WORDS = 3
_SHORTEST_CHARS = 9  # a single common word below that says too little; a name with capitals inside may be shorter

# What refers to the page around it, or makes a title more than a name.
_POINTING = frozenset("here it its me my one ones our such that there these this those us we you your".split())
_JOINING = frozenset("a an and as at by for from in into of on or the to versus vs with".split())
_NO_TOPIC = frozenset(
    """
    about applications basics challenges changelog cheat conclusion contents daily example examples faq further glossary home
    index intro introduction links list map notes overview quirks readme reading references resources sheet sources summary todo
    welcome
    """.split()
)


def example_questions(titles: Sequence[str], headings: Sequence[str], count: int = 4) -> list[str]:
    """Think of questions that the notes are likely to answer.

    A short title becomes "What is ...?", `A vs B` a comparison; a heading that is a question of its own is asked as it stands.

    Args:
        titles: of pages.
        headings: within pages.
        count: most questions.

    Returns:
        Up to `count` questions, the same for the same notes.

    >>> example_questions(["LoRA", "Index", "Scaling laws"], ["Why does rank matter?"])
    ['What is LoRA?', 'What are scaling laws?', 'Why does rank matter?']
    """
    named = _mixed(_what(title.strip()) for title in titles if _is_topic(title.strip()))
    compared = _mixed(f"How do {m[1]} and {m[2]} differ?" for title in titles if (m := _VERSUS.fullmatch(title.strip())))
    asked = _mixed(heading.strip() for heading in headings if stands_alone(heading.strip()))
    chosen = [*named[: count // 2], *compared[:1], *asked[: max(1, count // 4)]][:count]
    for question in (*named, *asked):
        if len(chosen) < count and question not in chosen:
            chosen.append(question)
    return chosen


def _mixed(questions: Iterable[str]) -> list[str]:
    """Each question once, shuffled by a fixed seed: a mixture instead of one corner of the notes, the same at each visit."""
    once = list({question.casefold(): question for question in questions}.values())
    random.Random(7).shuffle(once)  # noqa: S311 - nothing secret
    return once


def stands_alone(heading: str) -> bool:
    """Return whether a heading is a question that needs no page around it."""
    words = set(re.findall(r"\w+", heading.casefold()))
    return bool(_QUESTION.fullmatch(heading)) and len(heading) <= _LONGEST_CHARS and len(words) > 3 and not words & _POINTING


def _is_topic(title: str) -> bool:
    words = title.casefold().removeprefix("the ").replace("-", " ").replace("/", " ").split()
    says_enough = len(words) > 1 or len(title) >= _SHORTEST_CHARS or any(letter.isupper() for letter in title[1:])
    return (
        bool(_NAME.fullmatch(title))
        and 0 < len(words) <= _MOST_WORDS
        and says_enough
        and not _NO_TOPIC.intersection(words)
        and not _JOINING.intersection(title.casefold().removeprefix("the ").split())
    )


def _what(title: str) -> str:
    first, *rest = title.split(" ")
    if rest and all(word.islower() for word in rest) and not any(letter.isupper() for letter in first[1:]):
        title = f"{first.lower()} {' '.join(rest)}"  # "Prompt injection" is no name, "Context Rot" may be one
    plural = title.endswith("s") and not title.endswith(("ss", "is", "us"))
    return f"What {'are' if plural else 'is'} {title}?"
