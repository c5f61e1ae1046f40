"""Which engine computes a GGUF file: OpenVINO where it can, which reads prompts several times as fast; else llama.cpp."""

from __future__ import annotations

import logging
from pathlib import Path

from rag.decoder.measures import read_measures
from rag.errors import ModelError
from rag.llm.gguf_tokens import is_known
from rag.llm.packed import is_packed, pack, packed_folder
from rag.openvino_runtime import has_openvino
from rag.protocols import LLM, Progress

_LOG = logging.getLogger(__name__)


def why_not_openvino(path: Path) -> str:
    """Say why OpenVINO cannot compute a model. Takes a tenth of a second.

    Args:
        path: of its GGUF file.

    Returns:
        The reason; empty where it can.
    """
    if not has_openvino():
        return "OpenVINO is not there"
    try:
        read_measures(path)
        return "" if is_known(path) else f"the vocabulary in {path} is not known here"
    except ModelError as error:
        return error.message


def lay_out(path: Path, models_dir: Path, progress: Progress) -> bool:
    """Lay out the weights of a model for OpenVINO, where that was not done yet and it can compute them; else nothing happens.

    Args:
        path: of its GGUF file.
        models_dir: folder of all weights.
        progress: told how far it is.

    Returns:
        Whether they were laid out now.

    Raises:
        ModelError: there is no such file, or no room.
    """
    folder = packed_folder(path, models_dir)
    if why_not_openvino(path) or is_packed(folder):
        return False
    pack(path, folder, progress)
    return True


def load_with_openvino(path: Path, models_dir: Path, *, context_tokens: int, threads: int, required: bool = False) -> LLM | None:
    """Load a model with OpenVINO.

    Args:
        path: of its GGUF file.
        models_dir: folder of all weights; they are laid out in it where that was not done yet, which takes half a minute.
        context_tokens: prompt and answer together.
        threads: to compute with.
        required: whether it is an error where that cannot be.

    Returns:
        The model; None where it cannot be and need not, which is logged.

    Raises:
        ModelError: the file is missing or damaged, or it cannot be and is required.
    """
    reason = why_not_openvino(path)
    if not reason:
        from rag.llm.openvino_llm import OpenVinoLLM

        try:
            return OpenVinoLLM(path, models_dir, context_tokens=context_tokens, threads=threads)
        except (ImportError, RuntimeError, MemoryError, ModelError) as error:  # another processor or system; no room for weights
            reason = str(error) or type(error).__name__
    if required:
        raise ModelError(f"OpenVINO cannot compute this model: {reason}", hint="Set llm_engine to auto or llama.cpp.")
    _LOG.warning("llama.cpp answers, which reads more slowly, since OpenVINO cannot: %s", reason)
    return None
