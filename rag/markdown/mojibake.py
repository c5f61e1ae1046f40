"""Text that was decoded with the wrong encoding, put right; text that is right is never touched.

ftfy does the usual cases, asked for encoding alone (quotes, widths and entities stay). It cannot do text that went through Turkish
Windows-1254 and lost the bytes that have no character there: emoji and the mathematical letters that some editors use for bold.
Those are decoded here, the letters to plain ones.
"""

from __future__ import annotations

import re
import unicodedata

import ftfy
from ftfy.badness import is_bad

from rag.markdown.align import Aligned, as_whole, cut, join
from rag.types import Segment

# What the bytes 0x80 to 0xBF of UTF-8 look like after Windows-1254; the other seven were lost.
_BYTES = {
    bytes([code]).decode("cp1254"): code for code in range(0x80, 0xC0) if code not in (0x81, 0x8D, 0x8E, 0x8F, 0x90, 0x9D, 0x9E)
}
_CLASS = "".join(re.escape(character) for character in _BYTES)
# F0 9F xx xx is an emoji; F0 9D 9x xx a mathematical letter, whose second byte is among the lost ones.
_EMOJI = rf"\u011f\u0178[{_CLASS}]{{2}}"
_LETTER = rf"\u011f[\u201c\u201d\u2022\u2013\u2014\u02dc\u2122][{_CLASS}]"
_LOST = r"\u011f[\u201c\u201d\u2022\u2013\u2014\u02dc\u2122]"
_SIGN = re.compile(rf"{_EMOJI}|{_LETTER}")
_RUN = re.compile(rf"(?:{_EMOJI}|{_LETTER}|{_LOST})+")
_PIECE = re.compile(rf"{_EMOJI}|{_LETTER}|{_LOST}")
_LOST_BYTES = (0x81, 0x8D, 0x8E, 0x8F, 0x90, 0x9D, 0x9E)
# Capitals in quotes: a letter and the closing quote after it look like one character of UTF-8, as in Vietnamese.
_QUOTED = re.compile(r"[“„«‘‚]([^\W\d_]+(?:[ \t][^\W\d_]+)*)[”“’»]")
_WORD = re.compile(r"\S*[^\x00-\x7f]\S*")


def suspicious(text: str) -> bool:
    """Whether a text may hold anything to repair; quick to say no."""
    return not text.isascii() and (bool(_SIGN.search(text)) or is_bad(text))


def repair(aligned: Aligned) -> Aligned:
    """The text with mis-decoded stretches repaired; each of them maps to its source as a whole."""
    if _SIGN.search(aligned.text):
        aligned = _replace(aligned, _lost_edits(aligned.text))
    return _replace(aligned, _ftfy_edits(aligned.text))


def repair_text(text: str) -> str:
    """Like `repair`, for text without a source."""
    return repair(Aligned(text, ((0, len(text), 0, len(text)),))).text if text and suspicious(text) else text


Edit = tuple[int, int, str]


def _replace(aligned: Aligned, edits: list[Edit]) -> Aligned:
    if not edits:
        return aligned
    pieces: list[Aligned] = []
    at = 0
    for start, end, text in edits:
        if at < start:
            pieces.append(cut(aligned, at, start))
        old = cut(aligned, start, end)
        segments: tuple[Segment, ...] = ()
        if old.alignment and text:
            segments = as_whole(0, len(text), min(s[2] for s in old.alignment), max(s[3] for s in old.alignment))
        pieces.append(Aligned(text, segments))
        at = end
    pieces.append(cut(aligned, at, len(aligned.text)))
    return join(pieces, "")


def _lost_edits(text: str) -> list[Edit]:
    edits: list[Edit] = []
    for run in _RUN.finditer(text):
        if _SIGN.search(run[0]):
            edits.extend(
                (run.start() + piece.start(), run.start() + piece.end(), _decoded(piece[0])) for piece in _PIECE.finditer(run[0])
            )
    return edits


def _decoded(piece: str) -> str:
    """The character that a piece was."""
    if piece[1] == "\u0178":
        return bytes((0xF0, 0x9F, _BYTES[piece[2]], _BYTES[piece[3]])).decode("utf-8", "replace")
    third = _BYTES[piece[1]]
    candidates = (_BYTES[piece[2]],) if len(piece) == 3 else _LOST_BYTES
    letters = [bytes((0xF0, 0x9D, third, fourth)).decode("utf-8") for fourth in candidates]
    # of the lost bytes, take the one whose letter is in the commonest of these alphabets
    letter = next((each for each in letters if "SANS-SERIF BOLD" in unicodedata.name(each, "")), letters[0])
    return unicodedata.normalize("NFKC", letter)


def _ftfy_edits(text: str) -> list[Edit]:
    """Word by word, so that each repair knows its place; nothing if ftfy finds nothing wrong with the whole."""
    if text.isascii() or not is_bad(text):
        return []
    whole = ftfy.fix_encoding(text)
    if whole == text:
        return []
    right = [match.span() for match in _QUOTED.finditer(text) if match[1].isupper()]
    edits: list[Edit] = []
    for word in _WORD.finditer(text):
        fixed = ftfy.fix_encoding(word[0])
        if fixed != word[0]:
            start, end, by = _difference(word[0], fixed)
            edits.append((word.start() + start, word.start() + end, by))
    if right:
        return [edit for edit in edits if not any(low < edit[1] and edit[0] < high for low, high in right)]
    return edits if _edited(text, edits) == whole else [_difference(text, whole)]


def _edited(text: str, edits: list[Edit]) -> str:
    at, pieces = 0, []
    for start, end, by in edits:
        pieces += [text[at:start], by]
        at = end
    return "".join([*pieces, text[at:]])


def _difference(old: str, new: str) -> Edit:
    """The one stretch in which two texts differ: a repair that needs more than a word to be seen (a space that was a byte)."""
    start, most = 0, min(len(old), len(new))
    while start < most and old[start] == new[start]:
        start += 1
    tail = 0
    while tail < most - start and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return start, len(old) - tail, new[start : len(new) - tail]
