"""How links, wikilinks and inline formulas are written: where they end and what they point at."""

from __future__ import annotations

import re
from typing import NamedTuple

_WIKILINK = re.compile(r"!?\[\[(?P<target>[^\[\]\n|]+?)(?P<alias>\\?\|[^\[\]\n]*(?:\[[^\[\]\n]*\][^\[\]\n]*)?)?\]\]")
_NUMBERS = re.compile(r"(?!\d{4}-\d\d)[\d\s.,;:+eE-]*\Z")  # a date is the name of a daily note
_MEDIA = re.compile(
    r"\.(?:png|jpe?g|gif|svg|webp|bmp|avif|mp[34]|webm|wav|ogg|m4a|mov|mkv|pdf|canvas|base|excalidraw)\Z", re.IGNORECASE
)
_SIZE = re.compile(r"\d+(?:x\d+)?\Z")
_AND_SIZE = re.compile(r"(?:(?:\A|\\?\|)\d+(?:x\d+)?)\s*\Z")
_LABEL = re.compile(r"\[((?:\\.|[^\[\]\\]){0,999})\]")
_IDENTIFIER = re.compile(r"[A-Za-z][\w:-]*(?:\.[\w:-]+)*\Z")
_PLAIN = re.compile(r"[^\s()<>\\]+")
_TITLE = re.compile(r"""\s+(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\((?:\\.|[^()\\])*\))(?=\s*\))""")
_BRACKET = re.compile(r"\\.|`[^`\n]+`|[\[\]]")  # those that are escaped or code count for nothing
_ANGLE = re.compile(r"<([^<>\n]*)>")
_SPACE = re.compile(r"\s+")
_MAX_PARENTHESES = 32


class Wikilink(NamedTuple):
    """`[[target|alias]]`.

    Attributes:
        target: as written, with its anchor.
        shown: what a reader sees: stretches of the text, or text that stands for one.
        end: after the closing brackets.
    """

    target: str
    shown: tuple[tuple[int, int, str | None], ...]
    end: int


class Target(NamedTuple):
    """What follows the closing bracket of a link.

    Attributes:
        target: as written.
        end: after the construct.
    """

    target: str
    end: int


def wikilink(text: str, at: int) -> Wikilink | None:
    """The wikilink or embed at `at`. Nested arrays and shell tests in prose are not links."""
    match = _WIKILINK.match(text, at, at + 2000)
    if not match or match["target"][0].isspace() or _NUMBERS.match(match["target"]):
        return None
    target = match["target"].rstrip("\\")
    start, end = match.start("target"), match.start("target") + len(target)
    alias = match.span("alias")
    embed = text[at] == "!"
    shown: list[tuple[int, int, str | None]] = []
    if alias[0] >= 0:
        low = alias[0] + (2 if text[alias[0]] == "\\" else 1)
        if embed and (_SIZE.match(text[low : alias[1]]) or _MEDIA.search(target)):
            shown = [] if _SIZE.match(text[low : alias[1]]) else [(low, low + alternative(text[low : alias[1]]), None)]
            return Wikilink(target.strip(), tuple(shown), match.end())
        if text[low : alias[1]].strip():
            return Wikilink(target.strip(), ((low, alias[1], None),), match.end())
    if embed and _MEDIA.search(target.partition("#")[0].strip()):
        return Wikilink(target.strip(), (), match.end())
    hash_at = target.find("#")
    if hash_at < 0:
        shown = [(start, end, None)]
    else:
        if hash_at:
            shown.append((start, start + hash_at, None))
        while hash_at >= 0 and not target.startswith("#^", hash_at):
            if hash_at:
                shown.append((start + hash_at, start + hash_at + 1, " > "))
            after = target.find("#", hash_at + 1)
            shown.append((start + hash_at + 1, end if after < 0 else start + after, None))
            hash_at = after
    if target.endswith(".md") and shown and shown[-1][1] == end:
        shown[-1] = (shown[-1][0], end - 3, shown[-1][2])
    return Wikilink(target.strip(), tuple(piece for piece in shown if piece[0] < piece[1]), match.end())


def alternative(written: str) -> int:
    """How much of a picture's alternative text is text: Obsidian writes the size to show it in at its end.

    >>> alternative("A cat|200x100"), alternative("100"), alternative("In 2024")
    (5, 0, 7)
    """
    size = _AND_SIZE.search(written)
    return size.start() if size else len(written)


def is_media(target: str) -> bool:
    """Whether a target names a picture, a recording or another file that is no note."""
    return bool(_MEDIA.search(target.partition("#")[0].strip()))


def closing_bracket(text: str, at: int) -> int:
    """The bracket that closes the one before `at`; -1 if none does nearby."""
    depth = 1
    for match in _BRACKET.finditer(text, at, at + 2000):
        depth += (match[0] == "[") - (match[0] == "]")
        if not depth:
            return match.start()
        if depth > _MAX_PARENTHESES:
            break
    return -1


def normal(label: str) -> str:
    """A reference's label as it is compared."""
    return _SPACE.sub(" ", label.strip()).casefold()


def after_bracket(text: str, start: int, close: int, references: dict[str, str], *, loose: bool = False) -> Target | None:
    """What a link with the text `[start, close)` points at; None if the brackets are text.

    A `loose` page may name references that are defined elsewhere, as MkDocs plugins do.
    """
    at = close + 1
    if text.startswith("(", at):
        found = _destination(text, at + 1)
        if found:
            return found
    if not references and not loose:
        return None
    label = _LABEL.match(text, at)
    if label and label[1].strip():
        target = references.get(normal(label[1]))
        if target is None and loose and close - start > 2 and _IDENTIFIER.match(label[1]):
            target = f"#{label[1]}"
        return Target(target, label.end()) if target is not None else None
    if close - start > 999:
        return None
    target = references.get(normal(text[start:close]))
    return Target(target, label.end() if label else at) if target is not None else None


def _destination(text: str, at: int) -> Target | None:
    """`destination "title")` after an opening parenthesis."""
    space = _SPACE.match(text, at)
    at = space.end() if space else at
    angle = _ANGLE.match(text, at)
    if angle:
        target, at = angle[1], angle.end()
    else:
        start, at = at, _destination_end(text, at)
        if at < 0:
            return None
        target = text[start:at]
    title = _TITLE.match(text, at)
    at = title.end() if title else at
    space = _SPACE.match(text, at)
    at = space.end() if space else at
    return Target(target, at + 1) if text.startswith(")", at) else None


def _destination_end(text: str, at: int) -> int:
    depth = 0
    length = len(text)
    while at < length:
        plain = _PLAIN.match(text, at)
        if plain:
            at = plain.end()
            continue
        character = text[at]
        if character == "(":
            depth += 1
            if depth > _MAX_PARENTHESES:
                return -1
        elif character == ")":
            if not depth:
                return at
            depth -= 1
        elif character == "\\":
            at += 1
        elif character == "<":
            return -1
        else:
            return at if not depth else -1
        at += 1
    return -1


def math_end(text: str, at: int, dollars: int) -> int:
    """Where an inline formula that begins at `at` ends; -1 if the dollars are money.

    As pandoc has it: no space after the opening dollar and before the closing one, and no digit after it.
    """
    start = at + dollars
    if dollars == 2:
        close = text.find("$$", start, start + 10_000)
        return close + 2 if close > start and "\n\n" not in text[start:close] else -1
    if (
        text[start : start + 1].isspace()
        or not text[start : start + 1]
        or (at and (text[at - 1] == "\\" or text[at - 1].isalnum()))
    ):
        return -1
    position = start
    limit = start + 1000
    while True:
        close = text.find("$", position, limit)
        if close < 0:
            return -1
        if text[close - 1] == "\\":
            position = close + 1
            continue
        if text[close - 1].isspace() or text[close + 1 : close + 2].isdigit() or text.startswith("$$", close):
            return -1
        return close + 1


def split(target: str) -> tuple[str, str]:
    """A target and its anchor.

    >>> split("page.md#part")
    ('page.md', 'part')
    """
    page, _, anchor = target.partition("#")
    return page, anchor
