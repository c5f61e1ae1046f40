"""How the time from a question to its passages grows with the index: indexes of any size, made up, and the clock.

The texts are drawn from the words of real notes, as often as they stand there; the vectors are random directions, which is the
hardest case for an approximate search. Timed in one process with the models loaded, each question once and none before.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from eval.statistics import percentile
from rag.index import Fingerprint, Index
from rag.protocols import Generation
from rag.retrieve.retriever import Retriever
from rag.types import Chunk, Document, Message

_WORDS_A_CHUNK = 80
_CHUNKS_A_PAGE = 10
_SEED = 0

Tell = Callable[[str, int, int], None]
Asked = tuple[str, Sequence[Message]]


def build(index: Index, fingerprint: Fingerprint, texts: Iterable[str], chunks: int, tell: Tell) -> None:
    """Make the index a generation of so many chunks, unless it has one.

    Args:
        index: to write to.
        fingerprint: of the embedder and the chunker; its dimension is that of the vectors.
        texts: whose words are drawn.
        chunks: how many; a multiple of 10.
        tell: of progress.
    """
    manifest = index.current()
    if manifest is not None and manifest.chunks == chunks and manifest.fingerprint == fingerprint:
        return
    rng = np.random.default_rng(_SEED)
    counted = Counter(word for text in texts for word in re.findall(r"\w[\w'-]*", text))
    words = np.array(sorted(counted))
    shares = np.array([counted[word] for word in words], dtype=float)
    shares /= shares.sum()
    with index.write("python -m eval retrieval --speed") as writer:
        writer.begin(fingerprint, f"made up of {chunks} chunks", full=True)
        for number in range(chunks // _CHUNKS_A_PAGE):
            drawn = rng.choice(words, size=(_CHUNKS_A_PAGE, _WORDS_A_CHUNK), p=shares)
            document, made = _page(number, [" ".join(row) for row in drawn])
            vectors = rng.standard_normal((len(made), fingerprint.dimension), dtype=np.float32)
            writer.put(document, made, vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
            tell(f"build {chunks} chunks", (number + 1) * _CHUNKS_A_PAGE, chunks)
        writer.commit()


def _page(number: int, texts: Sequence[str]) -> tuple[Document, tuple[Chunk, ...]]:
    path, title = f"made/{number:06d}.md", texts[0].split()[0]
    source = "\n\n".join(texts) + "\n"
    name = hashlib.sha256(path.encode()).hexdigest()[:16]
    document = Document(name, path, title, {}, source, hashlib.sha256(source.encode()).hexdigest())
    made, start = [], 0
    for place, text in enumerate(texts):
        end = start + len(text)
        one = hashlib.sha256(f"{path}\n{place}\n{text}".encode()).hexdigest()[:24]
        headings = (title, " ".join(text.split()[:2]))
        alignment = ((0, len(text), start, end),)
        made.append(Chunk(one, name, path, title, place, text, ((start, end),), alignment, headings, line=2 * place + 1))
        start = end + 2
    return document, tuple(made)


def time_retrieval(
    retriever: Retriever, generation: Generation, questions: Sequence[Asked], *, top_k: int, max_tokens: int, tell: Tell
) -> dict[str, Any]:
    """Return the percentiles of the time from a question to its passages, by the clock and of the processor, in milliseconds."""
    retriever.retrieve("What is this about?", generation, top_k=top_k, max_tokens=max_tokens)
    clock, spent, stages = [], [], []
    for done, (question, history) in enumerate(questions, 1):
        start, busy = time.perf_counter(), time.process_time()
        found = retriever.retrieve(question, generation, top_k=top_k, max_tokens=max_tokens, history=history)
        clock.append(1000 * (time.perf_counter() - start))
        spent.append(1000 * (time.process_time() - busy))
        stages.append(found.timings_s)
        tell(f"search {generation.chunk_count} chunks", done, len(questions))
    return {
        "chunks": generation.chunk_count,
        "questions": len(questions),
        "p50_ms": percentile(clock, 0.5),
        "p95_ms": percentile(clock, 0.95),
        "processor_p50_ms": percentile(spent, 0.5),
        "processor_p95_ms": percentile(spent, 0.95),
        "stages_ms": {name: 1000 * percentile([each[name] for each in stages], 0.5) for name in stages[0] if name != "total"},
    }


def spread(questions: Sequence[Asked], count: int) -> list[Asked]:
    """Return up to `count` questions, evenly over all of them."""
    count = min(count, len(questions))
    return [questions[number * len(questions) // count] for number in range(count)]
