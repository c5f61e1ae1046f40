"""The reranker: a cross-encoder through sentence-transformers, on the processor. Takes seconds to import."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from safetensors import SafetensorError
from sentence_transformers import CrossEncoder
from transformers.utils.logging import disable_progress_bar

from rag.errors import ModelError
from rag.rerank.windows import ending, windows
from rag.strict import strict
from rag.types import Span

_BATCH: Final = 8  # on two cores larger ones are slower
_DIGITS: Final = 4  # how much a text is padded changes the digits after; they must not decide
_SPARE: Final = 8  # tokens: a window that begins within a word may come to a few more than were counted
_HINT: Final = "Set reranker to a cross-encoder, or to nothing."


class CrossEncoderReranker:
    """`Reranker` over a folder with a cross-encoder. Not safe to call from several threads at once.

    Nothing is cut in silence: a text that is longer than the model reads is read in windows, and the best one counts. Of a question
    that would take more than half of what the model reads, the end is read.

    Args:
        folder: the weights, tokenizer and settings.
        threads: to compute with.

    Raises:
        ModelError: the folder holds no cross-encoder with one score, or cannot be loaded.
    """

    def __init__(self, folder: Path, *, threads: int) -> None:
        _check(folder)
        torch.set_num_threads(threads)
        disable_progress_bar()  # loading takes a second, and standard error is ours
        try:
            # Without an activation: a sigmoid makes one number of all that are good, and there is nothing to calibrate.
            model = CrossEncoder(str(folder), device="cpu", local_files_only=True, activation_fn=torch.nn.Identity())
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
            raise ModelError(f"The reranker in {folder} cannot be loaded: {error}", hint=_HINT) from error
        if model.num_labels != 1:
            raise ModelError(f"The reranker in {folder} gives {model.num_labels} scores and not one", hint=_HINT)
        self._folder = folder
        self._model = model
        self._room = int(model.max_seq_length or 512) - model.tokenizer.num_special_tokens_to_add(pair=True) - _SPARE
        if self._room < 2:
            raise ModelError(f"The reranker in {folder} reads too few tokens: {model.max_seq_length}", hint=_HINT)

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return how well each text answers the question, in order: the model's logit, of any size; higher is better."""
        asked = strict(question)
        asked = asked[ending(self._places(asked), self._room // 2) :]
        width = self._room - min(len(self._places(asked)), self._room // 2)
        pairs: list[tuple[str, str]] = []
        owners: list[int] = []
        for number, text in enumerate(map(strict, texts)):
            for start, end in windows(self._places(text), width) or [(0, 0)]:
                pairs.append((asked, text[start:end]))
                owners.append(number)
        best = np.full(len(texts), -np.inf)
        if pairs:
            logits = self._model.predict(pairs, batch_size=_BATCH, show_progress_bar=False, convert_to_numpy=True)
            np.maximum.at(best, owners, logits)
        if not np.isfinite(best).all():
            raise ModelError(f"The reranker in {self._folder} gives scores that are no numbers", hint=_HINT)
        return [round(float(score), _DIGITS) for score in best]

    def _places(self, text: str) -> list[Span]:
        """Where the tokens of a text stand, in characters."""
        found: Any = self._model.tokenizer(
            text, add_special_tokens=False, return_offsets_mapping=True, truncation=False, verbose=False
        )
        return [(start, end) for start, end in found["offset_mapping"]]


def _check(folder: Path) -> None:
    """Turn down what is no cross-encoder: a score would be made for it too, of weights drawn at random."""
    try:
        said = json.loads((folder / "config.json").read_text("utf-8"))
        kinds = [str(kind) for kind in said.get("architectures") or ["unknown"]]
    except (OSError, ValueError, AttributeError) as error:
        raise ModelError(f"The reranker in {folder} has no readable config.json", hint=_HINT) from error
    if not any(kind.endswith("ForSequenceClassification") for kind in kinds):
        raise ModelError(f"The model in {folder} is no cross-encoder but {', '.join(kinds)}", hint=_HINT)
