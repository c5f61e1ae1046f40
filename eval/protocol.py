"""What the judge is told beside ragas' prompts, and how long it may write. Imports nothing: a judgement's key holds all of it."""

from __future__ import annotations

SYSTEM = "You are a careful judge. Follow the instructions, judge only what is given, and reply with the JSON alone."

MAX_ITEMS = 10
MAX_CHARS = 300
REASON_CHARS = 100  # a token of a reason costs as much time as several of a prompt

REVISION = 1
"""Raised when the judging code changes in a way that changes judgements, and the words and bounds above do not show it."""

PROTOCOL = {
    "system": SYSTEM,
    "max_items": MAX_ITEMS,
    "max_chars": MAX_CHARS,
    "reason_chars": REASON_CHARS,
    "revision": REVISION,
}
"""All of it, as JSON values."""
