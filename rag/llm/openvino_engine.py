"""A language model with OpenVINO: tokens in, tokens out.

Reads a prompt three to four times as fast as llama.cpp as it is installed, on any x86-64 processor and without a compiler, and
writes as fast; for the models that `rag.decoder.measures` knows. Decodes greedily. Knows no conversation: `token_llm` makes tokens
of one.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rag.decoder.measures import read_measures
from rag.errors import LLMError
from rag.llm.constraint import Constraint
from rag.llm.decoder_graph import build_decoder
from rag.llm.gguf_chat import GgufChat
from rag.llm.packed import EmbeddingRows, Packed
from rag.llm.prefixes import Prefixes
from rag.openvino_runtime import import_openvino
from rag.types import Message

BATCH_TOKENS: Final = 128
"""How many tokens of a prompt are read at once, half a second; between two batches the engine can be stopped."""

_TURN_S: Final = 0.1
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


class OpenVinoEngine:
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
        measures = read_measures(path)
        self._chat = GgufChat(path)
        self._rows = EmbeddingRows(path)
        self._weights = Packed(folder)
        self.vocabulary_size = self._rows.count
        self.end_tokens = self._chat.end_tokens
        self.context_tokens = min(context_tokens, measures.context or context_tokens)
        openvino = import_openvino()
        self._tensor = openvino.Tensor
        self._turn = threading.Lock()
        self._prefixes = Prefixes(1, BATCH_TOKENS)
        self._length = 0
        self._closing = threading.Event()
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
        self._check_open()
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
        self._check_open()
        return self._chat.render(messages)

    def first_logits(self, prompt: Sequence[int], tokens: Sequence[int], cuts: Sequence[int] = ()) -> list[float]:
        """Read the prompt and look at what would come next.

        Args:
            prompt: tokens, at least one.
            tokens: those of interest.
            cuts: where other prompts are likely to go on differently, ascending.

        Returns:
            The logit of each of `tokens` as the next one, in their order; not normalised.

        Raises:
            LLMError: closed meanwhile, or the engine failed.
        """
        with self._reading(prompt, cuts, lambda: False) as logits:
            if logits is None:
                raise _closed()
            return [float(logits[token]) for token in tokens]

    def decode(
        self,
        prompt: Sequence[int],
        max_tokens: int,
        constraint: Constraint | None,
        stopped: Callable[[], bool],
        cuts: Sequence[int] = (),
    ) -> Iterator[int]:
        """Decode greedily until the model ends, or `stopped`.

        Args:
            prompt: tokens, at least one.
            max_tokens: how many are written at most.
            constraint: forbids tokens that do not fit a schema, and ends the output when it is whole; None allows all.
            stopped: asked while the prompt is read and before each token.
            cuts: where other prompts are likely to go on differently, ascending.

        Yields:
            Tokens as they are chosen; the one that ends the answer is left out.

        Raises:
            LLMError: closed meanwhile, or the engine failed.
        """
        with self._reading(prompt, cuts, stopped) as logits:
            for count in range(max_tokens):
                if logits is None or stopped() or self._closing.is_set():
                    break
                if constraint is not None:
                    logits = np.where(constraint.allowed()[: len(logits)], logits, -np.inf)
                token = int(logits.argmax())
                if token in self.end_tokens:
                    break
                yield token
                if constraint is not None and constraint.accept(token):
                    break
                if count + 1 < max_tokens:
                    logits = self._forward([token])
            if self._closing.is_set():
                raise _closed()

    def close(self) -> None:
        """Stop what runs and free the weights. Calling it twice is fine."""
        self._closing.set()
        with self._turn:
            self._request = None

    @contextlib.contextmanager
    def _reading(
        self, prompt: Sequence[int], cuts: Sequence[int], stopped: Callable[[], bool]
    ) -> Iterator[npt.NDArray[np.float32] | None]:
        """Take the turn and read the prompt; gives the logits after it, or None if stopped before its end."""
        while not self._turn.acquire(timeout=_TURN_S):
            if stopped():
                yield None
                return
        try:
            self._check_open()
            yield self._read(list(prompt), cuts, stopped)
        except RuntimeError as error:
            self._prefixes.remember(0, ())
            raise LLMError(f"OpenVINO failed: {error}", hint="Ask again; if it stays, set llm_engine to llama.cpp.") from error
        finally:
            self._turn.release()

    def _read(self, prompt: list[int], cuts: Sequence[int], stopped: Callable[[], bool]) -> npt.NDArray[np.float32] | None:
        _, kept = self._prefixes.choose(prompt, cuts)
        self._prefixes.remember(0, ())
        self._forget(kept)
        logits, start = None, kept
        for end in (end for end in self._prefixes.batches(len(prompt), cuts) if end > kept):
            if stopped() or self._closing.is_set():
                self._prefixes.remember(0, prompt[:start], cuts)
                return None
            logits, start = self._forward(prompt[start:end]), end
        self._prefixes.remember(0, prompt, cuts)
        return logits

    def _forget(self, kept: int) -> None:
        """Leave of what was read no more than the first tokens."""
        if not kept:
            self._request.reset_state()
        elif kept < self._length:
            for state in self._request.query_state():
                state.state = self._tensor(np.ascontiguousarray(state.state.data[:, :, :kept]))
        self._length = kept

    def _forward(self, tokens: list[int]) -> npt.NDArray[np.float32]:
        """Read on; returns logits of shape (vocabulary,)."""
        before, count = self._length, len(tokens)
        places = np.arange(before, before + count, dtype=np.int32)
        mask = np.where(np.arange(before + count)[None, :] > places[:, None], np.float32(_UNSEEN), np.float32(0))
        self._request.infer([self._rows.of(tokens)[None], places, mask[None, None], np.zeros(1, np.int32)])
        self._length += count
        logits: npt.NDArray[np.float32] = self._request.get_output_tensor(0).data[0, -1].copy()
        return logits

    def _check_open(self) -> None:
        if self._closing.is_set():
            raise _closed()


def _closed() -> LLMError:
    return LLMError("The language model is closed", hint="Load it again.")
