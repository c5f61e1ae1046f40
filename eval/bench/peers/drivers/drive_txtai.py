"""txtai as its examples show it: text cut into paragraphs, an embeddings database with content, its RAG pipeline.

It has no reader of Markdown files and keeps no record of which file a row came from, so a folder is indexed anew each time.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # would fetch a list of prices

from wire import PROMPT, pages, serve, settings

_FEWEST_CHARS = 20


class Txtai:
    """See `wire.Peer`."""

    def __init__(self) -> None:
        self._settings = settings()

    def ingest(self, corpus: Path, store: Path) -> Mapping[str, Any]:
        """Cut, embed and save."""
        from txtai.embeddings import Embeddings
        from txtai.pipeline import Segmentation

        cut = Segmentation(paragraphs=True, minlength=_FEWEST_CHARS)
        files = pages(corpus)
        rows = []
        for file in files:
            path = file.relative_to(corpus).as_posix()
            rows += [(f"{path}#{number}", text, None) for number, text in enumerate(cut(file.read_text("utf-8-sig")) or [])]
        embeddings = Embeddings(path=self._settings["embedder"], content=True)
        embeddings.index(rows)
        shutil.rmtree(store, ignore_errors=True)
        store.mkdir(parents=True)
        embeddings.save(str(store / "txtai"))
        return {"documents": len(files), "chunks": embeddings.count()}

    def open(self, corpus: Path, store: Path) -> None:
        """Load the database."""
        from txtai.embeddings import Embeddings

        self._embeddings = Embeddings()
        self._embeddings.load(str(store / "txtai"))

    def search(self, question: str, top_k: int, request: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """Search by similarity."""
        found = self._embeddings.search(question, top_k)
        return [{"path": each["id"].rpartition("#")[0], "text": each["text"]} for each in found]

    def ask(self, question: str, max_tokens: int) -> Generator[str, None, str | None]:
        """Ask its RAG pipeline, streaming."""
        from txtai.pipeline import RAG

        pipeline = RAG(
            self._embeddings,
            f"openai/{self._settings['llm_name']}",
            task="litellm",
            api_base=self._settings["llm_url"],
            api_key=self._settings["llm_key"],
            context=self._settings["passages"],
            separator="\n\n",
            template=PROMPT,
            system="You are a friendly assistant.",
            output="flatten",
        )
        yield from pipeline(question, maxlength=max_tokens, stream=True, temperature=0.0)
        return None


if __name__ == "__main__":
    serve(Txtai)
