"""What a turn of the conversation looks like: values to HTML, part by part.

Every text goes through `markup` or `rich_text`. Knows the words of the page; knows no events and no vendor.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from rag.answer.abstain import ABSTAIN, DECLINED, GREETING
from rag.errors import RagError
from rag.types import Answer, Citation, Draft, Passage
from rag.ui.chat.place import Place
from rag.ui.markup import Html, element, join
from rag.ui.rich_text import VERDICTS, answer_html
from rag.ui.store.feedback import LONGEST_REMARK_CHARS, REASONS

_ARROW = " › "
_NEAREST = 3


def count(number: int, one: str) -> str:
    """Return a number with its noun.

    >>> count(2, "page")
    '2 pages'
    """
    return f"{number} {one}{'' if number == 1 else 's'}"


def trail(title: str, heading_path: Sequence[str]) -> str:
    """Return title and headings, each once."""
    below = _below(title, heading_path)
    return f"{title}{_ARROW}{below}" if below else title


def _below(title: str, heading_path: Sequence[str]) -> str:
    """The headings below the title."""
    repeats = bool(heading_path) and heading_path[0].casefold() == title.casefold()
    return _ARROW.join(heading_path[repeats:])


def evidence(passages: Sequence[Passage], citations: Sequence[Citation] = ()) -> Html:
    """Return the passages as a row of cards; those that the answer cites say by which numbers."""
    if not passages:
        return Html("")
    pages = len({passage.chunk.path for passage in passages})
    head = f"{count(len(passages), 'passage')} from {count(pages, 'page')}"
    cards = [element("li", _card(index, passage, citations)) for index, passage in enumerate(passages, 1)]
    return join(element("h3", head, class_="label"), element("ol", *cards, class_="cards", aria_label="Passages found"))


def _card(index: int, passage: Passage, citations: Sequence[Citation]) -> Html:
    chunk = passage.chunk
    markers = [
        str(citation.marker)
        for citation in citations
        if citation.path == chunk.path and any(a <= citation.start < b for a, b in passage.spans)
    ]
    where = trail(chunk.title, chunk.heading_path)
    cited = element("span", f"cited as {', '.join(markers)}", class_="cited") if markers else ""
    return element(
        "button",
        element("span", chunk.title, class_="name", dir="auto"),
        element("span", _below(chunk.title, chunk.heading_path) or _snippet(passage.text), class_="detail", dir="auto"),
        element("span", f"{chunk.path.rsplit('/', 1)[-1]}:{chunk.line}", class_="file"),
        cited,
        type="button",
        class_="card",
        data_open=f"p{index}",
        title=f"{where} — {chunk.path}, line {chunk.line}",
    )


def _snippet(words: str) -> str:
    """The beginning of a text on one line, without the mark of a list or a quotation that it starts with."""
    return " ".join(words.lstrip("-*+> \t").split())[:120]


def answer(written: Answer | Draft, titles: Mapping[str, str]) -> Html:
    """Return an answer, or what there is of it, with buttons for its citations."""
    labels = {c.marker: f"Source {c.marker}: {trail(titles.get(c.path, c.path), c.heading_path)}" for c in written.citations}
    return answer_html(written.text, written.sentences, labels)


def abstention(given: Answer) -> Html:
    """Return an abstention: that the notes are silent, why, and what comes nearest; or what is said to small talk."""
    if not _was_asked(given):
        return element("div", element("p", given.text), class_="abstained")
    nearest: dict[str, Html] = {}
    for index, passage in enumerate(given.passages, 1):
        where = trail(passage.chunk.title, passage.chunk.heading_path)
        link = element("button", where, type="button", class_="open", data_open=f"p{index}", dir="auto")
        nearest.setdefault(where, element("li", link, " ", element("span", passage.chunk.path, class_="file")))
    found = list(nearest.values())[:_NEAREST]
    return element(
        "div",
        element("p", ABSTAIN, class_="lead"),
        element("p", given.reason) if given.reason else "",
        join(element("h3", "Nearest sections", class_="label"), element("ul", *found)) if found else "",
        class_="abstained",
    )


def remark(given: Answer) -> Html:
    """Return what is to be known of how the answer came about; empty where it came about as usual."""
    return element("p", given.reason, class_="remark") if given.reason else Html("")


def sources(citations: Sequence[Citation], titles: Mapping[str, str]) -> Html:
    """Return the list of what is cited."""
    if not citations:
        return Html("")
    items = [
        element(
            "li",
            element(
                "button",
                element("span", str(c.marker), class_="number", aria_hidden="true"),
                element("span", trail(titles.get(c.path, c.path), c.heading_path), class_="name", dir="auto"),
                element("span", f"{c.path}:{c.line}", class_="file"),
                element("span", f"“{_snippet(c.quote)}”", class_="detail", dir="auto"),
                type="button",
                class_="source",
                data_open=f"c{c.marker}",
                aria_label=f"Source {c.marker}: {trail(titles.get(c.path, c.path), c.heading_path)}, line {c.line}",
            ),
        )
        for c in citations
    ]
    meaning = element("p", "A number behind a sentence: the notes say so at this place.", class_="hint")
    return join(element("h3", "Sources", class_="label"), meaning, element("ol", *items, class_="sources"))


def cautions(given: Answer) -> Html:
    """Return what a reader should know about the answer: what its verdicts mean, and why each was given."""
    lines: list[Html] = []
    for support, (words, meaning) in VERDICTS.items():
        marked = [sentence for sentence in given.sentences if sentence.support == support]
        if marked:
            reasons = dict.fromkeys(sentence.reason for sentence in marked if sentence.reason)
            why = element("ul", *(element("li", reason, dir="auto") for reason in reasons)) if reasons else ""
            said = element("p", f"{count(len(marked), 'sentence')} marked “{words}”: {meaning.lower()}.")
            lines.append(element("div", said, why, class_="caution"))
    return join(*lines)


def summary(given: Answer) -> str:
    """Return the line above a finished answer, as text: how well it is supported, and how long it took."""
    if not _was_asked(given):
        return "No search was needed."
    good = sum(sentence.support == "supported" for sentence in given.sentences)
    total = len(given.sentences)
    done = f"{good} of {count(total, 'sentence')} supported" if total else _looked(len(given.passages))
    return f"{done} · {given.timings_s.get('total', 0.0):.1f} s"


def _was_asked(given: Answer) -> bool:
    """Whether it is an answer to a question about the notes; a greeting gets one without a search."""
    return given.text not in {GREETING, DECLINED}


def _looked(passages: int) -> str:
    return f"Looked at {count(passages, 'passage')}" if passages else "Found nothing"


def follow_ups(questions: Sequence[str]) -> Html:
    """Return buttons that ask what may come next."""
    if not questions:
        return Html("")
    buttons = [
        element("li", element("button", question, type="button", class_="follow", data_ask=True, dir="auto"))
        for question in questions
    ]
    return join(element("h3", "Ask next", class_="label"), element("ul", *buttons, class_="follows"))


def tools(turn: str, *, answered: bool, helpful: bool | None = None, thanked: bool = False, testable: bool = False) -> Html:
    """Make the row below a turn that has ended.

    Args:
        turn: its id.
        answered: whether there is an answer, to be copied, explained and judged.
        helpful: the reader's verdict so far.
        thanked: whether the reader has said why.
        testable: whether an answer that did not help can be made a test question.

    Returns:
        What can be done with the turn: asking again always, the rest where there is an answer.
    """
    asking = [
        _tool("Ask again", data_again=True),
        _tool("Edit question", data_edit=True),
    ]
    if not answered:
        return element("div", *asking, class_="row")
    about = [_tool("Copy answer", data_copy="answer"), *asking, _tool("Why this answer", data_open="why")]
    thumbs = [_thumb(turn, "Helpful", True, helpful), _thumb(turn, "Not helpful", False, helpful)]
    test = _as_test(turn) if testable and helpful is False else Html("")
    form = _reasons(turn, test) if helpful is False and not thanked else ""
    thanks = element("p", "Thank you. Your verdict is kept on this machine. ", test, class_="thanks") if thanked else ""
    return join(element("div", *about, *thumbs, class_="row"), form, thanks)


def _tool(label: str, **attributes: str | bool) -> Html:
    return element("button", label, type="button", class_="quiet", **attributes)


def _thumb(turn: str, label: str, up: bool, given: bool | None) -> Html:
    arguments = json.dumps({"turn": turn, "helpful": None if given is up else up})
    pressed = "true" if given is up else "false"
    return element(
        "button", label, type="button", class_="quiet thumb", aria_pressed=pressed, data_do="verdict", data_arguments=arguments
    )


def _as_test(turn: str) -> Html:
    arguments = json.dumps({"turn": turn})
    return _tool("Make it a test question", data_do="draft", data_arguments=arguments, data_tab="Evaluation")


def _reasons(turn: str, test: Html) -> Html:
    options = [element("option", "Choose…", value=""), *(element("option", words, value=key) for key, words in REASONS.items())]
    return element(
        "div",
        element("label", "What is wrong?", element("select", *options, name_="reason")),
        element("label", "In your words (optional)", element("textarea", name_="remark", rows=2, maxlength=LONGEST_REMARK_CHARS)),
        element(
            "div",
            _tool("Send", data_do="verdict", data_arguments=json.dumps({"turn": turn, "helpful": False, "thanks": True})),
            test,
            class_="row",
        ),
        class_="reasons",
        data_fields=True,
    )


def problem(error: RagError) -> Html:
    """Return an expected failure: what is wrong and what to do."""
    return element(
        "div",
        element("p", error.message.rstrip(".") + ".", class_="lead"),
        element("p", error.hint) if error.hint else "",
        class_="problem",
    )


def _as_it_reads(shown: Place) -> Html:
    """The rendered form, with a button that shows the source instead."""
    if not shown.rendered:
        return Html("")
    label = f"Text of {shown.path}"
    inside = Html(shown.rendered)
    return join(
        element("p", element("button", "Show the source", type="button", class_="quiet", data_source=True, aria_pressed="false")),
        element("div", inside, class_="page answer rendered", dir="auto", tabindex=0, role="region", aria_label=label),
    )


def place(shown: Place, kicker: str) -> Html:
    """Return the inside of the side panel: where it stands, and the text with what is meant highlighted."""
    first, last = shown.lines
    lines = f"line {first}" if first == last else f"lines {first} to {last}"
    below = _below(shown.title, shown.heading_path)
    pieces = [element("mark", piece) if marked else element("span", piece) for piece, marked in shown.pieces]
    return join(
        element("p", kicker, class_="label"),
        element("h2", shown.title, dir="auto", tabindex=-1),
        element("p", below, class_="trail", dir="auto") if below else "",
        element("p", element("code", shown.path), f", {lines}", class_="file"),
        _as_it_reads(shown),
        element(
            "div",
            element("span", "⋯ \n", class_="more") if shown.more_before else "",
            *pieces,
            element("span", "\n ⋯", class_="more") if shown.more_after else "",
            class_="page source-text",
            dir="auto",
            tabindex=0,
            role="region",
            aria_label=f"Source of {shown.path}",
            hidden=bool(shown.rendered),
        ),
        element("p", f"{shown.path}:{first} “{' '.join(shown.quote.split())}”", class_="reference", hidden=True),
    )
