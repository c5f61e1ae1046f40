"""The embedder: BERT on OpenVINO, from the same folder as sentence-transformers and with the same vectors, without torch.

Starts in a second and computes in bfloat16 where the processor has units for it. Takes only folders that `bert_folder` knows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from rag.embed.batches import Batch, pad, plan_batches
from rag.embed.bert_folder import read_bert_folder
from rag.embed.bert_graph import build_graph
from rag.errors import ModelError
from rag.openvino_runtime import import_openvino
from rag.protocols import Matrix, Vector
from rag.strict import strict

Precision = Literal["bf16", "f32"]

# Large enough that the matrix units are busy, small enough that a batch's states stay in a core's cache.
_BATCH_TOKENS = 1024
_STEP_TOKENS = 8


class OpenVinoEmbedder:
    """`Embedder` over a sentence-transformers folder that `rag.embed.bert_folder.supports`. Safe to call from several threads.

    Args:
        folder: the weights, tokenizer and settings.
        fingerprint: what identifies the vectors.
        threads: how many batches are computed at once, each on one core.
        precision: of the arithmetic; by default bfloat16 where the processor computes in it, else single.

    Raises:
        ModelError: the folder is none that this engine takes, or the engine does not run on this machine.

    Attributes:
        fingerprint: of the weights; the same as with sentence-transformers, since the vectors are.
        dimension: of a vector.
        precision: what is computed in.
    """

    def __init__(self, folder: Path, *, fingerprint: str, threads: int, precision: Precision | None = None) -> None:
        bert = read_bert_folder(folder)
        try:
            weights = load_file(folder / "model.safetensors")
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            core = import_openvino().Core()
            fast = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
            self.precision: Precision = precision or ("bf16" if fast else "f32")
            # A core for each batch scales better than all cores on one: they do not wait for one another after every operation.
            settings = {
                "INFERENCE_PRECISION_HINT": self.precision,
                "PERFORMANCE_HINT": "THROUGHPUT",
                "NUM_STREAMS": threads,
                "INFERENCE_NUM_THREADS": threads,
                "ENABLE_CPU_PINNING": False,  # the language model wants the same cores
            }
            self._compiled = core.compile_model(build_graph(bert, weights), "CPU", settings)
        except (SafetensorError, OSError, ImportError, RuntimeError) as error:
            raise ModelError(
                f"The embedder in {folder} cannot be loaded by OpenVINO: {error}", hint="Run: python -m rag models verify"
            ) from error
        self._tokenizer.no_padding()  # the file comes with padding and a shorter limit
        self._tokenizer.enable_truncation(bert.max_tokens)
        self._streams = threads
        self.fingerprint = fingerprint
        self.dimension = bert.width

    def embed_passages(self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None) -> Matrix:
        """Embed passages; shape (len(texts), dimension), rows of norm 1."""
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch_fast([strict(text) for text in texts])]
        batches = plan_batches(list(map(len, tokens)), budget_tokens=_BATCH_TOKENS, step_tokens=_STEP_TOKENS)
        # Requests of this call only, so that calls from several threads do not meet.
        free = [self._compiled.create_infer_request() for _ in range(min(self._streams, len(batches)))]
        running: deque[tuple[Any, Batch]] = deque()

        def finish_oldest() -> None:
            request, batch = running.popleft()
            request.wait()
            vectors[list(batch.rows)] = request.get_output_tensor(0).data
            free.append(request)
            if on_batch:
                on_batch(len(batch.rows))

        for batch in batches:
            if not free:
                finish_oldest()
            request = free.pop()
            request.start_async(list(pad(tokens, batch)))
            running.append((request, batch))
        while running:
            finish_oldest()
        return vectors

    def embed_query(self, text: str) -> Vector:
        """Embed one query; shape (dimension,), norm 1."""
        vector: Vector = self.embed_passages([text])[0]
        return vector
