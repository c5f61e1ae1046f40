"""Numbers, units and dates of a sentence, and which way it compares.

Knows how quantities are written in English notes (6B, 6 billion, 1.5 GB, 28 October 2024, "at most 40"); knows nothing of evidence
or verdicts.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from rag.words import is_stop_word, words

Direction = Literal["more", "less", ""]

_SCALES = {
    "k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "millions": 1e6, "mio": 1e6,
    "b": 1e9, "bn": 1e9, "billion": 1e9, "billions": 1e9, "t": 1e12, "trillion": 1e12, "trillions": 1e12,
}  # fmt: skip
# Units of one kind exclude each other: 65 hours are not 65 minutes. Words that count things (tokens, layers) are nouns, not units.
_UNITS = {
    alias: name
    for name, aliases in {
        "%": "% percent per\u00a0cent prozent", "point": "points pp", "nat": "nats nat", "bit": "bits bit", "byte": "bytes byte",
        "kB": "kb kib", "MB": "mb mib", "GB": "gb gib", "TB": "tb tib",
        "ms": "ms millisecond milliseconds", "s": "s sec second seconds", "min": "minute minutes", "h": "hour hours",
        "day": "day days", "week": "week weeks", "month": "month months", "year": "year years",
        "dollar": "$ usd dollar dollars", "euro": "€ eur euro euros", "pound": "£ gbp", "kWh": "kwh", "MWh": "mwh",
        "tonne": "tonne tonnes", "kg": "kg kilogram kilograms", "Hz": "hz", "kHz": "khz", "fps": "fps",
    }.items()
    for alias in aliases.split(" ")
}  # fmt: skip
# What can answer for one another: asked for minutes, hours will do; asked for euros, dollars will not, since nothing says the rate.
_ALIKE = tuple(
    frozenset(names.split())
    for names in ("ms s min h day week month year", "bit byte kB MB GB TB", "kWh MWh", "tonne kg", "Hz kHz", "fps")
)
_COUNTED = re.compile(r"\bhow (?:many|much)\s+((?:[\w€$£%-]+\s*){1,3})", re.IGNORECASE)
_SMALL = {name: value for value, name in enumerate("two three four five six seven eight nine ten eleven twelve".split(), 2)}
_MONTHS = {
    name: number
    for number, names in enumerate(
        "jan january|feb february|mar march|apr april|may|jun june|jul july|aug august|sep sept september|oct october|"
        "nov november|dec december".split("|"),
        1,
    )
    for name in names.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATES = (
    re.compile(rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s+(?P<m>{_MONTH})\b\.?,?(?:\s+(?P<y>[12]\d{{3}})\b)?", re.IGNORECASE),
    re.compile(rf"\b(?P<m>{_MONTH})\b\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\d)(?:,?\s+(?P<y>[12]\d{{3}})\b)?", re.IGNORECASE),
    re.compile(rf"\b(?P<m>{_MONTH})\b\.?,?\s+(?P<y>[12]\d{{3}})\b", re.IGNORECASE),
    re.compile(r"\b(?P<y>[12]\d{3})-(?P<m>\d{2})-(?P<d>\d{2})\b"),
)
_QUANTITY = re.compile(
    r"(?P<money>[$€£])?(?P<value>\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:\s?(?P<scale>[kKMBT]|bn|thousand|millions?|billions?|trillions?|mio)\b)?"
    r"\s?(?P<unit>%|[A-Za-z]+\b)?",
)
_LIST_NUMBER = re.compile(r"^\s*\d{1,3}[.)]\s+")
_MORE = re.compile(
    r"(?:more|greater|larger|longer|higher|bigger) than|\bover|\babove|at least|exceed\w*|beyond|no fewer than|not less than", re.I
)
_LESS = re.compile(
    r"(?:less|fewer|smaller|shorter|lower) than|\bunder|\bbelow|at most|no more than|not more than|up to|as many as|within", re.I
)
_BEFORE_CHARS = 24


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as a sentence says it.

    Attributes:
        text: as written, scale and unit included.
        value: with the scale applied.
        step: what one more in the last digit that is written would be: 1.4 million has 100,000.
        unit: one of the units that exclude each other; empty where there is none.
        noun: stem of the word behind it; empty where none follows.
        direction: whether it is a lower or an upper bound.
        is_word: written as a word, such as `three`.
    """

    text: str
    value: float
    step: float
    unit: str = ""
    noun: str = ""
    direction: Direction = ""
    is_word: bool = False

    @property
    def is_year(self) -> bool:
        """Whether it looks like one: 1900 to 2099 with nothing behind it."""
        return 1900 <= self.value <= 2099 and self.value == int(self.value) and not self.unit

    def says(self, other: Quantity) -> bool:
        """Whether this is the other number, or a rounding of it that counts the same."""
        if abs(self.value - other.value) <= 1e-9 * abs(self.value):
            return True
        alike = self.unit == other.unit and (not self.noun or not other.noun or self.noun == other.noun)
        rounds = self.step > other.step and abs(self.value - other.value) <= min(0.5 * self.step, 0.05 * abs(self.value))
        return alike and rounds and not other.is_year


@dataclass(frozen=True, slots=True)
class Date:
    """A date; 0 for what is not said."""

    text: str
    year: int
    month: int
    day: int

    def agrees(self, other: Date) -> bool:
        """Whether nothing that both say differs."""
        pairs = ((self.year, other.year), (self.month, other.month), (self.day, other.day))
        return all(not a or not b or a == b for a, b in pairs)


def plain(text: str) -> str:
    """Return a text with its characters made plain and LaTeX's thousands separators taken as such."""
    return unicodedata.normalize("NFKC", text).replace("{,}", ",").replace("\\,", " ")


def dates(text: str) -> list[Date]:
    """Return the dates of a text that name at least a month and a day or a year.

    >>> [(d.year, d.month, d.day) for d in dates("on 28 October 2024")]
    [(2024, 10, 28)]
    """
    found: list[Date] = []
    rest = plain(text)
    for pattern in _DATES:
        for match in pattern.finditer(rest):
            parts = match.groupdict()
            month = parts["m"].casefold()
            number = _MONTHS.get(month) or int(month)
            found.append(Date(match.group().strip(), int(parts.get("y") or 0), number, int(parts.get("d") or 0)))
        rest = pattern.sub(lambda match: " " * len(match.group()), rest)
    return found


def quantities(text: str) -> list[Quantity]:
    """Return the numbers of a text in their order, dates and list numbers left out.

    >>> [(q.value, q.unit) for q in quantities("1.5 GB for 6B parameters")]
    [(1.5, 'GB'), (6000000000.0, '')]
    """
    rest = _LIST_NUMBER.sub("", plain(text))
    for pattern in _DATES:
        rest = pattern.sub(lambda match: " " * len(match.group()), rest)
    found = [quantity for match in _QUANTITY.finditer(rest) if (quantity := _quantity(rest, match))]
    for match in re.finditer(rf"\b({'|'.join(_SMALL)})\b(?:\s+([a-z]+))?", rest, re.IGNORECASE):
        value = float(_SMALL[match.group(1).casefold()])
        unit = _UNITS.get((match.group(2) or "").casefold(), "")
        found.append(
            Quantity(match.group().strip(), value, 0.0, unit, _noun(rest, match.end(1)), _direction(rest, match.start()), True)
        )
    return found


def asked_units(question: str) -> frozenset[str]:
    """Return the units of which one must stand in an answer; empty where any will do.

    >>> sorted(asked_units("How many GPU hours did it take?"))
    ['day', 'h', 'min', 'month', 'ms', 's', 'week', 'year']
    >>> asked_units("How many euros did the training cost?")
    frozenset({'euro'})
    >>> asked_units("How many languages does it know?")
    frozenset()
    """
    for match in _COUNTED.finditer(question):
        for word in match.group(1).casefold().split():
            if word == "per" or is_stop_word(word):
                break  # tokens per second are tokens
            unit = _UNITS.get(word)
            if unit and unit != "point":  # a plan has points too
                return next((alike for alike in _ALIKE if unit in alike), frozenset({unit}))
    return frozenset()


def _quantity(text: str, match: re.Match[str]) -> Quantity | None:
    before = text[match.start() - 1] if match.start() else " "
    if before.isalnum() or before in "_.:/":  # a part of a name or of an identifier: T5, arXiv:2203.15556
        return None
    if before == "-" and text[max(0, match.start() - 2)].isalpha():  # GPT-4
        return None
    written = match["value"]
    after = text[match.end("value") : match.end("value") + 2]
    if after[:1] in "/:_" and after[1:].isalnum():
        return None
    scale = _SCALES.get((match["scale"] or "").casefold(), 1.0)
    decimals = len(written.split(".")[1]) if "." in written else 0
    digits = written.replace(",", "").split(".")[0]
    zeros = len(digits) - len(digits.rstrip("0")) if not decimals else 0
    step = scale * 10.0 ** (zeros - decimals)
    unit = _UNITS.get((match["unit"] or match["money"] or "").casefold(), "") or _UNITS.get(match["money"] or "", "")
    end = match.end("scale") if match["scale"] else match.end("value")
    if not unit and scale > 1:
        following = re.match(r"\s+(?:US\s+)?([A-Za-z]+)", text[end:])
        unit = _UNITS.get(following.group(1).casefold(), "") if following else ""
    is_plain = scale == 1.0 and not unit and decimals == 0
    return Quantity(
        match.group().strip(), float(written.replace(",", "")) * scale, 0.0 if is_plain and zeros == 0 else step, unit,
        _noun(text, end), _direction(text, match.start()),
    )  # fmt: skip


def _noun(text: str, end: int) -> str:
    """Stem of the word that follows, behind a unit or an adjective too short to be one."""
    following = re.match(r"[\s%-]{1,2}([A-Za-z]{3,})", text[end:])
    found = words(following.group(1)) if following else []
    return found[0] if found else ""


def _direction(text: str, start: int) -> Direction:
    before = text[max(0, start - _BEFORE_CHARS) : start]
    ends = {
        "more": max((match.end() for match in _MORE.finditer(before)), default=-1),
        "less": max((match.end() for match in _LESS.finditer(before)), default=-1),
    }
    # Only an article, "about" or a currency may stand between the words and the number.
    near: list[tuple[int, Direction]] = []
    for direction in ("more", "less"):
        end = ends[direction]
        if end >= 0 and re.fullmatch(r"\s*(?:an?|about|some|the)?\s*[$€£]?", before[end:]):
            near.append((end, "more" if direction == "more" else "less"))
    return max(near)[1] if near else ""
