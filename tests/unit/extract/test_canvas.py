"""Obsidian's canvases. Cards in, blocks out, offsets exact."""

from __future__ import annotations

import json

import pytest

from rag.errors import UnreadableFileError
from rag.extract.canvas import read
from tests.unit.extract.checks import composed, shown


def box(x=0, y=0, width=100, height=50):
    return {"x": x, "y": y, "width": width, "height": height}


def card(key, text, **place):
    return {"id": key, "type": "text", "text": text, **box(**place)}


def canvas(*nodes, edges=()):
    return json.dumps({"nodes": list(nodes), "edges": list(edges)})


def edge(start, end, **more):
    return {"id": f"{start}{end}", "fromNode": start, "toNode": end, **more}


def test_cards_groups_and_arrows():
    text = canvas(
        card("a", "# Map\nRetriever feeds the **reader**", x=10, y=10),
        {"id": "b", "type": "file", "file": "Notes/Prompt caching.md", "subpath": "#Results", **box()},
        {"id": "g", "type": "group", "label": "Inference", **box(width=800, height=400)},
        {"id": "u", "type": "link", "url": "https://example.org/paper", **box()},
        card("c", "Outside [[Other|the box]]", x=900),
        edges=[edge("a", "b", label="speeds up"), edge("b", "u"), edge("a", "gone", label="x"), edge("c", "g", fromEnd="arrow")],
    )
    assert shown(read(text), "Map.canvas") == [
        ("heading", "Card “Map” in “Inference”", "Map", ("# Map",)),
        (
            "paragraph",
            "Card “Map” in “Inference” > Map",
            "Retriever feeds the reader",
            ("Retriever feeds the **reader**",),
        ),
        ("paragraph", "Card “Outside the box”", "Outside the box", ("Outside [[Other|the box]]",)),
        (
            "diagram",
            "Connections",
            "Map -> Prompt caching > Results: speeds up\nPrompt caching > Results -> https://example.org/paper\n"
            "Outside the box <-> Inference",
            (
                "Map -> Prompt caching > Results: speeds up\nPrompt caching > Results -> https://example.org/paper\n"
                "Outside the box <-> Inference",
            ),
        ),
    ]


def test_title_metadata_and_links():
    source, page = composed(read(canvas(card("a", "One [[Note#Part]]"), card("b", "Two ![[Other]]"))), "boards/My map.canvas")
    assert page.title == "My map"
    assert page.metadata["format"] == "canvas"
    assert [(link.kind, link.target, source[slice(*link.span)], link.line) for link in page.links] == [
        ("wikilink", "Note", "[[Note#Part]]", 1),
        ("embed", "Other", "![[Other]]", 3),
    ]


def test_headings_of_a_card_end_with_it():
    _, page = composed(read(canvas(card("a", "# One\n\na"), card("b", "b"))), "m.canvas")
    assert page.blocks[-1].heading_path == ("Card “b”",)


def test_a_long_first_line_is_cut_between_words():
    _, page = composed(read(canvas(card("a", "word " * 30))), "m.canvas")
    assert page.blocks[0].heading_path == ("Card “word word word word word word word word word…”",)


def test_comments_of_a_card_are_hidden():
    source, page = composed(read(canvas(card("a", "Seen %%hidden%%"))), "m.canvas")
    assert [block.text for block in page.blocks] == ["Seen"]
    assert [source[slice(*span)] for span in page.hidden] == ["%%hidden%%"]


@pytest.mark.parametrize("text", ["{", "[]", "3", "[" * 100_000])
def test_what_is_no_canvas_says_so(text):
    with pytest.raises(UnreadableFileError, match="not a canvas"):
        read(text)


@pytest.mark.parametrize(
    "text",
    ["", " ", "{}", '{"nodes": 1, "edges": {}}', '{"nodes": [1, {}, {"type": "text", "text": 3, "x": "a"}], "edges": [1, {}]}'],
)
def test_empty_and_odd_canvases_give_nothing(text):
    assert shown(read(text), "m.canvas") == []
