"""What a page says about itself: front matter in one spelling, and what its text adds to it."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import Any

from rag.markdown.blocks import Block, Dialect

_FIELD = re.compile(r"(?:^|\n)[ \t]*(?:[-*+][ \t])?([A-Za-z][\w /-]{0,40})::[ \t]+(\S[^\n]*)")
_BRACKETED = re.compile(r"[\[(]([A-Za-z][\w /-]{0,40})::[ \t]+([^\[\]()\n]*[^\s\[\]()])[\])]")
_LANGUAGES = (
    "ar bg bn ca cs da de el en es et fa fi fr he hi hr hu id it ja ko lt lv nl no pl pt ro ru sk sl sr sv th tr uk ur vi zh"
)
_LANGUAGE_PATH = re.compile(
    rf"(?:\A|/)(?:i18n/|content\.)(?P<folder>(?:{'|'.join(_LANGUAGES.split())})(?:-[A-Za-z]{{2,4}})?)/"
    rf"|\.(?P<suffix>{'|'.join(_LANGUAGES.split())})\.mdx?\Z"
)
_SCRIPTS = {  # Japanese first: it uses Chinese characters too
    "ja": re.compile(r"[\u3040-\u30ff]"),
    "zh": re.compile(r"[\u4e00-\u9fff]"),
    "ko": re.compile(r"[\uac00-\ud7a3]"),
    "th": re.compile(r"[\u0e00-\u0e7f]"),
    "he": re.compile(r"[\u0590-\u05ff]"),
    "el": re.compile(r"[\u0370-\u03ff]"),
}
_TEXT = frozenset(("paragraph", "list", "table", "code", "math", "diagram", "definition"))
_INDEX = frozenset(("index", "_index", "readme"))


def normalised(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Front matter with `title` as text, `aliases` and `tags` as lists, `lang` and `draft` under these names."""
    metadata: dict[str, Any] = dict(fields)
    lower = {key.lower(): value for key, value in fields.items()}
    metadata["aliases"] = _names([*_listed(lower.get("aliases")), *_listed(lower.get("alias"))])
    tags = [tag for key in ("tags", "tag", "keywords", "categories") for tag in _tags(lower.get(key), key)]
    metadata["tags"] = _names(tag.lstrip("#") for tag in tags)
    lang = lower.get("lang") or lower.get("language") or lower.get("locale")
    if isinstance(lang, str):
        metadata["lang"] = lang
    metadata["draft"] = is_true(lower.get("draft")) or lower.get("published") is False
    return metadata


def language(path: str, blocks: Iterable[Block]) -> str:
    """The language of a page that does not name it: from its path as sites write it, else from a script that one language uses.

    >>> language("content.zh/docs/a.md", ()), language("docs/a.fr.md", ()), language("docs/a.md", ())
    ('zh', 'fr', '')
    """
    named = _LANGUAGE_PATH.search(path)
    if named:
        return (named["folder"] or named["suffix"]).lower()
    text = "".join(block.text[:400] for block in itertools.islice(blocks, 20) if block.kind not in ("code", "diagram", "math"))
    letters = sum(map(str.isalpha, text))
    return next((name for name, script in _SCRIPTS.items() if len(script.findall(text)) > 0.2 * letters), "")


def is_true(value: object) -> bool:
    """Whether a field says yes."""
    return value is True or (isinstance(value, str) and value.strip().lower() in ("true", "yes", "on"))


def _listed(value: object) -> list[str]:
    if isinstance(value, list):
        return [str(item) for item in value if isinstance(item, str | int | float)]
    return [value] if isinstance(value, str) and value.strip() else []


def _tags(value: object, key: str) -> list[str]:
    if key in ("tags", "tag") and isinstance(value, str):
        return [tag for tag in re.split(r"[,;]" if "," in value else r"\s+", value) if tag.strip()]
    return _listed(value)


def _names(values: Iterable[str]) -> list[str]:
    found: dict[str, str] = {}
    for value in values:
        name = value.strip()
        if name:
            found.setdefault(name.casefold(), name)
    return list(found.values())


def add_tags(metadata: dict[str, Any], tags: Iterable[str]) -> None:
    """Add `#tags` of the text to those of the front matter."""
    metadata["tags"] = _names([*metadata["tags"], *tags])


def inline_fields(blocks: Iterable[Block]) -> dict[str, str]:
    """Fields that stand in the text as `name:: value` on a line, or as `[name:: value]` in one."""
    found: dict[str, str] = {}
    for block in blocks:
        if "::" in block.text and block.kind in ("paragraph", "list", "quote", "admonition"):
            for match in (*_FIELD.finditer(block.text), *_BRACKETED.finditer(block.text)):
                found.setdefault(match[1].strip(), match[2].strip())
    return found


def page_title(fields: Mapping[str, Any], blocks: Iterable[Block], path: str, dialect: Dialect) -> str:
    """The title in the front matter, else the heading of level 1 that the page begins with, else the file's name.

    A heading that comes after text of its own names a part of the page.
    """
    for key in ("title", "Title"):
        title = fields.get(key)
        if isinstance(title, str | int | float) and not isinstance(title, bool) and str(title).strip():
            return " ".join(str(title).split())
    heading = ""
    for block in blocks:
        if block.level == 1:
            heading = block.text
        if block.level == 1 or block.kind in _TEXT:
            break
    if heading and dialect != "obsidian":
        return heading
    name = posixpath.basename(path)
    stem = re.sub(r"\.(?:excalidraw\.)?(?:md|mdx|markdown|txt|ipynb)\Z", "", name, flags=re.IGNORECASE)
    if heading and (stem.lower() in _INDEX or _same(stem, heading)):
        return heading
    if stem.lower() in _INDEX:
        stem = posixpath.basename(posixpath.dirname(path)) or stem
    if dialect != "obsidian" and stem == stem.lower():
        stem = re.sub(r"_+|(?<!\d)-+|-+(?!\d)", " ", stem).strip().capitalize() or stem  # a date stays one
    return stem or name or path or "untitled"


def _same(stem: str, heading: str) -> bool:
    return re.sub(r"\W+", "", stem).casefold() == re.sub(r"\W+", "", heading).casefold()
