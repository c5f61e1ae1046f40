"""The knowledge base tab as actions of the page. Knows the library and its HTML; knows no vendor."""

from __future__ import annotations

import asyncio
from typing import Any

from rag.errors import IndexStateError
from rag.ui.actions import Action, Actions, Arguments, Reply, number_of, text_of
from rag.ui.knowledge import render
from rag.ui.knowledge.health import Health
from rag.ui.knowledge.library import Library
from rag.ui.knowledge.pages import Pages, chosen
from rag.ui.knowledge.update import Update
from rag.ui.knowledge.watch import Watch
from rag.ui.markup import Html, button, element
from rag.ui.store import Conversations

HTML = """
<div class="tab" id="knowledge-tab">
  <section aria-labelledby="update-title">
    <h2 id="update-title">Up to date?</h2><div data-part="update" data-load="knowledge"></div>
  </section>
  <section aria-label="Pages" data-part="pages-main"></section>
  <section aria-labelledby="health-title"><h2 id="health-title">Health</h2><div data-part="health"></div></section>
  <section aria-labelledby="generations-title">
    <h2 id="generations-title">Generations</h2><p class="file">Each reading of the notes makes one; older ones can answer again.</p>
    <div data-part="generations"></div>
  </section>
</div>
"""
_SOON_S = 0.6


class KnowledgeTab:
    """What the tab shows and does.

    Args:
        library: corpus and index.
        watch: over the corpus.
        update: its ingests.
        pages: of the library.
        conversations: for the questions that found nothing.
    """

    def __init__(self, library: Library, watch: Watch, update: Update, pages: Pages, conversations: Conversations) -> None:
        self._library = library
        self._watch = watch
        self._update = update
        self._conversations = conversations
        self._pages = pages
        self._health = Health(library)

    def offer(self, actions: Actions) -> None:
        """Add the actions."""
        offered: dict[str, Action] = {
            "knowledge": self._all,
            "pages": self._listing,
            "pages-back": self._back,
            "page": self._page,
            "compare": self._compare,
            "update-start": self._start,
            "update-stop": self._stop,
            "update": self._updating,
            "rollback": self._rollback,
            "health": self._checkup,
            "health-start": self._look,
        }
        for name, action in offered.items():
            actions.add(name, action)

    async def _all(self, visitor: str, _: Arguments) -> Reply:
        return await asyncio.to_thread(self._everything, visitor)

    def _everything(self, visitor: str) -> Reply:
        if not self._update.running:
            self._watch.look_now()
        reply = self._updating(visitor, {})
        parts = reply["parts"] | {"pages-main": self._main(), "health": self._healthy(visitor)}
        return reply | {"parts": parts | {"generations": self._generations()}}

    def _main(self) -> Html:
        try:
            manifest, rows = self._pages.rows()
        except IndexStateError as error:
            return element("p", str(error), class_="none")
        inside = element("div", render.listing(rows, len(rows)), data_part="pages-list")
        return Html(f"<h2>Pages</h2>{render.overview(manifest, rows)}{render.filters(rows)}{inside}")

    def _generations(self) -> Html:
        index = self._library.index
        return render.generations(index.generations(), index.pointer() or 0)

    def _healthy(self, visitor: str) -> Html:
        return render.health(self._health.checkup, self._conversations.unanswered(visitor))

    async def _listing(self, visitor: str, arguments: Arguments) -> Reply:
        _, rows = await asyncio.to_thread(self._pages.rows)
        fitting = chosen(rows, text_of(arguments, "words"), text_of(arguments, "site"), text_of(arguments, "only"))
        return {"parts": {"pages-list": render.listing(fitting, len(rows))}}

    async def _back(self, _: str, __: Arguments) -> Reply:
        return {"parts": {"pages-main": await asyncio.to_thread(self._main)}, "focus": "pages-main"}

    async def _page(self, _: str, arguments: Arguments) -> Reply:
        return await asyncio.to_thread(self._one_page, text_of(arguments, "path"), text_of(arguments, "shown"))

    def _one_page(self, path: str, shown: str) -> Reply:
        document, chunks = self._pages.page(path)
        _, rows = self._pages.rows()
        row = next((each for each in rows if each.path == path), None)
        return {"parts": {"pages-main": render.page(document, chunks, row, shown)}, "focus": "pages-main"}

    async def _compare(self, visitor: str, _: Arguments) -> Reply:
        self._watch.forget()
        await asyncio.to_thread(self._watch.look_now)
        return self._updating(visitor, {}) | {"said": "Compared."}

    def _start(self, visitor: str, arguments: Arguments) -> Reply:
        self._update.start(full=arguments.get("full") is True)
        return self._updating(visitor, {}) | {"look": True}

    def _stop(self, visitor: str, _: Arguments) -> Reply:
        self._update.stop()
        return self._updating(visitor, {}) | {"look": True}

    def _updating(self, _: str, __: Arguments) -> Reply:
        """Show how far an ingest is, and the whole tab anew when it has ended."""
        parts: dict[str, Any] = {"update": self._updated()}
        if self._update.running:
            return {"parts": parts, "poll": {"name": "update", "after_s": _SOON_S}}
        if self._update.ended():
            return {"parts": parts, "poll": {"name": "knowledge", "after_s": 0}}
        return {"parts": parts}

    def _updated(self) -> Html:
        problem = self._watch.problem
        if problem is not None and not self._update.running:
            full = button("Read all notes again", "update-start", {"full": True})
            return element("div", element("p", str(problem), role="alert", class_="wrong"), full, class_="box")
        return render.update(self._update.state, self._watch.report)

    async def _rollback(self, visitor: str, arguments: Arguments) -> Reply:
        number = number_of(arguments, "generation")
        manifest = await asyncio.to_thread(self._library.index.rollback, number, command="the chat")
        self._watch.forget()
        return await self._all(visitor, {}) | {"said": f"Generation {manifest.generation} answers questions."}

    def _look(self, visitor: str, _: Arguments) -> Reply:
        self._health.start()
        return self._checkup(visitor, {})

    def _checkup(self, visitor: str, _: Arguments) -> Reply:
        running = self._health.checkup.running  # asked first: what ends while it is shown is shown once more
        reply: Reply = {"parts": {"health": self._healthy(visitor)}}
        return reply | {"poll": {"name": "health", "after_s": _SOON_S}} if running else reply
