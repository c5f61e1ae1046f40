"""The index: immutable generations, one pointer, one writer, any number of readers.

`Index` names a folder; `Index.open` reads a generation and `Index.write` makes the next one. Nothing here imports Chroma or NumPy
before something is searched or written. Start with `folder`, then `writer` and `reader`.
"""

from rag.index.folder import Index
from rag.index.hashes import embed_hash
from rag.index.lock import Holder
from rag.index.manifest import FileEntry, Fingerprint, Manifest
from rag.index.reader import Reader
from rag.index.writer import Writer

__all__ = ["FileEntry", "Fingerprint", "Holder", "Index", "Manifest", "Reader", "Writer", "embed_hash"]
