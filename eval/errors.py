"""Expected failures of the evaluation."""

from __future__ import annotations

from rag.errors import ConfigError, RagError


class JudgementError(RagError):
    """The judge gave no usable verdict. The run counts it as failed, with this reason; it never becomes a number."""

    exit_status = 1


class RefusedQuestionError(ConfigError):
    """A question that was to be added is wrong, or is there already. The file of questions is as it was and takes others."""


class RunLockedError(RagError):
    """Another process is writing to the folder of the run."""

    retry = True
