"""What inline markup needs to know of its page, and what it says beside its text."""

from __future__ import annotations

from dataclasses import dataclass, field

from rag.types import Span


@dataclass
class Sink:
    """What inline markup says beside its text.

    Attributes:
        references: labels of link definitions, to their targets.
        components: JSX names that are markup on this page.
        mark: the character that stands for what is hidden.
        hard_lines: a line end in a paragraph is one for the reader too.
        math: dollar signs may enclose formulas.
        loose: `[text][label]` is a link though the page does not define the label.
        jsx: `{"text"}` is text.
        constants: values by name, for `{NAME}`.
        links: kind, target with anchor, span.
        tags: `#tag` without the sign.
        block_ids: id and span.
        footnotes: labels in the order of their marks, with the offset.
        hidden: stretches that are not shown.
    """

    references: dict[str, str]
    components: set[str]
    mark: str
    hard_lines: bool = False
    math: bool = True
    loose: bool = False
    jsx: bool = False
    constants: dict[str, str] = field(default_factory=dict)
    links: list[tuple[str, str, Span]] = field(default_factory=list)
    tags: list[tuple[str, int]] = field(default_factory=list)
    block_ids: list[tuple[str, Span]] = field(default_factory=list)
    footnotes: list[tuple[str, int]] = field(default_factory=list)
    hidden: list[Span] = field(default_factory=list)
