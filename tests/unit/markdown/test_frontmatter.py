import json

import pytest

from rag.markdown import frontmatter
from tests.unit.markdown.checks import page_of


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: T\n---\nText\n",
        "---\ntitle: T\n...\nText\n",
        "\ufeff---\ntitle: T\n---\nText\n",
        "\n \n---\ntitle: T\n---   \nText\n",
        "+++\ntitle = 'T'\n+++\nText\n",
        '{"title": "T"}\n\nText\n',
        '{\n  "title": "T"\n}\nText\n',
    ],
)
def test_found(text):
    page = page_of(text)
    assert page.title == "T"
    assert [block.text for block in page.blocks] == ["Text"]
    assert not page.notices


@pytest.mark.parametrize(
    "text",
    [
        "---\n\n# Heading\n\ntext\n\n---\n",
        "---\n# Heading\n---\n",
        "---\nJust a sentence.\n---\n",
        "---\ntitle: never closed\n\ntext",
        "text\n---\ntitle: T\n---\n",
        "+++\nnot toml\n+++\n",
        "{curly} start\n",
        '{"a": 1} and more\n',
        "----\ntitle: T\n----\n",
    ],
)
def test_not_front_matter(text):
    assert frontmatter.read(text).end == 0


def test_what_does_not_parse_is_hidden_and_reported():
    page = page_of("---\ntitle: A: b\nlist: [1\n---\nText\n")
    assert [block.text for block in page.blocks] == ["Text"]
    assert [(notice.line, notice.kind) for notice in page.notices] == [(1, "bad-front-matter")]
    assert page.title == "A: b"


@pytest.mark.parametrize(
    "value",
    [
        "2024-13-45",
        "!!python/object:os.system x",
        "[" * 3000,
        "{a: *none}",
        "\t- x",
        "!!binary 'x'",
        "!!int ''",
        "!!float ''",
        "!!bool x",
        "!!timestamp x",
        "!!int [1]",
    ],
)
def test_hostile_values(value):
    page = page_of(f"---\ntitle: T\nx: {value}\n---\nText\n")
    assert page.title == "T"
    assert page.blocks[-1].text == "Text"


def test_a_number_too_long_for_decimal_digits_can_be_stored():
    fields = frontmatter.read(f"---\na: 0x{'f' * 5000}\n---\n").fields
    assert json.loads(json.dumps(fields)) == {"a": "0x" + "f" * 5000}


def test_a_set_is_in_order():
    assert frontmatter.read("---\na: !!set {d, a, 2, c, b}\n---\n").fields == {"a": [2, "a", "b", "c", "d"]}


def test_anchors_that_multiply_are_refused():
    lines = ["a: &a [x,x,x,x,x,x,x,x,x]"]
    lines += [f"{name}: &{name} [{','.join(['*' + before] * 9)}]" for before, name in zip("abcdefg", "bcdefgh", strict=True)]
    found = frontmatter.read("---\n" + "\n".join(lines) + "\n---\n")
    assert found.error == "front matter is too large or too deep"


@pytest.mark.parametrize(
    "value",
    [
        "a: " + "[" * 30_000,
        "a: [\n" * 30_000,
        "a: " + "{x: " * 30_000,
        "c:\n" + "- " * 60_000,
        "? " * 60_000,
        f"a: '{']' * 60_000}'\nb: {'[' * 60_000}",
        "a: " + "[ ']', " * 25_000,
    ],
)
def test_nesting_that_would_crash_the_reader_is_refused(value):
    page = page_of(f"---\ntitle: T\nb: 1\n{value}\n---\nText\n")
    assert page.blocks[-1].text == "Text"
    assert [notice.message for notice in page.notices] == ["The front matter cannot be read: front matter is too large or too deep"]
    assert page.title == "T"


def test_dates_become_iso_text():
    fields = frontmatter.read("---\na: 2024-02-05\nb: 2024-02-05 13:20:00\nc: 2024-02-05T13:20\n---\n").fields
    assert fields == {"a": "2024-02-05", "b": "2024-02-05T13:20:00", "c": "2024-02-05T13:20"}


def test_values_that_yaml_reads_as_other_things_stay_as_written():
    fields = frontmatter.read("---\na: 2024-02-30\nb: 12:30:00\nc: 16:9\nd: 1.5\ne: 0x1F\nf: 12\n---\n").fields
    assert fields == {"a": "2024-02-30", "b": "12:30:00", "c": "16:9", "d": 1.5, "e": 31, "f": 12}


def test_one_wrong_field_leaves_the_others_whole():
    found = frontmatter.read('---\ntitle: "A" and b\ntags:\n- x\n- y\nmore: {a: [1]}\nsaid: it\'s: fine\n---\n')
    assert found.fields == {"title": 'A" and b', "tags": ["x", "y"], "more": {"a": [1]}, "said": "it's: fine"}
    assert found.error


def test_the_last_of_two_equal_fields_counts():
    assert frontmatter.read("---\na: 1\na: 2\n---\n").fields == {"a": 2}


def test_prose_between_rules_is_no_broken_front_matter():
    source = "---\nNote: this is prose\n\nMore of it here.\n\n---\n\nText\n"
    page = page_of(source)
    assert [block.text for block in page.blocks] == ["Note: this is prose", "More of it here.", "Text"]
    assert not page.notices
