"""A GGUF file with OpenVINO, for the models that it can compute. How tokens are computed is in `openvino_engine`."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from rag.llm.openvino_engine import OpenVinoEngine
from rag.llm.packed import pack, packed_folder
from rag.llm.token_llm import TokenLLM


class OpenVinoLLM(TokenLLM):
    """An `LLM`.

    Args:
        path: a GGUF file; its weights are laid out where that was not done yet, which takes half a minute.
        models_dir: folder that they are laid out in.
        context_tokens: prompt and answer together; the model's own limit if that is less.
        threads: to compute with.

    Raises:
        ModelError: the weights are missing or damaged, or of another kind.
        RuntimeError: the engine does not run on this machine.
    """

    def __init__(self, path: Path, models_dir: Path, *, context_tokens: int, threads: int) -> None:
        self._path = path
        folder = packed_folder(path, models_dir)
        pack(path, folder)
        super().__init__(OpenVinoEngine(path, folder, context_tokens=context_tokens, threads=threads), "openvino")

    @functools.cached_property
    def name(self) -> str:
        """File name and hash of the weights; reads the whole file the first time, about a second per gigabyte."""
        with self._path.open("rb") as file:
            return f"openvino {self._path.stem} sha256:{hashlib.file_digest(file, 'sha256').hexdigest()[:12]}"
