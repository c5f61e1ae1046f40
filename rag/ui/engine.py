"""The one thread on which questions are answered, and the line in front of it.

A model answers one question at a time, so that each gets the whole machine. Knows threads, the order of waiting and how a question
is given up; knows nothing of pages.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

from rag.answer.single import AskSettings
from rag.assistant import Assistant
from rag.errors import IndexStateError, LLMError, PromptTooLongError, RagError
from rag.protocols import LLM, Generation
from rag.types import AskEvent, Draft, Message, Retrieval

MOST_WAITING = 20
MOST_CHARS = 20_000
"""Far beyond any question; keeps a pasted book from reaching the tokenizer."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A question that is not being answered yet.

    Attributes:
        ahead: how many are answered before it; with 0 it waits for the models, or for one that was given up to end.
        loading: whether the models are still being loaded.
    """

    ahead: int
    loading: bool


@dataclass(frozen=True, slots=True)
class Started:
    """The question is being answered now."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The question was given up."""


Step = Waiting | Started | AskEvent | Stopped


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with all that its answer depends on.

    Attributes:
        question: any text.
        history: earlier turns.
        settings: what it may cost and how strict the answer is; None for the assistant's own.
        where: metadata that a chunk must have.
    """

    question: str
    history: tuple[Message, ...] = ()
    settings: AskSettings | None = None
    where: Mapping[str, str] = field(default_factory=dict)


class Run:
    """One question on its way. Made by `Engine.ask`; read in the event loop, worked on in the engine's thread."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.sources: dict[str, str] = {}
        self.titles: dict[str, str] = {}
        self._given_up = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._steps: asyncio.Queue[Step | Exception | None] = asyncio.Queue()

    async def steps(self) -> AsyncGenerator[Step]:
        """Yield what happens, last an `Answer` or `Stopped`. Leaving early gives the question up.

        With each step, `sources` and `titles` hold the pages of its passages and citations, by path.

        Raises:
            RagError: the question failed; a defect raises what it raised.
        """
        try:
            while (step := await self._steps.get()) is not None:
                if isinstance(step, Exception):
                    raise step
                yield step
                if isinstance(step, Stopped):
                    return
        finally:
            self._given_up.set()

    def stop(self) -> None:
        """Give the question up: its reader is told at once, the engine is free after the piece that it is at."""
        if not self._given_up.is_set():
            self._given_up.set()
            self.tell(Stopped())

    @property
    def given_up(self) -> bool:
        """Whether nobody waits for it any more."""
        return self._given_up.is_set()

    def tell(self, step: Step | Exception | None) -> None:
        """Pass a step on to the reader, from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: the server is going down
            self._loop.call_soon_threadsafe(self._steps.put_nowait, step)

    def perform(self, assistant: Assistant) -> bool:
        """Answer the question and return whether it went well; called in the engine's thread."""
        try:
            self._answer(assistant)
        except Exception as error:  # noqa: BLE001 - whoever asked raises it again
            self.tell(error)
            return False
        finally:
            self.tell(None)
        return True

    def _answer(self, assistant: Assistant) -> None:
        events = cast(
            "Generator[AskEvent]",
            assistant.ask(
                self.asked.question, history=self.asked.history, settings=self.asked.settings, where=self.asked.where or None
            ),
        )
        # The generation is held over the whole question, so that the pages are those that the answer was made from.
        with assistant.generation() as generation, contextlib.closing(events):
            for event in events:
                if self.given_up:
                    break
                self._bring_pages(event, generation)
                self.tell(event)

    def _bring_pages(self, event: AskEvent, generation: Generation) -> None:
        """An answer may stand on other pages than the evidence that was shown first."""
        shown = () if isinstance(event, Draft) else event.passages
        cited = () if isinstance(event, Retrieval) else event.citations
        missing = {*(one.chunk.path for one in shown), *(one.path for one in cited)} - self.sources.keys()
        for path in missing:
            self.titles[path] = generation.chunks_of(path)[0].title
            self.sources[path] = generation.source(path)


class Engine:
    """Answers questions in the order in which they came; nothing runs before `start`.

    Args:
        assistant: answers.
        most_waiting: how many questions may wait.
        on_loaded: told how many seconds loading the models took, in the engine's thread.
    """

    def __init__(
        self, assistant: Assistant, *, most_waiting: int = MOST_WAITING, on_loaded: Callable[[float], None] = lambda _: None
    ) -> None:
        self.assistant = assistant
        self.failure: RagError | None = None
        self._most_waiting = most_waiting
        self._line: deque[Run] = deque()
        self._current: Run | None = None
        self._on_loaded = on_loaded
        self._loading = True
        self._began = time.monotonic()
        self._closing = False
        self._pending: tuple[Callable[[], LLM], Callable[[], None]] | None = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)

    def start(self) -> None:
        """Load the models and begin to answer."""
        self._began = time.monotonic()
        self._thread.start()

    @property
    def loading_s(self) -> float:
        """For how long the models have been loading; 0 when they are not."""
        return time.monotonic() - self._began if self._loading else 0.0

    @property
    def state(self) -> Literal["loading", "ready", "failed"]:
        """How far loading is; after `failed`, `failure` says why, and each question tries again."""
        if self._loading:
            return "loading"
        return "failed" if self.failure else "ready"

    async def loaded(self) -> None:
        """Wait until loading is over, one way or the other."""
        while self._loading and not self._closing:
            await asyncio.sleep(0.2)

    def ask(
        self,
        question: str,
        history: Sequence[Message] = (),
        *,
        settings: AskSettings | None = None,
        where: Mapping[str, str] | None = None,
    ) -> Run:
        """Put a question in line; call it in the event loop that will read its steps.

        Args:
            question: any text.
            history: earlier turns.
            settings: in place of the assistant's own.
            where: metadata that a chunk must have.

        Returns:
            The question on its way; its steps are to be read in this event loop.

        Raises:
            LLMError: too many are waiting.
            PromptTooLongError: the question is far too long.
        """
        if len(question) > MOST_CHARS:
            raise PromptTooLongError(
                f"The question has {len(question)} characters, more than {MOST_CHARS}", hint="Ask a shorter question."
            )
        run = Run(Asked(question, tuple(history), settings, dict(where or {})))
        with self._changed:
            if len(self._line) >= self._most_waiting:
                raise LLMError(f"{len(self._line)} questions are waiting already", hint="Try again in a minute.")
            self._line.append(run)
            self._tell_positions()
            self._changed.notify_all()
        return run

    def change_model(self, build: Callable[[], LLM], on_failure: Callable[[], None] = lambda: None) -> None:
        """Have another model answer, after the question that is under way; the old one stays where loading fails.

        Args:
            build: loads it, in the engine's thread.
            on_failure: called there if that fails.
        """
        with self._changed:
            self._pending = (build, on_failure)
            self._changed.notify_all()

    def close(self, timeout_s: float = 1.0) -> bool:
        """Give up all questions and end; return whether the engine's thread has ended within the time."""
        with self._changed:
            self._closing = True
            for run in (*self._line, *([self._current] if self._current else [])):
                run.stop()
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        self._load(self._warm_up)
        while (work := self._next()) is not None:
            if isinstance(work, Run):
                if work.perform(self.assistant):
                    self.failure = None
            else:
                self._load(work)

    def _warm_up(self) -> None:
        """Load all models before the first question needs them."""
        _ = self.assistant.llm
        with contextlib.suppress(IndexStateError):  # without an index there is nothing to search; the page says so
            self.assistant.warm_up()

    def _load(self, work: Callable[[], None]) -> None:
        """Load something while questions wait."""
        with self._changed:
            self._loading, self._began = True, time.monotonic()
            self._tell_positions()
        try:
            work()
            self.failure = None
            self._on_loaded(time.monotonic() - self._began)
        except RagError as error:
            self.failure = error
        except Exception as error:  # noqa: BLE001 - the first question raises it again
            _LOG.exception("loading failed")
            self.failure = RagError(f"Loading failed: {error}", hint="The log of the program says more.")
        with self._changed:
            self._loading = False
            self._tell_positions()

    def _next(self) -> Run | Callable[[], None] | None:
        with self._changed:
            self._current = None
            while not self._closing:
                if self._pending is not None:
                    change, self._pending = self._pending, None
                    return lambda: self._change(*change)
                while self._line:
                    run = self._line.popleft()
                    if not run.given_up:
                        self._current = run
                        run.tell(Started())
                        self._tell_positions()
                        return run
                self._changed.wait()
        return None

    def _change(self, build: Callable[[], LLM], on_failure: Callable[[], None]) -> None:
        try:
            self.assistant.change_llm(build)
        except Exception:
            on_failure()
            raise

    def _tell_positions(self) -> None:
        busy = int(self._current is not None and not self._current.given_up)
        for index, run in enumerate(one for one in self._line if not one.given_up):
            run.tell(Waiting(index + busy, self._loading))
