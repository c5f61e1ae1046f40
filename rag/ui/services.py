"""What the page and its routes work with, put together once. Knows every part of the chat; knows no vendor."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.assistant import Assistant
from rag.errors import RagError
from rag.protocols import LLM
from rag.ui.actions import Actions
from rag.ui.chat.asking import Asking
from rag.ui.chat.models import Models
from rag.ui.chat.settings import Settings
from rag.ui.chat.shelf import Shelf
from rag.ui.engine import Engine
from rag.ui.evaluation.job import Job
from rag.ui.evaluation.tab import EvaluationTab
from rag.ui.evaluation.values import Evaluation
from rag.ui.knowledge.library import Library
from rag.ui.knowledge.pages import Pages
from rag.ui.knowledge.tab import KnowledgeTab
from rag.ui.knowledge.update import Update
from rag.ui.knowledge.watch import Watch
from rag.ui.state import State
from rag.ui.store import Conversations, Database, Feedback, Preferences

_KEY = "key of cookies"
_LOAD_S = "seconds to load the models"


@dataclass(frozen=True, slots=True)
class LLMs:
    """Language models of this machine.

    Attributes:
        names: to choose from.
        current: the configured one.
        build: loads one.
    """

    names: Sequence[str]
    current: str
    build: Callable[[str], LLM]


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of a running chat; `build_services` makes them.

    Attributes:
        engine: answers questions.
        examples: questions to begin with; called at each visit.
        asking: questions on their way.
        shelf: conversations and verdicts.
        conversations: stored.
        actions: what buttons do.
        state: what the program says of itself.
        library: corpus and index; None where there is only an assistant.
        update: ingests of the library.
        job: runs of the evaluation; None where there is none.
        database: closed at the end.
    """

    engine: Engine
    examples: Callable[[], Sequence[str]]
    asking: Asking
    shelf: Shelf
    conversations: Conversations
    actions: Actions
    state: State
    library: Library | None
    update: Update | None
    job: Job | None
    database: Database

    def secret(self) -> bytes:
        """Return the key that cookies of this machine are signed with; made at first use."""
        preferences = Preferences(self.database)
        with self.database.together():
            known = preferences.fact(_KEY)
            if not isinstance(known, str):
                known = secrets.token_hex(32)
                preferences.learn(_KEY, known)
        return bytes.fromhex(known)

    def close(self, timeout_s: float) -> None:
        """End the engine's thread and close what is open."""
        if self.update is not None:
            self.update.stop()
            self.update.wait(timeout_s)
        if self.job is not None:
            self.job.close()
        if self.engine.close(timeout_s):
            self.engine.assistant.close()
        self.database.close()


def build_services(
    assistant: Assistant,
    examples: Callable[[], Sequence[str]],
    *,
    library: Library | None = None,
    llms: LLMs | None = None,
    evaluation: Evaluation | None = None,
    memory: Path | None = None,
) -> Services:
    """Put the parts together; nothing runs yet.

    Args:
        assistant: answers.
        examples: questions to begin with.
        library: corpus and index.
        llms: models to choose from; None for no choice.
        evaluation: runs and test questions; None leaves the tab out.
        memory: file of the store; None forgets everything at the end.

    Returns:
        The parts, to be closed at the end; the engine starts with `services.engine.start()`.

    Raises:
        ServerError: the store cannot be opened.
    """
    database = Database(memory)
    conversations, feedback, preferences = Conversations(database), Feedback(database), Preferences(database)
    engine = Engine(assistant, on_loaded=lambda seconds: preferences.learn(_LOAD_S, seconds))
    actions = Actions()
    shelf = Shelf(conversations, feedback, testable=evaluation is not None)
    shelf.offer(actions)
    watch = None if library is None else Watch(library)
    update = None if library is None or watch is None else Update(library, watch.forget)
    pages = None if library is None else Pages(library)
    models = None if llms is None else Models(engine, llms.names, llms.current, llms.build)
    if library is not None and pages is not None and watch is not None and update is not None:
        KnowledgeTab(library, watch, update, pages, conversations).offer(actions)
    settings = Settings(preferences, lambda: assistant.settings, models, lambda: pages.facets() if pages else ((), ()))
    settings.offer(actions)
    job = None if evaluation is None else Job()
    if evaluation is not None and job is not None:
        EvaluationTab(evaluation, feedback, job).offer(actions)
    asking = Asking(engine, conversations, settings.of, describe=lambda: _facts(assistant, library))
    state = State(engine, library, watch, update, lambda: preferences.fact(_LOAD_S))
    return Services(engine, examples, asking, shelf, conversations, actions, state, library, update, job, database)


def _facts(assistant: Assistant, library: Library | None) -> Mapping[str, str]:
    settings = assistant.settings
    facts = {"Language model": assistant.llm.name, "Most passages": str(settings.top_k), "Budget": f"{settings.max_tokens} tokens"}
    facts["Abstains below"] = f"{settings.threshold:.2f}"
    if library is not None:
        try:
            manifest = library.current()
        except RagError:
            return facts
        if manifest is not None:
            facts |= {"Embedder": manifest.fingerprint.embedder, "Index built": manifest.created}
    return facts
