"""The index on a Chroma server, for where one machine is outgrown. Importing this package imports chromadb.

    collections on the server, each name with a prefix
      records      one record each: the pointer, the generations, the readers' leases
      files        blocks of the generations' files (notes, lexical index, manifest), named by their hash
      lock         is there while somebody writes; who, and until when, is in its metadata
      vectors-...  the vectors of a generation; two of these, or as many as generations are kept, take turns

Start with `index`, then `layout` and `shelf`.
"""

from rag.index.remote.index import RemoteIndex

__all__ = ["RemoteIndex"]
