"""PDF, DOCX, PPTX and HTML through their real readers; the files are made here."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
import zipfile

import pytest

from rag.errors import UnreadableFileError
from rag.extract.pieces import compose
from tests.unit.markdown.checks import check_page, outline

pytest.importorskip("pptx", reason="needs the extra documents")

from rag.llamaindex.readers import read_document

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:docx2txt", "ignore::DeprecationWarning:pptx")


def read(path, raw):
    source, page = compose(read_document(path, raw), path)
    check_page(source, page)
    return source, page


def pdf(*pages, title="", password="", method="RC4-128"):
    """A PDF with a line of text for each line of each page."""
    import pypdf
    from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

    writer = pypdf.PdfWriter()
    for text in pages:
        page = writer.add_blank_page(width=400, height=400)
        font = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Font"),
                NameObject("/Subtype"): NameObject("/Type1"),
                NameObject("/BaseFont"): NameObject("/Helvetica"),
            }
        )
        resources = DictionaryObject({NameObject("/Font"): DictionaryObject({NameObject("/F1"): writer._add_object(font)})})
        page[NameObject("/Resources")] = resources
        stream = DecodedStreamObject()
        drawn = " T* ".join(f"({line}) Tj" for line in text.split("\n"))
        stream.set_data(f"BT /F1 12 Tf 14 TL 20 350 Td {drawn} ET".encode())
        page[NameObject("/Contents")] = writer._add_object(stream)
    if title:
        writer.add_metadata({"/Title": title})
    if password:
        writer.encrypt(password, algorithm=method)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def docx():
    import docx as library

    document = library.Document()
    document.add_heading("Field notes", 1)
    document.add_paragraph("The cache holds for 15 minutes.")
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "rank", "8"
    document.add_paragraph("Last words: é, 中文.")
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def pptx():
    import pptx as library

    deck = library.Presentation()
    first = deck.slides.add_slide(deck.slide_layouts[1])
    first.shapes.title.text = "Why retrieval"
    first.placeholders[1].text = "It cites\nIt abstains"
    first.notes_slide.notes_text_frame.text = "Say it slowly."
    second = deck.slides.add_slide(deck.slide_layouts[5])
    second.shapes.title.text = "Figures"
    table = second.shapes.add_table(2, 2, 0, 0, 3_000_000, 1_000_000).table
    for row, cells in enumerate((("model", "recall"), ("small", "0.91"))):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


def test_a_pdf_page_by_page():
    source, page = read("papers/cache.pdf", pdf("Prompt caching\nkeeps state.", "It holds 15 minutes.", title="On caching"))
    assert page.title == "On caching"
    assert page.metadata["format"] == "pdf"
    assert page.metadata["pages"] == 2
    assert outline(source, page) == [
        ("paragraph", "Page 1", "Prompt caching\nkeeps state.", ("Prompt caching\nkeeps state.",)),
        ("paragraph", "Page 2", "It holds 15 minutes.", ("It holds 15 minutes.",)),
    ]


def test_a_title_that_is_a_file_name_is_none():
    assert read("papers/cache.pdf", pdf("x", title="Microsoft Word - draft.docx"))[1].title == "cache"


@pytest.mark.parametrize("method", ["RC4-128", "AES-256"])
def test_an_encrypted_pdf_says_so(method):
    with pytest.raises(UnreadableFileError, match="encrypted with a password"):
        read_document("a.pdf", pdf("secret", password="key", method=method))


def test_a_pdf_that_anyone_may_open_is_read(tmp_path):
    import pypdf

    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf("Open text.")))
    writer.encrypt(user_password="", owner_password="owner", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    assert read("a.pdf", out.getvalue())[1].blocks[0].text == "Open text."


def test_a_pdf_without_text_asks_for_text_recognition():
    with pytest.raises(UnreadableFileError, match="text recognition"):
        read_document("scan.pdf", pdf(""))


@pytest.mark.parametrize("suffix", ["pdf", "docx", "pptx"])
@pytest.mark.parametrize("raw", [b"", b"not what its name says", b"%PDF-1.7\n%%EOF", b"PK\x03\x04broken"])
def test_a_broken_file_says_so(suffix, raw):
    with pytest.raises(UnreadableFileError, match=f"cannot be read as {suffix.upper()}: ."):
        read_document(f"a.{suffix}", raw)


@pytest.mark.parametrize(("suffix", "make"), [("pdf", lambda: pdf("Some text.")), ("docx", docx), ("pptx", pptx)])
def test_a_file_that_was_cut_is_read_or_refused(suffix, make):
    raw = make()
    for end in range(0, len(raw), max(1, len(raw) // 12)):
        try:
            read(f"a.{suffix}", raw[:end])
        except UnreadableFileError as error:
            assert error.message


def test_a_docx_by_paragraphs():
    _, page = read("notes/field.docx", docx())
    assert page.title == "field"
    assert [block.text for block in page.blocks] == [
        "Field notes",
        "The cache holds for 15 minutes.",
        "rank",
        "8",
        "Last words: é, 中文.",
    ]


def test_a_pptx_slide_by_slide():
    source, page = read("talks/deck.pptx", pptx())
    assert page.title == "deck"
    assert [(row[0], row[1], row[2]) for row in outline(source, page)] == [
        ("heading", "Slide 1", "Why retrieval"),
        ("paragraph", "Slide 1 > Why retrieval", "It cites\nIt abstains"),
        ("paragraph", "Slide 1 > Why retrieval", "Say it slowly."),
        ("heading", "Slide 2", "Figures"),
        ("table", "Slide 2 > Figures", "model | recall\nsmall | 0.91"),
    ]
    assert page.blocks[-1].header is not None


@pytest.mark.parametrize("suffix", ["docx", "pptx"])
def test_an_archive_that_unpacks_to_gigabytes_is_refused(suffix):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(9):
            archive.writestr(f"word/{number}.xml", bytes(64 * 2**20))
    with pytest.raises(UnreadableFileError, match="unpacks to more than"):
        read_document(f"a.{suffix}", out.getvalue())


PAGE = """<!DOCTYPE html><html lang="en"><head><title>Serving  models</title><style>p {}</style></head><body>
<nav><a href="/">Home</a></nav><!-- not shown -->
<h1>Serving <em>models</em></h1>
<div>Loose text<p>First <b>bold</b>,<br>second line &amp; more.</p><p hidden>hidden</p></div>
<ul><li>one</li><li>two <ol><li>deep</li></ol></li></ul>
<table><caption>Sizes</caption><tr><th>model</th><th>GB</th></tr><tr><td>small</td><td>0.5</td></tr></table>
<pre><code class="language-sh"># comment
serve --port 1</code></pre><blockquote>Quoted.</blockquote><img src="a.png" alt="A diagram"><script>x()</script></body></html>"""


def test_html_block_by_block():
    source, page = read("site/serving.html", PAGE.encode())
    assert page.title == "Serving models"
    assert page.metadata["lang"] == "en"
    assert [(row[0], row[1], row[2]) for row in outline(source, page)] == [
        ("heading", "", "Serving models"),
        ("paragraph", "Serving models", "Loose text"),
        ("paragraph", "Serving models", "First bold,\nsecond line & more."),
        ("list", "Serving models", "- one\n- two\n  1. deep"),
        ("paragraph", "Serving models", "Sizes"),
        ("table", "Serving models", "model | GB\nsmall | 0.5"),
        ("code", "Serving models", "# comment\nserve --port 1"),
        ("quote", "Serving models", "Quoted."),
        ("paragraph", "Serving models", "A diagram"),
    ]
    assert page.blocks[6].info == "sh"
    assert page.blocks[5].header is not None


def test_html_in_another_encoding():
    raw = '<html><head><meta charset="iso-8859-1"></head><body><p>café</p></body></html>'.encode("latin-1")
    assert read("a.htm", raw)[1].blocks[0].text == "café"


@pytest.mark.parametrize("raw", [b"", b"<html><body></body></html>", b"<script>x</script>"])
def test_html_without_text_says_so(raw):
    with pytest.raises(UnreadableFileError, match="holds no text"):
        read_document("a.html", raw)


def test_html_that_is_very_deep_is_refused_or_read():
    try:
        read("a.html", b"<div>" * 20_000 + b"text")
    except UnreadableFileError as error:
        assert error.message


def test_reading_leaves_logging_alone():
    code = (
        "import logging; before = (list(logging.root.handlers), logging.root.level)\n"
        "from rag.llamaindex.readers import read_document\n"
        "from rag.errors import UnreadableFileError\n"
        "for name in ('a.pptx', 'a.pdf', 'a.docx'):\n"
        "    try: read_document(name, b'broken')\n"
        "    except UnreadableFileError: pass\n"
        "assert before == (list(logging.root.handlers), logging.root.level)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert logging.getLogger("pypdf").level != logging.CRITICAL + 1


def test_nothing_heavy_is_imported_before_a_document_is_read():
    code = "import sys, rag.llamaindex.readers; print(sorted({'llama_index', 'pypdf', 'pptx', 'bs4', 'pandas'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
