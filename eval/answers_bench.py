"""`python -m eval answers` with the real parts: an index of each set, our system and the plain pipeline asked the same questions.

Both have the same weights: of one embedder, and of one language model, which llama.cpp computes for the plain pipeline, as it does
for who builds one, unless both are to have our engine. Indexes, vectors and replies are kept in a folder, and a model is loaded at
the first question that was not asked before.
"""

from __future__ import annotations

import functools
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eval import plain
from eval.answer_figures import figures, sooner
from eval.answer_sets import AnswerSet, Item, choose_items, read_answer_set
from eval.asking import Asker, Metered
from eval.baselines import cut, kept_vectors, llamaindex_splitter
from eval.cache import Cache
from eval.commands.run import index_facts
from eval.identity import engine_identity, model_identity, system_identity
from eval.machine import versions
from eval.opinion import Opinion
from eval.own_index import bring_up
from eval.pace import Pace
from eval.turns import Side, ask_all
from rag.assistant import Assistant
from rag.config import Config
from rag.errors import ConfigError
from rag.language_model import build_llm
from rag.progress import ProgressBar
from rag.protocols import Embedder
from rag.types import Answer
from rag.wiring import build_assistant, build_embedder, build_index, embedder_fingerprint

_PLAIN_PARTS = ("xllamacpp", "transformers", "torch", "openvino", "sentence-transformers", "llama-index-core", "numpy")


class AnswersBench:
    """Measures our answers and the plain pipeline's. A context manager; closing frees the model.

    Args:
        config: of the system.
        cache: folder for indexes, vectors and replies.
        shared: folder of third parties' pages and questions.
        one_engine: compute the plain pipeline with the engine that computes ours.
    """

    def __init__(self, config: Config, cache: Path, shared: Path, *, one_engine: bool = False) -> None:
        self._config, self._folder, self._shared = config, cache, shared
        self._cache = Cache(cache)
        self._llm = Metered(lambda: build_llm(config))
        usual = config.model_copy(update={"llm_engine": "llama.cpp"})
        shares = one_engine or engine_identity(usual) == engine_identity(config)
        self._plain_config = config if shares else usual
        self._plain_llm = self._llm if shares else Metered(lambda: build_llm(usual))
        identity = {"llm": model_identity(config), "engine": engine_identity(config)}
        self._opinion = Opinion(lambda: self._llm, identity, Cache(cache))

    def measure(self, names: Sequence[str], *, split: str | None, limit: int | None, with_plain: bool) -> dict[str, Any]:
        """Measure some sets.

        Args:
            names: of the sets; one whose pages are not here is skipped, and said so.
            split: only questions of one half.
            limit: how many of each set at most.
            with_plain: ask the plain pipeline too.

        Returns:
            JSON values: figures and rows of each system by set.
        """
        sets, skipped = [], []
        for name in names:
            try:
                questions = read_answer_set(name, self._config.corpus, self._shared)
            except FileNotFoundError as error:
                skipped.append({"name": name, "reason": str(error)})
                sys.stderr.write(f"skipped: {name}, {error}\n")
                continue
            sets.append(self._one(questions, choose_items(questions.items, split, limit), with_plain=with_plain))
        return {
            "llm": model_identity(self._config),
            "engine": engine_identity(self._config),
            "plain_engine": self.plain_engine if with_plain else "",
            "embedder": embedder_fingerprint(self._config),
            "sets": sets,
            "skipped": skipped,
            "kept": self._cache.hits,
            "asked": self._cache.misses,
        }

    @property
    def plain_engine(self) -> str:
        """What computes the plain pipeline, as `engine_identity` names it."""
        return engine_identity(self._plain_config)

    def close(self) -> None:
        """Free the models."""
        self._llm.end()
        self._plain_llm.end()

    def __enter__(self) -> AnswersBench:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _one(self, questions: AnswerSet, items: Sequence[Item], *, with_plain: bool) -> dict[str, Any]:
        config = index_of(questions, self._config, self._folder)
        with build_index(config).open() as generation:
            pages = {path: generation.source(path) for path in generation.paths()}
        with build_assistant(config) as assistant:
            sides = [self._ours(config, assistant, pages)]
            if with_plain:
                sides.append(self._plain(config, pages))
            rows = ask_all(items, sides, questions)
        with Pace(len(items) * len(sides), f"{questions.name}, second opinions") as pace:
            for of_side in rows:
                self._opinion.add_to(items, of_side, pace.step)
        systems = [
            {"name": side.name, "figures": figures(of_side, questions.scoring, cites=side.source is not None), "rows": of_side}
            for side, of_side in zip(sides, rows, strict=True)
        ]
        return {
            "name": questions.name,
            "scoring": questions.scoring,
            "questions": len(items),
            "pages": len(pages),
            "systems": systems,
            "sooner": sooner(*rows) if with_plain else None,
        }

    def _ours(self, config: Config, assistant: Assistant, pages: Mapping[str, str]) -> Side:
        assistant.change_llm(lambda: self._llm)

        def ask(item: Item) -> Answer:
            return assistant.answer(item.question, history=item.history, where={"path": item.page} if item.page else None)

        identity = system_identity(config, index_facts(config))
        asker = Asker(ask, self._llm, identity, self._cache, assistant.warm_up)
        return Side("ours", asker, pages.__getitem__)

    def _plain(self, config: Config, pages: Mapping[str, str]) -> Side:
        @functools.cache
        def pipeline() -> plain.PlainPipeline:
            pieces = cut(pages, llamaindex_splitter(plain.CHUNK_TOKENS, plain.OVERLAP_TOKENS))
            with ProgressBar() as progress:
                texts = [piece.text for piece in pieces]
                vectors = kept_vectors(texts, self._embedder, embedder_fingerprint(config), self._folder / "retrieval", progress)
            return plain.PlainPipeline(pieces, vectors, self._embedder, self._plain_llm, config.max_answer_tokens)

        def ask(item: Item) -> Answer:
            return pipeline().answer(item)

        identity = plain_identity(self._plain_config, pages)
        asker = Asker(ask, self._plain_llm, identity, self._cache, lambda: self._embedder.embed_query("warm up"))
        return Side("plain", asker, None, (plain.PROMPT,))

    @functools.cached_property
    def _embedder(self) -> Embedder:
        return build_embedder(self._config)


def index_of(questions: AnswerSet, config: Config, cache: Path) -> Config:
    """Bring up an index of a set's pages: one of its own, in a folder, whatever the configured one is.

    Args:
        questions: the set.
        config: says how pages are read.
        cache: folder for such indexes.

    Returns:
        The configuration with that corpus and index.
    """
    corpus = questions.corpus or write_pages(cache / "pages" / questions.name, questions.pages)
    place = {"corpus": corpus, "index": cache / "retrieval" / questions.name, "store": "", "keep_generations": 1}
    own = config.model_copy(update=place)
    with ProgressBar() as progress:
        bring_up(own, progress)
    return own


def plain_identity(config: Config, pages: Mapping[str, str]) -> dict[str, Any]:
    """Return all that a reply of the plain pipeline depends on but the question. Its own code is named by what it is set to."""
    held = json.dumps(dict(pages), sort_keys=True).encode("utf-8", "surrogatepass")
    return {
        "plain": [plain.CHUNK_TOKENS, plain.OVERLAP_TOKENS, plain.TOP, plain.PROMPT, plain.VERSION],
        "llm": model_identity(config),
        "engine": engine_identity(config),
        "embedder": embedder_fingerprint(config),
        "max_tokens": config.max_answer_tokens,
        "context_tokens": config.context_tokens,
        "pages": hashlib.sha256(held).hexdigest(),
        "versions": versions(_PLAIN_PARTS),
    }


def write_pages(folder: Path, pages: Mapping[str, str]) -> Path:
    """Make a folder hold exactly these pages; files that are right already stay as they are.

    Args:
        folder: of the pages.
        pages: text by path.

    Returns:
        The folder.

    Raises:
        ConfigError: it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in folder.glob("*.md"):
            if file.name not in pages:
                file.unlink()
        for path, text in pages.items():
            file, held = folder / path, text.encode("utf-8", "surrogatepass")
            if not file.is_file() or file.read_bytes() != held:
                file.write_bytes(held)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written: {error.strerror}", hint="Check --cache.") from error
    return folder
