"""The list of a visitor's conversations: shown, searched, renamed, deleted; verdicts on answers.

Knows the store and the HTML of the list; knows no vendor.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rag.ui.actions import Actions, Arguments, Reply, parts, text_of
from rag.ui.chat import render
from rag.ui.markup import Html, element, join, text
from rag.ui.store import Conversations, Feedback
from rag.ui.store.conversations import Conversation, StoredTurn

MOST_SHOWN = 200


class Shelf:
    """Conversations and verdicts as actions of the page.

    Args:
        conversations: of all visitors.
        feedback: their verdicts.
        testable: whether an answer that did not help can be made a test question.
    """

    def __init__(self, conversations: Conversations, feedback: Feedback, *, testable: bool = False) -> None:
        self._conversations = conversations
        self._feedback = feedback
        self._testable = testable

    def offer(self, actions: Actions) -> None:
        """Add the actions."""
        for name in ("chats", "chat-rename", "chat-delete", "verdict"):
            actions.add(name, getattr(self, "_" + name.replace("-", "_")))

    def opened(self, visitor: str, identity: str) -> dict[str, Any]:
        """Return what the page shows of a conversation; an empty one where it is not this visitor's."""
        conversation = self._conversations.get(visitor, identity)
        if conversation is None:
            return {"kind": "conversation", "id": "", "title": "", "turns": []}
        turns = [self._shown(turn) for turn in self._conversations.turns(visitor, identity)]
        return {"kind": "conversation", "id": conversation.id, "title": conversation.title, "turns": turns}

    def _chats(self, visitor: str, arguments: Arguments) -> Reply:
        words = text_of(arguments, "words")
        return parts(chats=_list(self._conversations.find(visitor, words), words))

    def _chat_rename(self, visitor: str, arguments: Arguments) -> Reply:
        if not self._conversations.rename(visitor, text_of(arguments, "id"), text_of(arguments, "title")):
            return {"problem": "A conversation needs a title."}
        return self._chats(visitor, {}) | {"said": "Renamed."}

    def _chat_delete(self, visitor: str, arguments: Arguments) -> Reply:
        identity = text_of(arguments, "id")
        self._conversations.delete(visitor, identity)
        return self._chats(visitor, {}) | {"said": "Deleted.", "gone": identity}

    def _verdict(self, visitor: str, arguments: Arguments) -> Reply:
        turn, helpful = text_of(arguments, "turn"), arguments.get("helpful")
        if not isinstance(helpful, bool):
            self._feedback.withdraw(visitor, turn)
            return {"turn": turn, "tools": render.tools(turn, answered=True)}
        reason, remark = text_of(arguments, "reason"), text_of(arguments, "remark")
        if not self._feedback.give(visitor, turn, helpful=helpful, reason=reason, remark=remark):
            return {"problem": "This answer is not kept any more."}
        thanked = helpful or arguments.get("thanks") is True
        return {"turn": turn, "tools": self._tools(turn, helpful, thanked=thanked)}

    def _shown(self, turn: StoredTurn) -> dict[str, Any]:
        """A stored turn as the page takes it; one that a crash has cut off as stopped."""
        if turn.shown is None or turn.shown.get("state") == "running":
            return {
                "kind": "turn",
                "id": turn.id,
                "question": text(turn.question),
                "state": "stopped",
                "status": "Interrupted.",
                "tools": render.tools(turn.id, answered=False),
            }
        if turn.answer is None:
            return turn.shown
        return {**turn.shown, "tools": self._tools(turn.id, turn.helpful, thanked=turn.helpful is not None)}

    def _tools(self, turn: str, helpful: bool | None, *, thanked: bool) -> Html:
        return render.tools(turn, answered=True, helpful=helpful, thanked=thanked, testable=self._testable)


def _list(found: Sequence[Conversation], words: str) -> Html:
    if not found:
        return element("p", "No conversation holds these words." if words.strip() else "No conversations yet.", class_="none")
    rest = len(found) - MOST_SHOWN
    items = [_item(conversation) for conversation in found[:MOST_SHOWN]]
    more = element("p", f"{rest} older ones: search for them.", class_="none") if rest > 0 else ""
    return join(element("ul", *items), more)


def _item(conversation: Conversation) -> Html:
    this = json.dumps({"id": conversation.id})
    title = conversation.title
    menu = element(
        "details",
        element("summary", "More", aria_label=f"More about {title}"),
        element(
            "div",
            element(
                "label",
                "Title",
                element("input", name_="title", value=title, maxlength=120),
            ),
            element(
                "div",
                _button("Rename", "chat-rename", this, data_enter=True),
                element("a", "Export", href=f"./chats/{conversation.id}.md", download=True, class_="quiet"),
                _button("Delete", "chat-delete", this, data_sure="Delete for good?"),
                class_="row",
            ),
            data_fields=True,
            class_="menu",
        ),
    )
    opening = element(
        "button",
        element("span", title, class_="name", dir="auto"),
        element("span", _when(conversation.changed), class_="when"),
        type="button",
        class_="open-chat",
        data_chat=conversation.id,
    )
    return element("li", opening, menu, id=f"chat-{conversation.id}")


def _button(label: str, action: str, arguments: str, **more: str | bool) -> Html:
    return element("button", label, type="button", class_="quiet", data_do=action, data_arguments=arguments, **more)


def _when(changed: str) -> str:
    then, today = datetime.fromisoformat(changed), datetime.now(UTC)
    days = (today.date() - then.date()).days
    return "Today" if days <= 0 else "Yesterday" if days == 1 else f"{days} days ago" if days < 7 else changed[:10]
