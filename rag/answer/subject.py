"""Is what an answer says said of what was asked?

A small model that is asked for one thing's number and finds only another's gives that one. Its words all stand in the notes, so
no comparison of words finds it; but where they stand, the name that the question asks about does not. Knows words and units;
knows no model and no verdicts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from rag.answer.attribute import Evidence, Unit
from rag.answer.quantities import asked_units, quantities
from rag.answer.rules import Known, names
from rag.words import content_words, numbers

_REST_OF_NAME: Final = re.compile(r"(?:[-. ]?(?:[^\W\d_]{0,3}\d[\w.]*|[A-Z][\w.]*))*")
_ASKS_NUMBER: Final = re.compile(
    r"\bhow (?:many|much|old|large|big|long|far|fast|often)\b|\bwhen\b|\b(?:which|what) year\b", re.IGNORECASE
)
_ASKS_COUNT: Final = re.compile(r"\bhow many\b|\b(?:which|what) year\b", re.IGNORECASE)
# What says how many without a digit; a list does too.
_COUNT: Final = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|"
    r"(?:twen|thir|for|fif|six|seven|eigh|nine)ty|dozens?|hundreds?|thousands?|[mb]illions?|no|none|"
    r"zero|single|both|once|twice|half|unlimited|any number)\b|,[^.]*,",
    re.IGNORECASE,
)
# One of these in a question makes it English for us: no German, French, Spanish or Italian one has them.
_ENGLISH: Final = re.compile(
    r"\b(?:the|is|are|were|what|which|who|whom|how|when|where|why|does|did|of|for|many|much|can|should|and|with|from|has|have)\b",
    re.IGNORECASE,
)
# Between two that are compared: "Orla or Brin", "older than Brin", "compare with Brin".
_SIDES: Final = re.compile(r"\b(?:or|versus|vs|than|over|compare[ds]?\b.{0,20}?\b(?:with|to))\b", re.IGNORECASE)
_ASKS_WHEN: Final = re.compile(r"\bwhen\b|\b(?:year|date|day|month|old)\b", re.IGNORECASE)
_YEAR: Final = re.compile(r"(?:1[89]|20)\d\d")
_NUMBER: Final = 0.2  # what a unit gains for each number of the answer that the question did not bring
_AS_GOOD: Final = 0.9  # a unit that holds this share of what the best one holds may be the one as well


def subject_words(question: str, known: Known) -> frozenset[str]:
    """Return the words of the names that a question asks about, versions and model numbers behind a name included.

    A short form whose full form the notes hold is no such name: it may stand nowhere; its version still counts. In a question in
    another language only what the passages hold is surely a name: German writes every noun like one.

    >>> sorted(subject_words("What accuracy do people reach on MMLU-Pro?", Known("", "")))
    ['mmlu', 'pro']
    >>> subject_words("How many languages does it know?", Known("", ""))
    frozenset()
    """
    return frozenset(word for _, name in _subjects(question, known) for word in name)


def _subjects(question: str, known: Known) -> list[tuple[int, frozenset[str]]]:
    """Where each name of a question stands, and its words."""
    found: list[tuple[int, frozenset[str]]] = []
    english = bool(_ENGLISH.search(question))
    for name in names(question, known):
        short = name[:-1] if name.endswith("s") and name[:-1].isupper() else name
        spelt_out = short.isupper() and short.casefold() in known.initials
        if not english and name.casefold() not in known.text.casefold():
            continue
        for match in re.finditer(rf"\b{re.escape(name)}", question):
            rest = _REST_OF_NAME.match(question, match.end())
            end = rest.end() if rest else match.end()
            found.append((match.start(), frozenset(content_words(question[match.end() if spelt_out else match.start() : end]))))
    return found


def _alternatives(question: str, known: Known) -> list[frozenset[str]]:
    """What an answer has to be said of, any one of them: all that a question names, or what stands on one side of a comparison."""
    named = [(at, name) for at, name in _subjects(question, known) if name]
    for between in _SIDES.finditer(question):
        sides = [frozenset(word for at, name in named if (at < between.start()) is left for word in name) for left in (True, False)]
        if all(sides):
            return sides
    return [frozenset(word for _, name in named for word in name)]


def answering(question: str, sentences: Sequence[str], known: Known) -> tuple[str, ...]:
    """Return what the answer may come down to: its first sentence, or, where a number is asked for, those that bring one.

    What stands before it may be tied to the question and say nothing of what was asked; a model that copies a passage says other
    numbers first. So of those that bring a number each counts that holds more of what was asked, names left out, than those before
    it; a year is none where no time is asked for. A sentence that ends in a colon goes on.

    Args:
        question: as asked.
        sentences: of the answer so far, without markers.
        known: what the passages and the question say.

    Returns:
        Their texts; none while it is still to come.
    """
    if not _ASKS_NUMBER.search(question):
        return _from(sentences, 0)[:1]
    brought, of_time = numbers(question), bool(_ASKS_WHEN.search(question))
    wanted = frozenset(content_words(question)) - subject_words(question, known)
    found: list[str] = []
    most = -1
    for place, sentence in enumerate(sentences):
        held = len(wanted & frozenset(content_words(sentence)))
        if any(of_time or not _YEAR.fullmatch(one) for one in numbers(sentence) - brought) and held > most:
            found.extend(_from(sentences, place))
            most = held
    return tuple(found)


def counts(question: str, sentences: Sequence[str]) -> bool:
    """Whether an answer gives a number, in digits or in words, where how many there are is asked; true for other questions.

    >>> counts("How many read it?", ["We do not count readers yet."])
    False
    """
    if not _ASKS_COUNT.search(question):
        return True
    brought = numbers(question)
    return any(numbers(sentence) - brought or _COUNT.search(sentence) for sentence in sentences)


def _from(sentences: Sequence[str], place: int) -> tuple[str, ...]:
    """The sentence at a place, with the next one if it goes on; none where that is still to come."""
    if not sentences[place:] or not sentences[place].rstrip().endswith(":"):
        return tuple(sentences[place : place + 1])
    return (" ".join(sentences[place : place + 2]),) if place + 1 < len(sentences) else ()


def tie(question: str, said: str, evidence: Evidence) -> float:
    """Measure how much of the asked names stands where the notes say what the answer says.

    Where two are compared each is told of by itself, so one of them does. A name may stand in the unit itself, in the headings
    above it, or in the unit before or after it.

    Args:
        question: as asked.
        said: the sentence that the answer comes down to, without markers.
        evidence: of the question.

    Returns:
        The share, weighted by rarity, 0 to 1; 1 for a question without names, 0 for megawatt hours where euros are asked for.
    """
    measured = [quantity.unit for quantity in quantities(said)]
    wanted = asked_units(question)
    if wanted and any(measured) and not wanted.intersection(measured):
        return 0.0
    subjects = _alternatives(question, evidence.known)
    new = frozenset(content_words(said)) - evidence.known.asked
    fresh = numbers(said) - numbers(question)
    if not new or not all(subjects):
        return 1.0
    scores = [evidence.share(unit.words & new, new) + _NUMBER * len(unit.numbers & fresh) for unit in evidence.units]
    best = max(scores, default=0.0)
    # "Yes, it does" says nothing that stands somewhere: then it is enough that the subject does.
    close = [index for index, score in enumerate(scores) if score >= _AS_GOOD * best]
    return max((_held(subjects, evidence, index) for index in close), default=0.0)


def loosest_tie(question: str, evidence: Evidence) -> float:
    """Return the least `tie` that a sentence can have, whatever it says of this evidence: 0 to 1."""
    return 0.0 if asked_units(question) else min(_ties(question, evidence), default=0.0)


def tightest_tie(question: str, evidence: Evidence) -> float:
    """Return the most `tie` that a sentence can have which says more than the question did: 0 to 1."""
    return max(_ties(question, evidence), default=0.0)


def _ties(question: str, evidence: Evidence) -> list[float]:
    """How much of the asked names stands around each unit."""
    subjects = _alternatives(question, evidence.known)
    return [_held(subjects, evidence, index) for index in range(len(evidence.units))] if all(subjects) else [1.0]


def _held(subjects: Sequence[frozenset[str]], evidence: Evidence, index: int) -> float:
    """The most that stands around a unit of any of the subjects, 0 to 1."""
    near = _around(evidence.units, index)
    return max(evidence.share(subject & near, subject) for subject in subjects)


def _around(units: tuple[Unit, ...], index: int) -> frozenset[str]:
    near = (unit for unit in units[max(0, index - 1) : index + 2] if unit.passage == units[index].passage)
    return frozenset(word for unit in near for word in unit.words)
