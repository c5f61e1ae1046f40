"""Do the references of the pages lead somewhere?

Knows how each dialect names another page, a heading and a block. Knows the paths of a corpus and its parsed pages; opens no file.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote

from rag.markdown.blocks import Link, Page
from rag.types import Notice

_EXTERNAL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//")
_PAGE_SUFFIXES = ("", ".md", ".mdx", ".markdown", "/index.md", "/index.mdx", "/_index.md", "/README.md")
_ATTRIBUTES = re.compile(r"\{[^{}\n]*?#([\w:.-]+)[^{}\n]*\}|<[a-zA-Z][^<>]*?\s(?:id|name)=[\"']([^\"']+)[\"']")
_BY_NAME = frozenset({"wikilink", "embed"})


class LinkChecker:
    """The files and pages of one corpus, ready to be looked up."""

    def __init__(self, files: Iterable[str], pages: Mapping[str, Page], sources: Mapping[str, str]) -> None:
        """Index the corpus.

        Args:
            files: every file below the corpus, relative, with `/`; those that are no pages too.
            pages: the parsed pages by path.
            sources: of the same pages.
        """
        self._sources = sources
        self._files = frozenset(files)
        self._pages = pages
        self._folders = {posixpath.dirname(file) for file in self._files}
        self._by_name: dict[str, list[str]] = {}
        for file in sorted(self._files):
            stem, suffix = posixpath.splitext(posixpath.basename(file))
            for name in {stem, stem + suffix} if suffix in (".md", ".mdx", ".markdown") else {stem + suffix}:
                self._by_name.setdefault(name.casefold(), []).append(file)

    def broken(self, path: str) -> Iterator[Notice]:
        """Yield a notice for each reference of a page that leads nowhere inside the corpus."""
        for link in self._pages[path].links:
            if _EXTERNAL.match(link.target):
                continue
            target = self._find(path, link)
            if target is None:
                kind = "broken-embed" if link.kind in ("embed", "snippet", "import") else "broken-link"
                yield Notice(path, link.line, kind, f"There is no {link.target!r} in the corpus.")
            elif link.anchor and not self._has_anchor(target, link):
                yield Notice(path, link.line, "broken-anchor", f"{target} has no heading or block {link.anchor!r}.")

    def _find(self, path: str, link: Link) -> str | None:
        """The file that a link names; None if there is none."""
        target = unquote(link.target).strip()
        if not target:
            return path
        if link.kind in _BY_NAME:
            return self._named(path, target)
        here = posixpath.dirname(path)
        # A path from the root of a site: which folder of the corpus that is is not known, so every folder above may be it.
        bases = [here, *_above(here)] if target.startswith("/") or link.kind in ("snippet", "relref") else [here]
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

    def _has_anchor(self, target: str, link: Link) -> bool:
        page = self._pages.get(target)
        if page is None or link.kind in ("snippet", "import"):
            return True  # a section of a file that is no page: its own tool looks for it
        anchor = unquote(link.anchor)
        if anchor.startswith("^"):
            return anchor[1:] in page.block_ids
        # Which tool renders the page is a guess, so the slug that most of them make is right on any page.
        if any(anchor in (heading.anchor, _slug(heading.text)) for heading in page.headings):
            return True
        if anchor in explicit_anchors(self._sources[target]):
            return True
        # A vault names headings by their text, outer ones before inner ones.
        names = {_plain(heading.text) for heading in page.headings}
        return link.kind in _BY_NAME and all(_plain(part) in names for part in anchor.split("#"))


def explicit_anchors(source: str) -> frozenset[str]:
    """Return the ids that a page gives to anything but its headings: by an attribute list or in HTML.

    >>> sorted(explicit_anchors('Term { #term .big }, <a id="here"></a>'))
    ['here', 'term']
    """
    return frozenset(first or second for first, second in _ATTRIBUTES.findall(source))


def _slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.casefold()).strip().replace(" ", "-")


def _plain(heading: str) -> str:
    return " ".join(re.sub(r"[#|^:%\[\]\\]", " ", heading).casefold().split())


def _above(folder: str) -> list[str]:
    parents = []
    while folder:
        folder = posixpath.dirname(folder)
        parents.append(folder)
    return parents
