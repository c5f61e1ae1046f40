"""Names, the pointer, and what a killed writer leaves."""

from __future__ import annotations

import pytest

from rag.errors import IndexStateError
from rag.index.layout import Layout


def whole(layout, number):
    folder = layout.generation(number)
    folder.mkdir()
    for name in ("manifest.json", "notes.sqlite"):
        (folder / name).write_text("")
    (folder / "chroma").mkdir()
    (folder / "lexical").mkdir()


def test_a_folder_that_is_not_there_is_an_empty_index(tmp_path):
    layout = Layout(tmp_path / "none")
    assert layout.pointer() is None
    assert layout.numbers() == ()


def test_the_pointer_goes_where_it_is_put(tmp_path):
    layout = Layout(tmp_path)
    assert layout.pointer() is None
    layout.point_to(12)
    assert (tmp_path / "CURRENT").read_text() == "gen-000012\n"
    assert layout.pointer() == 12
    layout.point_to(1_234_567)
    assert layout.pointer() == 1_234_567
    assert [path.name for path in tmp_path.iterdir()] == ["CURRENT"]


@pytest.mark.parametrize(
    "content", [b"", b"12", b"gen-12", b"../gen-000012", b"gen-000012\ngen-000013", b"\xff\x00", b"x" * 10_000]
)
def test_a_damaged_pointer_is_refused_with_a_way_out(tmp_path, content):
    (tmp_path / "CURRENT").write_bytes(content)
    with pytest.raises(IndexStateError, match="CURRENT is damaged") as caught:
        Layout(tmp_path).pointer()
    assert "rollback" in caught.value.hint
    assert len(str(caught.value)) < 400


def test_an_index_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "index").write_text("")
    for ask in (Layout(tmp_path / "index").pointer, Layout(tmp_path / "index").numbers):
        with pytest.raises(IndexStateError, match="is a file") as caught:
            ask()
        assert "--index" in caught.value.hint


def test_numbers_are_those_of_generation_folders(tmp_path):
    for name in ("gen-000002", "gen-000010", "gen-1000000", "gen-x", "building-000011", "lost+found"):
        (tmp_path / name).mkdir()
    (tmp_path / "gen-000099").write_text("a file")
    assert Layout(tmp_path).numbers() == (2, 10, 1_000_000)


def test_left_overs(tmp_path):
    layout = Layout(tmp_path)
    for number in (1, 3, 5):
        whole(layout, number)
    for name in ("gen-000002", "gen-000004", "building-000006", "trash-000001-abcd", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "CURRENT.tmp-99").write_text("gen")
    (tmp_path / "LOCK").write_text("")
    layout.point_to(3)
    assert {path.name for path in layout.left_overs()} == {"building-000006", "trash-000001-abcd", "CURRENT.tmp-99", "gen-000004"}


def test_nothing_is_newer_than_a_damaged_pointer(tmp_path):
    (tmp_path / "gen-000004").mkdir()
    (tmp_path / "CURRENT").write_text("?")
    assert Layout(tmp_path).left_overs() == ()


@pytest.mark.parametrize("name", ["manifest.json", "notes.sqlite", "chroma", "lexical"])
def test_a_generation_that_lacks_a_part_is_refused(tmp_path, name):
    layout = Layout(tmp_path)
    whole(layout, 1)
    layout.check_whole(1)
    part = layout.generation(1) / name
    part.rmdir() if part.is_dir() else part.unlink()
    with pytest.raises(IndexStateError, match=name):
        layout.check_whole(1)
