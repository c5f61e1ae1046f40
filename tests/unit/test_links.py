import pytest

from rag.links import LinkChecker, Outline, explicit_anchors, outline
from rag.markdown.parse import parse

PAGES = {
    "site/a.md": '# Alpha\n\n## Two words\n\nText. ^block\n\nTerm { #term }\n\n### 1.2.0 { id="1.2.0" }\n\n'
    "<!-- md:option toc.slugify -->\n",
    "site/sub/b.mdx": "# Beta\n",
    "vault/Gamma Ray.md": "Text.\n",
    "other/Gamma Ray.md": "# Elsewhere\n",
}


def broken(path, text):
    sources = {**PAGES, path: text}
    outlines = {each: outline(parse(source, each), source) for each, source in sources.items()}
    checker = LinkChecker([*sources, "site/img/x.png"], outlines.get, list(outlines))
    return [notice.kind for notice in checker.broken(path)]


@pytest.mark.parametrize(
    "text",
    [
        "[x](a.md)",
        "[x](./a.md#two-words)",
        "[x](sub/b.mdx#beta)",
        "[x](a)",
        "[x](a.md#term)",
        "[x](a.md?q=two+words#alpha)",
        "[x](?q=search)",
        "[x](#fn:1)",
        "[x](a.md#1.2.0) [y](a.md#+toc.slugify) [z](a.md#toc.slugify)",
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


def test_a_place_that_is_named_often_is_reported_once():
    source = "[x](none.md) [y](none.md)\n\n[z](none.md#here)\n\n[other](gone.md)\n"
    found = outline(parse(source, "a.md"), source)
    notices = list(LinkChecker(["a.md"], {"a.md": found}.get, ["a.md"]).broken("a.md"))
    assert [(notice.line, notice.message) for notice in notices] == [
        (1, "There is no 'none.md' in the corpus (3 references)."),
        (5, "There is no 'gone.md' in the corpus."),
    ]


def test_an_undefined_label_is_looked_for_on_every_page():
    page = Outline.from_json('[[["reference","","env",1],["reference","","None",2]],[],[],[],[]]')
    outlines = {"a.md": page, "b.md": outline(parse("[env]: https://example.org\n", "b.md"), "[env]: https://example.org\n")}
    [notice] = LinkChecker(list(outlines), outlines.get, list(outlines)).broken("a.md")
    assert (notice.kind, notice.message) == ("broken-link", "Nothing defines the reference [None].")


def test_an_outline_survives_and_keeps_nothing_that_leads_out():
    source = "# Ünï\n\n[a](https://example.org) [b](b.md?x#c) ![[Note#^id]] ^mine\n\n[label One]: c.md\n"
    found = outline(parse(source, "a.md"), source)
    assert Outline.from_json(found.as_json()) == found
    assert Outline.from_json("") == Outline()
    assert [(each.kind, each.target, each.anchor) for each in found.references[:1]] == [("link", "b.md", "c")]
    assert found.labels == {"label one"}


def test_attributes_give_anchors():
    assert explicit_anchors('{ id="9.7.0" } { id=plain } <a name="n">') == {"9.7.0", "plain", "n"}
