"""A question that a model made up from a chunk: is it one of ours? Checked against the page, and written as we write them.

Pure but for the model that is asked whether the evidence states the answer. A question that fails a check is dropped with the
reason; none is mended.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from eval.evidence import occurrences
from eval.facts import states
from eval.overlap import share
from eval.pages import PageText
from rag.sentences import split_sentences
from rag.types import Chunk
from rag.words import content_words, numbers

LEAST_SHARE = 0.6
"""Share of the words of the answer that the evidence has to hold."""

LEAST_PROBABILITY = 0.5
"""That the evidence states the answer, by the model."""

_MOST_FACTS = 3
_MOST_QUOTES = 2
_POINTS_AT_TEXT = re.compile(r"\b(context|passage|text|excerpt|document|note|notes|author|section|paragraph)s?\b", re.IGNORECASE)
_QUESTION = re.compile(r"[?？]\s*$")

Stated = Callable[[str, str, str], float]
"""Question, answer and evidence to the probability that the evidence states the answer."""


@dataclass(frozen=True, slots=True)
class Generated:
    """What a generator made of one chunk."""

    question: str
    answer: str
    chunk: Chunk


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of it.

    Attributes:
        fields: of a question, without an id; None if it was dropped.
        reason: why it was dropped; empty if it was not.
    """

    fields: dict[str, Any] | None
    reason: str = ""


def check(made: Generated, page: PageText, stated: Stated) -> Checked:
    """Check one question against the page that it was made from.

    Args:
        made: question and answer.
        page: that the chunk is of.
        stated: asks a model; called last, as it costs most.

    Returns:
        The fields of a question, or the reason against it.
    """
    question, answer = " ".join(made.question.split()), " ".join(made.answer.split())
    if not _QUESTION.search(question) or len(content_words(question)) < 2:
        return Checked(None, "it is no question")
    if _POINTS_AT_TEXT.search(question):
        return Checked(None, "it asks about a text that the reader does not see")
    quotes = _quotes(answer, made.chunk, page.source)
    evidence = "\n".join(quotes)
    if not quotes or share(answer, evidence) < LEAST_SHARE:
        return Checked(None, "no sentences of the page hold the words of the answer")
    if numbers(answer) - numbers(evidence):
        return Checked(None, "a number of the answer does not stand in the evidence")
    facts = _facts(question, answer, evidence)
    if not facts:
        return Checked(None, "the answer says nothing that the question does not")
    probability = stated(question, answer, evidence)
    if probability < LEAST_PROBABILITY:
        return Checked(None, f"the model does not find the answer in the evidence ({probability:.2f})")
    places = [{"page": page.path, "heading": page.name_above(page.source.index(quote)), "quote": quote} for quote in quotes]
    kind = "number" if any(fact[0].isdigit() for fact in facts) else "fact"
    return Checked(
        {
            "question": question,
            "type": kind,
            "expected": "answer",
            "reference": answer,
            "must": facts,
            "evidence": places,
            "split": "tune",
        }
    )


def _quotes(answer: str, chunk: Chunk, source: str) -> list[str]:
    """The sentences of the chunk's source that hold most of the answer's words: one, or two where the second adds some."""
    found: list[str] = []
    candidates = [
        source[start + a : start + b] for start, end in chunk.spans for a, b in split_sentences(source[start:end]) if b - a >= 8
    ]
    unique = [quote for quote in dict.fromkeys(candidates) if len(list(occurrences(source, quote))) == 1]
    covered = 0.0
    while unique and len(found) < _MOST_QUOTES:
        best = max(unique, key=lambda quote: share(answer, "\n".join([*found, quote])))
        now = share(answer, "\n".join([*found, best]))
        if now <= covered:
            break
        found.append(best)
        unique.remove(best)
        covered = now
    return found


def _facts(question: str, answer: str, evidence: str) -> list[str]:
    """What the answer states beyond the question and the evidence states too: numbers first, then names, then rare words."""
    spoken = re.findall(r"\d[\d.,]*\d|\d|[^\W\d_][\w'-]*", answer)
    new = [word for word in dict.fromkeys(spoken) if content_words(word) and not states(question, word) and states(evidence, word)]
    ranked = sorted(new, key=lambda word: (not word[0].isdigit(), not word[0].isupper(), -len(word)))
    return [word for word in ranked if states(answer, word)][:_MOST_FACTS]


def pick(chunks: Sequence[Chunk], count: int) -> list[Chunk]:
    """Return `count` chunks spread evenly over all that have enough to ask about, so that no page gets all the questions."""
    rich = [chunk for chunk in chunks if len(content_words(chunk.text)) >= 25]
    if count >= len(rich):
        return rich
    return [rich[place * len(rich) // count] for place in range(count)]
