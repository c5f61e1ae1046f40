"""Evidence in every kind of file that ingest reads: the quotes are those of the text that was extracted."""

from __future__ import annotations

import json

import pytest

from eval.adding import add_question, place_of
from eval.evidence import check_evidence
from eval.pages import read_page_text
from eval.questions import read_question_file
from rag.errors import ConfigError, UnreadableFileError
from rag.load import sha256
from rag.read import read_page
from tests.unit.eval.parts import question_json

NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "source": ["# Kettles\n", "\n", 'A kettle is "on" for three minutes.\n']},
        {"cell_type": "code", "source": ["# Set the power\n", "watts = 2200\n"], "outputs": []},
    ],
    "metadata": {},
    "nbformat": 4,
}
CANVAS = {
    "nodes": [
        {
            "id": "a",
            "type": "text",
            "text": "# Bread\n\nA sourdough rises for twelve hours.",
            "x": 0,
            "y": 0,
            "width": 9,
            "height": 9,
        },
        {"id": "b", "type": "text", "text": "Rolls are baked at 240 degrees.", "x": 20, "y": 0, "width": 9, "height": 9},
    ],
    "edges": [],
}
FILES = {
    "kettles.ipynb": json.dumps(NOTEBOOK),
    "bread.canvas": json.dumps(CANVAS),
    "rules.txt": "Rules\n\n# 1 Fill the kettle to 1.7 litres.\r\n\r\nEmpty it at night.\n",
    "oven.html": "<html><head><title>Ovens</title></head><body><h2>Heat</h2><p>An oven takes ten minutes.</p></body></html>",
    "page.md": "# Ovens\n\n## Heat\n\nAn oven takes ten minutes.\n",
}
PLACES = [
    ("kettles.ipynb", 'A kettle is "on" for three minutes.', "Kettles"),
    # A comment of a program is no heading, though it begins like one.
    ("kettles.ipynb", "watts = 2200", "Kettles"),
    ("bread.canvas", "rises for twelve hours", "Bread"),
    # Headings of another card do not hold.
    ("bread.canvas", "baked at 240 degrees", "Card “Rolls are baked at 240 degrees.”"),
    ("rules.txt", "Empty it at night", "rules"),
    ("oven.html", "takes ten minutes", "Heat"),
    ("page.md", "takes ten minutes", "Heat"),
]


class Words:
    """Counts tokens as words."""

    max_tokens = 100

    def count(self, text):
        return len(text.split())


@pytest.fixture
def notes(tmp_path):
    folder = tmp_path / "notes"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_bytes(text.encode())
    return folder


@pytest.mark.parametrize(("page", "quote", "heading"), PLACES)
def test_a_place_is_found_named_and_checked_in_what_was_extracted(notes, tmp_path, page, quote, heading):
    place = place_of(page, quote, notes)
    assert place["heading"] == heading
    fields = question_json(evidence=[place])
    add_question(tmp_path / "q.jsonl", fields, notes)
    file = read_question_file(tmp_path / "q.jsonl")
    assert check_evidence(file, notes) == []
    (notes / page).write_bytes((notes / page).read_bytes().replace(quote[-8:-2].encode(), b"other"))
    assert len(check_evidence(file, notes)) == 1


@pytest.mark.parametrize("page", sorted(FILES))
def test_the_text_is_the_source_that_ingest_keeps(notes, page):
    from rag.llamaindex.readers import read_document

    raw = (notes / page).read_bytes()
    reading = read_page(page, raw, sha256(raw), documents=read_document, counter=Words(), target_tokens=100)
    assert read_page_text(notes, page).source == reading.document.source


def test_what_is_not_there_or_not_what_it_is_called_is_no_page(notes):
    (notes / "broken.ipynb").write_text("{")
    for page in ("gone.md", "broken.ipynb"):
        with pytest.raises(UnreadableFileError):
            read_page_text(notes, page)
        with pytest.raises(ConfigError, match="no readable page"):
            place_of(page, "any words", notes)
