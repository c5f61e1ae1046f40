"""A library over a folder: the real index and the real ingest, with words in place of an embedder."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from rag.answer.single import AskSettings
from rag.assistant import Assistant
from rag.index import Fingerprint, Index
from rag.lint import lint
from rag.pipeline import IngestParts, ingest
from rag.preview import preview
from rag.read import read_page
from rag.ui.knowledge.library import Library
from tests.ui_fakes import ScriptedModel, WordRetriever, word_vector

FINGERPRINT = Fingerprint("words@1", 256, "words@1/120")

NOTES = {
    "guide/lora.md": "---\ntags: [adapters]\nstatus: final\n---\n\n# LoRA\n\n"
    "Low-rank adaptation trains a small number of new weights beside the frozen ones.\n\n## Rank\n\n"
    "A rank of 8 is enough for most styles. A rank of 64 learns more, and costs more memory.\n\n## Memory\n\n"
    "A 7B model is trained on one graphics card with 16 GB. See [the missing page](nowhere.md).\n",
    "guide/attention.md": "# Attention\n\nAttention compares each token with every other token.\n\n## Cost\n\n"
    "Its cost grows with the square of the length of the text.\n",
    "notes/sampling.md": "# Sampling\n\n| temperature | effect |\n|---|---|\n| 0 | always the likeliest token |\n"
    "| 1 | as the model has learned it |\n",
    "notes/broken.md": b"\xff\xfe\x00\xd8\xff",
}


class _Counter:
    max_tokens = 256

    def count(self, text):
        return len(text.split()) + 2


class _Embedder:
    fingerprint = FINGERPRINT.embedder
    dimension = FINGERPRINT.dimension

    def __init__(self, pause_s):
        self._pause_s = pause_s

    def embed_query(self, text):
        return word_vector(text)

    def embed_passages(self, texts, on_batch=None):
        time.sleep(self._pause_s)
        return np.stack([word_vector(text) for text in texts])


class _Source:
    def __init__(self, index):
        self._index = index

    def current_number(self):
        return self._index.pointer()

    def open_current(self):
        return self._index.open()


def plain_questions():
    """Return questions that `NOTES` answer."""
    return ["What is LoRA?", "How does attention scale?", "What does temperature do?", "How much memory does a 7B model take?"]


def write_notes(folder, notes=NOTES):
    """Write pages below a folder."""
    for path, text in notes.items():
        file = Path(folder) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())


def word_library(corpus, index, pause_s=0.0):
    """Return a library; `pause_s` is slept for each page that is read and embedded."""
    folder = Index(Path(index), keep=3)

    def read(path, raw, digest, includes):
        time.sleep(pause_s)
        return read_page(path, raw, digest, counter=_Counter(), target_tokens=120, includes=includes)

    parts = IngestParts(folder, FINGERPRINT, read, lambda: _Embedder(pause_s))

    def run(*, full, dry_run, progress):
        return preview(Path(corpus), parts) if dry_run else ingest(Path(corpus), parts, progress=progress, full=full)

    return Library(Path(corpus), folder, lambda: FINGERPRINT, run, lint)


def library_assistant(library, model=None, *, loading=lambda: None):
    """Return an assistant over a library, with a scripted model."""
    model = model or ScriptedModel()

    def load():
        loading()
        return model

    return Assistant(_Source(library.index), WordRetriever(), load, AskSettings(6, 600, 300, 0.5))
