"""What the lexical index holds of a chunk, and what a question looks for in it.

A word counts more where it names what a chunk is about: in the page's title or aliases and in the headings. Knows words and chunks;
knows no index and no score.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from rag.types import Chunk
from rag.words import content_words

TERMS_VERSION: Final = "2"
"""Changes with anything that changes what is indexed."""

_TITLE: Final = 1.0
_HEADINGS: Final = 1.0
_ALIASES: Final = 1.0
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_CAMEL: Final = re.compile(r"\b[A-Za-z]*[a-z0-9][A-Z][A-Za-z0-9]*\b")


def chunk_terms(chunk: Chunk) -> tuple[dict[str, float], float]:
    """Return the words of a chunk with how often they stand there, weighted by place, and the length of its text in words."""
    body = _terms(chunk.text[chunk.lead :])
    found: dict[str, float] = dict(Counter(body))
    headings = [name for name in chunk.heading_path if name.casefold() != chunk.title.casefold()]
    for text, weight in ((chunk.title, _TITLE), (" ".join(headings), _HEADINGS), (" ".join(_aliases(chunk)), _ALIASES)):
        for term in _terms(text):
            found[term] = found.get(term, 0.0) + weight
    return found, float(len(body))


def query_terms(question: str) -> dict[str, float]:
    """Return the words to look for, each with weight 1; none where no word carries a subject."""
    return dict.fromkeys(_terms(question), 1.0)


def _terms(text: str) -> list[str]:
    """Content words, and the parts of names in camel case beside the whole."""
    parts = [part for name in _CAMEL.findall(text) for part in _HUMP.split(name)]
    return content_words(text) + content_words(" ".join(parts))


def _aliases(chunk: Chunk) -> Iterable[str]:
    found = chunk.metadata.get("aliases")
    return [str(alias) for alias in found] if isinstance(found, list) else []
