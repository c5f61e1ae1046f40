"""What the program says of itself: a line above the conversation and how soon to ask again.

Knows the engine, the watch over the corpus and the ingest; values to HTML. Knows no vendor.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from rag.errors import IndexStateError, RagError
from rag.ui.engine import Engine
from rag.ui.knowledge.library import Library
from rag.ui.knowledge.update import Update, UpdateState
from rag.ui.knowledge.watch import Watch
from rag.ui.markup import Html, button, element, join, text

_QUIET_S = 4.0
_BUSY_S = 0.7


class State:
    """What a page asks for again and again.

    Args:
        engine: answers.
        library: corpus and index; None where there is only an assistant.
        watch: over the corpus.
        update: its ingests.
        expected_s: how long loading the models took last time; None where that is not known.
    """

    def __init__(
        self,
        engine: Engine,
        library: Library | None,
        watch: Watch | None,
        update: Update | None,
        expected_s: Callable[[], float | None] = lambda: None,
    ) -> None:
        self._engine = engine
        self._library = library
        self._watch = watch
        self._update = update
        self._expected_s = expected_s
        self.instance = secrets.token_hex(8)

    def now(self) -> dict[str, Any]:
        """Return the state as JSON: `instance` of this process, `parts`, and seconds after which to ask again."""
        busy = self._engine.state == "loading" or (self._update is not None and self._update.running)
        if self._watch is not None and not busy:
            self._watch.look()
        return {"instance": self.instance, "parts": {"state": self.line()}, "wait_s": _BUSY_S if busy else _QUIET_S}

    def line(self) -> Html:
        """Return the one thing that a reader should know now; empty where all is well."""
        if self._update is not None and self._update.running:
            return updating(self._update.state)
        trouble = self._index_trouble()
        if trouble:
            return trouble
        if self._engine.state == "loading":
            return self._loading()
        if self._engine.failure is not None:
            return _line(str(self._engine.failure), role="alert", class_="failed")
        return self._changes()

    def _index_trouble(self) -> Html:
        if self._library is None:
            return Html("")
        try:
            if self._library.current() is not None:
                return Html("")
            words, label, full = "There is no index yet: the notes have not been read.", "Read the notes now", False
        except IndexStateError as error:
            words, label, full = error.message.rstrip(".") + ".", "Read all notes again", True
        except RagError as error:
            return _line(str(error), role="alert", class_="failed")
        if self._update is not None and self._update.state.problem is not None:
            words = f"{self._update.state.problem} {words}"
        return _line(words, button(label, "update-start", {"full": True} if full else {}), role="status", class_="asks")

    def _loading(self) -> Html:
        seconds, expected = self._engine.loading_s, self._expected_s()
        words = "Loading the model. You can ask already; the first answer waits for it."
        if expected is None:
            return _line(words, bar("Loading the model", None), f"{seconds:.0f} s")
        # It cannot say how far it is; the time it took before is the best guess, and the last step is left to it.
        share = min(0.95, seconds / max(expected, 0.1))
        return _line(words, bar("Loading the model", share), f"{seconds:.0f} s of about {max(expected, seconds):.0f} s")

    def _changes(self) -> Html:
        if self._watch is None or self._watch.report is None or not self._watch.changes:
            return Html("")
        report = self._watch.report
        differs = differences(len(report.changed), len(report.added), len(report.removed))
        return _line(
            f"The notes have changed: {differs}.",
            button("Bring the index up to date", "update-start", {}),
            element("button", "Show", type="button", class_="quiet", data_tab="Knowledge base"),
            class_="asks",
        )


def differences(changed: int, added: int, removed: int) -> str:
    """Return the counts in words.

    >>> differences(3, 1, 0)
    '3 changed, 1 new'
    """
    counts = {"changed": changed, "new": added, "removed": removed}
    return ", ".join(f"{number} {word}" for word, number in counts.items() if number) or "nothing"


def updating(state: UpdateState) -> Html:
    """Return a running ingest: its stage, a bar, and a button to give it up."""
    share = state.done / state.total if state.total else None
    amount = f"{state.done} of {state.total}" if state.total else ""
    stop = button("Stop", "update-stop", {}) if state.phase == "running" else ""
    return _line(f"{state.stage}…", bar(state.stage, share), amount, stop, class_="asks")


def bar(label: str, share: float | None) -> Html:
    """Return a progress bar; with None it only says that something goes on."""
    if share is None:
        return element("progress", aria_label=label)
    return element("progress", value=f"{share:.3f}", max=1, aria_label=label)


def _line(words: str, *more: str, role: str = "", class_: str = "") -> Html:
    # The words alone are read out; a bar that moves is not.
    inside = [element("span", words, class_="words"), *(part for part in more if part)]
    return element("div", *(join(" ", text(part)) for part in inside), class_=f"line {class_}".strip(), role=role or None)
