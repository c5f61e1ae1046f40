"""Which sentences of the notes support a sentence of the answer.

Attribution does not trust the model: its markers are a hint worth a little. Knows words and offsets; knows no model and no index.
"""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rag.align import to_source
from rag.answer.lists import Item, lists
from rag.answer.prompt import is_told
from rag.answer.rules import Known
from rag.sentences import split_sentences
from rag.types import Passage, Span
from rag.words import content_words, numbers

_HINT = 0.1  # what the model's own marker adds to a unit's share when units are compared
_ASKED = 0.1  # what a unit gains that holds all words of the question
_NUMBER = 0.2  # what a unit gains for each number of the sentence that it holds
_SHORT_WORDS = 3
_GAIN = 0.25  # a further unit is cited only if it covers this much more of the sentence
_REPEATED = 0.15  # what a word of the question weighs in a sentence, beside one that answers it
_MOST_UNITS = 3
_MOST_ITEMS = 8
_LEAST_PARTS = 3  # parts of a sentence that names the items of a list
_NAMED = 0.6  # share of a part's words that an item must hold to be the one that it names
_PARTS = re.compile(r"[,:](?!\d)|;|\b(?:and|or|und|oder|et|ou|y|o|e)\b", re.IGNORECASE)
_FENCES = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[^\n]*$", re.MULTILINE)
CELLS = " | "
"""Stands between the cells of a row of a table."""
_SAME_CODE = 0.7  # share of the words of a block of code that a block of the notes must hold to be its source


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
    """The units of the passages of one question, ready to be compared with sentences.

    Args:
        passages: best first.
        question: words of it are known without evidence.

    Attributes:
        passages: best first.
        units: in the order of the passages and of their text.
        known: what the passages and the question say.
    """

    def __init__(self, passages: Sequence[Passage], question: str) -> None:
        self.passages = tuple(passages)
        self.units = tuple(unit for index, passage in enumerate(passages) for unit in _units(index, passage, question))
        self._code = tuple(unit for index, passage in enumerate(passages) for unit in _code(index, passage, question))
        counts = Counter(word for unit in self.units for word in unit.words)
        total = len(self.units) + 1
        self._weight = {word: math.log(1 + total / count) for word, count in counts.items()}
        self._unknown = math.log(1 + total)
        self._asked_numbers = frozenset(numbers(question))
        self.known = Known("\n".join(f"{passage.chunk.heading_line}\n{passage.text}" for passage in passages), question)

    def attribute(self, sentence: str, hinted: Sequence[int] = ()) -> Attribution:
        """Find the units that support a sentence.

        A sentence of few words is elliptical ("46 languages"): it is read with the question, and one unit has to hold it all. One
        that names the items of a list is supported by these, each of which holds little of it.

        Args:
            sentence: without markers.
            hinted: indices of the passages that the model named for it.
        """
        said = frozenset(content_words(sentence))
        said_numbers = frozenset(numbers(sentence)) - self._asked_numbers
        short = len(said) <= _SHORT_WORDS
        looked_for = said | self.known.asked if short else said
        chosen: list[Unit] = []
        while len(chosen) < (1 if short else _MOST_UNITS):
            covered = _words_of(chosen)
            best = self._best(looked_for - covered, said_numbers, hinted, chosen)
            if best is None:
                break
            new_number = best.numbers & said_numbers - _numbers_of(chosen)
            if chosen and not new_number and self._worth(best.words & (said - covered), said) < _GAIN:
                break
            chosen.append(best)
        chosen = self._items_named(sentence, chosen) or chosen
        missing = frozenset(numbers(sentence)) - _numbers_of(chosen)
        return Attribution(tuple(chosen), self.share(said & _words_of(chosen), said), missing)

    def nearness(self, wanted: frozenset[str]) -> float:
        """Return the most that is held of some words in one place, weighted by rarity, 0 to 1.

        A place is a unit with the one before it, which a pronoun may stand for, and with what leads in its list or heads its table.
        """
        most, before, lead = 0.0, None, None
        for unit in self.units:
            if before is None or before.passage != unit.passage:
                before = lead = None
            elif before.text.rstrip().endswith(":") or (CELLS in before.text and lead is None):
                lead = before
            elif CELLS not in unit.text and lead is not None and CELLS in lead.text:
                lead = None
            held = frozenset(word for one in (unit, before, lead) if one for word in one.words)
            most = max(most, self.share(held & wanted, wanted))
            before = unit
        return most

    def units_at(self, places: Sequence[tuple[int, Span]]) -> tuple[Unit, ...]:
        """Return the units that stand at some places and say more than the question.

        Args:
            places: the place of the passage, from 0, and the span in its text.

        Returns:
            In the same order; none for a place that holds no unit.
        """
        at = {(unit.passage, unit.span): unit for unit in self.units}
        found = (at.get((place, to_source(self.passages[place].alignment, *span) or span)) for place, span in places)
        # What ends in a colon leads in what it does not say.
        says = (unit for unit in found if unit and not unit.text.rstrip().endswith(":"))
        return tuple(unit for unit in says if not frozenset(content_words(unit.text)) <= self.known.asked)

    def attribute_code(self, block: str) -> Attribution:
        """Find what a block of code was taken from.

        Args:
            block: with or without its fences.

        Returns:
            The whole block of the notes that holds most of its words; where none holds enough, the lines that do.
        """
        inside = _FENCES.sub("", block)
        said = frozenset(content_words(inside))
        best = max(self._code, key=lambda unit: (self.share(unit.words & said, said), -len(unit.text)), default=None)
        if best is None or (coverage := self.share(best.words & said, said)) < _SAME_CODE:
            return self.attribute(inside)
        return Attribution((best,), coverage, frozenset(numbers(inside)) - best.numbers)

    def _best(
        self, looked_for: frozenset[str], said_numbers: frozenset[str], hinted: Sequence[int], taken: Sequence[Unit]
    ) -> Unit | None:
        best: Unit | None = None
        best_score = 0.0
        for unit in self.units:
            if unit in taken:
                continue
            score = self._worth(unit.words & looked_for, looked_for)
            score += _NUMBER * len(unit.numbers & said_numbers)
            score += _HINT * (score > 0 and unit.passage in hinted)
            score += _ASKED * (score > 0) * self.share(unit.words & self.known.asked, self.known.asked)
            score -= 1e-6 * len(unit.text)  # ties go to the shorter unit, then to the earlier passage: a tighter citation
            if score > best_score:
                best, best_score = unit, score
        return best

    def _items_named(self, sentence: str, instead: Sequence[Unit]) -> list[Unit]:
        """The items of one list that the parts of a sentence name, if they hold more of it than the units found for it do.

        None where one of those has a number of the sentence that these have not.
        """
        parts = [new for part in _PARTS.split(sentence) if (new := frozenset(content_words(part)) - self.known.asked)]
        said = frozenset(content_words(sentence)) - self.known.asked
        counted = _numbers_of(instead) & frozenset(numbers(sentence))
        found: list[Unit] = []
        most = self.share(said & _words_of(instead), said)
        for run in self._lists if len(parts) >= _LEAST_PARTS else ():
            named = [max(run, key=lambda unit: self.share(unit.words & part, part)) for part in parts]
            found_for = zip(named, parts, strict=True)
            items = list(dict.fromkeys(unit for unit, part in found_for if self.share(unit.words & part, part) >= _NAMED))
            held = self.share(said & _words_of(items[:_MOST_ITEMS]), said)
            if held > most and counted <= _numbers_of(items):
                found, most = items[:_MOST_ITEMS], held
        return found

    @functools.cached_property
    def _lists(self) -> tuple[tuple[Unit, ...], ...]:
        """The units in which the items of each list begin."""
        runs = (run for index, passage in enumerate(self.passages) for run in lists(index, passage))
        at_items = (tuple(unit for item in run if (unit := _holding(self.units, item))) for run in runs)
        return tuple(units for units in at_items if len(units) > 1)

    def _worth(self, held: frozenset[str], wanted: frozenset[str]) -> float:
        """Share of `wanted` that `held` has, 0 to 1, in which words of the question count for little."""
        total = self._sum(wanted) - (1 - _REPEATED) * self._sum(wanted & self.known.asked)
        return (self._sum(held) - (1 - _REPEATED) * self._sum(held & self.known.asked)) / total if total else 0.0

    def share(self, held: frozenset[str], wanted: frozenset[str]) -> float:
        """Share of the weight of `wanted` that `held` has, 0 to 1."""
        total = self._sum(wanted)
        return self._sum(held) / total if total else 0.0

    def _sum(self, some_words: frozenset[str]) -> float:
        return sum(self._weight.get(word, self._unknown) for word in some_words)


def _holding(units: Sequence[Unit], item: Item) -> Unit | None:
    """The unit in which an item of a list begins."""
    at = item.span[0]
    return next((unit for unit in units if unit.passage == item.passage and unit.span[0] <= at < unit.span[1]), None)


def _words_of(units: Sequence[Unit]) -> frozenset[str]:
    return frozenset(word for unit in units for word in unit.words)


def _numbers_of(units: Sequence[Unit]) -> frozenset[str]:
    return frozenset(number for unit in units for number in unit.numbers)


def _units(index: int, passage: Passage, question: str) -> list[Unit]:
    heading_words = frozenset(content_words(" ".join((passage.chunk.title, *passage.chunk.heading_path))))
    units = []
    for start, end in split_sentences(passage.text):
        span = to_source(passage.alignment, start, end)
        text = passage.text[start:end]
        own = frozenset(content_words(text))
        if span is None or not own or not is_told(text, question, passage.chunk.heading_line):
            continue  # an order to the model is evidence of nothing
        units.append(Unit(index, span, text, own | heading_words, frozenset(numbers(text))))
    return units


def _code(index: int, passage: Passage, question: str) -> list[Unit]:
    """The blocks of code of a passage, each as one unit."""
    units = []
    for start, end in passage.code:
        text = passage.text[start:end]
        span = to_source(passage.alignment, start, end)
        if span is not None and is_told(text, question, passage.chunk.heading_line):
            units.append(Unit(index, span, text, frozenset(content_words(text)), frozenset(numbers(text))))
    return units
