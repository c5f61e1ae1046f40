from rag.lint import lint

LONG = " ".join(f"word{n}" for n in range(3001))


def kinds(folder):
    return {(notice.path, notice.kind) for notice in lint(folder)}


def test_a_corpus_in_order_has_no_notices(tmp_path):
    (tmp_path / "a.md").write_text("# A\n\nSee [b](b.md).\n")
    (tmp_path / "b.md").write_text("# B\n\nText.\n")
    assert kinds(tmp_path) == set()


def test_what_is_out_of_order_is_named(tmp_path):
    text = " ".join(f"sentence number {n} says this." for n in range(60))
    for name, content in {
        "broken.md": "# A\n\nSee [b](none.md).\n",
        "long.md": f"# Long\n\n{LONG}\n",
        "empty.md": "---\ntitle: Empty\n---\n",
        "first.md": f"# One\n\n{text}\n",
        "second.md": f"# Two\n\n{text}\n",
        "matter.md": "---\ntitle: [\n---\n\nText.\n",
        "COVERAGE.md": "`first.md#One` `first.md#Two` `none.md#X`\n",
    }.items():
        (tmp_path / name).write_text(content)
    found = kinds(tmp_path)
    assert ("broken.md", "broken-link") in found
    assert ("long.md", "long-page") in found
    assert ("empty.md", "empty-page") in found
    assert ("second.md", "near-duplicate") in found
    assert ("matter.md", "bad-front-matter") in found
    assert [n.message for n in lint(tmp_path) if n.path == "COVERAGE.md"] == [
        "There is no page none.md.",
        "first.md has no heading 'Two'.",
    ]


def test_an_included_file_is_looked_for_where_the_site_does(tmp_path):
    for path, text in {
        "docs/p.md": '# P\n\nText.\n\n--8<-- "terms.md"\n\n--8<-- "none.md"\n',
        "includes/terms.md": "*[LLM]: Large Language Model\n",
    }.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    found = [(notice.path, notice.line, notice.kind) for notice in lint(tmp_path)]
    assert found == [("docs/p.md", 7, "missing-include")]
