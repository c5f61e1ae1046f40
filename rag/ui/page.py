"""The page: Gradio's components and events around one engine.

The conversation is an HTML component of ours whose script (`chat.js`) shows the JSON of a `Turn`; everything in that JSON was made
safe by `markup` and `rich_text`. Only `/ask` and `/search` can be called from outside.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from rag.errors import RagError
from rag.types import Answer, Message
from rag.ui.api import endpoints
from rag.ui.engine import MOST_CHARS, Engine, Run
from rag.ui.markup import Html, element, join
from rag.ui.talk import failed, follow, new_turn

TITLE = "Ask the notes"
_HISTORY_TURNS = 6
_FILES = Path(__file__).parent
_LOG = logging.getLogger(__name__)

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

History = list[Message]


def build_page(engine: Engine, examples: Callable[[], Sequence[str]]) -> gr.Blocks:
    """Return the page.

    Args:
        engine: answers.
        examples: questions to begin with; called at each visit.
    """
    asking: dict[str, Run] = {}
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True) as page:
        with gr.Row(elem_id="top"):
            gr.HTML(_header(), elem_id="masthead", apply_default_css=False)
            new_button = gr.Button("New chat", variant="secondary", scale=0, min_width=80, elem_id="new")
        state = gr.HTML(_model_state(engine), elem_id="model-state", apply_default_css=False)
        welcome = gr.HTML("", elem_id="welcome", js_on_load=_script("welcome.js"), apply_default_css=False)
        talk = gr.HTML(
            None, elem_id="talk", html_template=_FRAME, js_on_load=_script("chat.js"), apply_default_css=False, autoscroll=False
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
        history = gr.State([])

        async def on_ask(
            typed: str, earlier: History, event: gr.EventData, request: gr.Request
        ) -> AsyncIterator[tuple[Any, Any, Any]]:
            picked = _picked(event)
            wording = picked or (typed or "").strip()
            session = str(request.session_hash)
            if not wording or session in asking:
                yield gr.skip(), gr.skip(), gr.skip()
                return
            turn = new_turn(wording)
            cleared = gr.skip() if picked else ""
            try:
                run = asking[session] = engine.ask(wording, earlier)
            except RagError as error:
                yield failed(turn, error).as_json(), cleared, gr.skip()
                return
            try:
                yield turn.as_json(), cleared, gr.skip()
                async for shown, answer in follow(run, turn):
                    if shown.state != "running":
                        asking.pop(session)  # before the page hears of it: its reader may ask again at once
                    yield shown.as_json(), gr.skip(), _with(earlier, wording, answer) if answer else gr.skip()
            finally:
                run.stop()
                if asking.get(session) is run:
                    del asking[session]

        def on_stop(request: gr.Request) -> None:
            run = asking.get(str(request.session_hash))
            if run is not None:
                run.stop()

        def on_new(request: gr.Request) -> tuple[dict[str, Any], str, History]:
            on_stop(request)
            return {"kind": "empty", "id": new_turn("").id}, "", []

        async def on_load() -> AsyncIterator[tuple[str, Any]]:
            yield _model_state(engine), _welcome(await asyncio.to_thread(_examples, examples))
            await engine.loaded()
            yield _model_state(engine), gr.skip()

        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "concurrency_limit": None}
        gr.on(
            [question.submit, ask_button.click, welcome.submit, talk.submit],
            on_ask,
            [question, history],
            [talk, question, history],
            trigger_mode="multiple",  # whether one is asked already is known here better than in the browser
            **private,
        )
        stop_button.click(on_stop, None, None, **private)
        new_button.click(on_new, None, [talk, question, history], **private)
        page.load(on_load, None, [state, welcome], **private)
        ask, search = endpoints(engine)
        gr.api(ask, api_name="ask", concurrency_limit=None)
        gr.api(search, api_name="search", concurrency_limit=None)
    page.queue(default_concurrency_limit=None)
    return page


def theme() -> gr.themes.Base:
    """Return Gradio's theme with this machine's own fonts: nothing is fetched."""
    return gr.themes.Base(
        primary_hue=gr.themes.colors.teal,
        neutral_hue=gr.themes.colors.gray,
        font=["ui-sans-serif", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Liberation Sans", "sans-serif"],
        font_mono=["ui-monospace", "SF Mono", "Cascadia Mono", "Liberation Mono", "monospace"],
    )


def _script(name: str) -> str:
    return (_FILES / name).read_text("utf-8")


def _header() -> Html:
    return join(
        element("h1", TITLE),
        element(
            "p",
            "Answers come from your notes alone. Each number opens the place that it stands for.",
        ),
    )


def _model_state(engine: Engine) -> Html:
    if engine.state == "loading":
        return element("p", "Loading the model. You can ask already; the first answer waits for it.", role="status")
    if engine.failure is not None:
        return element("p", str(engine.failure), role="alert", class_="failed")
    return Html("")


def _examples(examples: Callable[[], Sequence[str]]) -> Sequence[str]:
    try:
        return examples()
    except RagError as error:
        _LOG.warning("no example questions: %s", error)
        return ()


def _welcome(questions: Sequence[str]) -> Html:
    if not questions:
        return Html("")
    buttons = [element("li", element("button", question, type="button", class_="example", dir="auto")) for question in questions]
    return join(element("h2", "For example", class_="label"), element("ul", *buttons))


def _picked(event: gr.EventData) -> str:
    """Return the question that the page's script sent; empty where the text box was used."""
    data = event._data
    picked = data.get("question") if isinstance(data, dict) else None
    return picked.strip() if isinstance(picked, str) else ""


def _with(earlier: History, question: str, answer: Answer) -> History:
    """Return the conversation with one more exchange, its beginning cut off where it gets long."""
    exchange: History = [{"role": "user", "content": question}, {"role": "assistant", "content": answer.text}]
    return [*earlier, *exchange][-_HISTORY_TURNS:]
