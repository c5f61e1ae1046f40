"""A checkpoint folder or a GGUF file with transformers, on the processor.

Slower to answer than `llama_cpp`, quicker to read, and independent of it: the model that is on this machine as safetensors, or a
second opinion on the same weights. How tokens are computed is in `torch_engine`.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from rag.llm.token_llm import TokenLLM
from rag.llm.torch_engine import TorchEngine

_WEIGHTS = ("*.safetensors", "*.bin", "*.gguf")


class TransformersLLM(TokenLLM):
    """An `LLM`.

    Args:
        source: a checkpoint folder, a GGUF file, or the name of a repository that is in the local Hugging Face cache.
        context_tokens: prompt and answer together; the model's own limit if that is less.
        threads: to compute with.

    Raises:
        ModelError: the weights are missing or damaged, or cannot be read.
    """

    def __init__(self, source: Path | str, *, context_tokens: int, threads: int) -> None:
        self._source = source
        super().__init__(TorchEngine(source, context_tokens=context_tokens, threads=threads), "transformers")

    @functools.cached_property
    def name(self) -> str:
        """Name and hash of the weights; reads all of them the first time, about a second per gigabyte."""
        path = Path(self._source).expanduser()
        if not path.exists():
            return f"transformers {self._source}"
        files = [path] if path.is_file() else sorted(file for pattern in _WEIGHTS for file in path.glob(pattern))
        digest = hashlib.sha256()
        for file in files:
            with file.open("rb") as opened:
                digest.update(hashlib.file_digest(opened, "sha256").digest())
        return f"transformers {path.stem if path.is_file() else path.name} sha256:{digest.hexdigest()[:12]}"
