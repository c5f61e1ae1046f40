"""Expected failures of the evaluation."""

from __future__ import annotations

from rag.errors import RagError


class JudgementError(RagError):
    """The judge gave no usable verdict. The run counts it as failed, with this reason; it never becomes a number."""

    exit_status = 1


class RunLockedError(RagError):
    """Another process is writing to the folder of the run."""

    retry = True
