"""A language model with OpenVINO: tokens in, tokens out.

On a processor with matrix units it reads a prompt three to four times as fast as llama.cpp as it is installed, without a compiler,
and writes as fast; for the models that `rag.decoder.measures` knows. Knows no conversation: `token_llm` makes tokens of one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rag.decoder.measures import read_measures
from rag.llm.decoder_graph import build_decoder
from rag.llm.gguf_chat import GgufChat
from rag.llm.greedy import BATCH_TOKENS, GreedyEngine
from rag.llm.heap import give_back
from rag.llm.packed import LAYOUT, EmbeddingRows, Packed
from rag.openvino_runtime import import_openvino
from rag.types import Message

_UNSEEN: Final = -1e30  # added to what a token may not look at; far below any product, and finite
_SETTINGS: Final = {
    # Products in eight bits, all the rest in single precision: bfloat16 loses what this model's large states hold (docs/LOG.md).
    "INFERENCE_PRECISION_HINT": "f32",
    "DYNAMIC_QUANTIZATION_GROUP_SIZE": "32",
    # What is taken out to forget the end of a text comes back as it was.
    "KV_CACHE_PRECISION": "f16",
    "NUM_STREAMS": 1,
    "ENABLE_CPU_PINNING": False,  # other threads want the same cores
}
IDENTITY: Final = hashlib.sha256(f"{LAYOUT} {BATCH_TOKENS} {sorted(_SETTINGS.items())}".encode()).hexdigest()[:8]
"""Equal where equal weights give equal numbers, on one machine with one version of the engine."""


class OpenVinoEngine(GreedyEngine):
    """One set of weights, loaded. Safe to call from several threads; calls take turns.

    Args:
        path: a GGUF file.
        folder: its weights, laid out by `packed`.
        context_tokens: prompt and answer together.
        threads: to compute with.

    Raises:
        ModelError: the weights are missing or damaged, or of another kind.
        RuntimeError: the engine does not run on this machine.
    """

    def __init__(self, path: Path, folder: Path, *, context_tokens: int, threads: int) -> None:
        super().__init__()
        measures = read_measures(path)
        self._chat = GgufChat(path)
        self._rows = EmbeddingRows(path)
        self._weights = Packed(folder)
        self.vocabulary_size = self._rows.count
        self.end_tokens = self._chat.end_tokens
        self.context_tokens = min(context_tokens, measures.context or context_tokens)
        openvino = import_openvino()
        self._tensor = openvino.Tensor
        self._length = 0
        settings = {**_SETTINGS, "INFERENCE_NUM_THREADS": threads}
        # The engine lays the weights out for its own products at the first batch and at the first token, and needs no others then.
        with self._weights.forgetting():
            compiled = openvino.Core().compile_model(build_decoder(measures, self._weights), "CPU", settings)
            self._request: Any = compiled.create_infer_request()
            for count in (BATCH_TOKENS, 1):
                self._forward([0] * count)
        self._forget(0)

    @property
    def tokenizer_json(self) -> str:
        """What `tokenizers` makes an equal tokenizer of, special tokens included."""
        return self._chat.tokenizer_json

    def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """Return the tokens of `text`; `special` says whether special tokens written out are special, or text."""
        self.check_open()
        return self._chat.tokenize(text, special=special)

    def detokenize(self, tokens: Sequence[int]) -> str:
        """Return the text of `tokens` without special ones; it ends in U+FFFD where a character is not complete."""
        return self._chat.detokenize(tokens)

    def render(self, messages: Sequence[Message]) -> str:
        """Write the conversation in the model's chat template.

        Args:
            messages: in order.

        Returns:
            The prompt, up to where the assistant begins.

        Raises:
            LLMError: the template refuses these roles.
        """
        self.check_open()
        return self._chat.render(messages)

    def _free(self) -> None:
        self._request = None

    def _has_read(self) -> None:
        give_back()

    def _forget(self, kept: int) -> None:
        if not kept:
            self._request.reset_state()
        elif kept < self._length:
            for state in self._request.query_state():
                state.state = self._tensor(np.ascontiguousarray(state.state.data[:, :, :kept]))
        self._length = kept

    def _forward(self, tokens: list[int]) -> npt.NDArray[np.float32]:
        before, count = self._length, len(tokens)
        places = np.arange(before, before + count, dtype=np.int32)
        mask = np.where(np.arange(before + count)[None, :] > places[:, None], np.float32(_UNSEEN), np.float32(0))
        self._request.infer([self._rows.of(tokens)[None], places, mask[None, None], np.zeros(1, np.int32)])
        self._length += count
        logits: npt.NDArray[np.float32] = self._request.get_output_tensor(0).data[0, -1].copy()
        return logits
