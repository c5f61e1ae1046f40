"""What makes two systems the same: the weights, the code, the settings, the index. Cheap: nothing is loaded.

An answer that was kept may be used again only where all of this is equal.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from eval.machine import versions
from eval.protocol import PROTOCOL, VERDICT_FIRST
from rag.config import Config
from rag.folders import embedder_folder, reranker_folder

# Where things are does not change an answer, and neither do the chat's address and the log level.
_NOT_OF_ANSWERS = {
    "corpus",
    "index",
    "models_dir",
    "data_dir",
    "keep_generations",
    "host",
    "port",
    "log_level",
    "threads",
    "llm_key_variable",
}
_NOT_OF_THE_SYSTEM = _NOT_OF_ANSWERS | {"judge"}
_SYSTEM = Path(__file__).parents[1] / "rag"
_ENGINES = ("xllamacpp", "transformers", "torch", "openvino", "sentence-transformers", "llama-index-core", "numpy", "tokenizers")


def answer_settings(config: Config) -> dict[str, Any]:
    """Return the settings that figures may depend on, the judge included; JSON values."""
    return {key: value for key, value in config.model_dump(mode="json").items() if key not in _NOT_OF_ANSWERS}


def model_identity(config: Config, name: str = "") -> str:
    """Return what identifies the model: the file's name and the hash of the weights, or what a server is asked for.

    Args:
        config: where weights are.
        name: as `Config.llm`; empty for that one.

    Returns:
        One line, equal for equal weights wherever they lie.

    Raises:
        ModelError: its weights are not there.
    """
    from rag.folders import gguf_file
    from rag.language_model import check_llm

    wanted = name or config.llm
    check_llm(config, wanted)
    if path := gguf_file(config, wanted):
        stamp = path.stat()
        return f"{path.stem} sha256:{_file_hash(path, stamp.st_size, stamp.st_mtime_ns)[:12]}"
    scheme, _, rest = wanted.partition(":")
    return f"{rest} {config.llm_model}".strip() if scheme == "openai" else rest


def engine_identity(config: Config) -> str:
    """Return what computes the answers: engines, and builds of one of them, differ in the last digits."""
    from rag.language_model import OPENVINO, llm_engine

    if llm_engine(config, config.llm) != OPENVINO:
        return _llama_cpp(config)
    from rag.llm.openvino_engine import IDENTITY

    return f"openvino {metadata.version('openvino')} {IDENTITY}"


def _llama_cpp(config: Config) -> str:
    from rag.models.engine import find_engine

    library = find_engine(config.models_dir)
    return library.name if library else "installed"


def reranker_identity(config: Config) -> str:
    """Return the hash of the files in the reranker's folder: its name stays when it is trained further, and so do their sizes.

    Args:
        config: names the reranker.

    Returns:
        The hash; empty where no reranker is set.

    Raises:
        ConfigError: the setting names no cross-encoder.
        ModelError: it is not on this machine.
    """
    return _folder_hash(reranker_folder(config)) if config.reranker else ""


def question_model_identity(config: Config) -> str:
    """Return the file's name and the hash of the weights of the model that puts passages in order; empty where none does.

    Args:
        config: names it.

    Returns:
        One line, equal for equal weights wherever they lie.

    Raises:
        ModelError: they are not there.
    """
    return "".join(model_identity(config, name) for name in config.question_models)


def embedder_identity(config: Config) -> str:
    """Return the hash of the files in the embedder's folder, wherever that lies: a third of a second for 90 MB.

    The fingerprint in an index is made of sizes, which stay when weights are trained further; what is kept of judgements outlives
    an index.

    Args:
        config: names the embedder.

    Returns:
        The hash.

    Raises:
        ModelError: it is not on this machine.
    """
    return f"sha256:{_folder_hash(embedder_folder(config))}"


def parts_identity(config: Config) -> dict[str, str]:
    """Return what answers beside the language model.

    Args:
        config: of the system.

    Returns:
        The hashes of the embedder and of what puts passages in order, and the build of the engine.

    Raises:
        ConfigError: the setting of the reranker names none.
        ModelError: weights are not there.
    """
    return {
        "engine": engine_identity(config),
        "embedder": embedder_identity(config),
        "reranker": reranker_identity(config),
        "question_model": question_model_identity(config),
    }


def system_identity(config: Config, index: Mapping[str, Any]) -> dict[str, Any]:
    """Return all that an answer depends on but the question and its history.

    Args:
        config: of the system.
        index: hashes of what the generation holds.

    Returns:
        JSON values, equal for systems that give equal answers.

    Raises:
        ConfigError: the setting of the reranker names none.
        ModelError: weights are not there.
    """
    settings = {key: value for key, value in config.model_dump(mode="json").items() if key not in _NOT_OF_THE_SYSTEM}
    return {
        "settings": settings,
        "llm": model_identity(config),
        "reranker": reranker_identity(config),
        "question_model": question_model_identity(config),
        "engine": engine_identity(config),
        "index": {name: index.get(name) for name in ("embedder", "chunker", "hashes")},
        "code": system_code(),
        "versions": versions(_ENGINES),
    }


def judge_identity(config: Config, *, verdict_first: bool = VERDICT_FIRST) -> dict[str, Any]:
    """Return all that a judgement depends on but the metric and what is judged.

    ragas' prompts are those of its version; ours is the rest of what the judge reads, and the bounds of what it writes.

    Args:
        config: which judge, and with how much context.
        verdict_first: in which order it writes.

    Returns:
        JSON values, equal for judges that give equal judgements.

    Raises:
        ModelError: weights of the judge or of the embedder are not there.
    """
    return {
        "model": model_identity(config, config.judge),
        "engine": _llama_cpp(config),  # it remembers several prompts
        "context_tokens": config.context_tokens,
        "embedder": embedder_identity(config),
        "protocol": {**PROTOCOL, "verdict_first": verdict_first},
        "versions": versions(("ragas", *_ENGINES)),
    }


@functools.lru_cache(maxsize=1)
def system_code(folder: Path = _SYSTEM) -> str:
    """Return a hash of the system's source files; what git says of them does not matter. The chat page is not part of it."""
    digest = hashlib.sha256()
    for file in sorted(path for kind in ("*.py", "*.toml") for path in folder.rglob(kind)):
        name = file.relative_to(folder).as_posix()
        if not name.startswith("ui/"):
            digest.update(name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _folder_hash(folder: Path) -> str:
    """The names and the content of all files below a folder, but for hidden ones: downloads leave notes of their own in those."""
    digest = hashlib.sha256()
    names = ((file.relative_to(folder), file) for file in folder.rglob("*") if file.is_file())
    for name, file in sorted(pair for pair in names if not any(part.startswith(".") for part in pair[0].parts)):
        stamp = file.stat()
        digest.update(f"{name.as_posix()} {_file_hash(file, stamp.st_size, stamp.st_mtime_ns)}\n".encode())
    return digest.hexdigest()[:12]


@functools.lru_cache(maxsize=64)
def _file_hash(path: Path, size: int, changed: int) -> str:
    """A second per gigabyte, once for each state of the file."""
    del size, changed  # they are the key
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
