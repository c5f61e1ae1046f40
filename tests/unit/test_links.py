import pytest

from rag.links import LinkChecker
from rag.markdown.parse import parse

PAGES = {
    "site/a.md": "# Alpha\n\n## Two words\n\nText. ^block\n\nTerm { #term }\n",
    "site/sub/b.mdx": "# Beta\n",
    "vault/Gamma Ray.md": "Text.\n",
    "other/Gamma Ray.md": "# Elsewhere\n",
}


def broken(path, text):
    sources = {**PAGES, path: text}
    pages = {each: parse(source, each) for each, source in sources.items()}
    return [notice.kind for notice in LinkChecker([*sources, "site/img/x.png"], pages, sources).broken(path)]


@pytest.mark.parametrize(
    "text",
    [
        "[x](a.md)",
        "[x](./a.md#two-words)",
        "[x](sub/b.mdx#beta)",
        "[x](a)",
        "[x](a.md#term)",
        "![x](img/x.png)",
        "[x](https://example.org/none)",
        "[x](mailto:a@b.c)",
        "[x](#here)\n\n## Here",
        "[x](/site/a.md)",
        "[[Gamma Ray]]",
        "[[gamma ray|shown]]",
        "[[a#Two words]]",
        "![[a#^block]]",
        '{{< relref "a.md#two-words" >}}',
        '{{< relref "/sub/b" >}}',
    ],
)
def test_what_leads_somewhere_is_not_reported(text):
    assert broken("site/page.md", text) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("[x](none.md)", "broken-link"),
        ("[x](a.md#none)", "broken-anchor"),
        ("[x](#none)", "broken-anchor"),
        ("[[None]]", "broken-link"),
        ("[[a#None]]", "broken-anchor"),
        ("![[a#^none]]", "broken-anchor"),
        ("![[None]]", "broken-embed"),
        ('{{< relref "none.md" >}}', "broken-link"),
        ("![x](img/none.png)", "broken-link"),
        ("[x](../../outside.md)", "broken-link"),
    ],
)
def test_what_leads_nowhere_is_reported(text, kind):
    assert broken("site/page.md", text) == [kind]


def test_links_in_code_are_not_links():
    assert broken("site/page.md", "`[[None]]`\n\n```\n[x](none.md)\n```\n") == []


def test_a_note_of_the_same_site_comes_first():
    assert broken("vault/x.md", "[[Gamma Ray#Elsewhere]]") == ["broken-anchor"]
    assert broken("other/x.md", "[[Gamma Ray#Elsewhere]]") == []
