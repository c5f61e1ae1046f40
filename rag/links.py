"""Do the references of the pages lead somewhere?

Knows how each dialect names another page, a heading and a block, and what of a page has to be kept to answer: its `Outline`. Knows
the paths of a corpus and the outlines of its pages; opens no file. What leads out of the corpus is never judged.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from rag.markdown.blocks import Page
from rag.types import Notice

_EXTERNAL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//")
_PAGE_SUFFIXES = ("", ".md", ".mdx", ".markdown", "/index.md", "/index.mdx", "/_index.md", "/README.md")
_ATTRIBUTES = re.compile(
    r"""\{[^{}\n]*?(?:\#|\bid=["']?)([\w:.+-]+)["']?[^{}\n]*\}
    |<[a-zA-Z][^<>]*?\s(?:id|name)=["']([^"']+)["']
    |<!--[ ]*md:\w+[ ]+([\w:.+-]+)[ ]*-->""",
    re.VERBOSE,
)
_LABEL = re.compile(r"^[ >]*\[([^\]\n^]+)\]:[ \t]*\S", re.MULTILINE)
_FOOTNOTE = re.compile(r"fn(ref)?:")
_BY_NAME = frozenset({"wikilink", "embed"})
_INCLUSIONS = frozenset({"snippet", "import"})


@dataclass(frozen=True, slots=True)
class Reference:
    """One link of a page.

    Attributes:
        kind: `Link.kind`, or `reference` for a label in square brackets that the page does not define.
        target: as written, without anchor and query; empty for a place on the same page.
        anchor: after `#`.
        line: from 1.
    """

    kind: str
    target: str
    anchor: str
    line: int


@dataclass(frozen=True, slots=True)
class Outline:
    """What of a page links need: where it leads, and what may be named on it.

    Attributes:
        references: in order.
        anchors: ids of its headings and of whatever else has one, and the slugs of its headings.
        names: texts of its headings, folded.
        blocks: ids of its blocks, without `^`.
        labels: of its reference definitions, folded.
    """

    references: tuple[Reference, ...] = ()
    anchors: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    blocks: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()

    def as_json(self) -> str:
        """Return the outline as JSON, the same text for the same outline."""
        references = [[each.kind, each.target, each.anchor, each.line] for each in self.references]
        sets = (sorted(each) for each in (self.anchors, self.names, self.blocks, self.labels))
        return json.dumps([references, *sets], ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Outline:
        """Return the outline that `as_json` wrote; an empty text is an empty outline."""
        if not text:
            return cls()
        references, anchors, names, blocks, labels = json.loads(text)
        found = tuple(Reference(*each) for each in references)
        return cls(found, frozenset(anchors), frozenset(names), frozenset(blocks), frozenset(labels))


def outline(page: Page, source: str) -> Outline:
    """Return what of a page links need."""
    references = []
    for link in page.links:
        # What leads out of the corpus is not kept: it is most links of many pages, and nobody asks for them.
        if not _EXTERNAL.match(link.target):
            undefined = link.kind == "link" and not link.target and source[: link.span[1]].endswith("]")
            kind = "reference" if undefined else link.kind
            references.append(Reference(kind, link.target.partition("?")[0], link.anchor, link.line))
    anchors = {heading.anchor for heading in page.headings} | {_slug(heading.text) for heading in page.headings}
    return Outline(
        tuple(references),
        frozenset(anchors) | explicit_anchors(source),
        frozenset(_plain(heading.text) for heading in page.headings),
        frozenset(page.block_ids),
        frozenset(_folded(label) for label in _LABEL.findall(source)),
    )


class LinkChecker:
    """The files and pages of one corpus, ready to be looked up.

    Args:
        files: every file below the corpus, relative, with `/`; those that are no pages too.
        outline_of: the outline of a page by its path, None for a file that is no page.
        pages: the paths of all pages; asked only for references by label.
    """

    def __init__(self, files: Iterable[str], outline_of: Callable[[str], Outline | None], pages: Iterable[str]) -> None:
        self._outline_of = outline_of
        self._pages = pages
        self._everywhere: frozenset[str] | None = None
        self._files = frozenset(files)
        self._folders = {posixpath.dirname(file) for file in self._files}
        self._by_name: dict[str, list[str]] = {}
        for file in sorted(self._files):
            stem, suffix = posixpath.splitext(posixpath.basename(file))
            for name in {stem, stem + suffix} if suffix in (".md", ".mdx", ".markdown") else {stem + suffix}:
                self._by_name.setdefault(name.casefold(), []).append(file)

    def broken(self, path: str) -> Iterator[Notice]:
        """Yield a notice for each place that a page refers to and that is not in the corpus, at the first line that does."""
        found: dict[tuple[str, str], int] = {}
        times: Counter[tuple[str, str]] = Counter()
        for reference in (self._outline_of(path) or Outline()).references:
            trouble = self._trouble(path, reference)
            if trouble is not None:
                found.setdefault(trouble, reference.line)
                times[trouble] += 1
        for (kind, message), line in found.items():
            more = f" ({times[kind, message]} references)" if times[kind, message] > 1 else ""
            yield Notice(path, line, kind, f"{message}{more}.")

    def _trouble(self, path: str, reference: Reference) -> tuple[str, str] | None:
        if reference.kind in _INCLUSIONS:
            return None  # reading the page has said what is missing, and knows where such files are looked for
        if reference.kind == "reference":
            if self._is_known(reference.anchor):
                return None
            return "broken-link", f"Nothing defines the reference [{reference.anchor}]"
        target = self._find(path, reference)
        if target is None:
            kind = "broken-embed" if reference.kind == "embed" else "broken-link"
            return kind, f"There is no {reference.target!r} in the corpus"
        if reference.anchor and not self._has_anchor(target, reference):
            return "broken-anchor", f"{target} has no heading or block {reference.anchor!r}"
        return None

    def _find(self, path: str, reference: Reference) -> str | None:
        """The file that a link names; None if there is none."""
        target = unquote(reference.target).strip()
        if not target:
            return path
        if reference.kind in _BY_NAME:
            return self._named(path, target)
        here = posixpath.dirname(path)
        # A path from the root of a site: which folder of the corpus that is is not known, so every folder above may be it.
        bases = [here, *_above(here)] if target.startswith("/") or reference.kind == "relref" else [here]
        for base in bases:
            wanted = posixpath.normpath(posixpath.join(base, target.lstrip("/")))
            for suffix in _PAGE_SUFFIXES:
                if wanted + suffix in self._files:
                    return wanted + suffix
            if wanted in self._folders:
                return wanted
        return None

    def _named(self, path: str, target: str) -> str | None:
        """A note of a vault by its name or by the end of its path; one of the same site first."""
        candidates = self._by_name.get(posixpath.basename(target).casefold(), [])
        if "/" in target:
            endings = tuple(f"/{target}{suffix}".casefold() for suffix in ("", ".md", ".mdx"))
            candidates = [file for file in candidates if f"/{file}".casefold().endswith(endings)]
        site = path.split("/", 1)[0]
        return min(candidates, key=lambda file: (file.split("/", 1)[0] != site, len(file), file), default=None)

    def _has_anchor(self, target: str, reference: Reference) -> bool:
        page = self._outline_of(target)
        if page is None:
            return True  # a section of a file that is no page: its own tool looks for it
        anchor = unquote(reference.anchor)
        if anchor.startswith("^"):
            return anchor[1:] in page.blocks
        # Which tool renders the page is a guess, so the slug that most of them make is right on any page.
        if anchor in page.anchors or _FOOTNOTE.match(anchor):
            return True
        # A vault names headings by their text, outer ones before inner ones.
        return reference.kind in _BY_NAME and all(_plain(part) in page.names for part in anchor.split("#"))

    def _is_known(self, label: str) -> bool:
        """Whether some page defines a label, or has an id of that name: glossaries and plugins let every page use them."""
        if self._everywhere is None:
            outlines = [found for found in map(self._outline_of, self._pages) if found is not None]
            self._everywhere = frozenset().union(*(each.labels | each.anchors for each in outlines))
        return label in self._everywhere or _folded(label) in self._everywhere


def explicit_anchors(source: str) -> frozenset[str]:
    """Return the ids that a page gives to anything but its headings: by an attribute list, in HTML, or as a documented option.

    >>> sorted(explicit_anchors('Term { #term .big }, <a id="here"></a>, <!-- md:option toc.slugify -->'))
    ['+toc.slugify', 'here', 'term', 'toc.slugify']
    """
    found: set[str] = set()
    for attribute, html, option in _ATTRIBUTES.findall(source):
        found |= {option, f"+{option}"} if option else {attribute or html}
    return frozenset(found)


def _slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.casefold()).strip().replace(" ", "-")


def _plain(heading: str) -> str:
    return " ".join(re.sub(r"[#|^:%\[\]\\]", " ", heading).casefold().split())


def _folded(label: str) -> str:
    return " ".join(label.casefold().split())


def _above(folder: str) -> list[str]:
    parents = []
    while folder:
        folder = posixpath.dirname(folder)
        parents.append(folder)
    return parents
