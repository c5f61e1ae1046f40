"""Blocks to chunks: source in, chunks out, offsets exact."""

from __future__ import annotations

import time
import unicodedata

import pytest

from rag.chunk import chunk_page
from rag.markdown.parse import parse
from rag.types import Document
from tests.chunk_checks import Pieces, check_chunks


def chunks_of(source, path="note.md", target=60):
    page = parse(source, path)
    found = chunk_page(Document("id", path, page.title, page.metadata, source, ""), page, Pieces(), target)
    check_chunks(source, page, found, limit=max(target, 30))
    return found


def outline(source, **more):
    """Heading path, kind, text and the pieces of source of each chunk."""
    return [
        (" > ".join(chunk.heading_path), chunk.kind, chunk.text, tuple(source[start:end] for start, end in chunk.spans))
        for chunk in chunks_of(source, **more)
    ]


def test_whole_blocks_under_their_heading():
    source = "# LoRA\n\nLow-rank adapters.\n\n## Rank\n\nThe **rank** is 8.\n\n```py\nrank = 8\n```\n"
    assert outline(source, target=220) == [
        (
            "LoRA",
            "mixed",
            "LoRA\n\nLow-rank adapters.\n\nRank\n\nThe rank is 8.\n\nrank = 8",
            ("# LoRA", "Low-rank adapters.", "## Rank", "The **rank** is 8.", "```py\nrank = 8\n```"),
        ),
    ]


def test_a_section_with_enough_to_say_stands_alone():
    text = "A sentence with a handful of ordinary words in it that says something. " * 2
    source = f"# A\n\n{text}\n\n## B\n\n{text}\n"
    assert [(chunk.heading_path, chunk.text.split("\n")[0]) for chunk in chunks_of(source, target=220)] == [
        (("A",), "A"),
        (("A", "B"), "B"),
    ]


def test_a_heading_is_never_alone_at_the_end():
    text = "Words that fill this paragraph up to about the size that a chunk may have here, and a few more. "
    source = f"# A\n\n{text}\n\n## B\n\n### C\n\n{text}\n"
    assert [chunk.text.split("\n\n")[:-1] for chunk in chunks_of(source)] == [["A"], ["B", "C"]]


def test_headings_that_the_heading_line_does_not_say_take_their_room():
    heading = "A heading of some length with nothing below it but another"
    items = "".join(f"- item {n} of many\n" for n in range(60))
    for number in range(3):
        chunks_of(f"# T\n\n## {heading}\n\n## Same {'level ' * number}\n\n{items}", target=120)


@pytest.mark.parametrize("words", [40, 100, 400])
@pytest.mark.parametrize("below", ["", "### Short\n\n", "### {heading} again\n\n"])
def test_a_paragraph_that_was_made_a_heading_leaves_room_for_the_text(words, below):
    """A line over every chunk must not be longer than what the embedder reads."""
    heading = " ".join(f"heading {number}" for number in range(words // 2))
    text = "Some sentence about it. " * 30
    chunks = chunks_of(f"# T\n\n## Install\n\n## {heading}\n\n{below.format(heading=heading)}{text}\n", target=220)
    assert all(Pieces().count(chunk.embed_text) <= 220 for chunk in chunks)
    assert heading in " ".join(" ".join(chunk.text.split()) for chunk in chunks)


def test_what_is_hidden_between_two_spans_is_in_none():
    source = "One <!-- secret --> two.\n\n%% also secret %%\n\nThree.\n"
    assert outline(source) == [("", "paragraph", "One two.\n\nThree.", ("One", "two.", "Three."))]


def test_a_table_that_is_cut_keeps_its_header():
    rows = "".join(f"| model number {n} | {n} billion |\n" for n in range(12))
    source = f"| model | size |\n|---|---|\n{rows}"
    found = chunks_of(source)
    assert len(found) > 2
    assert all(chunk.text.startswith("model | size\nmodel number") for chunk in found)
    assert found[0].repeated == ()
    for chunk in found[1:]:
        [(start, end)] = chunk.repeated
        assert source[start:end].startswith("| model | size |")
    assert [line for chunk in found for line in chunk.text.split("\n")[1:]] == [
        f"model number {n} | {n} billion" for n in range(12)
    ]


def test_a_table_in_html_that_is_cut_keeps_its_header():
    rows = "".join(f"<tr><td>model number {n}</td>\n<td>{n} billion</td></tr>\n" for n in range(12))
    source = f"<table>\n<tr><th>model</th><th>size</th></tr>\n{rows}</table>\n"
    found = chunks_of(source)
    assert len(found) > 2
    assert all(chunk.text.startswith("model | size\nmodel number") for chunk in found)
    assert [source[slice(*chunk.spans[-1])].startswith("<tr><td>model number") for chunk in found[1:]] == [True] * (len(found) - 1)
    assert [line for chunk in found for line in chunk.text.split("\n")[1:]] == [
        f"model number {n} | {n} billion" for n in range(12)
    ]


def test_a_list_is_cut_between_items():
    items = [f"- item number {n} says a little about something" for n in range(12)]
    found = chunks_of("\n".join(items))
    assert len(found) > 2
    assert [line for chunk in found for line in chunk.text.split("\n")] == items


def test_code_is_cut_between_lines():
    lines = [f"value_{n} = compute(first={n}, second={n + 1})" for n in range(12)]
    source = "```py\n" + "\n".join(lines) + "\n```\n"
    found = chunks_of(source)
    assert len(found) > 2
    assert [line for chunk in found for line in chunk.text.split("\n")] == lines
    assert {chunk.kind for chunk in found} == {"code"}


def test_notes_on_code_stay_with_it():
    for words in range(2, 40, 3):
        source = f"{'word ' * words}\n\n``` yaml\nkey: value # (1)!\nother: value # (2)!\n```\n\n"
        source += "1.  The first note.\n2.  The second note.\n"
        [noted] = [chunk for chunk in chunks_of(source) if "(1)!" in chunk.text]
        assert noted.text.endswith("1. The first note.\n2. The second note.")


@pytest.mark.parametrize(
    "sentences",
    [
        [f"Sentence number {n} has some words in it, e.g. these, and ends here." for n in range(12)],
        [f"これは{n}番目の文で、いくつかの言葉が入っています。" for n in range(20)],
        [f"这是第{n}个句子，里面有一些文字和数字！" for n in range(30)],
        [f"การปรับจูนแบบจำลองครั้งที่ {n} ใช้ข้อมูลน้อยกว่าการฝึกใหม่มาก" for n in range(12)],
    ],
    ids=["english", "japanese", "chinese", "thai"],
)
def test_prose_is_cut_between_sentences(sentences):
    joint = "" if sentences[0][-1] in "。！" else " "
    source = joint.join(sentences)
    found = chunks_of(source)
    assert len(found) > 1
    for chunk in found:
        assert any(chunk.text.endswith(sentence) for sentence in sentences)
        assert any(chunk.text.startswith(sentence) for sentence in sentences)


def test_a_formula_stays_whole():
    filler = "Words that fill this paragraph up to about the size that a chunk may have here. "
    source = f"{filler}\n\n$$\na = b + c \\\\\nd = e + f\n$$\n\n{filler}\n"
    assert [chunk.text for chunk in chunks_of(source) if "a = b" in chunk.text] == [
        next(chunk.text for chunk in chunks_of(source) if "d = e + f" in chunk.text)
    ]


def test_a_formula_inside_a_sentence_that_is_too_long_stays_whole():
    words = "some words that come before it and fill the line up to where it would be cut "
    for repeats in range(1, 6):
        formula = f"$a_{repeats} = b + c + d + e + f + g + h + i$"
        source = f"We know {words * repeats}that {formula} holds {words * 3}at last.\n"
        found = chunks_of(source)
        assert len(found) > 1
        assert sum(formula in chunk.text for chunk in found) == 1


def test_a_word_without_spaces_is_cut_between_signs():
    for source in ("กำลังปรับน้ำหนักเพื่อให้แม่นยำ" * 30, "é̂" * 300, "👩\u200d🔬" * 200):
        found = chunks_of(source)
        assert len(found) > 1
        for chunk in found:
            assert unicodedata.category(chunk.text[0])[0] != "M"
            assert chunk.text[0] != "\u200d"
            assert chunk.text[-1] not in "เแโใไ\u200d"


@pytest.mark.slow
def test_a_line_of_two_hundred_thousand_characters():
    for source in ("x" * 200_000, "word " * 40_000):
        found = chunks_of(source, target=220)
        assert "".join(chunk.text for chunk in found).replace(" ", "") == source.replace(" ", "")


@pytest.mark.slow
def test_a_long_line_full_of_markup_takes_a_second():
    source = "word **bold** " * 15_000
    page = parse(source, "note.md")
    begin = time.process_time()
    chunk_page(Document("id", "note.md", page.title, page.metadata, source, ""), page, Pieces(), 220)
    assert time.process_time() - begin < 3  # 0.4 s; it was 5 s when every cut looked at all of the line


def test_ids_depend_on_what_a_chunk_says_and_where():
    source = "# A\n\nSame text.\n"
    assert [chunk.id for chunk in chunks_of(source)] == [chunk.id for chunk in chunks_of(source)]
    assert chunks_of(source)[0].id != chunks_of(source, path="other.md")[0].id
    twice = chunks_of("| a |\n|-|\n| 1 |\n\n---\n\n" * 40, target=40)
    assert len({chunk.id for chunk in twice}) == len(twice)


def test_the_heading_line_is_not_said_twice():
    [chunk] = chunks_of("# LoRA\n\nLow-rank adapters.\n")
    assert chunk.embed_text == "LoRA\nLow-rank adapters."


def test_fields_for_filtering():
    source = "---\ntitle: T\ntags: [a, b]\ndate: 2024-02-05\nnested: {x: 1}\nweight: 3\n---\nText.\n"
    [chunk] = chunks_of(source)
    assert {key: chunk.metadata[key] for key in ("title", "tags", "date", "weight", "draft")} == {
        "title": "T",
        "tags": ["a", "b"],
        "date": "2024-02-05",
        "weight": 3,
        "draft": False,
    }
    assert "nested" not in chunk.metadata
