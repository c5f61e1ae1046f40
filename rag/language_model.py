"""The language model as it is configured: which engine computes it, loading it, and counting tokens as it does."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import rag.offline  # noqa: F401 - before any vendor
from rag.config import Config
from rag.errors import ModelError
from rag.folders import gguf_file
from rag.models.engine import find_engine
from rag.protocols import LLM, Progress

if TYPE_CHECKING:
    from rag.llm.gguf_tokens import GgufTokens

OPENVINO = "OpenVINO"
"""What `llm_engine` says of it."""


def build_llm(config: Config, name: str = "", *, slots: int = 1) -> LLM:
    """Load a language model; takes seconds.

    Args:
        config: where weights are, and how an engine is run.
        name: as `Config.llm`; empty for that one.
        slots: how many prompts are remembered, so that only what is new in the next one is read; each costs memory, and only
            llama.cpp remembers more than one.

    Returns:
        The model, ready to answer; the caller closes it. A server is not asked anything yet.

    Raises:
        ModelError: unknown, missing or damaged weights.
    """
    if path := gguf_file(config, name):
        from rag.llm.gguf_llm import load_with_openvino
        from rag.llm.llama_cpp import LlamaCpp

        sizes = {"context_tokens": config.context_tokens, "threads": config.thread_count}
        if config.llm_engine != "llama.cpp" and slots == 1:
            required = config.llm_engine == "openvino"
            if llm := load_with_openvino(path, config.models_dir, required=required, **sizes):
                return llm
        library = find_engine(config.models_dir)
        return LlamaCpp(path, slots=slots, library=library, **sizes)
    scheme, _, rest = (name or config.llm).partition(":")
    if scheme == "openai":
        from rag.llm.openai_compatible import OpenAICompatible

        return OpenAICompatible(
            rest,
            config.llm_model,
            api_key=os.environ.get(config.llm_key_variable, ""),
            timeout_s=config.llm_timeout_s,
            context_tokens=config.context_tokens,
        )
    from rag.llm.transformers_llm import TransformersLLM

    return TransformersLLM(rest, context_tokens=config.context_tokens, threads=config.thread_count)


def build_prompt_counter(config: Config) -> GgufTokens | None:
    """Make what counts tokens as the language model does, without loading its weights.

    Args:
        config: names the model.

    Returns:
        The counter; None where only the model's engine can count.

    Raises:
        ModelError: unknown, missing or damaged weights.
    """
    from rag.llm.gguf_tokens import gguf_tokens, is_known

    path = gguf_file(config)
    return gguf_tokens(path) if path and is_known(path) else None


def check_llm(config: Config, name: str) -> str:
    """Say which model would be used, without loading it.

    Args:
        config: where weights are.
        name: as `Config.llm`.

    Returns:
        A name for people, with the size of the file in GB (10^9 bytes) where there is one.

    Raises:
        ModelError: its weights are not there.
    """
    if gguf_file(config, name) is None:
        return name
    path = _file(config, name)
    return f"{path.name if name.startswith('gguf:') else name}, {path.stat().st_size / 1e9:.1f} GB"


def llm_engine(config: Config, name: str) -> str:
    """Say what would compute the answers of a model, without loading it.

    Args:
        config: where weights and engines are.
        name: as `Config.llm`.

    Returns:
        A description for people.
    """
    scheme, _, _ = name.partition(":")
    if scheme == "openai":
        return "a server"
    if scheme == "hf":
        return "transformers"
    if _fits_openvino(config, name):
        return OPENVINO
    if config.llm_engine == "openvino":
        return "none: llm_engine is openvino, which cannot compute this model"
    if find_engine(config.models_dir):
        return "llama.cpp, built for this processor"
    return "llama.cpp as it comes; answers start sooner after: make engine"


def prepare_llm(config: Config, progress: Progress) -> bool:
    """Lay out the weights of the language model for the engine that will compute it, where that takes time and was not done yet.

    Args:
        config: names the model.
        progress: told how far it is.

    Returns:
        Whether there was something to do.

    Raises:
        ModelError: the weights are missing or damaged, or there is no room.
    """
    path = gguf_file(config)
    if config.llm_engine == "llama.cpp" or path is None or not path.is_file():
        return False
    from rag.llm.gguf_llm import lay_out

    return lay_out(path, config.models_dir, progress)


def _fits_openvino(config: Config, name: str) -> bool:
    from rag.llm.gguf_llm import why_not_openvino

    try:
        return config.llm_engine != "llama.cpp" and not why_not_openvino(_file(config, name))
    except ModelError:  # what is wrong with the file is said elsewhere
        return False


def _file(config: Config, name: str) -> Path:
    path = gguf_file(config, name)
    if path is None or not path.is_file():
        raise ModelError(f"There is no model file {path}", hint="Check llm in rag.toml.")
    return path
