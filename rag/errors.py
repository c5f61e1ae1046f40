"""The error tree.

Every error that a user can cause or mend is a `RagError`: one sentence that says what is wrong, and a hint that says what to
do. The command line prints both on one line and exits with `exit_status`; anything else is a defect and keeps its traceback.
"""

from __future__ import annotations


class RagError(Exception):
    """An expected failure.

    Args:
        message: what is wrong, one sentence, without a final full stop.
        hint: what to do about it, one sentence; empty where nothing can be done.

    Attributes:
        message: as given.
        hint: as given.
        retry: whether the same call may succeed later with nothing changed.
        exit_status: status of the process when the error ends a command.
    """

    exit_status = 2
    retry = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Return message and hint on one line."""
        line = f"{self.message}. {self.hint}" if self.hint else self.message
        return " ".join(line.split())


class ConfigError(RagError):
    """`rag.toml`, an environment variable or a flag is wrong."""


class CorpusError(RagError):
    """The corpus is missing, empty, or cannot be walked."""


class UnreadableFileError(RagError):
    """One file of the corpus cannot be read; the others still can."""

    exit_status = 1


class IndexStateError(RagError):
    """There is no index, or it is damaged, or it does not match the configuration."""


class IndexLockedError(RagError):
    """Another process is writing to the index."""

    retry = True


class ModelError(RagError):
    """Weights are unknown, missing, damaged, or cannot be fetched."""


class LLMError(RagError):
    """The language model failed to answer."""

    retry = True


class PromptTooLongError(LLMError):
    """The prompt does not fit the model's context; nothing was truncated in silence."""

    retry = False


class ServerError(RagError):
    """The chat server cannot start: its port is taken, or its address needs a password."""
