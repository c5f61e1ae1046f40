"""The page: Gradio's components and events around one engine.

The conversation is an HTML component of ours whose script (`chat.js`) shows the JSON of a `Turn`; everything in that JSON was made
safe by `markup` and `rich_text`. Only `/ask` and `/search` can be called from outside.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from rag.errors import RagError
from rag.ui.api import endpoints
from rag.ui.chat.asking import Wish
from rag.ui.engine import MOST_CHARS
from rag.ui.evaluation.tab import HTML as EVALUATION
from rag.ui.knowledge.tab import HTML as KNOWLEDGE
from rag.ui.markup import Html, element, join
from rag.ui.services import Services
from rag.ui.visitor import visitor_of
from rag.ui.web.tools import TOOLS, tools

TITLE = "Ask the notes"
_FILES = Path(__file__).parent / "look"
_LOG = logging.getLogger(__name__)

_STATE = '<div data-part="state"></div>'
_LOGOUT = '<form method="post" action="./logout"><button class="quiet">Log out</button></form>'
_BAR = """
<button type="button" class="quiet" id="show-shelf" aria-expanded="false" aria-controls="shelf">Chats</button>
<button type="button" class="quiet" id="show-settings" aria-expanded="false" aria-controls="settings">Settings</button>
<span data-part="filters" data-load="settings"></span>
<a id="export" class="quiet" download hidden>Export</a>
"""
_SETTINGS = """
<section aria-label="Settings" class="tab" id="settings" hidden><div data-part="settings"></div></section>
"""
_SHELF = """
<section aria-label="Conversations" data-fields>
  <div class="bar">
    <h2>Chats</h2>
    <button type="button" class="quiet" id="hide-shelf">Close</button>
  </div>
  <label>Search <input type="search" name="words" data-type="chats" placeholder="Words in questions and answers"></label>
  <div data-part="chats" data-load="chats"></div>
</section>
"""
_FRAME = """
<div class="log" role="log" aria-label="Conversation" aria-live="off"></div>
<p class="spoken" role="status"></p>
<aside class="panel" aria-label="Source" hidden>
  <div class="bar">
    <button type="button" data-step="-1">Previous</button>
    <button type="button" data-step="1">Next</button>
    <button type="button" data-copy="reference">Copy reference</button>
    <button type="button" data-close aria-label="Close source">Close</button>
  </div>
  <div class="inside"></div>
</aside>
"""

Shown = tuple[Any, Any, Any]
"""What asking sends to the page: the turn, the text box, the conversation."""


def build_page(services: Services, *, with_login: bool = False) -> gr.Blocks:
    """Build the page.

    Args:
        services: what it works with.
        with_login: whether its readers have logged in, and may log out.

    Returns:
        The page with a tab for each part that `services` has, and the functions that its API offers; not served yet.
    """
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True) as page:
        with gr.Row(elem_id="head"):
            gr.HTML(element("h1", TITLE), elem_id="masthead", apply_default_css=False)
            gr.HTML(_STATE, elem_id="state", apply_default_css=False)
            if with_login:
                gr.HTML(_LOGOUT, elem_id="logout", apply_default_css=False)
        # Outside the tabs: what stands beside the page stays when another tab is opened.
        gr.HTML(_SHELF, elem_id="shelf", js_on_load=_script("notes.js", "shelf.js"), apply_default_css=False)
        with gr.Tabs(elem_id="tabs", selected="chat"):
            with gr.Tab("Chat", id="chat"):
                _chat(page, services)
            if services.library is not None:
                with gr.Tab("Knowledge base", id="knowledge"):
                    gr.HTML(KNOWLEDGE, elem_id="knowledge", apply_default_css=False)
            if services.job is not None:
                with gr.Tab("Evaluation", id="evaluation"):
                    gr.HTML(EVALUATION, elem_id="evaluation", apply_default_css=False)
        ask, search = endpoints(services.engine)
        gr.api(ask, api_name="ask", concurrency_limit=None)
        gr.api(search, api_name="search", concurrency_limit=None)
        for tool, name in zip(tools(services.engine), TOOLS, strict=True):
            gr.api(tool, api_name=name, queue=False, concurrency_limit=None)
    page.queue(default_concurrency_limit=None)
    return page


def _chat(page: gr.Blocks, services: Services) -> None:
    """Build the tab of the conversation."""
    asking, shelf = services.asking, services.shelf
    with gr.Row(elem_id="top"):
        gr.HTML(_BAR, elem_id="bar", apply_default_css=False)
        new_button = gr.Button("New chat", variant="secondary", scale=0, min_width=80, elem_id="new")
    gr.HTML(_SETTINGS, elem_id="settings-place", apply_default_css=False)
    welcome = gr.HTML("", elem_id="welcome", js_on_load=_script("welcome.js"), apply_default_css=False)
    talk = gr.HTML(
        None,
        elem_id="talk",
        html_template=_FRAME,
        js_on_load=_script("notes.js", "chat.js"),
        apply_default_css=False,
        autoscroll=False,
    )
    with gr.Row(elem_id="composer"):
        question = gr.Textbox(
            label="Your question",
            show_label=False,
            container=False,
            placeholder="Ask about the notes",
            lines=1,
            max_lines=6,
            max_length=MOST_CHARS,
            scale=1,
            elem_id="question",
            autofocus=True,
        )
        ask_button = gr.Button("Ask", variant="primary", scale=0, min_width=80, elem_id="ask")
        stop_button = gr.Button("Stop", variant="stop", scale=0, min_width=80, elem_id="stop")
    conversation = gr.State("")

    async def on_ask(typed: str, conversation: str, event: gr.EventData, request: gr.Request) -> AsyncIterator[Shown]:
        picked, replaces = _sent(event, "question"), _sent(event, "replaces")
        wording = picked or (typed or "").strip()
        session = str(request.session_hash)
        if not wording or asking.busy(session):
            yield gr.skip(), gr.skip(), gr.skip()
            return
        cleared = gr.skip() if picked else ""
        async for shown in asking.ask(visitor_of(request), session, Wish(wording, conversation, replaces)):
            yield shown, cleared, shown["conversation"]
            cleared = gr.skip()

    def on_stop(request: gr.Request) -> None:
        asking.stop(str(request.session_hash))

    def on_open(event: gr.EventData, request: gr.Request) -> Shown:
        on_stop(request)
        opened = shelf.opened(visitor_of(request), _sent(event, "id"))
        return opened | {"again": secrets.token_hex(4)}, gr.skip(), opened["id"]

    def on_load() -> str:
        return _welcome(_examples(services.examples))

    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "concurrency_limit": None}
    gr.on(
        [question.submit, ask_button.click, welcome.submit, talk.submit],
        on_ask,
        [question, conversation],
        [talk, question, conversation],
        trigger_mode="multiple",  # whether one is asked already is known here better than in the browser
        **private,
    )
    stop_button.click(on_stop, None, None, **private)
    gr.on([talk.select, new_button.click], on_open, None, [talk, question, conversation], **private)
    page.load(on_load, None, welcome, **private)


def theme() -> gr.themes.Base:
    """Return Gradio's theme with this machine's own fonts: nothing is fetched."""
    return gr.themes.Base(
        primary_hue=gr.themes.colors.teal,
        neutral_hue=gr.themes.colors.gray,
        font=["ui-sans-serif", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Liberation Sans", "sans-serif"],
        font_mono=["ui-monospace", "SF Mono", "Cascadia Mono", "Liberation Mono", "monospace"],
    )


def _script(*names: str) -> str:
    # A script of the page's head comes from Gradio's client, sooner or later; what a part needs comes with it.
    return "\n".join((_FILES / name).read_text("utf-8") for name in names)


def _examples(examples: Callable[[], Sequence[str]]) -> Sequence[str]:
    try:
        return examples()
    except RagError as error:
        _LOG.warning("no example questions: %s", error)
        return ()


def _welcome(questions: Sequence[str]) -> Html:
    greeting = join(
        element("h2", "What would you like to know?"),
        element("p", "Answers come from the notes alone, and each statement shows where it stands in them."),
    )
    if not questions:
        return greeting
    buttons = [element("li", element("button", question, type="button", class_="example", dir="auto")) for question in questions]
    return join(greeting, element("h3", "For example", class_="label"), element("ul", *buttons))


def _sent(event: gr.EventData, name: str) -> str:
    """Return what the page's script sent under a name; empty where a button or the text box was used."""
    data = event._data
    value = data.get(name) if isinstance(data, dict) else None
    return value.strip() if isinstance(value, str) else ""
