"""One file to a document and its chunks, whatever kind it is."""

from __future__ import annotations

import json

import pytest

from rag.errors import UnreadableFileError
from rag.extract.pieces import Extract, Piece
from rag.read import DRAFT, DRAWING, read_page


class Words:
    """Counts words."""

    max_tokens = 256

    def count(self, text: str) -> int:
        return len(text.split()) + 2


def read(path, raw, **more):
    return read_page(path, raw, "0", counter=Words(), target_tokens=60, **more)


def test_a_notebook_is_cited_by_cell():
    cells = [
        {"cell_type": "markdown", "source": "# Tuning\n\nThe rank is 8."},
        {"cell_type": "code", "source": "rank = 8", "outputs": [{"output_type": "stream", "name": "stdout", "text": "done\n"}]},
    ]
    reading = read("lab/tune.ipynb", json.dumps({"cells": cells}).encode())
    assert [(chunk.heading_path, chunk.text) for chunk in reading.chunks] == [
        (("Cell 1", "Tuning"), "Tuning\n\nThe rank is 8."),
        (("Cell 2", "Tuning"), "rank = 8\n\ndone"),
    ]
    assert reading.document.source == "# Tuning\n\nThe rank is 8.\n\nrank = 8\n\ndone"
    assert reading.document.title == "Tuning"
    assert reading.chunks[0].metadata["format"] == "notebook"


def test_a_canvas_is_cited_by_card():
    reading = read("Map.canvas", json.dumps({"nodes": [{"id": "a", "type": "text", "text": "Retriever feeds"}]}).encode())
    [chunk] = reading.chunks
    assert (chunk.heading_path, chunk.text, reading.document.source) == (
        ("Card “Retriever feeds”",),
        "Retriever feeds",
        "Retriever feeds",
    )


def test_a_document_is_cited_by_page():
    extract = Extract([Piece("First page.", "paragraph", "Page 1"), Piece("Second page.", "paragraph", "Page 2")], "Paper")
    asked = []
    reading = read("a/p.pdf", b"raw", documents=lambda path, raw: asked.append((path, raw)) or extract)
    assert asked == [("a/p.pdf", b"raw")]
    assert [(chunk.heading_line, chunk.text) for chunk in reading.chunks] == [
        ("Paper > Page 1", "First page."),
        ("Paper > Page 2", "Second page."),
    ]
    assert [reading.document.source[chunk.start : chunk.end] for chunk in reading.chunks] == ["First page.", "Second page."]


def test_text_in_any_encoding():
    assert read("a.txt", "né".encode("utf-16")).chunks[0].text == "né"
    assert read("a.txt", "né".encode("latin-1")).document.source == "né"


def test_nothing_reads_documents_here():
    with pytest.raises(UnreadableFileError, match=r"\.pdf"):
        read("a.pdf", b"x")


def test_drafts_and_drawings_are_left_out():
    assert read("a.md", b"---\ndraft: true\n---\nText.").left_out == DRAFT
    drawing = read("Sketch.md", b"---\nexcalidraw-plugin: parsed\n---\n# Text Elements\nQuery ^q1\n")
    assert (drawing.left_out, drawing.chunks) == (DRAWING, ())


def test_an_empty_page_is_no_failure():
    reading = read("2024-03-02.md", b"")
    assert (reading.chunks, reading.left_out) == ((), "")
    assert [notice.kind for notice in reading.notices] == ["empty-page"]
