"""LlamaIndex as its starter shows it: read a folder, split, embed, store in Chroma, ask a query engine.

The starter keeps no record of what it read: running it again builds everything anew, which is what happens here. With `docstore` in
the settings its ingestion pipeline keeps one, beside the vectors, and takes over what did not change. The splitter's 256 tokens let
the embedder see all of a chunk; its own 1,024 would have three quarters of each cut off.
"""

from __future__ import annotations

import shutil
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

from wire import PAGE_SUFFIXES, serve, settings


class LlamaIndex:
    """See `wire.Peer`."""

    def __init__(self) -> None:
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding

        self._settings = settings()
        self._embedder = HuggingFaceEmbedding(model_name=self._settings["embedder"])

    def ingest(self, corpus: Path, store: Path) -> Mapping[str, Any]:
        """Build anew, or by difference with a docstore."""
        from llama_index.core import SimpleDirectoryReader

        reader = SimpleDirectoryReader(str(corpus), recursive=True, required_exts=list(PAGE_SUFFIXES), filename_as_id=True)
        documents = reader.load_data()
        if self._settings.get("docstore"):
            self._by_difference(documents, store)
        else:
            self._anew(documents, store)
        return {"documents": len(documents), "chunks": _collection(store).count()}

    def open(self, corpus: Path, store: Path) -> None:
        """Open the vectors."""
        from llama_index.core import VectorStoreIndex
        from llama_index.vector_stores.chroma import ChromaVectorStore

        vectors = ChromaVectorStore(chroma_collection=_collection(store))
        self._index = VectorStoreIndex.from_vector_store(vectors, embed_model=self._embedder)

    def search(self, question: str, top_k: int, request: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """Ask its retriever."""
        found = self._index.as_retriever(similarity_top_k=top_k).retrieve(question)
        return [{"path": each.metadata["file_path"], "text": each.get_content()} for each in found]

    def ask(self, question: str, max_tokens: int) -> Generator[str, None, str | None]:
        """Ask its query engine, streaming."""
        from llama_index.llms.openai_like import OpenAILike

        llm = OpenAILike(
            model=self._settings["llm_name"],
            api_base=self._settings["llm_url"],
            api_key=self._settings["llm_key"],
            is_chat_model=True,
            context_window=self._settings["context_tokens"],
            max_tokens=max_tokens,
            temperature=0.0,
            timeout=600.0,
        )
        engine = self._index.as_query_engine(llm=llm, streaming=True, similarity_top_k=self._settings["passages"])
        yield from engine.query(question).response_gen
        return None

    def _anew(self, documents: Sequence[Any], store: Path) -> None:
        from llama_index.core import StorageContext, VectorStoreIndex
        from llama_index.vector_stores.chroma import ChromaVectorStore

        shutil.rmtree(store, ignore_errors=True)
        context = StorageContext.from_defaults(vector_store=ChromaVectorStore(chroma_collection=_collection(store)))
        VectorStoreIndex.from_documents(
            documents, storage_context=context, embed_model=self._embedder, transformations=[_splitter()]
        )

    def _by_difference(self, documents: Sequence[Any], store: Path) -> None:
        from llama_index.core.ingestion import DocstoreStrategy, IngestionPipeline
        from llama_index.core.storage.docstore import SimpleDocumentStore
        from llama_index.vector_stores.chroma import ChromaVectorStore

        kept = store / "pipeline"
        pipeline = IngestionPipeline(
            transformations=[_splitter(), self._embedder],
            vector_store=ChromaVectorStore(chroma_collection=_collection(store)),
            docstore=SimpleDocumentStore(),
            docstore_strategy=DocstoreStrategy.UPSERTS_AND_DELETE,
        )
        if kept.exists():
            pipeline.load(str(kept))
        pipeline.run(documents=documents)
        pipeline.persist(str(kept))


def _splitter() -> Any:  # noqa: ANN401 - the vendor's
    from llama_index.core.node_parser import SentenceSplitter

    return SentenceSplitter(chunk_size=256, chunk_overlap=32)


def _collection(store: Path) -> Any:  # noqa: ANN401 - the vendor's
    import chromadb

    return chromadb.PersistentClient(str(store / "chroma")).get_or_create_collection("starter")


if __name__ == "__main__":
    serve(LlamaIndex)
