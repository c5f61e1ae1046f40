import codecs

import pytest

from rag.errors import CorpusError, UnreadableFileError
from rag.load import decode, walk


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"plain", "plain"),
        (codecs.BOM_UTF8 + "é".encode(), "é"),
        (codecs.BOM_UTF16_LE + "né".encode("utf-16-le"), "né"),
        (codecs.BOM_UTF16_BE + "né".encode("utf-16-be"), "né"),
        ("a longer line of text".encode("utf-16-le"), "a longer line of text"),
        ("caf\xe9 “q”".encode("cp1252"), "café “q”"),
        (b"\x81\xe9", "\x81é"),
        (b"a\r\nb\rc", "a\r\nb\rc"),
        (b"", ""),
    ],
)
def test_decode(raw, text):
    assert decode(raw) == text


@pytest.mark.parametrize("raw", [b"\x89PNG\r\n\x1a\n\x00\x00\x01\xff", b"\x00\x01\x02\x03\x04\x05", codecs.BOM_UTF16_LE + b"a"])
def test_what_is_no_text_is_refused(raw):
    with pytest.raises(UnreadableFileError):
        decode(raw)


def test_walk_lists_notes_and_says_what_it_leaves_out(tmp_path):
    for name in ("b.md", "a/x.mdx", ".hidden.md", ".obsidian/y.md", "node_modules/z.md", "img.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    outside = tmp_path.parent / "outside.md"
    outside.write_text("secret")
    (tmp_path / "link.md").symlink_to(outside)
    (tmp_path / "inner.md").symlink_to(tmp_path / "b.md")
    files, left_out = walk(tmp_path)
    assert [file.path for file in files] == ["a/x.mdx", "b.md", "inner.md"]
    assert left_out == [("img.png", "not a note (.png)"), ("link.md", "symbolic link that leaves the corpus")]


def test_ragignore_leaves_out_by_the_rules_of_gitignore(tmp_path):
    for name in ("README.md", "a/README.md", "a/_part.md", "b/keep.md", "b/old/x.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / ".ragignore").write_text("# not notes\n/README.md\n_*.md\nold/\n!b/old/y.md\n")
    files, left_out = walk(tmp_path)
    assert [file.path for file in files] == ["a/README.md", "b/keep.md"]
    assert left_out == [(name, "listed in .ragignore") for name in ("README.md", "a/_part.md", "b/old/x.md")]


def test_a_missing_corpus_says_what_to_do(tmp_path):
    with pytest.raises(CorpusError, match="--corpus"):
        walk(tmp_path / "none")
    (tmp_path / "file").write_text("x")
    with pytest.raises(CorpusError, match="is a file"):
        walk(tmp_path / "file")
