"""Which tool a page was most likely written for.

Decides only what no construct tells: how anchors are spelt, whether a line end counts, whether `#word` is a tag.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping

from rag.markdown.blocks import Dialect

_SIGNS: tuple[tuple[Dialect, str, re.Pattern[str]], ...] = (  # the plain string is looked for first: it is a hundred times faster
    ("obsidian", "[[", re.compile(r"!?\[\[(?!_?(?:TOC|toc)_?\]\])[^\]\[\n]*[A-Za-z][^\]\[\n]*\]\]")),
    ("obsidian", "> [!", re.compile(r"> \[![\w|-]+\][+-]")),
    ("obsidian", "%%", re.compile(r"\n%%")),
    ("obsidian", " ^", re.compile(r" \^[a-z0-9-]{3,}\n")),
    ("obsidian", "```dataview", re.compile(r"\n```dataview")),
    ("hugo", "{{", re.compile(r"\{\{[<%]")),
    ("mkdocs", "!!!", re.compile(r"\n[ \t]*!!![ \t]+\w")),
    ("mkdocs", "???", re.compile(r"\n[ \t]*\?\?\?\+?[ \t]+\w")),
    ("mkdocs", '=== "', re.compile(r'\n[ \t]*===[ \t]+"')),
    ("mkdocs", "8<--", re.compile(r"--8<--")),
    ("mkdocs", ":material-", re.compile(r":material-")),
    ("mkdocs", "\n*[", re.compile(r"\n\*\[[^\]]+\]:")),
    ("mkdocs", "{ .", re.compile(r"\{ \.[a-z]")),
    ("docusaurus", ":::", re.compile(r"\n:::[ \t]*\w+")),
    ("docusaurus", "import ", re.compile(r"(?:\n|\A)import[ \t][^\n]*from[ \t]+['\"]")),
    ("docusaurus", "<Tab", re.compile(r"<Tab(?:s|Item)")),
    ("docusaurus", "{/*", re.compile(r"\{/\*")),
    ("myst", "{", re.compile(r"\n[`:]{3,}\{[\w:-]+\}")),
    ("myst", "}`", re.compile(r"\{(?:ref|doc|term|numref|eq|math|cite)[\w:]*\}`")),
    ("myst", ")=\n", re.compile(r"\n\([\w-]+\)=\n")),
)
_FIELDS: Mapping[str, Dialect] = {
    "sidebar_position": "docusaurus",
    "sidebar_label": "docusaurus",
    "slug": "docusaurus",
    "pagination_next": "docusaurus",
    "weight": "hugo",
    "bookcollapsesection": "hugo",
    "bookflatsection": "hugo",
    "bookhidden": "hugo",
    "menu": "hugo",
    "draft": "hugo",
    "cssclasses": "obsidian",
    "cssclass": "obsidian",
    "aliases": "obsidian",
    "kernelspec": "myst",
    "jupytext": "myst",
    "hide": "mkdocs",
    "icon": "mkdocs",
    "template": "mkdocs",
}
_CODE = re.compile(r"^([ \t>]*)(`{3,}|~{3,})([^`\n]*)\n(?:.*?^[ \t>]*\2[`~]*[ \t]*$|.*\Z)|`[^`\n]+`", re.MULTILINE | re.DOTALL)
_SAMPLE_CHARS = 200_000


def detect(path: str, text: str, fields: Mapping[str, object]) -> Dialect:
    """The dialect with the most signs; `gfm` if there are none."""
    if path.endswith(".mdx"):
        return "docusaurus"
    scores: dict[Dialect, float] = {}
    # what stands in code is of another language: `[[` is a test there, `%%` a comment
    sample = _CODE.sub(lambda code: f"{code[1]}{code[2]}{code[3]}\n" if code[2] else "``", text[:_SAMPLE_CHARS])
    for name, plain, sign in _SIGNS:
        if plain in sample:
            count = sum(1 for _ in itertools.islice(sign.finditer(sample), 20))
            if count:
                scores[name] = scores.get(name, 0) + count
    for field in fields:
        dialect = _FIELDS.get(str(field).lower())
        if dialect:
            scores[dialect] = scores.get(dialect, 0) + 2
    return max(scores, key=lambda name: scores[name]) if scores else "gfm"
