"""A question made searchable: what to embed and which words to look for.

A follow-up is completed from the question before it, a misspelt word is read as the nearest one of the notes, and a short form also
as what it stands for there. Knows questions, words and one generation of the index; ranks nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rag.follow_up import searchable
from rag.protocols import Generation
from rag.retrieve.acronyms import long_form, short_forms
from rag.retrieve.spelling import corrected
from rag.retrieve.wording import bare
from rag.terms import query_terms
from rag.types import Message

MAX_QUERY_CHARS: Final = 2000  # beyond what any embedder reads; keeps a pasted book from costing anything
MAX_TERMS: Final = 64  # the rarest are kept; more of them tell nothing new
_GUESS: Final = 0.7  # what a word counts that the reader did not write
_LOOKED_AT: Final = 12  # chunks that may say what a short form stands for
_QUOTED: Final = re.compile(r"[\"“„«`]([^\"“”„»`]{3,200})[\"”“»`]")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Query:
    """What to search for.

    Attributes:
        text: to embed.
        terms: words to look for, with weights.
        phrases: what the reader put in quotation marks.
        understood: how the question was read, where that is not plain.
        unknown: words of the question that the notes do not know, stemmed.
    """

    text: str
    terms: dict[str, float]
    phrases: tuple[str, ...]
    understood: tuple[str, ...]
    unknown: tuple[str, ...] = ()


def understand(question: str, history: Sequence[Message], generation: Generation) -> Query:
    """Return what to search for."""
    whole = _CONTROL.sub(" ", question)
    clean = bare(whole)
    # Without the request around it a question is short, and looks as if it went on from the one before.
    text = clean if (joined := searchable(whole, history)) == whole else joined
    notes = [] if text == clean else [f"read with the question before it: {text[:200]}"]
    text = text[-MAX_QUERY_CHARS:] if len(clean) < MAX_QUERY_CHARS else clean[:MAX_QUERY_CHARS]
    words = generation.words
    terms = query_terms(text)
    unknown = tuple(term for term in terms if not words.frequency(term))
    for term in unknown:
        for meant in corrected(term, words.vocabulary()):
            terms.setdefault(meant, _GUESS)
            notes.append(f"{term!r} read as {meant!r}")
    spoken = []
    for short in short_forms(text):
        near = [one for one, _ in generation.matching(query_terms(short), _LOOKED_AT)]
        meaning = long_form(short, (f"{chunk.heading_line}\n{chunk.text}" for chunk in generation.chunks(near)))
        if meaning and meaning.casefold() not in text.casefold():
            spoken.append(meaning)
            notes.append(f"{short} is {meaning}")
            for term in query_terms(meaning):
                terms.setdefault(term, _GUESS / 2)
    if len(terms) > MAX_TERMS:
        terms = dict(sorted(terms.items(), key=lambda pair: (words.frequency(pair[0]), pair[0]))[:MAX_TERMS])
    if spoken:
        text = f"{text} ({'; '.join(spoken)})"
    return Query(text, terms, tuple(dict.fromkeys(_QUOTED.findall(whole))), tuple(notes), unknown)
