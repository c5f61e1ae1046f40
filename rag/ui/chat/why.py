"""Why this answer: each stage's ranks, scores and time, what was cut, and which models did it.

Shows whatever stages the passages' scores and the timings name. Values to HTML; knows no event and no vendor.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace

from rag.types import Answer, Candidate, Passage, Retrieval
from rag.ui.chat.render import count, trail
from rag.ui.markup import Html, element, join

_FIRST = ("dense", "lexical", "fused")  # in the order in which they happen; others follow by name
_MOST_DROPPED = 8
_MOST_CANDIDATES = 60
_OWN = frozenset({"total"})
_TIMES = {
    "retrieve": "Searching",
    "decide": "Deciding whether to answer",
    "first_token": "First word after",
    "total": "Whole answer after",
}
_MARKUP = re.compile(r"^(?:[-*+>]|\d+[.)]|#{1,6})\s+|\*\*|__|`", re.MULTILINE)


def why(answer: Answer, found: Retrieval, facts: Mapping[str, str]) -> Html:
    """Make the inside of the side panel that explains an answer.

    Args:
        answer: that is explained.
        found: what its retrieval gave.
        facts: names to values: models, and how the answer was asked for.

    Returns:
        From the search to the models: the verdict, each stage's passages, what was left out, and the times.
    """
    found = _with_what_was_read(found, answer.passages)
    return element(
        "div",
        element("p", "Why this answer", class_="label"),
        element("h2", found.question, dir="auto", tabindex=-1),
        _searched(found),
        _section("Verdict", _verdict(answer)),
        _section("Passages by stage", _stages(answer.passages)),
        _section("Left out", _dropped(found)),
        _section("Candidates", _candidates(found.trace)),
        _section("Time", _times(answer.timings_s, found.timings_s)),
        _section("Made with", _table({**facts, "Generation of the index": str(answer.generation)})),
        class_="why",
        tabindex=0,
        role="region",
        aria_label="Why this answer",
    )


def _with_what_was_read(found: Retrieval, read: Sequence[Passage]) -> Retrieval:
    """The retrieval with what became of its candidates in the end: what is read is not always what was found."""
    places = {passage.chunk.id: f"passage {passage.rank}" for passage in read}

    def fate(one: Candidate) -> str:
        return places.get(one.id) or ("found, and not read" if one.fate.startswith("passage ") else one.fate)

    dropped = tuple((one, reason) for one, reason in found.dropped if one not in places)
    return replace(found, dropped=dropped, trace=tuple(replace(one, fate=fate(one)) for one in found.trace))


def _searched(found: Retrieval) -> Html:
    if found.query == found.question:
        return Html("")
    return element("p", "Searched for: ", element("q", found.query, dir="auto"), class_="trail")


def _verdict(answer: Answer) -> Html:
    if answer.status == "abstained":
        return element("p", f"Not answered. {answer.reason}")
    rows = [
        element(
            "tr",
            element("td", _MARKUP.sub("", sentence.text), dir="auto"),
            element("td", sentence.support, f": {sentence.reason}" if sentence.reason else ""),
            element("td", f"{sentence.score:.2f}", class_="number"),
        )
        for sentence in answer.sentences
    ]
    invented = answer.invented_markers
    return join(
        element("p", f"The model wrote {count(invented, 'citation')} of passages that it was not given; dropped.")
        if invented
        else "",
        _grid(("Sentence", "Support", "Score"), rows, numbers={2}),
    )


def _stages(passages: Sequence[Passage]) -> Html:
    if not passages:
        return element("p", "Nothing was found.")
    names = {name for passage in passages for name in passage.scores}
    stages = [*(name for name in _FIRST if name in names), *sorted(names.difference(_FIRST))]
    ranks = {stage: _ranks(passages, stage) for stage in stages}
    rows = [
        element(
            "tr",
            element("td", str(index)),
            element("td", trail(passage.chunk.title, passage.chunk.heading_path), dir="auto"),
            *(element("td", _score(passage, stage, ranks[stage].get(index)), class_="number") for stage in stages),
            element("td", str(passage.tokens), class_="number"),
        )
        for index, passage in enumerate(passages, 1)
    ]
    heads = ("Rank", "Passage", *(stage.capitalize() for stage in stages), "Tokens")
    return _grid(heads, rows, numbers=range(2, len(heads)))


def _ranks(passages: Sequence[Passage], stage: str) -> dict[int, int]:
    """Position in the prompt to rank among these passages by one stage's score."""
    scored = sorted(
        ((passage.scores[stage], -index) for index, passage in enumerate(passages, 1) if stage in passage.scores), reverse=True
    )
    return {-index: rank for rank, (_, index) in enumerate(scored, 1)}


def _score(passage: Passage, stage: str, rank: int | None) -> str:
    return "–" if rank is None else f"{passage.scores[stage]:.3f} (#{rank})"


def _dropped(found: Retrieval) -> Html:
    reasons: dict[str, int] = {}
    for _, reason in found.dropped:
        reasons[reason] = reasons.get(reason, 0) + 1
    items = [element("li", f"{count(number, 'chunk')}: {reason}") for reason, number in list(reasons.items())[:_MOST_DROPPED]]
    rest = len(reasons) - len(items)
    return element("ul", *items, element("li", f"and {count(rest, 'more reason')}") if rest else "") if items else Html("")


def _candidates(trace: Sequence[Candidate]) -> Html:
    """Show what retrieval compared, best first."""
    rows = [
        element(
            "tr",
            element("td", f"{one.path}:{one.line}" if one.path else one.id, dir="auto"),
            element("td", ", ".join(f"{ranker} #{rank}" for ranker, rank in one.ranks.items())),
            element("td", ", ".join(f"{name} {score:.3f}" for name, score in one.scores.items())),
            element("td", one.fate),
        )
        for one in trace[:_MOST_CANDIDATES]
    ]
    if not rows:
        return Html("")
    more = element("p", f"and {len(trace) - len(rows)} more") if len(trace) > len(rows) else ""
    return element("details", element("summary", f"All {len(trace)}"), _grid(("Place", "Ranks", "Scores", "Fate"), rows), more)


def _times(answer: Mapping[str, float], found: Mapping[str, float]) -> Html:
    seconds = {f"Search: {name}": value for name, value in found.items() if name not in _OWN}
    seconds |= {_TIMES.get(name, name.capitalize()): value for name, value in answer.items()}
    return _table({name.replace("_", " "): f"{value:.3f} s" for name, value in seconds.items()}, numbers=True)


def _table(rows: Mapping[str, str], *, numbers: bool = False) -> Html:
    kind = "number" if numbers else None
    lines = (element("tr", element("th", name, scope="row"), element("td", value, class_=kind)) for name, value in rows.items())
    return element("table", element("tbody", *lines))


def _grid(heads: Sequence[str], rows: Sequence[Html], *, numbers: Container[int] = ()) -> Html:
    cells = (element("th", name, scope="col", class_="number" if i in numbers else None) for i, name in enumerate(heads))
    head = element("thead", element("tr", *cells))
    return element(
        "div", element("table", head, element("tbody", *rows)), class_="wide", tabindex=0, role="region", aria_label=heads[1]
    )


def _section(title: str, inside: Html) -> Html:
    return join(element("h3", title), inside) if inside else Html("")
