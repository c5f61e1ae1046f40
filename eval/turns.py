"""Several systems that are asked the same questions in turn, and what each reply is worth. Knows no engine and no index."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from eval.answer_sets import AnswerSet, Item
from eval.asking import Asker
from eval.grading import Row, grade
from eval.pace import Pace

_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Side:
    """One of the systems that are compared.

    Attributes:
        name: short.
        asker: of its replies.
        source: gives the source of a page, where the system cites and the chat page shows it; None for one that does not.
        prompts: what it tells the model, beside ours.
    """

    name: str
    asker: Asker
    source: Callable[[str], str] | None
    prompts: tuple[str, ...] = ()


def ask_all(
    items: Sequence[Item], sides: Sequence[Side], questions: AnswerSet, pace: Callable[[int, str], Pace] = Pace
) -> list[list[Row]]:
    """Ask each system the questions of a set, and grade its replies.

    Args:
        items: to ask.
        sides: the systems.
        questions: the set.
        pace: of the display.

    Returns:
        For each system a row for each question, in order.
    """
    rows: list[list[Row]] = [[] for _ in sides]
    with pace(len(items) * len(sides), questions.name) as progress:
        for which, number in turns(len(items), len(sides)):
            side, item = sides[which], items[number]
            row = grade(item, side.asker.reply(item), questions.scoring, side.source, side.prompts)
            rows[which].append(row)
            said = row["error"] or ("obeyed" if row["obeyed"] else f"{row['status']}, {row['score']:.2f}")
            progress.step(f"{questions.name}, {side.name}, {item.id}: {said}")
    return rows


def turns(items: int, sides: int) -> Iterator[tuple[int, int]]:
    """Yield whose turn it is, and with which question, so that a machine that slows down does so for all systems alike.

    A few questions are put to the first system and then to the next, the next few the other way round. Within a few, an engine
    remembers how a system's prompts begin, as it does for one reader after another.

    >>> list(turns(3, 2))
    [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    """
    for block, start in enumerate(range(0, items, _AT_ONCE)):
        order = range(sides) if block % 2 == 0 else reversed(range(sides))
        for side in order:
            for number in range(start, min(start + _AT_ONCE, items)):
                yield side, number
