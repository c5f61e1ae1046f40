"""Partials, snippets and glossaries: found where they are, refreshed when what they depend on changes."""

from __future__ import annotations

import pytest

from rag.index import FileEntry
from rag.plan import make_plan
from rag.read import read_page

INSTALL = "---\ntitle: Install\n---\nimport Steps from './_steps.mdx';\n\n# Install\n\n## On Linux\n\n<Steps />\n"
STEPS = "Run **one** command.\n"


class Words:
    """Counts words."""

    max_tokens = 256

    def count(self, text: str) -> int:
        return len(text.split()) + 2


def write(root, **files):
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def plan_of(root, known=None):
    return make_plan(root, known or {})


def reading(root, path, plan=None):
    plan = plan or plan_of(root)
    return read_page(path, (root / path).read_bytes(), "0", counter=Words(), target_tokens=200, includes=plan.includes)


def entries(root):
    """What an index would know of a corpus."""
    plan = plan_of(root)
    return {
        file.path: FileEntry(plan.includes.digest(file.path), 1, "t", inputs=plan.includes.inputs(file.path))
        for file in [*plan.added]
    }


def changed(root, known):
    plan = plan_of(root, known)
    return [file.path for file in plan.added], [file.path for file in plan.changed], plan.removed


def test_a_partial_is_indexed_once_and_knows_its_page(tmp_path):
    write(tmp_path, **{"docs/install.mdx": INSTALL, "docs/_steps.mdx": STEPS})
    page, partial = reading(tmp_path, "docs/install.mdx"), reading(tmp_path, "docs/_steps.mdx")
    assert not any("command" in chunk.text for chunk in page.chunks)
    [chunk] = partial.chunks
    assert chunk.heading_path == ("Install", "On Linux")
    assert chunk.metadata["shown_by"] == ["docs/install.mdx"]
    [(start, end)] = chunk.spans
    assert STEPS[start:end] == "Run **one** command."
    assert chunk.text == "Run one command."


def test_an_edit_reads_again_what_depends_on_it_and_nothing_else(tmp_path):
    write(tmp_path, **{"docs/install.mdx": INSTALL, "docs/_steps.mdx": STEPS, "docs/other.mdx": "# Other\n\nText.\n"})
    known = entries(tmp_path)
    assert changed(tmp_path, known) == ([], [], [])
    write(tmp_path, **{"docs/_steps.mdx": STEPS + "More.\n"})
    assert changed(tmp_path, known) == ([], ["docs/_steps.mdx", "docs/install.mdx"], [])
    known = entries(tmp_path)
    write(tmp_path, **{"docs/install.mdx": INSTALL.replace("On Linux", "On a Mac")})
    assert changed(tmp_path, known) == ([], ["docs/_steps.mdx", "docs/install.mdx"], [])
    assert reading(tmp_path, "docs/_steps.mdx").chunks[0].heading_path == ("Install", "On a Mac")


def test_a_page_that_stops_showing_a_partial_is_forgotten_by_it(tmp_path):
    write(tmp_path, **{"docs/install.mdx": INSTALL, "docs/_steps.mdx": STEPS})
    known = entries(tmp_path)
    (tmp_path / "docs/install.mdx").unlink()
    assert changed(tmp_path, known) == ([], ["docs/_steps.mdx"], ["docs/install.mdx"])
    [chunk] = reading(tmp_path, "docs/_steps.mdx").chunks
    assert chunk.heading_path == ()
    assert "shown_by" not in chunk.metadata


def test_a_partial_that_appears_or_goes_refreshes_its_page(tmp_path):
    write(tmp_path, **{"docs/install.mdx": INSTALL})
    known = entries(tmp_path)
    missing = reading(tmp_path, "docs/install.mdx").notices
    assert [(notice.line, notice.kind) for notice in missing] == [(10, "missing-include")]
    write(tmp_path, **{"docs/_steps.mdx": STEPS})
    assert changed(tmp_path, known) == (["docs/_steps.mdx"], ["docs/install.mdx"], [])
    assert not reading(tmp_path, "docs/install.mdx").notices


def test_sections_of_a_snippet_belong_to_the_pages_that_show_them(tmp_path):
    shared = "--8<-- [start:a]\nAlpha text.\n--8<-- [end:a]\n\n<!-- --8<-- [start:b] -->\nBeta text.\n<!-- --8<-- [end:b] -->\n"
    write(
        tmp_path,
        **{
            "docs/one.md": '# One\n\n## Part\n\n--8<-- "includes/shared.md:a"\n',
            "docs/two.md": '# Two\n\n--8<-- "includes/shared.md:b"\n',
            "docs/three.md": '# Three\n\n--8<-- "includes/shared.md:b"\n',
            "includes/shared.md": shared,
        },
    )
    chunks = reading(tmp_path, "includes/shared.md").chunks
    assert [(chunk.text, chunk.heading_path) for chunk in chunks] == [
        ("Alpha text.", ("One", "Part")),
        ("Beta text.", ("Three / Two",)),
    ]
    assert chunks[0].metadata["shown_by"] == ["docs/one.md", "docs/three.md", "docs/two.md"]
    assert [shared[slice(*span)] for chunk in chunks for span in chunk.spans] == ["Alpha text.", "Beta text."]


def test_a_snippet_behind_a_semicolon_is_not_shown(tmp_path):
    page = "# P\n\n--8<--\nshown.md\n;hidden.md\n--8<--\n"
    write(tmp_path, **{"p.md": page, "shown.md": "Shown.\n", "hidden.md": "Hidden.\n"})
    assert reading(tmp_path, "shown.md").chunks[0].metadata["shown_by"] == ["p.md"]
    assert "shown_by" not in reading(tmp_path, "hidden.md").chunks[0].metadata
    assert "missing-include" not in {notice.kind for notice in reading(tmp_path, "p.md").notices}


def test_what_many_pages_show_belongs_to_none(tmp_path):
    write(tmp_path, **{f"p{number}.md": f'# P{number}\n\n--8<-- "shared.md"\n' for number in range(4)}, **{"shared.md": "Text.\n"})
    [chunk] = reading(tmp_path, "shared.md").chunks
    assert chunk.heading_path == ()
    assert len(chunk.metadata["shown_by"]) == 4


def test_a_tab_that_shows_a_partial_is_part_of_its_path(tmp_path):
    page = "import X from './_x.mdx';\n\n# T\n\n<Tabs>\n<TabItem value='a' label='Conda'>\n\n<X/>\n\n</TabItem>\n</Tabs>\n"
    write(tmp_path, **{"t.mdx": page, "_x.mdx": "Text.\n"})
    assert reading(tmp_path, "_x.mdx").chunks[0].heading_path == ("T", "Conda")


def test_partials_of_partials_and_circles(tmp_path):
    write(
        tmp_path,
        **{
            "page.mdx": "import A from './_a.mdx';\n\n# Page\n\n<A/>\n",
            "_a.mdx": "import B from './_b.mdx';\n\nIn a.\n\n<B/>\n",
            "_b.mdx": "import A from './_a.mdx';\n\nIn b.\n\n<A/>\n",
        },
    )
    plan = plan_of(tmp_path)
    assert [(each.path, each.directly) for each in plan.includes.showings("_b.mdx")] == [("_a.mdx", True), ("page.mdx", False)]
    assert reading(tmp_path, "_b.mdx").chunks[0].metadata["shown_by"] == ["_a.mdx", "page.mdx"]
    known = entries(tmp_path)
    write(tmp_path, **{"page.mdx": "# Page\n\nNothing.\n"})
    assert changed(tmp_path, known)[1] == ["_a.mdx", "_b.mdx", "page.mdx"]


def test_drafts_and_examples_in_code_show_nothing(tmp_path):
    write(
        tmp_path,
        **{
            "draft.md": '---\ndraft: true\n---\n# D\n\n--8<-- "x.md"\n',
            "how.md": '# How\n\n```\n--8<-- "x.md"\n```\n',
            "x.md": "Text.\n",
        },
    )
    plan = plan_of(tmp_path)
    assert plan.includes.is_shown("x.md")
    assert plan.includes.showings("x.md") == []
    assert reading(tmp_path, "x.md").chunks[0].heading_path == ()


@pytest.mark.parametrize(
    ("page", "target", "found"),
    [
        ("docs/a/p.md", "./x.md", "docs/a/x.md"),
        ("docs/a/p.md", "../y.md", "docs/y.md"),
        ("docs/a/p.md", "../../../y.md", None),
        ("docs/a/p.md", "x.md", "docs/a/x.md"),
        ("docs/a/p.md", "y.md", "docs/y.md"),
        ("docs/a/p.md", "terms.md", "includes/terms.md"),
        ("docs/a/p.md", "includes/terms.md", "includes/terms.md"),
        ("docs/a/p.md", "@site/docs/y.md", "docs/y.md"),
        ("docs/a/p.md", "/docs/y.md", "docs/y.md"),
        ("docs/a/p.md", "https://example.org/y.md", None),
        ("docs/a/p.md", "../../../../etc/passwd", None),
    ],
)
def test_where_a_file_is_looked_for(tmp_path, page, target, found):
    write(tmp_path, **dict.fromkeys(["docs/a/p.md", "docs/a/x.md", "docs/y.md", "includes/terms.md"], "x"))
    assert plan_of(tmp_path).includes.find(target, page) == found


def test_mkdocs_says_where_and_what_every_page_shows(tmp_path):
    settings = """\
markdown_extensions:
  - toc
  - pymdownx.emoji:
      emoji_index: !!python/name:material.extensions.emoji.twemoji
  - pymdownx.snippets:
      base_path: [parts]
      auto_append:
        - parts/words.md
"""
    write(
        tmp_path,
        **{
            "site/mkdocs.yml": settings,
            "site/docs/p.md": '# P\n\nAn LLM.\n\n--8<-- "x.md"\n',
            "site/parts/x.md": "Text.\n",
            "site/parts/words.md": "*[LLM]: Large Language Model\n",
            "other/p.md": "# P\n",
        },
    )
    page = reading(tmp_path, "site/docs/p.md")
    assert not page.notices
    assert page.document.metadata["abbreviations"] == {"LLM": "Large Language Model"}
    assert "abbreviations" not in reading(tmp_path, "other/p.md").document.metadata
    known = entries(tmp_path)
    write(tmp_path, **{"site/parts/words.md": "*[LLM]: Large Language Models\n"})
    assert changed(tmp_path, known)[1] == ["site/docs/p.md", "site/parts/words.md", "site/parts/x.md"]


@pytest.mark.parametrize(
    "settings", ["", "snippets: [base_path", "- snippets base_path", "markdown_extensions: snippets base_path"]
)
def test_settings_that_say_nothing(tmp_path, settings):
    write(tmp_path, **{"mkdocs.yml": settings, "docs/p.md": '--8<-- "docs/q.md"\n', "docs/q.md": "Text.\n"})
    assert plan_of(tmp_path).includes.find("docs/q.md", "docs/p.md") == "docs/q.md"


def test_several_files_at_once_and_a_directive(tmp_path):
    write(
        tmp_path,
        **{
            "p.md": "# P\n\n--8<--\na.md\nb.md\n--8<--\n\n```{include} c.md\n```\n",
            **dict.fromkeys(["a.md", "b.md", "c.md"], "Text.\n"),
        },
    )
    includes = plan_of(tmp_path).includes
    assert [[each.path for each in includes.showings(path)] for path in ("a.md", "b.md", "c.md")] == [["p.md"]] * 3


def test_a_page_in_utf_16_includes_too(tmp_path):
    write(tmp_path, **{"x.md": "Text.\n"})
    (tmp_path / "p.md").write_bytes('\ufeff# P\n\n--8<-- "x.md"\n'.encode("utf-16-le"))
    assert [each.title for each in plan_of(tmp_path).includes.showings("x.md")] == ["P"]


def test_a_link_out_of_the_corpus_is_not_read(tmp_path):
    (tmp_path / "secret.md").write_text("*[KEY]: secret\n", encoding="utf-8")
    write(tmp_path / "notes", **{"p.md": '# P\n\n--8<-- "terms.md"\n'})
    (tmp_path / "notes" / "terms.md").symlink_to(tmp_path / "secret.md")
    page = reading(tmp_path / "notes", "p.md")
    assert "abbreviations" not in page.document.metadata
    assert [notice.kind for notice in page.notices] == ["missing-include"]
