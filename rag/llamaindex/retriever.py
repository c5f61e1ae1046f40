"""Our retrieval inside any program that is built on LlamaIndex."""

from __future__ import annotations

from collections.abc import Callable

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from rag.types import Passage, Retrieval


class KnowledgeBaseRetriever(BaseRetriever):  # type: ignore[misc]  # the vendor is not type-checked here
    """A LlamaIndex retriever over a search of ours, such as `Assistant.search`.

    Each passage becomes a text node: its id is the chunk's, its metadata names path, title, headings and offsets in the source,
    its score is higher for better. The vendor's global settings are not touched.
    """

    def __init__(self, search: Callable[[str], Retrieval]) -> None:
        super().__init__()
        self._search = search

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return [_node(passage) for passage in self._search(query_bundle.query_str).passages]


def _node(passage: Passage) -> NodeWithScore:
    chunk = passage.chunk
    node = TextNode(
        id_=chunk.id,
        text=passage.text,
        metadata={
            "path": chunk.path,
            "title": chunk.title,
            "heading": " > ".join(chunk.heading_path),
            "start": passage.spans[0][0],
            "end": passage.spans[-1][1],
            "line": chunk.line,
        },
        excluded_llm_metadata_keys=["start", "end", "line"],
        excluded_embed_metadata_keys=["path", "start", "end", "line"],
    )
    return NodeWithScore(node=node, score=passage.score)
