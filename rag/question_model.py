"""The small model that puts passages in order: whether there is one, and loading it beside the language model."""

from __future__ import annotations

import contextlib
import logging
import signal
import threading

import rag.offline  # noqa: F401 - before any vendor
from rag.config import Config
from rag.errors import ModelError, RagError
from rag.folders import question_model_file
from rag.openvino_runtime import has_openvino
from rag.protocols import Reranker

_LOG = logging.getLogger(__name__)


def build_question_model(config: Config) -> Reranker | None:
    """Load the small model that puts passages in order; takes two seconds.

    Args:
        config: `question_model` names it.

    Returns:
        The model; None where none is set, or its engine does not run on this machine, which is logged.

    Raises:
        ModelError: its weights are not there, are damaged, or are of another kind.
    """
    if not config.question_models or not has_openvino():
        return None
    path = question_model_file(config)
    from rag.llm.gguf_tokens import gguf_tokens, is_known
    from rag.rerank.likelihood import QuestionLikelihood

    if not is_known(path):
        raise ModelError(f"The vocabulary in {path} is not known here", hint="Set question_model to another, or to nothing.")
    try:
        return QuestionLikelihood(path, gguf_tokens(path).encode, threads=config.thread_count)
    except (ImportError, RuntimeError) as error:  # a processor or a system that the engine is not made for
        _LOG.warning("Passages stay in the order of the rankers, since OpenVINO does not run here: %s", error)
        return None


def check_question_model(config: Config) -> str:
    """Say what puts passages in order, without loading it.

    Args:
        config: `question_model` names it.

    Returns:
        A description for people; empty where none is set.

    Raises:
        ModelError: its weights are not there.
    """
    if not config.question_models:
        return ""
    return question_model_file(config).name if has_openvino() else "not used: OpenVINO is not there"


class LazyQuestionModel:
    """Loads the model once: at the first question, or ahead of it.

    Args:
        config: `question_model` names it.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._model: Reranker | None = None
        self._loaded = False

    def __call__(self) -> Reranker | None:
        """Return the model, loaded if need be; what `build_question_model` raises, every time."""
        with self._lock:
            if not self._loaded:
                self._model, self._loaded = build_question_model(self._config), True
            return self._model

    def load_ahead(self) -> None:
        """Begin to load in the background; raise `ModelError` where the weights are not there."""
        if not check_question_model(self._config):
            return

        def load() -> None:
            if hasattr(signal, "pthread_sigmask"):  # Ctrl-C belongs to the main thread; the engine's threads inherit this
                signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            with contextlib.suppress(RagError):  # it is raised again at the first question
                self()

        # No daemon: a process that ended while the engine loads would crash.
        threading.Thread(target=load, name="question model").start()
