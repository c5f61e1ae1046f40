"""What holds for every page that is put together from pieces."""

from rag.extract.pieces import Extract, compose
from tests.unit.markdown.checks import check_page, outline


def composed(extract: Extract, path: str):
    """Source and page, checked."""
    source, page = compose(extract, path)
    check_page(source, page)
    return source, page


def shown(extract: Extract, path: str):
    """Kind, heading path, text and source of each block."""
    source, page = composed(extract, path)
    return outline(source, page)
