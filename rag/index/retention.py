"""Which generations are worth keeping, and how the others go.

Knows the order: the newest one, those that it came from, then the newest others. A generation that a reader holds stays.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable

from rag.errors import IndexStateError
from rag.index.files import remove_tree
from rag.index.layout import Layout
from rag.index.lock import retire
from rag.index.manifest import Manifest

_log = logging.getLogger(__name__)


def prune(layout: Layout, newest: Manifest, keep: int, remove: Callable[[int], object]) -> None:
    """Remove the generations beyond those kept. What cannot be removed is tried again next time: the new one answers already.

    Args:
        layout: of the index folder.
        newest: manifest of the generation that answers questions.
        keep: how many stay, that one included.
        remove: takes away the generation with this number, unless a reader holds it.
    """
    try:
        for number in by_worth(layout, newest.generation, newest.parent)[keep:]:
            remove(number)
    except (OSError, IndexStateError) as error:
        _log.warning("An old generation could not be removed: %s", error)


def by_worth(layout: Layout, newest: int, parent: int | None) -> list[int]:
    """Return all generations in the order in which they are worth keeping.

    Args:
        layout: of the index folder.
        newest: number of the first one.
        parent: number of the one that it came from.

    Returns:
        numbers, each once.
    """
    line = [newest]
    numbers = layout.numbers()
    while parent is not None and parent in numbers and parent not in line:
        line.append(parent)
        parent = _parent(layout, parent)
    return line + [number for number in reversed(numbers) if number not in line]


def retire_folder(layout: Layout, number: int) -> None:
    """Remove the folder of a generation, unless a reader holds it."""
    folder = layout.generation(number)
    trash = layout.trash(number, secrets.token_hex(4))
    if not layout.is_whole(number):
        folder.rename(trash)  # without a manifest nobody can hold it
    elif not retire(folder, trash):
        return
    remove_tree(trash)


def _parent(layout: Layout, number: int) -> int | None:
    try:
        return Manifest.read(layout.bring(number)).parent
    except IndexStateError:
        return None  # damaged: the line of ancestors ends here
