"""What was read lately, kept by id: a generation never changes, so what was read once is still true.

Knows nothing of what it keeps.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

_T = TypeVar("_T")


class Recent(Generic[_T]):
    """Keeps up to `most` values, those that were asked for last. Safe to use from several threads.

    >>> recent = Recent(most=2)
    >>> recent.get(["a", "b"], lambda missing: {one: one.upper() for one in missing})
    {'a': 'A', 'b': 'B'}
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[str, _T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, ids: Sequence[str], read: Callable[[Sequence[str]], Mapping[str, _T]]) -> dict[str, _T]:
        """Return the values of those of the ids that there are; `read` brings those that are not kept, outside of the lock."""
        with self._lock:
            found = {one: self._kept[one] for one in ids if one in self._kept}
        missing = [one for one in dict.fromkeys(ids) if one not in found]
        fresh = read(missing) if missing else {}
        with self._lock:
            for one in ids:
                if one in fresh:
                    self._kept[one] = fresh[one]
                if one in self._kept:
                    self._kept.move_to_end(one)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return {one: value for one in ids if (value := found.get(one, fresh.get(one))) is not None}
