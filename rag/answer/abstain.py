"""What the reader is told when the notes are silent: so, why, and where to look instead."""

from __future__ import annotations

from collections.abc import Sequence

from rag.answer.inert import inert
from rag.types import Passage, heading_line

ABSTAIN = "The notes don't say."
GREETING = "Hello. I answer questions from these notes and show where each statement stands. Ask me about something they cover."
DECLINED = "I only answer questions from the notes. Ask me about something they cover."
_SECTIONS = 3


def abstention_text(reason: str, passages: Sequence[Passage]) -> str:
    """Return the text of an abstention: the fixed sentence, the reason, and the nearest sections if there are any."""
    lines = [f"{ABSTAIN} {reason}".strip()]
    sections = dict.fromkeys(f"{inert(heading_line(p.chunk.title, p.chunk.heading_path))} ({p.chunk.path})" for p in passages)
    if sections:
        lines += ["", "Nearest sections:", "", *(f"- {section}" for section in list(sections)[:_SECTIONS])]
    return "\n".join(lines)
