"""LangChain as it documents retrieval-augmented generation: a recursive splitter, Chroma, its indexing API, a prompt, a chat model.

The indexing API with a record of what was stored skips unchanged chunks and removes those that are gone.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

from wire import PROMPT, pages, serve, settings


class LangChain:
    """See `wire.Peer`."""

    def __init__(self) -> None:
        from langchain_huggingface import HuggingFaceEmbeddings

        self._settings = settings()
        self._embedder = HuggingFaceEmbeddings(model_name=self._settings["embedder"])

    def ingest(self, corpus: Path, store: Path) -> Mapping[str, Any]:
        """Load, split, and give the difference to Chroma."""
        from langchain_classic.indexes import SQLRecordManager, index
        from langchain_community.document_loaders import TextLoader
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        documents = [document for file in pages(corpus) for document in TextLoader(str(file), encoding="utf-8").load()]
        splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200, add_start_index=True)
        store.mkdir(parents=True, exist_ok=True)
        records = SQLRecordManager("chroma/notes", db_url=f"sqlite:///{store / 'records.sqlite'}")
        records.create_schema()
        chroma = self._chroma(store)
        done = index(
            splitter.split_documents(documents),
            records,
            chroma,
            cleanup="full",
            source_id_key="source",
            key_encoder="sha256",
        )
        return {"documents": len(documents), "chunks": len(chroma.get(include=[])["ids"]), "done": dict(done)}

    def open(self, corpus: Path, store: Path) -> None:
        """Open the vectors."""
        self._store = self._chroma(store)

    def search(self, question: str, top_k: int, request: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """Search by similarity."""
        found = self._store.similarity_search(question, k=top_k)
        return [{"path": each.metadata["source"], "text": each.page_content} for each in found]

    def ask(self, question: str, max_tokens: int) -> Generator[str, None, str | None]:
        """Retrieve, fill the prompt, stream the chat model."""
        from langchain_core.output_parsers import StrOutputParser
        from langchain_core.prompts import ChatPromptTemplate
        from langchain_openai import ChatOpenAI

        llm = ChatOpenAI(
            model=self._settings["llm_name"],
            base_url=self._settings["llm_url"],
            api_key=self._settings["llm_key"],
            temperature=0.0,
            max_completion_tokens=max_tokens,
            timeout=600.0,
        )
        found = self._store.similarity_search(question, k=self._settings["passages"])
        chain = ChatPromptTemplate.from_template(PROMPT) | llm | StrOutputParser()
        yield from chain.stream({"context": "\n\n".join(each.page_content for each in found), "question": question})
        return None

    def _chroma(self, store: Path) -> Any:  # noqa: ANN401 - the vendor's
        from langchain_chroma import Chroma

        return Chroma(collection_name="notes", embedding_function=self._embedder, persist_directory=str(store / "chroma"))


if __name__ == "__main__":
    serve(LangChain)
