"""One question from asking to answer, as the states that the page shows.

Knows the engine and the rendering; knows no vendor: a `Turn` becomes JSON, and the page's script shows it.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from rag.errors import RagError
from rag.types import Answer, Citation, Draft, Passage, Retrieval
from rag.ui.chat import place, render
from rag.ui.chat.follow_ups import follow_ups
from rag.ui.chat.why import why
from rag.ui.engine import Run, Started, Step, Stopped, Waiting
from rag.ui.markup import join, text

DRAFT_INTERVAL_S = 0.06
"""Drafts come with every token; the eye wants no more than this, and the browser less."""

_HELD_BACK = "Writing and checking the first sentence…"  # a doubtful one is shown once it is known to be about the question

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and how far its answer is. All texts but `status` and `spoken` are HTML.

    Attributes:
        id: unique on a page.
        state: running, or how it ended.
        question: as asked.
        status: what is being done, one short line; in the end how it went.
        evidence: the passages.
        answer: what is written so far.
        foot: sources and remarks.
        next: questions that may follow.
        tools: what can be done with it once it has ended.
        spoken: for screen readers: only what is worth interrupting for.
        places: what the side panel shows, by name: `p1` for the first passage, `c1` for the first citation, `why` for how the
            answer came about.
    """

    id: str
    question: str
    state: Literal["running", "done", "stopped", "failed"] = "running"
    status: str = ""
    evidence: str = ""
    answer: str = ""
    foot: str = ""
    next: str = ""
    tools: str = ""
    spoken: str = ""
    places: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return what the page's script takes."""
        return {"kind": "turn", **asdict(self)}


def new_turn(question: str) -> Turn:
    """Return a turn that has just been asked."""
    return Turn(f"t{secrets.token_hex(6)}", text(question.strip()))


Describe = Callable[[], Mapping[str, str]]
"""Says what an answer was made with; called when there is one."""


async def follow(run: Run, turn: Turn, describe: Describe = dict) -> AsyncIterator[tuple[Turn, Answer | None]]:
    """Follow a question until its answer is there. Never raises.

    Args:
        run: the question on its way.
        turn: as it was shown first.
        describe: what the answer was made with.

    Yields:
        The turn each time that it changed, with the answer the last time; a turn that failed comes without one.
    """
    talk = _Talk(run, turn, describe)
    last_draft = 0.0
    try:
        async for step in run.steps():
            if isinstance(step, Draft):
                now = time.monotonic()
                if now - last_draft < DRAFT_INTERVAL_S:
                    continue
                last_draft = now
            talk.take(step)
            yield talk.turn, step if isinstance(step, Answer) else None
    except RagError as error:
        yield failed(talk.turn, error), None
    except Exception:  # noqa: BLE001 - logged, and the reader is told
        _LOG.exception("a question failed")
        defect = RagError("Something in the program went wrong", hint="Its log says what; the next question may well work.")
        yield failed(talk.turn, defect), None


def failed(turn: Turn, error: RagError) -> Turn:
    """Return a turn that ended with an expected error."""
    tools = render.tools(turn.id, answered=False)
    return replace(turn, state="failed", status="No answer.", foot=render.problem(error), tools=tools, spoken=str(error))


def stopped(turn: Turn) -> Turn:
    """Return a turn that was given up."""
    status = "Stopped; what was written so far stays." if turn.answer else "Stopped."
    return replace(turn, state="stopped", status=status, tools=render.tools(turn.id, answered=False), spoken="Stopped.")


class _Talk:
    def __init__(self, run: Run, turn: Turn, describe: Describe) -> None:
        self.turn = turn
        self._run = run
        self._describe = describe
        self._retrieval: Retrieval | None = None

    def take(self, step: Step) -> None:
        if isinstance(step, Waiting):
            self.turn = replace(self.turn, status=_waiting(step))
        elif isinstance(step, Started):
            self.turn = replace(self.turn, status="Searching…")
        elif isinstance(step, Retrieval):
            self._take_retrieval(step)
        elif isinstance(step, Draft):
            shown = render.answer(step, self._run.titles)
            fresh = tuple(c for c in step.citations if f"c{c.marker}" not in self.turn.places)
            places = {**self.turn.places, **self._cited(fresh)}
            self.turn = replace(self.turn, status="Writing…" if step.text else _HELD_BACK, answer=shown, places=places)
        elif isinstance(step, Stopped):
            self.turn = stopped(self.turn)
        else:
            self._take_answer(step)

    def _take_retrieval(self, found: Retrieval) -> None:
        self._retrieval = found
        reading = f"Reading {render.count(len(found.passages), 'passage')}…" if found.passages else "Nothing found…"
        places = self._found(found.passages)
        self.turn = replace(self.turn, status=reading, spoken=reading, evidence=render.evidence(found.passages), places=places)

    def _take_answer(self, given: Answer) -> None:
        done = replace(
            self.turn,
            state="done",
            status=render.summary(given),
            places=self._found(given.passages),
            next=render.follow_ups(follow_ups(self._run.asked.question, given)),
            tools=render.tools(self.turn.id, answered=True),
        )
        if self._retrieval is not None:
            done = replace(done, places={**done.places, "why": why(given, self._retrieval, self._describe())})
        if given.status == "abstained":
            self.turn = replace(done, answer=render.abstention(given), foot="", spoken=given.text)
            return
        places = {**done.places, **self._cited(given.citations, f" of {len(given.citations)}")}
        spoken = f"Answered, with {render.count(len(given.citations), 'source')}."
        self.turn = replace(
            done,
            places=places,
            evidence=render.evidence(given.passages, given.citations),
            answer=render.answer(given, self._run.titles),
            foot=join(render.remark(given), render.sources(given.citations, self._run.titles), render.cautions(given)),
            spoken=spoken,
        )

    def _found(self, passages: tuple[Passage, ...]) -> dict[str, str]:
        return {
            f"p{index}": render.place(
                place.of_passage(passage, self._run.sources.get(passage.chunk.path, "")), f"Passage {index} of {len(passages)}"
            )
            for index, passage in enumerate(passages, 1)
        }

    def _cited(self, citations: tuple[Citation, ...], of: str = "") -> dict[str, str]:
        shown: dict[str, str] = {}
        for citation in citations:
            title = self._run.titles.get(citation.path, citation.path)
            where = place.of_citation(citation, title, self._run.sources.get(citation.path, ""))
            shown[f"c{citation.marker}"] = render.place(where, f"Source {citation.marker}{of}")
        return shown


def _waiting(step: Waiting) -> str:
    if step.loading:
        return "Loading the model…"
    if step.ahead:
        return f"Waiting: {render.count(step.ahead, 'question')} before yours…"
    return "Waiting for the model…"
