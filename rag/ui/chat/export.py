"""A conversation as a Markdown file. Pure; reads what the store gives."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.ui.store.conversations import Conversation, StoredTurn

_UNSAFE = re.compile(r"[^\w.-]+", re.ASCII)
_LONGEST_NAME_CHARS = 60


def as_markdown(conversation: Conversation, turns: Sequence[StoredTurn]) -> str:
    """Write a conversation with its answers and their sources.

    Args:
        conversation: what to export.
        turns: of it, in order.

    Returns:
        Markdown: a heading for each question, its answer, and a numbered list of what it cites. A turn without an answer says so.
    """
    lines = [f"# {_one_line(conversation.title)}", "", f"Asked on {conversation.created[:10]}.", ""]
    for turn in turns:
        lines += [f"## {_one_line(turn.question)}", ""]
        answer = turn.answer
        if answer is None:
            lines += [f"*No answer: {turn.status}.*", ""]
            continue
        lines += [str(answer.get("text", "")).strip(), ""]
        citations = answer.get("citations") or []
        for citation in citations:
            where = " › ".join(citation["heading_path"])
            quote = " ".join(str(citation["quote"]).split())
            lines.append(
                f"{citation['marker']}. `{citation['path']}:{citation['line']}`{f' ({where})' if where else ''}: “{quote}”"
            )
        lines += [""] if citations else []
    return "\n".join(lines).rstrip() + "\n"


def file_name(conversation: Conversation) -> str:
    """Return a name for the file that is safe in a header and on any disk.

    >>> file_name(Conversation("x", "What is LoRA?", "", ""))
    'What-is-LoRA.md'
    """
    name = _UNSAFE.sub("-", conversation.title).strip("-.")[:_LONGEST_NAME_CHARS].rstrip("-.")
    return f"{name or 'conversation'}.md"


def _one_line(words: str) -> str:
    return " ".join(words.split())
