"""Text that can do nothing: without characters that nobody sees, and without addresses that a page would load or follow.

For what a model reads and for what it wrote; the notes themselves stay as they are. Knows characters and Markdown's links; knows no
prompt and no page.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_JOINERS: Final = "\u200c\u200d"  # Persian, the languages of India and emoji are written with them
# Where those characters are; most texts in any script of Europe have none from there.
_MAYBE_UNSEEN: Final = re.compile(r"[\u00ad\u0600-\u200f\u2028-\u202e\u2060-\u206f\ufeff-\U0010ffff]")
# Code is shown as it stands, so what is in it does nothing.
_ADDRESS: Final = re.compile(
    r"(?P<fence>^[ ]{0,3}(?P<marks>`{3,}|~{3,})[^\n]*\n.*?(?:^[ ]{0,3}(?P=marks)[`~]*[ \t]*$|\Z))"
    r"|(?P<code>(?<!`)(?P<ticks>`+)(?!`)(?:(?!\n[ \t]*\n).)*?(?<!`)(?P=ticks)(?!`))"
    r"|!\[(?P<alt>[^\]]*)\](?:\([^)\s]*(?:\s[^)]*)?\)|\[[^\]]*\])"
    r"|(?<!!)\[(?P<label>[^\]]*)\]\([^)\s]*[/:.#][^)\s]*(?:\s[^)]*)?\)"
    r"|<(?P<auto>(?:https?|mailto):[^>\s]*)>"
    r"|^[ ]{0,3}\[[^\]]+\]:[ \t]*\S+.*$"
    r"|</?[a-zA-Z][\w-]*(?:\s[^<>]*)?\b(?:src|href|srcset|style|on\w+|action|data|background)\s*=[^<>]*>",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)


def visible(text: str) -> str:
    r"""Leave out characters that are there and not seen, such as zero-width spaces, turned writing and tags.

    >>> visible("ig\u200bnore")
    'ignore'
    """
    if text.isascii() or not _MAYBE_UNSEEN.search(text):
        return text
    return "".join(letter for letter in text if letter in _JOINERS or unicodedata.category(letter) != "Cf")


def inert(text: str) -> str:
    """Leave of links and images only their words, and nothing of tags that lead or load somewhere; code stays.

    >>> inert("See [the page](https://example.org/?q=1) ![x](https://example.org/x.png)`![a](b)`")
    'See the page x`![a](b)`'
    """
    return _ADDRESS.sub(_words, text)


def _words(match: re.Match[str]) -> str:
    found = match.groupdict()
    return next((found[name] for name in ("fence", "code", "alt", "label", "auto") if found[name] is not None), "")
