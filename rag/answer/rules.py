"""What a sentence says that its evidence does not, or says otherwise: numbers, dates, names, negation, opposites.

Each rule gives a finding with a reason that a reader understands. Rules look at words only, so they are sure of what
differs and not of what it means: negation and opposites count only where the rest of the sentence stands in the best unit.
Knows texts; knows no passages and no model.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rag.answer.quantities import Date, Quantity, dates, plain, quantities
from rag.words import content_words, numbers, words

Kind = Literal["number", "unit", "date", "bound", "name", "negation", "opposite"]

_NEGATORS = frozenset(
    """
    not no never none nothing nobody neither nor without cannot lacks lack lacking unable remove removes removed removing absent
    missing exclude excludes excluded excluding except omits omitted
    nicht kein keine keinen nie niemals ohne nunca ningún ninguna sin
    """.split()
)
_OPPOSITES = tuple(
    (frozenset(words(one)), frozenset(words(other)))
    for one, other in (
        pair.split(" / ")
        for pair in """
        more / less fewer
        most / least fewest
        larger bigger greater / smaller
        largest biggest greatest / smallest
        higher / lower
        highest / lowest
        above / below
        over / under
        up / down
        faster quicker / slower
        fastest / slowest
        longer / shorter
        longest / shortest
        better / worse
        best / worst
        cheaper / dearer costlier
        stronger / weaker
        strong / weak
        increases increased rises rose grows grew raises / decreases decreased falls fell shrinks shrank lowers drops dropped
        earlier / later
        always / never
        all / none
        allows allowed permits / forbids forbidden prohibits
        adds added / removes removed drops dropped
        includes included / excludes excluded
        correct right / wrong incorrect
        works / fails
        accepts accepted / rejects rejected refuses
        exact exactly / approximate approximately
        minimum minimal / maximum maximal
        true / false
        passed / failed
        safe / dangerous
        sharper / blurrier
        easy easier / hard harder difficult
        """.strip().split("\n")
        for pair in [pair.strip()]
    )
)
_PREFIXES = ("un", "in", "im", "ir", "dis", "non")
_CLAUSE = re.compile(r"[,;:()]|\s[–—-]\s|\b(?:but|while|whereas|although|because|since|so that)\b")
_NAME = re.compile(r"[^\W\d_][\w'’+.-]*[^\W_]|[^\W\d_]")
_CAPITALS = 0.6  # share of words with a capital above which capitals do not mean names
_SAME_CLAUSE = 0.6  # share of the words that a clause of the evidence must hold to be the same statement
_MOST_NAMES = 6
_SAME_SCOPE = 0.5  # share of what one side negates that the other must say, above which it is the same statement
_QUOTED = re.compile(r"[\"“«][^\"”»]*[\"”»]")
_REACH = 5  # content words that a negating word reaches
_NOT_A_NEGATION = re.compile(r"^\s*(?:no|nein)[.,;:]|\b(?:no|not) (?:more|less|fewer|only|just|later|earlier)\b|\bnot? only\b")


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule found.

    Attributes:
        kind: which rule.
        contradicts: whether the evidence says otherwise; else it only does not say so.
        reason: one sentence for the reader.
    """

    kind: Kind
    contradicts: bool
    reason: str


class Known:
    """What the passages and the question say, read once: a name or a number that stands here is not the answer's invention.

    Args:
        passages: the texts that the model was given, headings included.
        question: what was asked.
    """

    def __init__(self, passages: str, question: str) -> None:
        self.text = passages
        self.question = question
        self._both = f"{passages}\n{question}"

    @functools.cached_property
    def quantities(self) -> tuple[Quantity, ...]:
        """All quantities, those of the question last."""
        return tuple(quantities(self._both))

    @functools.cached_property
    def numbers(self) -> frozenset[str]:
        """All numbers, as `rag.words.numbers` writes them."""
        return frozenset(numbers(plain(self._both)))

    @functools.cached_property
    def dates(self) -> tuple[Date, ...]:
        """All dates."""
        return tuple(dates(self._both))

    @functools.cached_property
    def asked(self) -> frozenset[str]:
        """Content words of the question."""
        return frozenset(content_words(self.question))

    @functools.cached_property
    def stems(self) -> frozenset[str]:
        """Stems of all words."""
        return frozenset(words(self._both))

    @functools.cached_property
    def folded(self) -> str:
        """Everything in lower case."""
        return self._both.casefold()

    @functools.cached_property
    def initials(self) -> frozenset[str]:
        """First letters of each run of words with a capital, folded: `mcp` for Model Context Protocol."""
        runs = [match.group().split() for match in _FULL.finditer(self._both)]
        return frozenset("".join(word[0] for word in run if word[0].isupper()).casefold() for run in runs)

    def has_number(self, said: Quantity) -> bool:
        """Whether a quantity of a sentence, or what it rounds, stands here; its digits alone do where it is no word."""
        if any(said.says(other) for other in self.quantities):
            return True
        return not said.is_word and bool(numbers(said.text)) and numbers(said.text) <= self.numbers

    def is_name(self, word: str) -> bool:
        """Whether the word stands here with a capital in the middle of a sentence, and never without one."""
        inside = re.search(rf"[\w,;(] {re.escape(word)}\b", self.text)
        return bool(inside) and not re.search(rf"\b{re.escape(word.casefold())}\b", self.text)


def check(claim: str, units: Sequence[str], known: Known) -> tuple[Finding, ...]:
    """Return what is wrong with a sentence, by rule.

    Args:
        claim: a sentence of the answer, without markers.
        units: what it is attributed to, best first.
        known: what the model was given, which is wider than the units.
    """
    found = [*_numbers(claim, units, known), *_dates(claim, units, known)]
    found += [Finding("name", False, f"{name} is not in the notes.") for name in unknown_names(claim, known)]
    return (*found, *_flips(claim, units))


def _numbers(claim: str, units: Sequence[str], known: Known) -> list[Finding]:
    cited = quantities("\n".join(units))
    found = []
    for said in quantities(claim):
        equal = [other for other in cited if said.says(other)]
        if equal:
            found += _same_number(said, equal, known)
            continue
        if known.has_number(said):
            continue
        rivals = [other for other in cited if said.noun and other.noun == said.noun and not (said.is_word and other.value > 12)]
        if rivals:
            found.append(Finding("number", True, f"It says {said.text}; the notes say {rivals[0].text}."))
        elif not said.is_word:  # a small number in words is often a count that the writer made
            found.append(Finding("number", False, f"The number {said.text} is not in the notes."))
    return found


def _same_number(said: Quantity, equal: Sequence[Quantity], known: Known) -> list[Finding]:
    """Check unit and bound of a number that stands in the evidence."""
    if said.unit and all(other.unit and other.unit != said.unit for other in equal):
        return [Finding("unit", True, f"It says {said.text}; the notes say {equal[0].text}.")]
    # Elsewhere the notes may put the same number the other way round: "up to 700 million" and "above 700 million".
    directions = {other.direction for other in known.quantities if said.says(other)}
    if said.direction and directions and directions == {"less" if said.direction == "more" else "more"}:
        return [Finding("bound", True, f"It puts {said.text} as a bound the other way round than the notes.")]
    return []


def _dates(claim: str, units: Sequence[str], known: Known) -> list[Finding]:
    cited = dates("\n".join(units))
    found = []
    for said in dates(claim):
        if any(_states(other, said) for other in known.dates):
            continue
        if cited:
            found.append(Finding("date", True, f"It says {said.text}; the notes say {cited[0].text}."))
        elif known.dates or not {str(part) for part in (said.year, said.day) if part} <= known.numbers:
            found.append(Finding("date", False, f"The date {said.text} is not in the notes."))  # else spread over a table's cells
    return found


def _states(other: Date, said: Date) -> bool:
    """Whether a date of the notes says all of one of the sentence; the year may stand elsewhere."""
    return other.agrees(said) and other.month == said.month and bool(other.day or not said.day)


def names(text: str, known: Known | None = None) -> list[str]:
    """Return the names of a sentence: words with a capital.

    The first word is one only if it is written like a name ("BERT", "Meta's"), or is one in `known`.

    >>> names("Then Shazeer et al. left Google for GPT-4.")
    ['Shazeer', 'Google', 'GPT-4']
    """
    found: list[str] = []
    matches = list(_NAME.finditer(text))
    capitals = [match for match in matches if match.group()[0].isupper()]
    if len(matches) > 4 and len(capitals) > _CAPITALS * len(matches):
        return []  # a heading, or German
    for match in capitals:
        word = match.group().rstrip(".'’")
        name = re.sub(r"['’]s?$", "", word)
        before = text[: match.start()].rstrip()
        opens = not before or before[-1] in '.!?:"“«(*|-•\n'
        if opens and not (_odd(name) or (name != word and name not in _CONTRACTED) or (known and known.is_name(name))):
            continue
        found.append(name if name.isupper() else name.split("-")[0])
    return [name for name in dict.fromkeys(found) if len(name) > 1 and name.casefold() not in _CALENDAR]


def _odd(word: str) -> bool:
    """Whether a word is written as no common one is: BERT, DeepSeek."""
    return sum(letter.isupper() for letter in word) > 1


def unknown_names(claim: str, known: Known) -> list[str]:
    """Return the names of a sentence that neither the passages nor the question hold, short forms and full ones counting as one."""
    found = []
    for name in names(claim, known)[:_MOST_NAMES]:
        if name.casefold() in known.folded or set(words(name)) <= known.stems:
            continue
        if _odd(name) and name.casefold() in known.initials:
            continue
        full = next((match.group() for match in _FULL.finditer(claim) if name in match.group().split()), "")
        if full and "".join(word[0] for word in full.split() if word[0].isupper()) in known.text:
            continue
        found.append(name)
    return found


_FULL = re.compile(r"[A-Z][\w-]*(?: (?:of |and |for |the )?[A-Z][\w-]*)+")
_CONTRACTED = frozenset("It There Let What That Who Here He She".split())
_CALENDAR = frozenset(
    "january february march april may june july august september october november december monday tuesday wednesday thursday "
    "friday saturday sunday english".split()
)


def _flips(claim: str, units: Sequence[str]) -> list[Finding]:
    """Negation and opposites, where the best unit says the same otherwise."""
    said = frozenset(content_words(claim)) - _OPPOSITE_WORDS - _NEGATOR_STEMS
    if len(said) < 2 or not units:
        return []
    unit = units[0]
    stands = frozenset(content_words(unit))
    if len(said & stands) < _SAME_CLAUSE * len(said):
        return []
    mine, theirs = _negated(claim), _negated(unit)
    # Where both negate something, they may do so at different words and mean the same.
    scope = mine or theirs or frozenset()
    if (mine is None) != (theirs is None) and scope and len(scope & said & stands) > _SAME_SCOPE * len(scope):
        how = "without" if theirs is None else "with"
        return [Finding("negation", True, f"The notes say it {how} a negation.")]
    swapped = _opposite(claim, unit) if (mine is None) == (theirs is None) else None
    return [Finding("opposite", True, f"It says {swapped[0]}; the notes say {swapped[1]}.")] if swapped else []


def _negated(text: str) -> frozenset[str] | None:
    """Stems within reach of a negating word: behind it up to the end of the clause; None where nothing is negated."""
    bare = _NOT_A_NEGATION.sub(" ", re.sub(r"n['’]t\b", " not", _QUOTED.sub(" ", text).casefold()))
    reached: set[str] = set()
    any_negator = False
    for clause in _CLAUSE.split(bare):
        found = re.findall(r"[^\W\d_]+", clause)
        places = [place for place, word in enumerate(found) if word in _NEGATORS]
        for place in places:
            any_negator = True
            # "German is absent": a predicate at the end negates what stands before it.
            last = place == len(found) - 1
            scope = content_words(" ".join(found if last else found[place + 1 :]))
            reached |= set(scope[-_REACH:] if last else scope[:_REACH]) - _NEGATOR_STEMS
    return frozenset(reached) if any_negator else None


def _opposite(claim: str, unit: str) -> tuple[str, str] | None:
    """A word of the claim and its opposite in the unit, where neither text holds both."""
    said, stands = _by_stem(claim), _by_stem(unit)
    for left, right in _OPPOSITES:
        for one, other in ((left, right), (right, left)):
            mine, theirs = one & said.keys(), other & stands.keys()
            if mine and theirs and not other & said.keys() and not one & stands.keys():
                return said[min(mine)], stands[min(theirs)]
    for stem, word in said.items():
        for their_stem, their_word in stands.items():
            if stem not in stands and their_stem not in said and _prefixed(stem, their_stem):
                return word, their_word
    return None


def _prefixed(one: str, other: str) -> bool:
    """Whether one word is the other with a negating prefix."""
    short, long = sorted((one, other), key=len)
    return len(short) >= 4 and any(long == prefix + short for prefix in _PREFIXES)


def _by_stem(text: str) -> dict[str, str]:
    return {stem: match.group() for match in re.finditer(r"[^\W\d_]+", text.casefold()) for stem in words(match.group())[:1]}


_NEGATOR_STEMS = frozenset(stem for word in _NEGATORS for stem in words(word))
_OPPOSITE_WORDS = frozenset(word for pair in _OPPOSITES for side in pair for word in side)
