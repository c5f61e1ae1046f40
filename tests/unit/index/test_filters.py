"""Labels of chunks and filters on them."""

from __future__ import annotations

from datetime import date

import pytest

from rag.index.filters import labels, wanted
from tests.fake_index import page


def labels_of(path="a/b/c.md", **metadata):
    return set(labels(page(path, "text", title="The Page", metadata=metadata)[1][0]))


def test_a_chunk_is_found_by_its_page_and_every_folder_above():
    assert {"path=a", "path=a/b", "path=a/b/c.md", "title=the page", "kind=paragraph"} == labels_of()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("RAG", {"key=rag"}),
        ("  RAG ", {"key=rag"}),
        (3, {"key=3"}),
        (1.5, {"key=1.5"}),
        (True, {"key=true"}),
        (["RAG", "LLM", 2], {"key=rag", "key=llm", "key=2"}),
        (None, set()),
        ({"nested": "no"}, set()),
        (["a", ["b"], {"c": 1}], {"key=a"}),
        ("x" * 121, set()),
        (date(2025, 1, 2), set()),
        ("a\ud800b", {"key=a?b"}),
    ],
)
def test_values(value, expected):
    assert labels_of(key=value) - labels_of() == expected


def test_a_filter_asks_for_labels_that_a_chunk_has():
    has = labels_of(tags=["RAG", "Löwe"], language="EN")
    for where in ({"tags": "rag"}, {"TAGS": "LÖWE", "language": "en"}, {"path": "a/b/"}, {"path": "a"}, {"title": "THE PAGE"}):
        assert set(wanted(where)) <= has
    for where in ({"tags": "ra"}, {"tags": "rag", "language": "de"}, {"path": "b"}, {"path": "a/b/c"}):
        assert not set(wanted(where)) <= has


def test_no_filter_asks_for_nothing():
    assert wanted({}) == []
