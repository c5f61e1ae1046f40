"""Where the weights of the configured models lie: on this machine, or an error that says what to do.

Knows the catalogue's store and the cache of Hugging Face; loads nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rag.config import Config
from rag.errors import ConfigError, ModelError
from rag.models.store import model_path


def embedder_folder(config: Config) -> Path:
    """Find the folder of the embedder's weights.

    Args:
        config: `embedder` is a folder, a repository on Hugging Face that was fetched, or a name in the catalogue.

    Returns:
        The folder, with its weights in it.

    Raises:
        ModelError: they are not there.
    """
    folder = Path(config.embedder).expanduser()
    if folder.is_dir():
        return folder
    if "/" in config.embedder:
        return _hub_folder(config.embedder, "embedder")
    return model_path(config.embedder, config.models_dir)


def gguf_file(config: Config, name: str = "") -> Path | None:
    """Find the file of a language model that OpenVINO or llama.cpp computes.

    Args:
        config: where weights are.
        name: as `Config.llm`; empty for that one.

    Returns:
        The file, which for `gguf:` need not be there; None for a model that is on a server, or that transformers reads.

    Raises:
        ModelError: a name of the catalogue whose weights are not there.
    """
    scheme, _, rest = (name or config.llm).partition(":")
    if scheme in {"openai", "hf"}:
        return None
    return Path(rest).expanduser() if scheme == "gguf" else model_path(scheme, config.models_dir)


def question_model_file(config: Config) -> Path:
    """Find the weights of the small model that puts passages in order.

    Args:
        config: `question_model` is a name of the catalogue or `gguf:PATH`.

    Returns:
        The file.

    Raises:
        ModelError: it is not there.
    """
    path = gguf_file(config, config.question_model)
    if path is None or not path.is_file():
        raise ModelError(f"There is no model file {path}", hint="Check question_model in rag.toml.")
    return path


def reranker_folder(config: Config) -> Path:
    """Find the folder of the reranker's weights.

    Args:
        config: `reranker` is a folder, or a repository on Hugging Face that was fetched.

    Returns:
        The folder.

    Raises:
        ConfigError: it is neither a folder nor a name like one of a repository.
        ModelError: the repository is not on this machine.
    """
    folder = Path(config.reranker).expanduser()
    if folder.is_dir():
        return folder
    if config.reranker.count("/") != 1 or config.reranker.startswith((".", "/", "~")):
        hint = "Name a folder that is there, or a repository such as cross-encoder/ms-marco-MiniLM-L-6-v2."
        raise ConfigError(f"Setting reranker = {config.reranker!r} names no cross-encoder", hint=hint)
    return _hub_folder(config.reranker, "reranker")


def _hub_folder(repository: str, role: str) -> Path:
    """Return where an earlier download of a Hugging Face repository lies on this machine."""
    from huggingface_hub import snapshot_download

    find: Callable[..., str] = snapshot_download
    try:
        return Path(find(repository, local_files_only=True))
    except Exception as error:
        hint = "Download it where there is a network, or name a folder."
        raise ModelError(f"The {role} {repository} is not on this machine", hint=hint) from error
