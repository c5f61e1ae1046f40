"""Which sentences of the notes support a sentence of the answer.

Attribution does not trust the model: its markers are a hint worth a little. Knows words and offsets; knows no model and no index.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rag.align import to_source
from rag.sentences import split_sentences
from rag.types import Passage, Span
from rag.words import content_words, numbers

_HINT = 0.1  # what the model's own marker adds to a unit's coverage when units are compared
_GAIN = 0.15  # a further unit is cited only if it covers this much more of the sentence
_MOST_UNITS = 3


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence, list item, table row or line of a passage: the smallest thing that is cited.

    Attributes:
        passage: index into the passages, from 0.
        span: in the source.
        text: as shown.
        words: content words of the text and of the headings above it.
        numbers: of the text.
    """

    passage: int
    span: Span
    text: str
    words: frozenset[str]
    numbers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Attribution:
    """What supports one sentence.

    Attributes:
        units: best first; empty where nothing shares a word with the sentence.
        coverage: share of the sentence's words, weighted by rarity, that the units hold; 0 to 1.
        missing_numbers: numbers of the sentence that stand in none of the units.
    """

    units: tuple[Unit, ...]
    coverage: float
    missing_numbers: frozenset[str]


class Evidence:
    """The units of the passages of one question, ready to be compared with sentences."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.units = tuple(unit for index, passage in enumerate(passages) for unit in _units(index, passage))
        counts = Counter(word for unit in self.units for word in unit.words)
        total = len(self.units) + 1
        self._weight = {word: math.log(1 + total / count) for word, count in counts.items()}
        self._unknown = math.log(1 + total)

    def attribute(self, sentence: str, hinted: Sequence[int] = ()) -> Attribution:
        """Find the units that support a sentence.

        Args:
            sentence: without markers.
            hinted: indices of the passages that the model named for it.
        """
        wanted = set(content_words(sentence))
        asked_numbers = numbers(sentence)
        total = self._sum(wanted)
        chosen: list[Unit] = []
        covered: set[str] = set()
        while len(chosen) < _MOST_UNITS and total:
            best, gain = self._best(wanted - covered, asked_numbers, hinted, chosen)
            share = self._sum(best.words & (wanted - covered)) / total if best else 0.0
            found_number = bool(best and chosen and (best.numbers & asked_numbers) - {n for unit in chosen for n in unit.numbers})
            if best is None or gain <= 0 or (chosen and share < _GAIN and not found_number):
                break
            chosen.append(best)
            covered |= best.words & wanted
        held = {number for unit in chosen for number in unit.numbers}
        coverage = self._sum(covered) / total if total else 0.0
        return Attribution(tuple(chosen), coverage, frozenset(asked_numbers - held))

    def _best(
        self, wanted: set[str], asked_numbers: set[str], hinted: Sequence[int], taken: Sequence[Unit]
    ) -> tuple[Unit | None, float]:
        best: Unit | None = None
        best_score = 0.0
        scale = self._sum(wanted) or 1.0
        for unit in self.units:
            shared = self._sum(unit.words & wanted) / scale
            if unit in taken or not (shared or unit.numbers & asked_numbers):
                continue
            # Ties go to the earlier passage and to the shorter unit: a tighter citation.
            score = (
                shared
                + (_HINT if unit.passage in hinted else 0.0)
                + 0.2 * len(unit.numbers & asked_numbers)
                - 1e-6 * len(unit.text)
            )
            if score > best_score:
                best, best_score = unit, score
        return best, best_score

    def _sum(self, some_words: set[str] | frozenset[str]) -> float:
        return sum(self._weight.get(word, self._unknown) for word in some_words)


def _units(index: int, passage: Passage) -> list[Unit]:
    heading_words = frozenset(content_words(" ".join((passage.chunk.title, *passage.chunk.heading_path))))
    units = []
    for start, end in split_sentences(passage.text):
        span = to_source(passage.alignment, start, end)
        text = passage.text[start:end]
        own = frozenset(content_words(text))
        if span is None or not own:
            continue
        units.append(Unit(index, span, text, own | heading_words, frozenset(numbers(text))))
    return units
