"""Two questions in one, answered one after the other: a small model that is asked both answers one, or mixes them.

Knows how English joins two questions, and how two answers become one; knows no model and no index.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from rag.answer.abstain import ABSTAIN
from rag.answer.inert import inert
from rag.types import Answer, Draft, Passage
from rag.words import content_words

_BEFORE: Final = r"(?:(?:in|on|at|to|from|by|for|with|of|under|since|until|during|through)\s+)?"
_ASKS: Final = rf"{_BEFORE}(?:which|what|who|whom|whose|how|when|where|why)\b"
_JOINT: Final = re.compile(rf"[,;]?\s+and\s+(?={_ASKS})", re.IGNORECASE)
_BEGINS: Final = re.compile(_ASKS, re.IGNORECASE)
_OF_BOTH: Final = re.compile(r"\b(?:each|both|either|respectively)\b", re.IGNORECASE)
_LEAST: Final = 2  # content words of a part without a name; "and when?" is answered by the sentence that answers the rest
_NAME: Final = re.compile(r"\s[^\W\d_]*[A-Z]")
_COMPARES: Final = re.compile(r"\b(?:or|versus|vs|than|compar\w+|differ\w*|both|between)\b", re.IGNORECASE)


def parts(question: str) -> tuple[str, ...]:
    """Return the two questions that are joined by "and", each with its own mark; else the question as it is.

    >>> parts("Who wrote Emma, and how many copies were sold?")
    ('Who wrote Emma?', 'How many copies were sold?')
    >>> parts("Who wrote Emma, and when?")
    ('Who wrote Emma, and when?',)
    """
    joints = list(_JOINT.finditer(question))
    if len(joints) != 1 or not _BEGINS.match(question.strip()) or _OF_BOTH.search(question):
        return (question,)
    one, other = question[: joints[0].start()].strip(), question[joints[0].end() :].strip()
    if not (_is_whole(one) and _is_whole(other)):
        return (question,)
    return (f"{one.rstrip('?')}?", f"{other[0].upper()}{other[1:].rstrip('?')}?")


def compares(question: str) -> bool:
    """Whether a question is about two things beside one another.

    >>> compares("Which is older, tea or coffee?")
    True
    """
    return bool(_COMPARES.search(question))


def _is_whole(part: str) -> bool:
    return len(content_words(part)) >= _LEAST or bool(_NAME.search(part))


def behind(before: Sequence[Answer], draft: Draft) -> Draft:
    """Return a draft behind the answers to the parts before it, which are settled once one of them says something."""
    text = "\n\n".join([*(answer.text for answer in before), draft.text]).rstrip()
    sentences = tuple(sentence for answer in before for sentence in answer.sentences)
    citations = tuple(citation for answer in before for citation in answer.citations)
    # Where no part is answered, the whole is refused in other words.
    settled = len(text) - len(draft.text) + draft.settled if citations or draft.settled else 0
    return Draft(text, min(max(settled, 0), len(text)), (*sentences, *draft.sentences), (*citations, *draft.citations))


def silent(answer: Answer, part: str) -> Answer:
    """Return what is said of a part that is not answered, beside one that is."""
    return replace(answer, text=f"{ABSTAIN.rstrip('.')}: {inert(part)}", passages=()) if answer.status == "abstained" else answer


def joined(answers: Sequence[Answer], questions: Sequence[str]) -> Answer:
    """Return the answers to the parts as one.

    Args:
        answers: to each part, in order; markers count on from one to the next.
        questions: the parts.

    Returns:
        An abstention where all of them are, the first with the passages of all.
    """
    passages: dict[str, Passage] = {}
    for answer in answers:
        for passage in answer.passages:
            passages.setdefault(passage.chunk.id, passage)
    given = tuple(replace(passage, rank=rank) for rank, passage in enumerate(passages.values(), 1))
    timings = {**answers[0].timings_s, "total": answers[-1].timings_s["total"]}
    if all(answer.status == "abstained" for answer in answers):
        return replace(answers[0], passages=given, timings_s=timings)
    said = [silent(answer, part) for answer, part in zip(answers, questions, strict=True)]
    whole = behind(said, Draft("", 0, (), ()))
    return Answer(
        "answered",
        " ".join(dict.fromkeys(answer.reason for answer in answers if answer.status == "answered" and answer.reason)),
        whole.text,
        whole.sentences,
        whole.citations,
        given,
        timings,
        answers[0].generation,
        sum(answer.invented_markers for answer in answers),
        min(answer.probability for answer in answers if answer.status == "answered"),
    )
