"""PDF, DOCX and PPTX through LlamaIndex's file readers; HTML through the parser that its HTML reader uses.

What is used of them, and what is not:

- `PDFReader` gives a text for each page: used as it is.
- `DocxReader` gives paragraphs: used as it is. It knows no pages and no headings.
- `PptxReader` gives a text for each slide in which it adds sentences of its own ("Contains 3 data rows"); the parts that it found,
  which it lists beside that text, are used instead. Importing it configures the root logger, which is undone.
- `HTMLTagReader` runs the words of neighbouring elements together and knows no headings; the tree of BeautifulSoup, on which it is
  built, is walked here instead.

Raises `UnreadableFileError` for whatever a reader cannot do. Imports nothing heavy until a file is read.
"""

from __future__ import annotations

import io
import logging
import posixpath
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rag.errors import UnreadableFileError
from rag.extract.pieces import Extract, Piece

MAX_UNPACKED_BYTES = 512 * 1024 * 1024

_READER_LOGS = ("pypdf", "llama_index")


def read_document(path: str, raw: bytes) -> Extract:
    """Read a document of one of the kinds in `rag.load.DOCUMENT_SUFFIXES`.

    Args:
        path: in the corpus; its suffix says the kind.
        raw: the bytes of the file.

    Returns:
        Its pieces; those of a PDF stand on `Page N`, those of a presentation on `Slide N`.

    Raises:
        UnreadableFileError: it is broken, encrypted, or holds no text.
    """
    suffix = posixpath.splitext(path)[1].lower()
    read: Callable[[bytes], Extract] = _READERS[suffix]
    with _quiet():
        try:
            extract = read(raw)
        except UnreadableFileError:
            raise
        except Exception as error:  # the vendors raise whatever their parsers meet in a broken file
            raise UnreadableFileError(f"cannot be read as {suffix[1:].upper()}: {_reason(error)}") from error
    if not any(piece.text.strip() for piece in extract.pieces):
        raise UnreadableFileError(
            "holds no text" + ("; a scanned PDF has to go through text recognition first" * (suffix == ".pdf"))
        )
    return extract


def _pdf(raw: bytes) -> Extract:
    from llama_index.readers.file.docs.base import PDFReader
    from pypdf import PdfReader

    info = PdfReader(io.BytesIO(raw))
    if info.is_encrypted and not info.decrypt(""):
        raise UnreadableFileError("is encrypted with a password")
    with _as_file(raw, ".pdf") as file:
        # The undecorated function: the reader's own tries thrice and hides what went wrong.
        pages = PDFReader.load_data.__wrapped__(PDFReader(), file)
    pieces = [Piece(_tidy(page.text), "paragraph", f"Page {page.metadata['page_label']}") for page in pages]
    title = info.metadata.title if info.metadata else None
    return Extract(pieces, _title(title), {"format": "pdf", "pages": len(pages)})


def _docx(raw: bytes) -> Extract:
    from llama_index.readers.file.docs.base import DocxReader

    _check_size(raw)
    with _as_file(raw, ".docx") as file:
        documents = DocxReader().load_data(file)
    return Extract([Piece(_tidy(each.text), "paragraph") for each in documents], metadata={"format": "docx"})


def _pptx(raw: bytes) -> Extract:
    with _root_logger_as_it_is():
        from llama_index.readers.file.slides.base import PptxReader

    _check_size(raw)
    with _as_file(raw, ".pptx") as file:
        slides = PptxReader(num_workers=0, raise_on_error=True).load_data(file)
    pieces = [piece for slide in slides for piece in _slide(slide.metadata)]
    return Extract(pieces, metadata={"format": "pptx", "pages": len(slides)}, flows=False)


def _slide(found: Mapping[str, Any]) -> Iterator[Piece]:
    place = f"Slide {found['page_label']}"
    title = str(found["title"]).strip()
    if title:
        yield Piece(" ".join(title.split()), "heading", place, level=2)
    for section in found["text_sections"]:
        text = _tidy(section["content"].replace("\v", "\n"))
        if text != title:
            yield Piece(text, "paragraph", place)
    for table in found["tables"]:
        rows = [table["headers"], *table["data"]] if table["headers"] else table["data"]
        lines = "\n".join(" | ".join(" ".join(cell.split()) for cell in row) for row in rows)
        yield Piece(lines, "table", place, header=bool(table["headers"]))
    yield Piece(_tidy(str(found["notes"]).removeprefix("[Speaker Notes]:")).lstrip(), "paragraph", place)


def _html(raw: bytes) -> Extract:
    from rag.llamaindex.html import read_html

    return read_html(raw)


_READERS: Mapping[str, Callable[[bytes], Extract]] = {
    ".docx": _docx,
    ".htm": _html,
    ".html": _html,
    ".pdf": _pdf,
    ".pptx": _pptx,
}


@contextmanager
def _as_file(raw: bytes, suffix: str) -> Iterator[Path]:
    """The readers want a file; what was hashed is what they are given."""
    with tempfile.TemporaryDirectory(prefix="rag-read-") as folder:
        file = Path(folder, f"file{suffix}")
        file.write_bytes(raw)
        yield file


def _check_size(raw: bytes) -> None:
    """Refuse an archive that unpacks to far more than a document."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        if any(entry.flag_bits & 1 for entry in archive.infolist()):
            raise UnreadableFileError("is encrypted with a password")
        if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED_BYTES:
            raise UnreadableFileError(f"unpacks to more than {MAX_UNPACKED_BYTES // 2**20} MiB")


@contextmanager
def _quiet() -> Iterator[None]:
    """What readers would log about a broken file is in the reason that it is skipped with."""
    loggers = [logging.getLogger(name) for name in _READER_LOGS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def _root_logger_as_it_is() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


def _tidy(text: str) -> str:
    """Lines without spaces at their ends, at most one empty line between two paragraphs."""
    text = re.sub(r"[ \t\r\f\0]+$", "", text.replace("\r\n", "\n"), flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")


def _title(value: object) -> str:
    """A title of the file's own; many programs leave the name of a template or of a temporary file there."""
    title = " ".join(value.split()) if isinstance(value, str) else ""
    return "" if re.search(r"\.\w{2,5}\Z|\A(?:untitled|microsoft word)\b", title, re.IGNORECASE) else title


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:160].rstrip(". ")
