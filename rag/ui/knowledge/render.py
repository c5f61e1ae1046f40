"""What the knowledge base tab looks like: values to HTML. Every text goes through `markup` or `rich_text`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from rag.index import Manifest
from rag.markdown.frontmatter import read
from rag.types import Chunk, Document, IngestReport, Notice
from rag.ui.chat.render import count
from rag.ui.knowledge.health import Checkup
from rag.ui.knowledge.pages import PageRow
from rag.ui.knowledge.update import UpdateState
from rag.ui.markup import Html, button, element, join, table
from rag.ui.rich_text import answer_html
from rag.ui.state import bar, differences

MOST_ROWS = 300
_MOST_PATHS = 30
_MOST_NOTICES = 100


def overview(manifest: Manifest, rows: Sequence[PageRow]) -> Html:
    """Return what the index holds, in one line of figures."""
    warnings = sum(len(row.notices) for row in rows)
    unread = sum(bool(row.skipped) for row in rows)
    figures = {
        "page": manifest.documents,
        "word": sum(row.words for row in rows),
        "chunk": manifest.chunks,
        "warning": warnings,
        "file": unread,
    }
    notes = {"file": " not indexed"}
    items = [
        element("li", element("strong", f"{number:,}"), f" {name}{'' if number == 1 else 's'}{notes.get(name, '')}")
        for name, number in figures.items()
    ]
    generation = element("li", "generation ", element("strong", str(manifest.generation)))
    return element("ul", *items, generation, class_="figures")


def filters(rows: Sequence[PageRow]) -> Html:
    """Return the fields that narrow the list down."""
    sites = sorted({row.site for row in rows if row.site})
    site = element(
        "select", element("option", "All sites", value=""), *(element("option", s, value=s) for s in sites), name_="site"
    )
    kinds = {"": "All pages", "warnings": "With warnings", "unread": "Not indexed"}
    only = element("select", *(element("option", words, value=value) for value, words in kinds.items()), name_="only")
    search = element("input", type="search", name_="words", placeholder="Words in title or path", data_type="pages")
    return element(
        "div",
        element("label", "Find a page", search, class_="grow"),
        element("label", "Site", _typed(site)),
        element("label", "Show", _typed(only)),
        class_="filters",
        data_fields=True,
    )


def _typed(field: Html) -> Html:
    return Html(field.replace("<select ", '<select data-type="pages" ', 1))


def listing(rows: Sequence[PageRow], total: int) -> Html:
    """Return pages as a table."""
    if not rows:
        return element("p", "No page fits.", class_="none")
    head = f"{count(len(rows), 'page')}" + ("" if len(rows) == total else f" of {total}")
    lines = [
        (
            _opening(row),
            row.site or "–",
            f"{row.words:,}",
            str(row.chunks),
            _day(row.changed),
            _marks(row),
        )
        for row in rows[:MOST_ROWS]
    ]
    more = len(rows) - MOST_ROWS
    return join(
        element("p", head, class_="label"),
        table("Pages", ("Title", "Site", "Words", "Chunks", "Last change", "Warnings"), lines, numbers={2, 3}),
        element("p", f"and {count(more, 'more page')}: search for them.", class_="none") if more > 0 else "",
    )


def _opening(row: PageRow) -> Html:
    name = join(element("span", row.title, class_="name", dir="auto"), element("span", row.path, class_="file"))
    if not row.chunks:
        return element("span", name, class_="row-name")
    return button(name, "page", {"path": row.path}, class_="row-name")


def _marks(row: PageRow) -> Html:
    found = [element("span", f"not indexed: {row.skipped}", class_="verdict")] if row.skipped else []
    if row.notices:
        found.append(element("span", count(len(row.notices), "warning"), class_="verdict"))
    return join(*found)


def _day(changed: float | None) -> str:
    return "gone" if changed is None else datetime.fromtimestamp(changed).astimezone().strftime("%Y-%m-%d %H:%M")


def page(document: Document, chunks: Sequence[Chunk], row: PageRow | None, shown: str) -> Html:
    """Show one page, rendered or as its chunks.

    Args:
        document: the page.
        chunks: of it, in order.
        row: of it in the list; None where the list does not know it any more.
        shown: `chunks`, or anything else for the rendered page.

    Returns:
        The page with the way back, the switch between both views, and its warnings.
    """
    as_chunks = shown == "chunks"
    switches = [
        button(label, "page", {"path": document.path, "shown": name}, aria_pressed="true" if pressed else "false")
        for name, label, pressed in (("page", "Rendered", not as_chunks), ("chunks", "As chunks", as_chunks))
    ]
    back = button("Back to the pages", "pages-back", {})
    notices = row.notices if row else ()
    return join(
        element("div", back, *switches, class_="row"),
        element("h2", document.title, dir="auto", tabindex=-1),
        element("p", element("code", document.path), f", {count(len(chunks), 'chunk')}", class_="file"),
        _notices(notices) if notices else "",
        element("div", _chunks(chunks), class_="chunks") if as_chunks else _rendered(document),
    )


def _rendered(document: Document) -> Html:
    source = document.source.replace("\r\n", "\n").replace("\r", "\n")
    body = source[read(source).end :]
    facts = [(name, _plain(value)) for name, value in document.metadata.items()]
    shown = table("Front matter", ("Field", "Value"), facts)
    metadata = element("details", element("summary", "Front matter"), shown) if facts else ""
    return join(metadata, element("div", answer_html(body, (), {}), class_="answer prose", dir="auto"))


def _chunks(chunks: Sequence[Chunk]) -> Html:
    return join(
        *(
            element(
                "section",
                element("h3", f"{chunk.ordinal + 1}. {' › '.join(chunk.heading_path) or chunk.title}", dir="auto"),
                element("p", f"line {chunk.line}, {chunk.kind}, {count(len(chunk.text.split()), 'word')}", class_="file"),
                element("pre", chunk.text, dir="auto", tabindex=0),
                class_="chunk",
            )
            for chunk in chunks
        )
    )


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _notices(notices: Sequence[Notice], *, paths: bool = False) -> Html:
    items = [
        element("li", f"{notice.path}:{notice.line}: " if paths else f"line {notice.line}: " if notice.line else "", notice.message)
        for notice in notices[:_MOST_NOTICES]
    ]
    more = len(notices) - len(items)
    return element("ul", *items, element("li", f"and {more} more") if more > 0 else "", class_="notices")


def update(state: UpdateState, report: IngestReport | None) -> Html:
    """Return how the index gets up to date: what differs, a button, a bar while it runs, and what came of it."""
    if state.phase in {"running", "stopping"}:
        share = state.done / state.total if state.total else None
        words = f"{state.stage}…" + (f" {state.done} of {state.total}" if state.total else "")
        stop = button("Stop", "update-stop", {}) if state.phase == "running" else ""
        return element("div", element("p", words, role="status"), bar(state.stage, share), stop, class_="box")
    parts: list[str] = []
    if state.phase == "stopped":
        parts.append(element("p", "Stopped; the index is as it was.", role="status"))
    if state.problem is not None:
        parts.append(element("p", str(state.problem), role="alert", class_="wrong"))
    if state.phase == "done" and state.report is not None:
        parts.append(_done(state.report))
    parts.append(_difference(report))
    full = button("Read everything again", "update-start", {"full": True}, data_sure="Read and embed all pages?")
    check = button("Compare again", "compare", {})
    return element("div", *parts, element("div", check, full, class_="row"), class_="box")


def _done(report: IngestReport) -> Html:
    changes = differences(len(report.changed), len(report.added), len(report.removed))
    work = f"{report.embedded} of {count(report.chunks, 'chunk')} embedded"
    words = f"Done in {report.seconds.get('total', 0.0):.1f} s: {changes}; {work}."
    return element("p", words, role="status", class_="good")


def _difference(report: IngestReport | None) -> Html:
    if report is None:
        return element("p", "Comparing the notes with the index…")
    changes = differences(len(report.changed), len(report.added), len(report.removed))
    if changes == "nothing":
        return element("p", "The index is up to date with the notes.")
    paths = {"Changed": report.changed, "New": report.added, "Removed": report.removed}
    lists = [_paths(name, found) for name, found in paths.items() if found]
    start = button(f"{changes}: read them now", "update-start", {}, class_="primary")
    return join(element("p", f"The notes differ from the index: {changes}."), *lists, element("p", start))


def _paths(name: str, paths: Sequence[str]) -> Html:
    items = [element("li", element("code", path)) for path in paths[:_MOST_PATHS]]
    more = len(paths) - len(items)
    inside = element("ul", *items, element("li", f"and {more} more") if more > 0 else "")
    return element("details", element("summary", f"{name}: {len(paths)}"), inside, open=len(paths) <= 5)


def generations(manifests: Sequence[Manifest], current: int) -> Html:
    """Return the generations that can be gone back to, the newest first."""
    lines = [
        (
            str(manifest.generation),
            manifest.created[:16].replace("T", " "),
            str(manifest.documents),
            f"{manifest.chunks:,}",
            element("strong", "answers questions")
            if manifest.generation == current
            else button("Go to this one", "rollback", {"generation": manifest.generation}, data_sure="Let it answer questions?"),
        )
        for manifest in sorted(manifests, key=lambda each: -each.generation)
    ]
    return table("Generations", ("Generation", "Built (UTC)", "Pages", "Chunks", ""), lines, numbers={2, 3})


def health(checkup: Checkup, silent: Sequence[tuple[str, str]]) -> Html:
    """Show what an editor should look at.

    Args:
        checkup: of the corpus.
        silent: time and wording of questions that the notes did not answer.

    Returns:
        The last checkup or its progress, and the questions that the notes did not answer.
    """
    if checkup.running:
        found = element("div", element("p", "Reading every page…", role="status"), bar("Checkup", None))
    elif checkup.problem is not None:
        found = element("p", str(checkup.problem), role="alert", class_="wrong")
    elif checkup.groups is None:
        found = element("p", "Looks for broken links, near-duplicates and unreadable pages.")
    elif not checkup.groups:
        found = element("p", "All is well.", class_="good")
    else:
        found = join(
            *(
                element("details", element("summary", f"{name}: {len(notices)}"), _notices(notices, paths=True))
                for name, notices in checkup.groups
            )
        )
    questions = element(
        "ul", *(element("li", question, " ", element("span", time[:10], class_="file")) for time, question in silent)
    )
    look = "" if checkup.running else button("Look through the notes", "health-start", {})
    return join(
        found,
        element("p", look) if look else "",
        element("h3", "Your questions that found nothing"),
        questions if silent else element("p", "None so far.", class_="none"),
    )
