"""Partials and glossaries in a real index: an edit refreshes what depends on it, and nothing else is embedded again."""

from __future__ import annotations

from rag.index import Index
from rag.pipeline import ingest
from tests.integration.test_corpora import parts

FILES = {
    "docs/install.mdx": "import Steps from './_steps.mdx';\n\n# Install\n\n## On Linux\n\n<Steps />\n",
    "docs/_steps.mdx": "Run **one** command.\n",
    "docs/other.mdx": "# Other\n\nNothing to do with it.\n",
    "docs/deep.md": '# Deep\n\nAn LLM reads.\n\n--8<-- "terms.md"\n',
    "docs/terms.md": "*[LLM]: Large Language Model\n",
}


def write(root, **files):
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def test_an_edit_refreshes_what_depends_on_it(tmp_path):
    root, index = tmp_path / "notes", tmp_path / "index"
    write(root, **FILES)

    def run():
        return ingest(root, parts(index), progress=lambda *_: None)

    def steps():
        with Index(index).open() as reader:
            return [(chunk.heading_path, chunk.text) for chunk in reader.chunks_of("docs/_steps.mdx")]

    first = run()
    assert first.failed == ()
    assert steps() == [(("Install", "On Linux"), "Run one command.")]
    assert (run().changed, run().embedded) == ((), 0)

    write(root, **{"docs/install.mdx": FILES["docs/install.mdx"].replace("On Linux", "On a Mac")})
    moved = run()
    assert moved.changed == ("docs/_steps.mdx", "docs/install.mdx")
    assert steps() == [(("Install", "On a Mac"), "Run one command.")]

    write(root, **{"docs/_steps.mdx": "Run two commands.\n"})
    edited = run()
    assert edited.changed == ("docs/_steps.mdx", "docs/install.mdx")
    assert edited.embedded == 1, "the page that shows it says nothing new"
    assert steps() == [(("Install", "On a Mac"), "Run two commands.")]

    (root / "docs/install.mdx").unlink()
    gone = run()
    assert (gone.removed, gone.changed) == (("docs/install.mdx",), ("docs/_steps.mdx",))
    assert steps() == [((), "Run two commands.")]

    write(root, **{"docs/terms.md": "*[LLM]: Large Language Models\n"})
    assert run().changed == ("docs/deep.md", "docs/terms.md")
    with Index(index).open() as reader:
        assert reader.document("docs/deep.md").metadata["abbreviations"] == {"LLM": "Large Language Models"}
    assert run().changed == ()
