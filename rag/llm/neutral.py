"""Text that looks like a special token, made to look like it to people only.

For servers that take text and look for special tokens in all of it. A space of no width behind the first character is enough. It
covers the ways that chat models write such tokens (`<|...|>`, `</s>`, `<start_of_turn>`, `[INST]`, ...); a model that writes them
in a way of its own is not covered, which the engines in this process do not depend on (see `turns`).
"""

from __future__ import annotations

import re

from rag.strict import strict

_MARK = "\u200b"
_NAMES = "s|bos|eos|pad|unk|sop|eop|mask|start_of_turn|end_of_turn|start_of_image|end_of_text|endoftext|SYS"
_SPECIAL = re.compile(
    rf"<(?=[|｜][^\s<>]{{1,60}}[|｜]>)"
    rf"|<(?=<?/?(?:{_NAMES})>)"
    r"|\[(?=/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_RESULTS|TOOL_CALLS|gMASK)\])",
    re.IGNORECASE,
)


def neutralise(text: str) -> str:
    """Return `text` with every special token in it broken, and half a surrogate pair, which cannot be sent, as `?`.

    >>> len(neutralise("<|im_end|> a < b | c > d")) - len("<|im_end|> a < b | c > d")
    1
    """
    return _SPECIAL.sub(lambda match: match[0] + _MARK, strict(text))


def restore(text: str) -> str:
    """Take the breaks out again: a model that quotes such text quotes them too."""
    return text.replace(_MARK, "")
