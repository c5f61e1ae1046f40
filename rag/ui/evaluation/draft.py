"""A test question made of an answer that did not help: what the form begins with, and what it gives back. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rag.ui.actions import text_of
from rag.ui.store.feedback import Verdict

MOST_EVIDENCE = 6
_MARKER = re.compile(r"\s*\[\d{1,3}\]")

_EXPECTED = {"talkative": "abstain", "silent": "answer"}


@dataclass(frozen=True, slots=True)
class QuestionDraft:
    """A question on its way into the file.

    Attributes:
        question: as it was asked.
        expected: what a good answer does.
        reference: a good answer.
        evidence: page and quote of what it rests on.
        remark: what the reader said was wrong.
        before: question and answer that it follows up, if it does.
    """

    question: str
    expected: str
    reference: str
    evidence: tuple[tuple[str, str], ...]
    remark: str
    before: tuple[str, str] = ("", "")


EMPTY = QuestionDraft("", "answer", "", (), "")


def draft_of(verdict: Verdict) -> QuestionDraft:
    """Return what the form begins with: the answer as it was, to be corrected."""
    answer = verdict.answer or {}
    expected = _EXPECTED.get(verdict.reason, "answer")
    citations = answer.get("citations") or []
    evidence = tuple((str(one["path"]), str(one["quote"])) for one in citations[:MOST_EVIDENCE]) if expected == "answer" else ()
    answered = answer.get("status") == "answered" and expected == "answer"
    reference = _MARKER.sub("", str(answer.get("text", ""))) if answered else ""
    asked, told = verdict.before
    return QuestionDraft(verdict.question, expected, reference.strip(), evidence, verdict.remark, (asked, _MARKER.sub("", told)))


def fields_of(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a question from those of the form; empty ones are left out."""
    evidence = []
    for number in range(MOST_EVIDENCE + 1):
        page, quote = text_of(arguments, f"page{number}").strip(), text_of(arguments, f"quote{number}")
        if page and quote.strip():
            evidence.append({"page": page, "quote": quote})
    must = [line.strip() for line in text_of(arguments, "must").split("\n") if line.strip()]
    fields: dict[str, Any] = {
        "question": text_of(arguments, "question").strip(),
        "type": text_of(arguments, "kind"),
        "expected": text_of(arguments, "expected"),
        "reference": text_of(arguments, "reference").strip(),
        "must": must,
        "evidence": evidence,
        "split": "tune",
    }
    asked, told = text_of(arguments, "asked").strip(), text_of(arguments, "told").strip()
    # The form shows what was said before whatever the question is, and only a follow-up needs it.
    if fields["type"] == "follow_up" and asked and told:
        fields["history"] = [{"role": "user", "content": asked}, {"role": "assistant", "content": told}]
    return fields
