"""What the judge is told beside ragas' prompts, and how long it may write. Imports nothing: a judgement's key holds all of it."""

from __future__ import annotations

SYSTEM = "You are a careful judge. Follow the instructions, judge only what is given, and reply with the JSON alone."

TASK = "\n\nNow perform the same with the following input\n"
"""Where ragas' prompts go on with what is to be judged. All before it is the same for every question and is said as a rule: an
engine reads it once, also where a verdict is weighed and the judge's own words follow the question."""

MAX_ITEMS = 10
MAX_CHARS = 300
REASON_CHARS = 60  # where it stands before its verdict: a token of a reason costs as much time as several of a prompt

VERDICT_FIRST = True
"""Whether a verdict is asked for without a reason. ragas' forms have one before it, and a small judge reasons itself astray; one
behind it changes nothing any more, so none is written."""

REVISION = 3
"""Raised when the judging code changes in a way that changes judgements, and the words and bounds above do not show it."""

METRIC_REVISIONS = {"context_recall": 1}
"""The same for a change that changes the judgements of one metric only."""

PROTOCOL = {
    "system": SYSTEM,
    "max_items": MAX_ITEMS,
    "max_chars": MAX_CHARS,
    "reason_chars": REASON_CHARS,
    "task": TASK,
    "verdict_first": VERDICT_FIRST,
    "revision": REVISION,
}
"""All of it, as JSON values."""
