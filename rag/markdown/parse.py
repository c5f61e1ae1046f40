"""A Markdown file, from its text to a page of typed blocks: start reading here.

Four steps: front matter; a first pass that takes out what stands outside the block structure (`walk.py`, `scan.py`); the block
structure (`engine.py`); the text of the blocks (`assemble.py`, `inline.py`). Then every character is given to one block or counted
as hidden (`drafts.py`).
"""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any

from markdown_it.token import Token

from rag.lines import LineTable
from rag.markdown import engine, frontmatter, links, marks, metadata, mojibake, walk
from rag.markdown.align import join, verbatim
from rag.markdown.anchors import Anchors
from rag.markdown.assemble import Assembler
from rag.markdown.blocks import Block, Dialect, Heading, Link, LinkKind, Page
from rag.markdown.dialect import detect
from rag.markdown.drafts import Draft, finish
from rag.markdown.lines import level
from rag.markdown.mathblock import content_lines
from rag.markdown.scan import Scan, free_mark
from rag.markdown.sink import Sink
from rag.types import Notice, Span

Resolve = Callable[[str], str | None]

_OF_SITE = re.compile(
    r"""^(?:[ \t>]*+(?P<fence>`{3,}[^`\n]*$|~{3,})|import[ \t][^\n]*["']@(?:theme|site|docusaurus)/|[ \t]*+<TabItem\b)""",
    re.MULTILINE,
)
_EXPLICIT_ID = re.compile(r"\{:?[^{}\n]*#([\w:.-]+)[^{}\n]*\}|\{/\*[ \t]*#([\w:.-]+)[ \t]*\*/\}")


def parse(source: str, path: str, *, resolve: Resolve | None = None, glossaries: Sequence[str] = ()) -> Page:
    """Parse a Markdown file. Any text is parsed; nothing is raised.

    Args:
        source: the decoded text of the file, exactly.
        path: of the file in the corpus, with `/`.
        resolve: gives the text of a file that the page includes, by its path in the corpus or as written; None if there is none.
            Used for glossaries, and to report what is missing.
        glossaries: texts that the settings of the site append to each page; their abbreviations hold here.

    Returns:
        The page; its offsets are those of `source`.
    """
    text = level(source)
    front = frontmatter.read(text)
    dialect = detect(path, text[front.end :], front.fields)
    mdx = path.endswith(".mdx") or _is_of_a_site(text)
    scan = Scan(text, front.end, mdx=mdx, myst=dialect == "myst", mark=free_mark(text))
    if front.end:
        scan.hidden.append((0, front.end))
    if front.error:
        scan.notice(0, "bad-front-matter", f"The front matter cannot be read: {front.error}")
    walk.run(scan)
    masked = scan.masked()
    sink = Sink(
        {},
        scan.components,
        scan.mark,
        hard_lines=dialect == "obsidian",
        loose=dialect == "mkdocs",
        jsx=scan.mdx,
        constants=scan.constants,
    )
    assembler = Assembler(scan, masked, _tokens(scan, masked, source), sink)
    drafts = assembler.run()
    hidden, left = finish(text, drafts, [*scan.hidden, *sink.hidden])
    if left:
        drafts = _with_leftovers(text, drafts, left, assembler)
        hidden, _ = finish(text, drafts, [*scan.hidden, *sink.hidden])
    drafts = sorted((draft for draft in drafts if draft.spans), key=lambda draft: draft.spans[0])
    _place_footnotes(drafts, sink)
    lines = LineTable(source)
    blocks = _blocks(drafts, lines)
    found = metadata.normalised(front.fields)
    _derive(found, scan, sink, blocks, dialect)
    lang = "lang" not in found and metadata.language(path, blocks)
    if lang:
        found["lang"] = lang
    _include(found, scan, resolve, glossaries, path)
    title = mojibake.repair_text(metadata.page_title(front.fields, blocks, path, dialect))
    return Page(
        title=title,
        metadata=found,
        dialect=dialect,
        blocks=blocks,
        headings=_headings(blocks, text, dialect),
        links=_links(scan, sink, lines),
        block_ids=dict(reversed(sink.block_ids)),
        hidden=tuple(hidden),
        notices=tuple(Notice(path, lines.line(at), kind, message) for at, kind, message in sorted(scan.notices)),
        draft=bool(found["draft"]),
    )


def _is_of_a_site(text: str) -> bool:
    """Whether a page imports, or holds, what only its site has; one that shows such a line as code does not."""
    in_code = False
    for match in _OF_SITE.finditer(text):
        if match["fence"]:
            in_code = not in_code
        elif not in_code:
            return True
    return False


def _tokens(scan: Scan, masked: str, source: str) -> list[Token]:
    """Block tokens; a carriage return, which the levelled text has as a space, is taken off the lines."""
    tokens = engine.tokens(masked, dedent=scan.dedent, broken=scan.broken, indented_code=not scan.mdx)
    if "\r" in source:
        for leaf in scan.leaves:
            leaf.content = _without_returns(leaf.content, source)
        for token in tokens:
            if "lines" in token.meta:
                token.meta["lines"] = _without_returns(token.meta["lines"], source)
    return tokens


def _without_returns(lines: list[Span], source: str) -> list[Span]:
    return [(low, high - 1 if high > low and source[high - 1] == "\r" else high) for low, high in lines]


def _with_leftovers(text: str, drafts: list[Draft], left: list[Span], assembler: Assembler) -> list[Draft]:
    """What no block has taken becomes paragraphs: text is never lost, whatever went wrong before."""
    starts = [draft.start for draft in drafts]
    more: list[Draft] = []
    for start, end in left:
        number = bisect_right(starts, start) - 1
        near = drafts[number] if number >= 0 else None
        # A carriage return, which the levelled text has as a space, is taken off with the spaces at the end of a line.
        content = join(verbatim(text[low:high].rstrip(" "), low) for low, high in content_lines(text, start, end))
        path = near.path if near else ()
        if near and near.level:
            path = (*path, near.content.text)
        more.append(Draft("paragraph", content, start, end, path=path, leaf=True))
    for draft in drafts:
        draft.spans = []
    return sorted([*drafts, *more], key=lambda draft: draft.start)


def _place_footnotes(drafts: list[Draft], sink: Sink) -> None:
    """A footnote belongs under the heading where its mark stands first, wherever it is written."""
    if not sink.footnotes:
        return
    starts = [draft.spans[0][0] for draft in drafts]
    first: dict[str, int] = {}
    for label, at in sink.footnotes:
        first.setdefault(label, at)
    for draft in drafts:
        if draft.kind == "footnote" and draft.info in first:
            number = bisect_right(starts, first[draft.info]) - 1
            if number >= 0 and drafts[number].kind != "footnote":
                user = drafts[number]
                draft.path = (*user.path, user.content.text) if user.level else user.path


def _blocks(drafts: list[Draft], lines: LineTable) -> tuple[Block, ...]:
    found: list[Block] = []
    intros: dict[int, Block] = {}
    for draft in drafts:
        intro = intros.get(id(draft.intro)) if draft.intro else None
        block = Block(
            kind=draft.kind,
            text=draft.content.text,
            spans=tuple(draft.spans),
            alignment=draft.content.alignment,
            heading_path=draft.path,
            line=lines.line(draft.spans[0][0]),
            parts=draft.parts(),
            level=draft.level,
            label=draft.label,
            info=draft.info,
            group=draft.group,
            intro=intro.parts[0] if intro else None,
            containers=draft.containers,
        )
        intros[id(draft)] = block
        found.append(block)
    return tuple(found)


def _headings(blocks: tuple[Block, ...], text: str, dialect: Dialect) -> tuple[Heading, ...]:
    anchors = Anchors(dialect)
    found: list[Heading] = []
    for block in blocks:
        if block.kind == "heading":
            explicit = _EXPLICIT_ID.search(
                text, block.start, text.find("\n", block.start) if "\n" in text[block.start :] else len(text)
            )
            anchor = anchors.give(block.text, (explicit[1] or explicit[2]) if explicit else "")
            found.append(Heading(block.text, block.level, anchor, block.line, block.start))
    return tuple(found)


def _links(scan: Scan, sink: Sink, lines: LineTable) -> tuple[Link, ...]:
    found = [Link(link.kind, link.target, link.anchor, lines.line(link.span[0]), link.span) for link in scan.links]
    for kind, target, span in sink.links:
        page, anchor = links.split(target)
        if kind in ("link", "image") and "://" in target:
            page, anchor = target, ""
        named: LinkKind = kind  # type: ignore[assignment]  # the cleaner names only kinds of links
        found.append(Link(named, page, anchor, lines.line(span[0]), span))
    return tuple(sorted(dict.fromkeys(found), key=lambda link: link.span))


def _derive(found: dict[str, Any], scan: Scan, sink: Sink, blocks: tuple[Block, ...], dialect: Dialect) -> None:
    """Add to the metadata what the text says."""
    if dialect in ("obsidian", "gfm"):
        metadata.add_tags(found, (tag for tag, _ in sink.tags))
    fields = metadata.inline_fields(blocks)
    if fields:
        found["fields"] = fields
    found.update(scan.facts)


def _include(found: dict[str, Any], scan: Scan, resolve: Resolve | None, glossaries: Sequence[str], path: str) -> None:
    """Add the abbreviations of the page and of what it includes; report what is missing."""
    abbreviations = dict(scan.abbreviations)
    if resolve:
        for at, target in [(link.span[0], link.target) for link in scan.links if _is_included(link)]:
            included = _included(resolve, target, path)
            if included is None:
                scan.notice(at, "missing-include", f"The included file {target} does not exist.")
            else:
                abbreviations = {**marks.abbreviations(included), **abbreviations}
    for glossary in glossaries:
        abbreviations = {**marks.abbreviations(glossary), **abbreviations}
    if abbreviations:
        found["abbreviations"] = abbreviations


def _is_included(link: Link) -> bool:
    return link.kind in ("snippet", "import") and "://" not in link.target


def _included(resolve: Resolve, target: str, path: str) -> str | None:
    """The text of an included file, looked for beside the page and from the top."""
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    text = resolve(beside)
    return text if text is not None else resolve(target)
