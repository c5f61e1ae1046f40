"""`python -m eval retrieval` with the real parts: an index of each set, the stock set-ups beside it, made-up indexes to time.

All systems share one embedder and one counter of tokens. Indexes and vectors are kept in a folder, so that a second run only asks.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from eval.ablation import VARIANTS, Undeduplicated
from eval.baselines import build_baselines
from eval.evidence_sets import EvidenceSet, read_set
from eval.growth import build, spread, time_retrieval
from eval.ir import estimate
from eval.own_index import bring_up
from eval.retrieval import Ours, Stock, System, Values, against, measure, summary
from rag.answer.prompt import passage_block
from rag.config import Config
from rag.errors import ConfigError, UnreadableFileError
from rag.language_model import build_prompt_counter
from rag.load import decode
from rag.progress import ProgressBar
from rag.protocols import Embedder, Matrix, Reranker, Vector
from rag.retrieve.retriever import Retriever
from rag.types import Passage
from rag.wiring import (
    build_embedder,
    build_index,
    build_reranker,
    embedder_fingerprint,
    fingerprint,
)

_TIMED = 200
_REMEMBERED = 200_000


class RetrievalBench:
    """Measures our retriever and the baselines.

    Args:
        config: of the system.
        cache: folder for indexes and vectors.
        shared: folder of third parties' pages and questions.

    Raises:
        ConfigError: nothing counts tokens as the configured model does.
        ModelError: unknown, missing or damaged weights.
    """

    def __init__(self, config: Config, cache: Path, shared: Path) -> None:
        self._config, self._cache, self._shared = config, cache, shared
        self.identity = embedder_fingerprint(config)
        counter = build_prompt_counter(config)
        if counter is None:
            raise ConfigError(f"Nothing counts tokens as {config.llm} does", hint="Set llm to a GGUF model for this command.")
        self._count: Callable[[str], int] = functools.lru_cache(maxsize=_REMEMBERED)(counter.count)
        self._count_fresh, self._fewest = counter.count, counter.fewest

    def recall(self, names: Sequence[str], progress: ProgressBar, *, baselines: bool, ablate: bool) -> dict[str, Any]:
        """Return what was found in each set; one whose pages are not here is skipped, and said so."""
        sets, skipped = [], []
        for name in names:
            try:
                questions = read_set(name, self._config.corpus, self._shared)
            except FileNotFoundError as error:
                skipped.append({"name": name, "reason": str(error)})
                sys.stderr.write(f"skipped: {name}, {error}\n")
                continue
            sets.append(self._one(questions, progress, baselines=baselines, ablate=ablate))
        return {"sets": sets, "skipped": skipped}

    def speed(self, sizes: Sequence[int], progress: ProgressBar) -> dict[str, Any]:
        """Return how long the way from a question to its passages takes, in made-up indexes of these sizes."""
        asked = [(each.question, each.history) for each in read_set("corpus", self._config.corpus, self._shared).questions]
        texts = [_text(file) for file in sorted(self._config.corpus.rglob("*.md"))]
        rows = []
        for chunks in sizes:
            config = self._config.model_copy(update=self._folder(f"made-{chunks}"))
            index = build_index(config)
            build(index, fingerprint(config), texts, chunks, progress)
            with index.open() as generation:
                retriever = self._retriever(self._embedder, self._count_fresh)
                budget = {"top_k": config.top_k, "max_tokens": config.max_context_tokens}
                rows.append(time_retrieval(retriever, generation, spread(asked, _TIMED), **budget, tell=progress))
        return {"speed": rows}

    def _one(self, questions: EvidenceSet, progress: ProgressBar, *, baselines: bool, ablate: bool) -> dict[str, Any]:
        config = self._config.model_copy(update={"corpus": questions.corpus, **self._folder(questions.name)})
        bring_up(config, progress)
        with build_index(config).open() as generation:
            pages = {path: generation.source(path) for path in generation.paths()}
            unread: dict[str, str] = {}  # pages that are not indexed, whose evidence nobody finds

            def source(path: str) -> str:
                if path not in pages and path not in unread:
                    unread[path] = _text(questions.corpus / path)
                return pages[path] if path in pages else unread[path]

            embedder = _Remembering(self._embedder)
            retriever = self._retriever(embedder, self._count)
            ours = Ours("ours", retriever, generation)
            systems: list[tuple[System, int]] = [(ours, generation.chunk_count)]
            if baselines:
                made = build_baselines(pages, embedder, self.identity, self._count, self._cache, progress)
                systems += [(Stock(each), len(each.pieces)) for each in made]

            def measured(system: System, full: bool) -> Values:
                return measure(system, questions, source, progress, full=full)

            values = [measured(system, True) for system, _ in systems]
            parts = _ablation(ours, config.top_k, measured) if ablate else []
        return {
            "name": questions.name,
            "questions": len(questions.questions),
            "pages": len(pages),
            "spans": questions.spans,
            "systems": [
                {"name": system.name, "chunks": chunks, "summary": summary(found, questions.questions), "values": found}
                for (system, chunks), found in zip(systems, values, strict=True)
            ],
            "ablation": parts,
        }

    def _folder(self, name: str) -> dict[str, Any]:
        """Settings of an index of its own, in a folder, whatever the configured one is."""
        return {"index": self._cache / name, "store": "", "keep_generations": 1}

    def _retriever(self, embedder: Embedder | _Remembering, count: Callable[[str], int]) -> Retriever:
        return Retriever(
            embedder,
            _passages(count),
            candidates=self._config.candidates,
            reranker=self._reranker,
            fewest=_passages(self._fewest),
        )

    @functools.cached_property
    def _reranker(self) -> Reranker | None:
        return build_reranker(self._config) if self._config.reranker else None

    @functools.cached_property
    def _embedder(self) -> Embedder:
        return build_embedder(self._config)


def _ablation(ours: Ours, top_k: int, measured: Callable[[System, bool], Values]) -> list[dict[str, Any]]:
    """Return ours whole, with fewer passages, and with each part taken out; each against the whole."""
    full = measured(ours, False)
    rows = [{"name": "full", "means": _means(full), "against": {}}]
    few = Ours(f"at most {top_k} passages", ours.retriever, ours.generation, most=top_k)
    found = {few.name: measured(few, False)}
    for variant in VARIANTS:
        searched = ours.generation if variant.duplicates else Undeduplicated(ours.generation)
        with variant.applied():
            found[variant.name] = measured(Ours(variant.name, ours.retriever, searched, history=variant.history), False)
    return rows + [{"name": name, "means": _means(values), "against": against(full, values)} for name, values in found.items()]


def _means(values: Values) -> dict[str, float | None]:
    return {name: estimate([row[name] for row in values.values()]).value for name in next(iter(values.values()), {})}


def _passages(count: Callable[[str], int]) -> Callable[[Passage], int]:
    """Count a passage as it stands in the prompt."""
    return lambda passage: count(passage_block(passage.rank, passage))


class _Remembering:
    """Embeds a question once."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._query = functools.lru_cache(maxsize=_REMEMBERED)(embedder.embed_query)

    def embed_query(self, text: str) -> Vector:
        return self._query(text)

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        return self._embedder.embed_passages(texts)


def _text(file: Path) -> str:
    try:
        return decode(file.read_bytes())
    except (OSError, UnreadableFileError):
        return ""
