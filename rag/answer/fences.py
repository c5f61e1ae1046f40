"""Blocks of code between fences in a text that a model wrote, indented or not, and what stands around them.

Knows text alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

FENCED: Final = r"^[ \t]*(?P<block>(?P<fence>`{3,}|~{3,}).*?(?:^[ \t]*(?P=fence)[^\n]*$|\Z))"
"""A pattern, for `re.MULTILINE | re.DOTALL`; the group `block` begins with the fence, and one that is open goes on to the end."""
FENCE: Final = re.compile(FENCED, re.MULTILINE | re.DOTALL)


def pieces(text: str, code: re.Pattern[str] = FENCE) -> Iterator[tuple[str, bool]]:
    r"""Yield a text in pieces, and whether each is code.

    >>> list(pieces("Run:\n```\nls\n```"))
    [('Run:\n', False), ('```\nls\n```', True), ('', False)]
    """
    position = 0
    for found in code.finditer(text):
        yield text[position : found.start()], False
        yield found.group(), True
        position = found.end()
    yield text[position:], False
