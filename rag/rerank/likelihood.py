"""How likely a small language model is to ask a question after it has read a text: what tells texts that are equally near apart.

Source: Sachan et al. 2022, "Improving Passage Retrieval with Zero-Shot Question Generation". Runs on OpenVINO, so that it starts in
two seconds and reads some thousand tokens a second on two cores.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from rag.openvino_runtime import import_openvino
from rag.rerank.llama_file import read_llama
from rag.rerank.llama_graph import build_graph
from rag.strict import strict

_ASKS: Final = "\n\nA question that this text answers: "
_MOST_TEXT: Final = 400  # tokens; more than a chunk of the default size has
_MOST_QUESTION: Final = 64  # tokens; of a longer one the end, where a follow-up has what it asks
_AT_ONCE: Final = 4  # texts of like length
_FEWEST: Final = 64  # tokens to pad to: for fewer the engine computes in another order, and another digit is rounded
_DIGITS: Final = 4


class QuestionLikelihood:
    """`Reranker` over a GGUF file that `read_llama` takes. Safe to call from several threads, which take turns.

    Args:
        path: of the file.
        encode: text to the numbers of its tokens.
        threads: to compute with.

    Raises:
        ModelError: the file is damaged or holds another kind of model.
        RuntimeError: the engine does not run on this machine.
    """

    def __init__(self, path: Path, encode: Callable[[str], list[int]], *, threads: int) -> None:
        llama = read_llama(path)
        settings = {
            # Products in eight bits, all the rest in single precision: as quick as bfloat16 on matrix units, and more exact
            # (docs/LOG.md).
            "INFERENCE_PRECISION_HINT": "f32",
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": "32",
            "NUM_STREAMS": 1,
            "INFERENCE_NUM_THREADS": threads,
            "ENABLE_CPU_PINNING": False,  # the language model wants the same cores
        }
        self._request = import_openvino().Core().compile_model(build_graph(llama), "CPU", settings).create_infer_request()
        self._turn = threading.Lock()
        self._encode = encode
        self._asks = encode(_ASKS)

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return the mean logarithm of the probability of the question's tokens after each text, in order; 0 for no question."""
        sought = self._encode(strict(question))[-_MOST_QUESTION:]
        if not sought:
            return [0.0] * len(texts)
        read = [[*self._encode(strict(text))[:_MOST_TEXT], *self._asks] for text in texts]
        found = np.zeros(len(texts))
        order = sorted(range(len(texts)), key=lambda place: len(read[place]))
        for start in range(0, len(order), _AT_ONCE):
            rows = order[start : start + _AT_ONCE]
            ids = np.zeros((len(rows), max(_FEWEST, max(len(read[row]) for row in rows) + len(sought))), np.int32)
            for place, row in enumerate(rows):
                whole = [*read[row], *sought]
                ids[place, : len(whole)] = whole
            last = np.array([len(read[row]) - 1 for row in rows], np.int32)
            with self._turn:
                self._request.infer([ids, last, np.array(sought, np.int32)])
                found[rows] = self._request.get_output_tensor(0).data.mean(axis=1)
        return [round(float(score), _DIGITS) for score in found]
