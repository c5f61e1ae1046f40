"""Which generations are worth keeping, and how the others go.

Knows the order: the newest one, those that it came from, then the newest others. A generation that a reader holds stays.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping

from rag.errors import IndexStateError
from rag.index.files import remove_tree
from rag.index.layout import Layout
from rag.index.lock import retire
from rag.index.manifest import Manifest

_log = logging.getLogger(__name__)


def prune(layout: Layout, newest: Manifest, previous: Manifest | None, keep: int, remove: Callable[[int], object]) -> None:
    """Remove the generations beyond those kept. What cannot be removed is tried again next time: the new one answers already.

    Args:
        layout: of the index folder.
        newest: manifest of the generation that answers questions.
        previous: manifest of the one before, where there was one.
        keep: how many stay, that one included.
        remove: takes away the generation with this number, unless a reader holds it.
    """
    try:
        parents = {each.generation: each.parent for each in (newest, previous) if each is not None}
        for number in by_worth(layout, newest.generation, parents, keep)[keep:]:
            remove(number)
    except (OSError, IndexStateError) as error:
        _log.warning("An old generation could not be removed: %s", error)


def by_worth(layout: Layout, newest: int, parents: Mapping[int, int | None], keep: int) -> list[int]:
    """Return all generations, the first `keep` of them in the order in which they are worth keeping.

    Args:
        layout: of the index folder.
        newest: number of the first one.
        parents: which generation some came from; the others' manifests, each as long as the corpus has files, are read for it.
        keep: how many it is for.

    Returns:
        numbers, each once.
    """
    line = [newest]
    numbers = layout.numbers()
    while len(line) < keep:
        parent = parents[line[-1]] if line[-1] in parents else _parent(layout, line[-1])
        if parent is None or parent not in numbers or parent in line:
            break
        line.append(parent)
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
