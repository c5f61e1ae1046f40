"""The embedder: sentence-transformers on the processor, for every folder that it can load. Takes seconds to import."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from sentence_transformers import SentenceTransformer
from transformers.utils.logging import disable_progress_bar

from rag.errors import ModelError
from rag.protocols import Matrix, Vector
from rag.strict import strict

_BATCH = 32


class SentenceTransformerEmbedder:
    """`Embedder` over a sentence-transformers folder. Not safe to call from several threads at once."""

    def __init__(self, folder: Path, *, fingerprint: str, threads: int) -> None:
        torch.set_num_threads(threads)
        disable_progress_bar()  # loading takes a second, and standard error is ours
        try:
            self._model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            raise ModelError(
                f"The embedder in {folder} cannot be loaded: {error}", hint="Run: python -m rag models verify"
            ) from error
        self.fingerprint = fingerprint
        dimension = self._model.get_embedding_dimension()
        if dimension is None:
            raise ModelError(f"The embedder in {folder} does not say its dimension", hint="Choose another embedder in rag.toml.")
        self.dimension = int(dimension)

    def embed_passages(self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None) -> Matrix:
        """Embed passages; shape (len(texts), dimension), rows of norm 1."""
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        # By length, so that a batch pads little.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for begin in range(0, len(order), _BATCH):
            batch = order[begin : begin + _BATCH]
            vectors[batch] = self._model.encode_document(
                [strict(texts[i]) for i in batch],
                batch_size=_BATCH,
                normalize_embeddings=True,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
            if on_batch:
                on_batch(len(batch))
        return vectors

    def embed_query(self, text: str) -> Vector:
        """Embed one query; shape (dimension,), norm 1."""
        vector: Vector = self._model.encode_query(
            strict(text), normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
        )
        return vector.astype(np.float32)
