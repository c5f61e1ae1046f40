"""Is what an answer says said of what was asked?

A small model that is asked for one thing's number and finds only another's gives that one. Its words all stand in the notes, so
no comparison of words finds it; but where they stand, the name that the question asks about does not. Knows words and units;
knows no model and no verdicts.
"""

from __future__ import annotations

import re
from typing import Final

from rag.answer.attribute import Evidence, Unit
from rag.answer.rules import Known, names
from rag.words import content_words, numbers

_REST_OF_NAME: Final = re.compile(r"(?:[-. ]?(?:[^\W\d_]{0,3}\d[\w.]*|[A-Z][\w.]*))*")
_NUMBER: Final = 0.2  # what a unit gains for each number of the answer that the question did not bring
_AS_GOOD: Final = 0.9  # a unit that holds this share of what the best one holds may be the one as well


def subject_words(question: str, known: Known) -> frozenset[str]:
    """Return the words of the names that a question asks about, versions and model numbers behind a name included.

    A short form whose full form the notes hold is no such name: it may stand nowhere.

    >>> sorted(subject_words("What accuracy do people reach on MMLU-Pro?", Known("", "")))
    ['mmlu', 'pro']
    >>> subject_words("How many languages does it know?", Known("", ""))
    frozenset()
    """
    found: set[str] = set()
    for name in names(question, known):
        short = name[:-1] if name.endswith("s") and name[:-1].isupper() else name
        if short.isupper() and short.casefold() in known.initials:
            continue
        for match in re.finditer(rf"\b{re.escape(name)}", question):
            end = match.end()
            rest = _REST_OF_NAME.match(question, end)
            found.update(content_words(question[match.start() : rest.end() if rest else end]))
    return frozenset(found)


def tie(question: str, said: str, evidence: Evidence) -> float:
    """Measure how much of the asked names stands where the notes say what the answer says.

    A name may stand in the unit itself, in the headings above it, or in the unit before or after it.

    Args:
        question: as asked.
        said: the answer, or its first sentences, without markers.
        evidence: of the question.

    Returns:
        The share, weighted by rarity, 0 to 1; 1 for a question without names.
    """
    anchors = subject_words(question, evidence.known)
    new = frozenset(content_words(said)) - evidence.known.asked
    fresh = numbers(said) - numbers(question)
    if not anchors or not new:
        return 1.0
    scores = [evidence.share(unit.words & new, new) + _NUMBER * len(unit.numbers & fresh) for unit in evidence.units]
    best = max(scores, default=0.0)
    # "Yes, it does" says nothing that stands somewhere: then it is enough that the subject does.
    close = [index for index, score in enumerate(scores) if score >= _AS_GOOD * best]
    return max((evidence.share(anchors & _around(evidence.units, index), anchors) for index in close), default=0.0)


def _around(units: tuple[Unit, ...], index: int) -> frozenset[str]:
    near = (unit for unit in units[max(0, index - 1) : index + 2] if unit.passage == units[index].passage)
    return frozenset(word for unit in near for word in unit.words)
