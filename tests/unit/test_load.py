import codecs

import pytest

from rag import load
from rag.errors import CorpusError, UnreadableFileError
from rag.load import DOCUMENT_SUFFIXES, decode, walk

WIDE = (
    "# 提示缓存\r\n\r\n缓存的有效时间是十五分钟。\r\n",
    "提示缓存的有效时间是十五分钟，超过这个时间就会失效。",
    "プロンプトのキャッシュは15分間です。\n",
    "프롬프트 캐시는 15분입니다.\n",
    "Кэш живёт 15 минут.\n",
    "แคชมีอายุ 15 นาที\n",
    "yes\n",
)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"plain", "plain"),
        (codecs.BOM_UTF8 + "é".encode(), "é"),
        (codecs.BOM_UTF16_LE + "né".encode("utf-16-le"), "né"),
        (codecs.BOM_UTF16_BE + "né".encode("utf-16-be"), "né"),
        ("a longer line of text".encode("utf-16-le"), "a longer line of text"),
        *((text.encode(encoding), text) for text in WIDE for encoding in ("utf-16-le", "utf-16-be")),
        ("caf\xe9 “q”".encode("cp1252"), "café “q”"),
        (b"\x81\xe9", "\x81é"),
        ("Die Größe ist \x1b[1mneun\x1b[0m Meter.".encode("cp1252"), "Die Größe ist \x1b[1mneun\x1b[0m Meter."),
        ("Zażółć gęślą jaźń 中文文本 ".encode() + b"caf\xe9 \x93q\x94", "Zażółć gęślą jaźń 中文文本 café “q”"),
        (b"a\r\nb\rc", "a\r\nb\rc"),
        (b"", ""),
    ],
)
def test_decode(raw, text):
    assert decode(raw) == text


@pytest.mark.parametrize(
    "raw", [b"\x89PNG\r\n\x1a\n\x00\x00\x01\xff", b"\x00\x01\x02\x03\x04\x05", bytes(range(256)) * 4, codecs.BOM_UTF16_LE + b"a"]
)
def test_what_is_no_text_is_refused(raw):
    with pytest.raises(UnreadableFileError):
        decode(raw)


def test_walk_lists_notes_and_says_what_it_leaves_out(tmp_path):
    names = ("b.md", "a/x.mdx", "c.IPYNB", "d.canvas", "e.txt", ".hidden.md", ".obsidian/y.md", "node_modules/z.md", "img.png")
    for name in (
        *names,
        "v.base",
        "s.excalidraw.md",
        "s.excalidraw",
        "Templates/t.md",
        "a/archetypes/n.md",
        "LICENSE",
        "a.b/LICENSE",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text("x")
    outside = tmp_path.parent / "outside.md"
    outside.write_text("secret")
    (tmp_path / "link.md").symlink_to(outside)
    (tmp_path / "inner.md").symlink_to(tmp_path / "b.md")
    files, left_out = walk(tmp_path)
    assert [file.path for file in files] == ["a/x.mdx", "b.md", "c.IPYNB", "d.canvas", "e.txt", "inner.md"]
    assert left_out == [
        ("LICENSE", "not a note (no suffix)"),
        ("Templates/t.md", "a template"),
        ("a.b/LICENSE", "not a note (no suffix)"),
        ("a/archetypes/n.md", "a template"),
        ("img.png", "not a note (.png)"),
        ("link.md", "symbolic link that leaves the corpus"),
        ("s.excalidraw", "not evidence: an Excalidraw drawing"),
        ("s.excalidraw.md", "not evidence: an Excalidraw drawing"),
        ("v.base", "not evidence: a view of an Obsidian database"),
    ]


def test_templates_can_be_taken_in_again(tmp_path):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "prompt.md").write_text("x")
    (tmp_path / ".ragignore").write_text("!templates/\n")
    assert [file.path for file in walk(tmp_path)[0]] == ["templates/prompt.md"]


@pytest.mark.parametrize("suffix", sorted(DOCUMENT_SUFFIXES))
def test_documents_are_read_where_the_extra_is_installed(tmp_path, monkeypatch, suffix):
    (tmp_path / f"paper{suffix}").write_bytes(b"x")
    monkeypatch.setattr(load, "documents_installed", lambda: True)
    assert [file.path for file in walk(tmp_path)[0]] == [f"paper{suffix}"]
    monkeypatch.setattr(load, "documents_installed", lambda: False)
    files, [(path, reason)] = walk(tmp_path)
    assert (files, path) == ([], f"paper{suffix}")
    assert reason == f"{suffix} files need the extra documents: pip install 'rag-notes[documents]'"


def test_the_extra_is_there_only_with_all_its_packages(monkeypatch):
    monkeypatch.setattr(load.importlib.util, "find_spec", lambda name: None if name == "pptx" else name)
    assert not load.documents_installed()
    monkeypatch.setattr(load.importlib.util, "find_spec", lambda name: name)
    assert load.documents_installed()


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
