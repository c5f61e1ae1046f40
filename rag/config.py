"""One frozen `Config`: defaults < `rag.toml` < environment `RAG_*` < flags.

Unknown keys are errors that name the nearest known key, and every number has bounds. Relative paths in `rag.toml` are
relative to that file, all others to the working directory. Nothing else in the project reads the environment for settings.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from rag.errors import ConfigError

_PATH_KEYS = ("corpus", "index", "models_dir", "data_dir")
_PREFIX = "RAG_"
_NOT_SETTINGS = frozenset({"RAG_CONFIG", "RAG_PACKAGE_INDEX", "RAG_SOAK", "RAG_STORE_TOKEN"})


class Config(BaseModel):
    """Every setting. `rag.toml` at the top of the repository lists and explains them."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    corpus: Path = Field(Path("corpus"), description="folder of the notes")
    index: Path = Field(Path("index"), description="folder of the index, or of its pointer")
    store: Annotated[
        str, Field(description="http://host:port of a Chroma server that keeps the index; empty: the folder above")
    ] = ""
    models_dir: Path = Field(
        default_factory=lambda: platformdirs.user_cache_path("rag-notes") / "models", description="where weights are kept"
    )
    data_dir: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("rag-notes"), description="where the chat keeps conversations"
    )
    keep_generations: Annotated[int, Field(ge=1, le=100, description="generations kept for rollback, the current one included")] = 3

    embedder: Annotated[str, Field(min_length=1, description="catalogue name, folder, or Hugging Face repository")] = (
        "all-MiniLM-L6-v2"
    )
    reranker: Annotated[str, Field(description="folder or Hugging Face repository of a cross-encoder; empty: none")] = ""
    question_model: Annotated[
        str, Field(description="catalogue name or gguf:PATH of a small model that puts passages in order; empty: none")
    ] = "smollm2-135m"
    llm: Annotated[str, Field(min_length=1, description="catalogue name, gguf:PATH, hf:REPOSITORY or openai:URL")] = (
        "qwen2.5-coder-1.5b"
    )
    llm_engine: Annotated[
        Literal["auto", "openvino", "llama.cpp"],
        Field(description='"auto", "openvino" or "llama.cpp": what computes a GGUF file; a judge is computed by llama.cpp'),
    ] = "auto"
    llm_model: Annotated[str, Field(description="model name to ask an OpenAI-compatible server for")] = ""
    llm_key_variable: Annotated[str, Field(description="environment variable that holds the server's key")] = "OPENAI_API_KEY"
    llm_timeout_s: Annotated[float, Field(gt=0, le=3600, description="longest wait for a server's next piece")] = 120.0
    context_tokens: Annotated[int, Field(ge=1024, le=131072, description="prompt and answer together")] = 4096
    threads: Annotated[int, Field(ge=0, le=512, description="0: as many as there are cores")] = 0

    chunk_tokens: Annotated[int, Field(ge=32, le=8192, description="target size of a chunk, heading line included")] = 220
    top_k: Annotated[int, Field(ge=1, le=100, description="most passages per question")] = 8
    max_context_tokens: Annotated[int, Field(ge=64, le=65536, description="context budget of a question")] = 700
    candidates: Annotated[int, Field(ge=1, le=1000, description="chunks that each ranker proposes")] = 40

    max_answer_tokens: Annotated[int, Field(ge=16, le=8192, description="longest answer")] = 400
    answerable_threshold: Annotated[
        float, Field(ge=0, le=1, description="abstain below this probability that the passages hold the answer")
    ] = 0.3
    unsupported: Annotated[
        Literal["mark", "drop"], Field(description='"mark" or "drop": sentences of an answer that the notes do not support')
    ] = "mark"

    host: Annotated[str, Field(min_length=1, description="address that the chat listens on")] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535, description="port that the chat listens on")] = 7860

    judge: Annotated[str, Field(description="judge of the evaluation; empty: the llm above")] = ""
    log_level: Literal["debug", "info", "warning", "error"] = "warning"

    @field_validator("store")
    @classmethod
    def _store_address(cls, value: str) -> str:
        parts = urlsplit(value)
        place = [part for part in parts.path.split("/") if part]
        if value and (parts.scheme not in {"http", "https"} or not parts.hostname or len(place) not in {0, 2}):
            raise ValueError("write http://host:port, or https://host/tenant/database")
        return value

    @field_validator("llm")
    @classmethod
    def _known_scheme(cls, value: str) -> str:
        scheme, colon, rest = value.partition(":")
        if colon and (scheme not in {"gguf", "hf", "openai"} or not rest):
            raise ValueError("write a catalogue name, gguf:PATH, hf:REPOSITORY or openai:URL")
        return value

    @field_validator("question_model")
    @classmethod
    def _known_file(cls, value: str) -> str:
        scheme, colon, rest = value.partition(":")
        if colon and (scheme != "gguf" or not rest):
            raise ValueError('write a catalogue name, gguf:PATH, or "" for none')
        return value

    @property
    def question_models(self) -> tuple[str, ...]:
        """What puts passages in order: one name, or none, also where a reranker does it, whose scores cannot be added to."""
        return (self.question_model,) if self.question_model and not self.reranker else ()

    @property
    def thread_count(self) -> int:
        """Threads for engines: as set, or one for each core that this process may use."""
        return self.threads or len(os.sched_getaffinity(0))


def load_config(
    file: Path | None = None, *, flags: Mapping[str, object] | None = None, environment: Mapping[str, str] | None = None
) -> Config:
    """Read the configuration.

    Args:
        file: a TOML file; by default `RAG_CONFIG`, then `rag.toml` in the working directory if there is one.
        flags: settings from the command line; None values are left out.
        environment: by default this process's.

    Returns:
        The settings of the flags, else of the environment, else of the file, else the defaults; each within its bounds.

    Raises:
        ConfigError: a file that cannot be read, an unknown key, a wrong type, a value out of bounds.
    """
    env = os.environ if environment is None else environment
    chosen = file or (Path(env["RAG_CONFIG"]) if env.get("RAG_CONFIG") else None)
    settings: dict[str, object] = {}
    origins: dict[str, str] = {}
    path = chosen or Path("rag.toml")
    if chosen is not None or path.is_file():
        for key, value in _read_toml(path).items():
            origins[key] = str(path)
            settings[key] = _from_file(key, value, path)
    for name, text in env.items():
        if name.startswith(_PREFIX) and name not in _NOT_SETTINGS:
            key = name.removeprefix(_PREFIX).lower()
            settings[key] = text
            origins[key] = f"environment variable {name}"
    for key, value in (flags or {}).items():
        if value is not None:
            settings[key] = value
            origins[key] = f"--{key.replace('_', '-')}"
    return _validate(settings, origins)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError as error:
        raise ConfigError(f"There is no configuration file {path}", hint="Check --config and RAG_CONFIG.") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", hint="Check the file and its permissions.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}", hint="Mend that line.") from error


def _from_file(key: str, value: object, path: Path) -> object:
    """Hold a TOML value to the type of its setting; text for a number would otherwise pass, as it has to for the environment."""
    if key in _PATH_KEYS and isinstance(value, str):
        return path.absolute().parent / Path(value).expanduser()
    field = Config.model_fields.get(key)
    wanted = (int, float) if field and field.annotation is float else (int,) if field and field.annotation is int else None
    if isinstance(value, bool) or (wanted and not isinstance(value, wanted)):
        kind = "a number" if wanted else "text"
        raise ConfigError(f"Setting {key} = {value!r} ({path}) is wrong: it should be {kind}", hint="Mend that line.")
    return value


def _validate(settings: dict[str, object], origins: dict[str, str]) -> Config:
    for key in settings:
        if key not in Config.model_fields:
            near = difflib.get_close_matches(key, Config.model_fields, n=1)
            hint = f"Did you mean {near[0]}?" if near else "rag.toml in the repository lists every setting."
            raise ConfigError(f"Unknown setting {key!r} ({origins[key]})", hint=hint)
    try:
        # Text from the environment may stand for any type; a file or a flag says its type itself.
        return Config.model_validate(settings, strict=False)
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0])
        given = settings.get(key)
        reason = first["msg"].removeprefix("Value error, ")
        description = Config.model_fields[key].description or "see rag.toml"
        raise ConfigError(
            f"Setting {key} = {given!r} ({origins.get(key, 'default')}) is wrong: {reason}", hint=f"It is: {description}."
        ) from error
