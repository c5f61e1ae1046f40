"""What the ingest bench and the growth bench make of their times; nothing is run."""

from __future__ import annotations

import json

import numpy as np
import pytest

from eval.bench import BenchError, growth
from eval.bench.ingest import Parts, as_json, join, summary, table

TIMES = {"peer": [80.0, 90.0, 85.0], "full": [20.0, 17.0, 16.0], "unchanged": [1.0, 1.2, 0.9], "edited": [3.0, 6.0, 4.0]}
MADE = {"peer": {"documents": 3, "chunks": 30}, "full": {"documents": 3, "chunks": 20, "embedded": 20}}
INSIDE = [{"total": 0.4}, {"total": 0.3}, {"total": 9.0}]


def result(**changes):
    return summary(TIMES | changes, INSIDE, MADE, 0.9995) | {"pages": 3, "rounds": 3}


def test_medians_are_compared():
    found = result()
    assert found["figures"] == {
        "times_faster": 5.0,
        "unchanged_s": 1.0,
        "edited_s": 4.0,
        "edited_share": pytest.approx(0.4 / 17),
        "cosine": 0.9995,
    }
    assert all(found["met"].values())


@pytest.mark.parametrize(
    ("change", "missed"),
    [
        ({"peer": [60.0, 60.0, 60.0]}, {"times_faster"}),
        ({"unchanged": [2.0, 2.0, 2.0]}, {"unchanged_s"}),
        ({"edited": [5.0, 5.0, 5.0]}, {"edited_s"}),
        ({"full": [1.0, 1.0, 1.0]}, {"edited_share"}),
    ],
)
def test_a_missed_target_is_named(change, missed):
    found = result(**change)
    assert {name for name, met in found["met"].items() if not met} == missed
    assert "| NO |" in table(found)


def test_the_result_names_no_folder_of_this_machine(tmp_path):
    parts = Parts([tmp_path / "corpus"], tmp_path / "model", tmp_path / "rag.toml", 3)
    said = as_json(result(), {"code": "abc"}, parts)
    assert str(tmp_path) not in said
    assert json.loads(said)["parts"]["folders"] == ["corpus"]
    assert "own 20 chunks, peer 30" in table(result())


def test_corpora_are_joined_under_their_names(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.md").write_text("# A\n\nText.\n")
    (tmp_path / "joined").mkdir()
    assert join([tmp_path / "one", tmp_path / "two"], tmp_path / "joined") == 2
    with pytest.raises(BenchError, match="called one"):
        join([tmp_path / "one"], tmp_path / "joined")


def test_made_up_pages_are_the_same_every_time_and_change_with_an_edit():
    [(document, chunks)], [(again, same)] = growth.pages(1, 5), growth.pages(1, 5)
    assert (document, chunks) == (again, same)
    assert [document.source[start:end] for chunk in chunks for start, end in chunk.spans] == [chunk.text for chunk in chunks]
    [(edited, others)] = growth.pages(1, 5, "edit")
    assert edited.path == document.path
    assert edited.source != document.source
    assert {chunk.id for chunk in chunks}.isdisjoint(chunk.id for chunk in others)
    matrix = growth.vectors(chunks)
    assert matrix.dtype == np.float32
    assert np.allclose(np.linalg.norm(matrix, axis=1), 1)
    assert (growth.vectors(chunks) == matrix).all()


def test_growth_is_shown_by_size():
    row = {"chunks": 1000, "built_s": 2.5, "edit_s": 0.5, "copy_s": 0.01, "first_search_s": 0.1}
    assert "| 1,000 | 2.5 | 0.50 | 0.01 | 0.10 | 5 | 100 |" in growth.table(
        [row | {"index_bytes": 5_000_000, "peak_memory_bytes": 100_000_000}]
    )
