"""Which runs of `*`, `_` and `~` are emphasis and which are characters: the delimiter algorithm of CommonMark, in linear time.

Source: CommonMark 0.31.2, "phase 2: inline structure".
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass


@dataclass(slots=True)
class Run:
    """A run of equal marks.

    Attributes:
        mark: the character.
        start: of the run.
        left: marks that are not used up; those in use are the outer ones of a closer and the inner ones of an opener.
        opens: may open emphasis.
        closes: may close emphasis.
        length: as written.
        used: stretches that turned out to be markup.
    """

    mark: str
    start: int
    left: int
    opens: bool
    closes: bool
    length: int
    taken_left: int = 0
    taken_right: int = 0


def run_at(text: str, start: int, end: int) -> Run:
    """The run of marks `[start, end)` and what its neighbours let it do."""
    before = text[start - 1] if start else "\n"
    after = text[end] if end < len(text) else "\n"
    space_before, space_after = before.isspace(), after.isspace()
    stop_before, stop_after = _punctuation(before), _punctuation(after)
    left = not space_after and (not stop_after or space_before or stop_before)
    right = not space_before and (not stop_before or space_after or stop_after)
    mark = text[start]
    if mark == "_":
        return Run(mark, start, end - start, left and (not right or stop_before), right and (not left or stop_after), end - start)
    return Run(mark, start, end - start, left, right, end - start)


def _punctuation(character: str) -> bool:
    if character < "\x80":
        return character in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
    return unicodedata.category(character)[0] in "PS"


def resolve(runs: list[Run]) -> list[tuple[int, int]]:
    """The stretches of marks that are markup; what is not in them is text."""
    openers: dict[str, list[Run]] = {"*": [], "_": [], "~": []}
    order: dict[int, int] = {}
    bottoms: dict[tuple[str, bool, int], int] = {}
    for number, run in enumerate(runs):
        order[id(run)] = number
        stack = openers[run.mark]
        if run.closes:
            _match(run, number, stack, openers, order, bottoms)
        if run.left and run.opens:
            stack.append(run)
    found: list[tuple[int, int]] = []
    for run in runs:
        if run.taken_left:
            found.append((run.start, run.start + run.taken_left))
        if run.taken_right:
            end = run.start + run.length
            found.append((end - run.taken_right, end))
    return found


def _match(
    run: Run,
    number: int,
    stack: list[Run],
    openers: dict[str, list[Run]],
    order: dict[int, int],
    bottoms: dict[tuple[str, bool, int], int],
) -> None:
    """Pair a closing run with open ones before it."""
    key = (run.mark, run.opens, run.length % 3)
    while run.left:
        bottom = bottoms.get(key, -1)
        index = len(stack) - 1
        while index >= 0 and order[id(stack[index])] > bottom and not _pairs(stack[index], run):
            index -= 1
        if index < 0 or order[id(stack[index])] <= bottom:
            bottoms[key] = number - 1
            return
        opener = stack[index]
        count = min(opener.left, run.left) if run.mark == "~" else 2 if opener.left >= 2 and run.left >= 2 else 1
        opener.left -= count
        opener.taken_right += count
        run.left -= count
        run.taken_left += count
        del stack[index + 1 :]
        first = order[id(opener)]
        for mark, others in openers.items():
            if mark != run.mark:
                while others and order[id(others[-1])] > first:
                    others.pop()
        if not opener.left:
            stack.pop()


def _pairs(opener: Run, closer: Run) -> bool:
    if opener.mark == "~":
        return opener.length == closer.length
    both = opener.closes or closer.opens
    return not both or (opener.length + closer.length) % 3 != 0 or (opener.length % 3 == 0 and closer.length % 3 == 0)
