"""Our embedder behind ragas' interface. Knows nothing of metrics."""

from __future__ import annotations

from ragas.embeddings.base import BaseRagasEmbedding

from rag.protocols import Embedder


class JudgeEmbedding(BaseRagasEmbedding):  # type: ignore[misc]  # ragas' types are not checked here
    """Embeds questions; ragas compares them by cosine."""

    def __init__(self, embedder: Embedder) -> None:
        super().__init__()
        self._embedder = embedder

    def embed_text(self, text: str, **_: object) -> list[float]:
        """Embed one text; a list of `dimension` floats with norm 1."""
        return [float(value) for value in self._embedder.embed_query(text)]

    async def aembed_text(self, text: str, **_: object) -> list[float]:
        """Do the same as `embed_text`."""
        return self.embed_text(text)
