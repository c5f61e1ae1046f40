"""Obsidian. Source in, blocks out, offsets exact."""

from tests.unit.markdown.checks import outline, page_of


def test_tags_are_not_headings():
    source = """\
#tag at start

x #real/tag and c# #123 #fff
"""
    page = page_of(source, "Notes/My Note.md")
    assert outline(source, page) == [
        ("paragraph", "", "#tag at start", ("#tag at start",)),
        ("paragraph", "", "x #real/tag and c# #123 #fff", ("x #real/tag and c# #123 #fff",)),
    ]
    assert {"tags": ["tag", "real/tag"]}.items() <= page.metadata.items()


def test_block_ids():
    source = """\
Text ^ab1

- item ^it

2 ^10
"""
    page = page_of(source, "Notes/My Note.md")
    assert outline(source, page) == [
        ("paragraph", "", "Text", ("Text",)),
        ("list", "", "- item", ("- item",)),
        ("paragraph", "", "2 ^10", ("2 ^10",)),
    ]
    assert page.block_ids == {"it": (18, 21), "ab1": (5, 9)}


def test_wikilinks():
    source = "[[A#B|c]] [[A#^x]] [[#h]] [[Dir/P.md]] [[P#S]] [[2024-01-02]] [[1, 2]]\n\n| a |\n|---|\n| [[A\\|b]] \\| [[C]] |\n"
    page = page_of(source, "Notes/My Note.md")
    assert outline(source, page) == [
        (
            "paragraph",
            "",
            "c A h Dir/P P > S 2024-01-02 [[1, 2]]",
            ("[[A#B|c]] [[A#^x]] [[#h]] [[Dir/P.md]] [[P#S]] [[2024-01-02]] [[1, 2]]",),
        ),
        ("table", "", "a\nb | C", ("| a |\n|---|\n| [[A\\|b]] \\| [[C]] |",)),
    ]
    assert [(link.kind, link.target, link.anchor, source[slice(*link.span)]) for link in page.links] == [
        ("wikilink", "A", "B", "[[A#B|c]]"),
        ("wikilink", "A", "^x", "[[A#^x]]"),
        ("wikilink", "", "h", "[[#h]]"),
        ("wikilink", "Dir/P.md", "", "[[Dir/P.md]]"),
        ("wikilink", "P", "S", "[[P#S]]"),
        ("wikilink", "2024-01-02", "", "[[2024-01-02]]"),
        ("wikilink", "A", "", "[[A\\|b]]"),
        ("wikilink", "C", "", "[[C]]"),
    ]


def test_embeds():
    source = """\
See ![[N]] and ![[pic.png|300]].

![[N#^b]]

end\
"""
    page = page_of(source, "Notes/My Note.md")
    assert outline(source, page) == [
        ("paragraph", "", "See N and .", ("See ![[N]] and ![[pic.png|300]].",)),
        ("paragraph", "", "end", ("end",)),
    ]
    assert [(link.kind, link.target, link.anchor, source[slice(*link.span)]) for link in page.links] == [
        ("embed", "N", "", "![[N]]"),
        ("embed", "pic.png", "", "![[pic.png|300]]"),
        ("embed", "N", "^b", "![[N#^b]]"),
    ]


def test_comments():
    source = """\
%%x%% vis %% y

%%
block

# no
%%

100%% sure %%
"""
    page = page_of(source, "Notes/My Note.md")
    assert outline(source, page) == [
        ("paragraph", "", "vis %% y", ("vis %% y",)),
        ("paragraph", "", "100%% sure %%", ("100%% sure %%",)),
    ]


def test_callouts():
    source = """\
> [!note]- T *i*
> a
> > [!tip]
> > b
>
> c

> [!faq] Q
"""
    page = page_of(source, "Notes/My Note.md")
    assert outline(source, page) == [
        ("admonition*", "", "T i", ("T *i*",)),
        ("admonition", "T i", "a", ("> a",)),
        ("admonition", "T i", "b", ("> > b",)),
        ("admonition", "T i", "c", ("> c",)),
        ("admonition*", "", "Q", ("Q",)),
    ]
    assert [block.info for block in page.blocks] == ["note", "note", "tip", "note", "faq"]


def test_fields_and_queries():
    source = """\
Owner:: [[Ada]]
TTL:: 15 minutes

```dataviewjs
x
```

==hl== end
"""
    page = page_of(source, "Notes/My Note.md")
    assert outline(source, page) == [
        ("paragraph", "", "Owner:: Ada\nTTL:: 15 minutes", ("Owner:: [[Ada]]\nTTL:: 15 minutes",)),
        ("paragraph", "", "hl end", ("==hl== end",)),
    ]
    assert [(link.kind, link.target, link.anchor, source[slice(*link.span)]) for link in page.links] == [
        ("wikilink", "Ada", "", "[[Ada]]")
    ]
    assert {"fields": {"Owner": "Ada", "TTL": "15 minutes"}}.items() <= page.metadata.items()


def test_tasks():
    source = """\
- [x] warm
- [ ] evict
- [-] no
"""
    page = page_of(source, "Notes/My Note.md")
    assert outline(source, page) == [
        ("list", "", "- [x] warm\n- [ ] evict\n- [-] no", ("- [x] warm\n- [ ] evict\n- [-] no",)),
    ]


def test_sizes_are_no_alternative_text():
    source = """\
![A *cat*|100](a.png) ![100](b.png) ![In 2024](c.png) ![[d.png|A dog|30x40]] end

| a |
|---|
| ![An elk\\|20](e.png) |
"""
    page = page_of(source, "note.md")
    assert [block.text for block in page.blocks] == ["A cat In 2024 A dog end", "a\nAn elk"]
    assert [link.target for link in page.links] == ["a.png", "b.png", "c.png", "d.png", "e.png"]


def test_comments_inside_a_sentence():
    source = "The model%%check this%% is good.%%TODO%%\n\nFrom 50%% to 100%% with `%%` and a %d%% b %d%%.\n"
    page = page_of(source, "note.md")
    assert [block.text for block in page.blocks] == ["The model is good.", "From 50%% to 100%% with %% and a %d%% b %d%%."]
    assert [source[low:high] for low, high in page.hidden] == ["%%check this%%", "%%TODO%%"]


def test_comments_side_by_side_and_in_code():
    source = "A %%one%%b%%two%% end.\n\ntext\n\n    %% code %%\n"
    page = page_of(source, "note.md")
    assert outline(source, page) == [
        ("paragraph", "", "A b end.", ("A", "b", "end.")),
        ("paragraph", "", "text", ("text",)),
        ("code", "", "%% code %%", ("%% code %%",)),
    ]


def test_headings_of_headings_notes_in_place_and_fields_in_brackets():
    source = "See [[Note#One#Two]] and [[#A#B]].^[A *note* with [a link](x).] Due [on:: 2024-05-01] (size:: big one)\n"
    page = page_of(source, "Notes/n.md")
    assert [block.text for block in page.blocks] == [
        "See Note > One > Two and A > B. (A note with a link.) Due [on:: 2024-05-01] (size:: big one)"
    ]
    assert page.metadata["fields"] == {"on": "2024-05-01", "size": "big one"}


def test_queries_inside_a_line():
    source = "Due `= this.due` and `$= dv.pages().length` but `= 5` and `x`. [[Page]]\n"
    page = page_of(source, "note.md")
    assert [block.text for block in page.blocks] == ["Due and but = 5 and x. Page"]
    assert [source[low:high] for low, high in page.hidden] == ["`= this.due`", "`$= dv.pages().length`"]


def test_a_bracket_in_code_or_escaped_ends_no_footnote():
    source = "One^[with `]` in it], two^[a \\] b] end.\n"
    assert [block.text for block in page_of(source).blocks] == ["One (with ] in it), two (a ] b) end."]
