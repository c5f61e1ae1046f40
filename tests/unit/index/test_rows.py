"""Values to rows and back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.index.rows import chunk_row, document_row, row_chunk, row_document
from rag.types import Chunk, Document

relaxed = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])

any_text = st.text(alphabet=st.characters(exclude_categories=()))
span = st.tuples(st.integers(0), st.integers(0))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | any_text,
    lambda inner: st.lists(inner) | st.dictionaries(any_text, inner),
    max_leaves=5,
)
chunks = st.builds(
    Chunk,
    id=st.text(),
    document_id=st.text(),
    path=st.text(),
    title=any_text,
    ordinal=st.integers(0),
    text=any_text,
    spans=st.lists(span, min_size=1).map(tuple),
    alignment=st.lists(st.tuples(*[st.integers(0)] * 4)).map(tuple),
    heading_path=st.lists(any_text).map(tuple),
    kind=st.text(),
    line=st.integers(1),
    lead=st.integers(0),
    code=st.lists(span).map(tuple),
    repeated=st.lists(span).map(tuple),
    metadata=st.dictionaries(any_text, json_values),
)


@pytest.mark.slow
@relaxed
@given(chunks)
def test_a_chunk_survives(chunk):
    assert row_chunk(chunk_row(chunk, b"digest", 7)) == chunk


@pytest.mark.slow
@relaxed
@given(any_text, any_text, st.dictionaries(any_text, json_values))
def test_a_document_survives(title, source, metadata):
    document = Document("id", "a/ö.md", title, metadata, source, "sha")
    assert row_document(document_row(document)) == document


CHUNK = Chunk("id", "d", "a.md", "A", 0, "text", ((0, 4),), ((0, 4, 0, 4),))


@pytest.mark.parametrize(
    "change", [{"text": "other"}, {"line": 2}, {"title": "B"}, {"ordinal": 1}, {"metadata": {"a": 1}}, {"spans": ((1, 4),)}]
)
def test_the_digest_sees_every_field(change):
    assert chunk_row(replace(CHUNK, **change), b"", 1).text_digest != chunk_row(CHUNK, b"", 1).text_digest


def test_the_digest_does_not_see_history():
    assert chunk_row(CHUNK, b"v", 2).text_digest == chunk_row(CHUNK, b"w", 1).text_digest


@pytest.mark.parametrize("change", [{"title": "B"}, {"source": "x"}, {"metadata": {"a": 1}}, {"sha256": "2"}, {"path": "b.md"}])
def test_a_documents_digest_sees_every_field(change):
    document = Document("id", "a.md", "A", {}, "text", "1")
    assert document_row(replace(document, **change)).digest != document_row(document).digest


def test_what_is_no_json_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        chunk_row(replace(CHUNK, metadata={"a": float("nan")}), b"", 1)
