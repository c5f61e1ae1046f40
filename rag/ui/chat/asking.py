"""Asking: a visitor's question from the page to the engine, its turn back to the page and into the store.

Knows the engine and the store; knows no vendor.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rag.answer.single import AskSettings
from rag.as_json import answer_json
from rag.errors import RagError
from rag.types import Answer
from rag.ui.chat.talk import Describe, Turn, failed, follow, new_turn, stopped
from rag.ui.engine import Engine, Run
from rag.ui.store import Conversations

_HISTORY_MESSAGES = 6
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wish:
    """What the page asks for.

    Attributes:
        question: any text.
        conversation: its id; empty to begin one.
        replaces: id of the turn that this one takes the place of, with all after it; empty to go on.
    """

    question: str
    conversation: str = ""
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a visitor has set.

    Attributes:
        settings: None for the assistant's own.
        where: metadata that a chunk must have.
    """

    settings: AskSettings | None = None
    where: Mapping[str, str] = field(default_factory=dict)


class Asking:
    """The questions that are on their way, one a session.

    Args:
        engine: answers.
        conversations: where turns are kept.
        chosen: what a visitor has set.
        describe: what an answer is made with.
    """

    def __init__(
        self,
        engine: Engine,
        conversations: Conversations,
        chosen: Callable[[str], Chosen] = lambda _: Chosen(),
        describe: Describe = dict,
    ) -> None:
        self._engine = engine
        self._conversations = conversations
        self._chosen = chosen
        self._describe = describe
        self._running: dict[str, Run] = {}

    def busy(self, session: str) -> bool:
        """Whether a session's question is on its way."""
        return session in self._running

    def stop(self, session: str) -> None:
        """Give up a session's question."""
        run = self._running.get(session)
        if run is not None:
            run.stop()

    async def ask(self, visitor: str, session: str, wish: Wish) -> AsyncIterator[dict[str, Any]]:
        """Yield what the page shows, each time that it changed; `conversation` in it is where the turn belongs.

        Leaving early gives the question up and keeps what was written.

        Args:
            visitor: who asks.
            session: of the page; not busy.
            wish: what is asked.
        """
        turn = first = new_turn(wish.question)
        known = self._conversations.get(visitor, wish.conversation) if wish.conversation else None
        try:
            history = self._conversations.history(visitor, known.id, _HISTORY_MESSAGES, before=wish.replaces) if known else []
            chosen = self._chosen(visitor)
            run = self._running[session] = self._engine.ask(wish.question, history, settings=chosen.settings, where=chosen.where)
        except RagError as error:
            yield failed(turn, error).as_json() | {"conversation": wish.conversation}
            return
        answer: Answer | None = None
        place: dict[str, Any] = {}
        try:
            conversation = known.id if known else self._conversations.start(visitor, wish.question)
            place = {"conversation": conversation, "cut": self._cut(visitor, conversation, wish.replaces)}
            self._conversations.begin_turn(visitor, conversation, turn.id, wish.question)
            yield turn.as_json() | place
            async for turn, given in follow(run, first, self._describe):
                answer = given or answer
                if turn.state != "running":
                    self._running.pop(session, None)  # before the page hears of it: its reader may ask again at once
                    self._keep(turn, answer)
                yield turn.as_json() | place
        except RagError as error:
            turn = failed(turn, error)
            yield turn.as_json() | place
        finally:
            run.stop()
            if self._running.get(session) is run:
                del self._running[session]
            if turn.state == "running":  # the reader has left
                self._keep(stopped(turn), None)

    def _cut(self, visitor: str, conversation: str, turn: str) -> list[str]:
        return [turn, *self._conversations.cut(visitor, conversation, turn)] if turn else []

    def _keep(self, turn: Turn, answer: Answer | None) -> None:
        try:
            shown = replace(turn, spoken="").as_json()
            self._conversations.finish_turn(turn.id, turn.state, shown, None if answer is None else answer_json(answer))
        except RagError as error:  # the answer is there all the same
            _LOG.warning("A turn was not stored: %s", error)
