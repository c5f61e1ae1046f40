"""Which page shows which other file: snippets, partials of MDX, glossaries.

What is shown is indexed once, where it is written; here it learns which pages show it, and a page learns which abbreviations a
glossary explains. Knows how an inclusion is written and where its file is looked for; keeps paths and hashes, no texts. A page's
`inputs` change whenever its reading could, although its own bytes did not.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from rag.errors import UnreadableFileError
from rag.load import CorpusFile, decode, read_bytes, sha256
from rag.shown import Showing, showings_on
from rag.site import SETTINGS_FILES, SnippetSettings, read_settings

_SIGNS = (b"8<-", b"import", b"{include}")
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\0")
_TARGET = re.compile(
    r"""8<-+[ \t]+["']([^"'\n]+)["'] | ^[ \t>]*import\b[^\n]{0,500}?from[ \t]*["']([^"'\n]+\.mdx?)["']
    | \{include\}[ \t]+(\S+)""",
    re.VERBOSE | re.MULTILINE,
)
_FILES = re.compile(r"8<-+[ \t]*\n((?:[^\n]*\n){1,60}?)[ \t]*-+8<-+", re.MULTILINE)
_SITE_ROOT = re.compile(r"\A(?:@site/|@/|/)")
_REMOTE = re.compile(r"[a-z]+://")


class Includes:
    """The inclusions of one corpus. Fed file by file, then asked.

    Args:
        root: folder of the corpus.
        files: what may be included, by path: every file of the corpus, note or not.
    """

    def __init__(self, root: Path, files: Iterable[str]) -> None:
        self._root = root.resolve()
        self._files = frozenset(files)
        self._targets: dict[str, tuple[str, ...]] = {}
        self._hashes: dict[str, str] = {}
        self._sites = {posixpath.dirname(file): file for file in self._files if posixpath.basename(file) in SETTINGS_FILES}
        self._settings: dict[str, SnippetSettings] = {}
        self._shown_by: dict[str, set[str]] | None = None

    def add(self, path: str, raw: bytes, digest: str) -> None:
        """Note what a file may include.

        Args:
            path: of the file.
            raw: its bytes.
            digest: its SHA-256.
        """
        self._hashes[path] = digest
        if any(sign in raw for sign in _SIGNS) or raw.startswith(_WIDE[:2]) or _WIDE[2] in raw[:4]:
            try:
                targets = tuple(_targets(decode(raw)))
            except UnreadableFileError:
                return
            if targets:
                self._targets[path] = targets

    def find(self, target: str, page: str) -> str | None:
        """Return the path of the file that a page includes as `target`, None where there is none.

        A relative import is looked for beside the page; anything else where `mkdocs.yml` says, then in the folders from the page's
        own up to the corpus, and in the folder `includes` of each.
        """
        here = posixpath.dirname(page)
        if _REMOTE.match(target):
            return None
        beside = posixpath.normpath(posixpath.join(here, target))
        if target.startswith("."):
            return beside if beside in self._files else None
        wanted = _SITE_ROOT.sub("", target, count=1)
        for base in self._bases(here):
            path = posixpath.normpath(posixpath.join(base, wanted))
            if path in self._files:
                return path
        return None

    def text(self, target: str, page: str) -> str | None:
        """Return the text of the file that a page includes as `target`; None where there is none or it is no text."""
        path = self.find(target, page)
        return None if path is None else self.read(path)

    def glossaries(self, page: str) -> list[str]:
        """Return the files that the settings of its site append to a page."""
        site = self._site_of(posixpath.dirname(page))
        named = self._site(site).appended if site is not None else ()
        found = [self.find(name, page) for name in named]
        return [path for path in found if path is not None and path != page]

    def inputs(self, page: str) -> str:
        """Return a digest of all that a page's reading depends on beside its own bytes; empty where that is nothing."""
        parts = [f"{target} {self._state(self.find(target, page))}" for target in self._targets.get(page, ())]
        parts += [f"appended {self._state(path)}" for path in self.glossaries(page)]
        parts += [f"shown by {self._state(shower)}" for shower in sorted(self._may_show(page))]
        return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32] if parts else ""

    def showings(self, path: str) -> list[Showing]:
        """Return the places where a file is shown: pages that name it first, then those that show these; drafts show nothing."""
        found: list[Showing] = []
        seen, level, directly = {path}, [path], True
        while level:
            following: list[str] = []
            for target in level:
                for page in sorted(self._showers().get(target, set()) - seen):
                    places = self._places(page, target, directly=directly)
                    if places:
                        seen.add(page)
                        following.append(page)
                        found += places
            level, directly = following, False
        return found

    def is_shown(self, path: str) -> bool:
        """Return whether some page may show a file."""
        return bool(self._showers().get(path))

    def _places(self, page: str, target: str, *, directly: bool) -> list[Showing]:
        from rag.markdown.parse import parse

        source = self.read(page)
        if source is None:
            return []
        return showings_on(parse(source, page), page, lambda named: self.find(named, page) == target, directly=directly)

    def _showers(self) -> dict[str, set[str]]:
        """Pages by the file that they may show; a mark in code is among them, which only parsing tells."""
        if self._shown_by is None:
            self._shown_by = {}
            for page, targets in self._targets.items():
                for target in targets:
                    path = self.find(target, page)
                    if path is not None and path != page:
                        self._shown_by.setdefault(path, set()).add(page)
        return self._shown_by

    def _may_show(self, path: str) -> set[str]:
        seen: set[str] = set()
        waiting = [path]
        while waiting:
            for page in self._showers().get(waiting.pop(), ()):
                if page not in seen and page != path:
                    seen.add(page)
                    waiting.append(page)
        return seen

    def digest(self, path: str) -> str:
        """Return the SHA-256 of a file of the corpus; empty where it cannot be read."""
        if path not in self._hashes:
            raw = self._bytes(path)
            self._hashes[path] = "" if raw is None else sha256(raw)
        return self._hashes[path]

    def _state(self, path: str | None) -> str:
        """Path and hash of a file, so that a digest over it changes with either."""
        return "-" if path is None else f"{path} {self.digest(path)}"

    def read(self, path: str) -> str | None:
        """Return the text of a file of the corpus, None where there is none."""
        raw = self._bytes(path)
        try:
            return None if raw is None else decode(raw)
        except UnreadableFileError:
            return None

    def _bytes(self, path: str) -> bytes | None:
        file = self._root / path
        if not file.resolve().is_relative_to(self._root):  # a symbolic link out of the corpus
            return None
        try:
            return read_bytes(CorpusFile(path, file))
        except UnreadableFileError:
            return None

    def _bases(self, folder: str) -> Iterator[str]:
        site = self._site_of(folder)
        if site is not None:
            yield from (posixpath.join(site, base) for base in self._site(site).bases)
            yield posixpath.join(site, "includes")
        for above in _up(folder):
            yield above
            yield posixpath.join(above, "includes")

    def _site_of(self, folder: str) -> str | None:
        return next((above for above in _up(folder) if above in self._sites), None) if self._sites else None

    def _site(self, folder: str) -> SnippetSettings:
        if folder not in self._settings:
            self._settings[folder] = read_settings(self.read(self._sites[folder]) or "")
        return self._settings[folder]


def _targets(text: str) -> Iterator[str]:
    for match in _TARGET.finditer(text):
        target = match[match.lastindex or 0]
        yield target if match.lastindex != 1 or _REMOTE.match(target) else target.partition(":")[0]
    for match in _FILES.finditer(text):
        for line in match[1].split("\n"):
            if line.strip() and line.lstrip()[0] != ";":
                yield line.strip().partition(":")[0]


def _up(folder: str) -> Iterator[str]:
    """A folder and those above it, the corpus itself last."""
    while folder:
        yield folder
        folder = posixpath.dirname(folder)
    yield ""
