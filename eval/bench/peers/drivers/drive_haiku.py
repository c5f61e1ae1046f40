"""haiku.rag through its Python client: files as the source of documents, hybrid search, `ask`.

Adding a file takes over unchanged ones by their hash and leaves documents whose file is gone; only its ingester, a service of
its own, removes those. `ask` returns an answer when it is whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from wire import pages, serve, settings

_T = TypeVar("_T")


class Haiku:
    """See `wire.Peer`."""

    def __init__(self) -> None:
        self._settings = settings()
        self._loop = asyncio.new_event_loop()

    def ingest(self, corpus: Path, store: Path) -> Mapping[str, Any]:
        """Add the files one by one: its way of adding a folder ends at the first that it cannot convert."""

        async def work() -> Mapping[str, Any]:
            failures = []
            async with self._client(store, create=True) as client:
                for file in pages(corpus):
                    try:
                        await client.create_document_from_source(file)
                    except ValueError as error:
                        failures.append(_cause(error))
                if not await client.count_documents():
                    raise ValueError(f"no page could be added: {failures[0]}")
                chunks = await client.store.chunks_table.count_rows()
                return {"documents": await client.count_documents(), "chunks": chunks, **_skipped(failures)}

        return self._run(work())

    def open(self, corpus: Path, store: Path) -> None:
        """Open the database."""
        self._open = self._client(store)
        self._run(self._open.__aenter__())

    def search(self, question: str, top_k: int, request: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """Search by vectors and words."""
        found = self._run(self._open.search(question, limit=top_k))
        return [{"path": each.document_uri, "text": each.content} for each in found]

    def ask(self, question: str, max_tokens: int) -> Generator[str, None, str | None]:
        """Wait for the whole answer."""
        self._open._config.qa.model.max_tokens = max_tokens
        answer, _ = self._run(self._open.ask(question))
        yield answer
        return None

    def _client(self, store: Path, *, create: bool = False) -> Any:  # noqa: ANN401 - the vendor's
        from haiku.rag.client import HaikuRAG
        from haiku.rag.config.models import AppConfig

        store.mkdir(parents=True, exist_ok=True)
        embedder = self._settings["embedder"]
        llm = {
            "provider": "openai",
            "name": self._settings["llm_name"],
            "base_url": self._settings["llm_url"] or "http://127.0.0.1:9/v1",  # none is asked before there is one
            "api_key": self._settings["llm_key"] or "none",
            "temperature": 0.0,
            "max_tokens": 400,
        }
        config = AppConfig.model_validate(
            {
                "storage": {"data_dir": str(store)},
                "embeddings": {"model": {"provider": "sentence-transformers", "name": embedder, "vector_dim": 384}},
                "processing": {"chunking_tokenizer": embedder, "pictures": "none"},
                "qa": {"model": llm},
            }
        )
        return HaikuRAG(store / "notes.lancedb", config=config, create=create)

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        return self._loop.run_until_complete(work)


def _cause(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {str(error).replace('file://', '')}"


def _skipped(failures: Sequence[str]) -> dict[str, Any]:
    return {"skipped": len(failures), "skipped_because": failures[0].partition("'")[0].strip()} if failures else {}


if __name__ == "__main__":
    serve(Haiku)
