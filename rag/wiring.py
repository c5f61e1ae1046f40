"""The only place that builds adapters: configuration to parts. Imports an engine only where it is asked for."""

from __future__ import annotations

import functools
import hashlib
import logging
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import rag.offline  # noqa: F401 - before any vendor
from rag.answer.prompt import passage_block
from rag.answer.single import AskSettings
from rag.assistant import Assistant
from rag.chunk import CHUNKER_VERSION
from rag.config import Config
from rag.embed.bert_folder import supports
from rag.embed.lazy import LazyEmbedder
from rag.embed.tokens import WordPieceCounter
from rag.errors import IndexStateError, ModelError
from rag.folders import embedder_folder, reranker_folder
from rag.includes import Includes
from rag.index import Fingerprint, Index
from rag.language_model import build_llm, build_prompt_counter
from rag.models.catalogue import load_catalogue
from rag.pipeline import IngestParts, ingest
from rag.preview import preview
from rag.protocols import LLM, Embedder, Generation, Progress, Reranker
from rag.question_model import LazyQuestionModel
from rag.read import Reading, read_page
from rag.retrieve.retriever import Retriever
from rag.terms import TERMS_VERSION
from rag.types import IngestReport, Passage
from rag.watch import watch

if TYPE_CHECKING:
    from rag.extract.pieces import Extract

_LOG = logging.getLogger(__name__)


def build_index(config: Config) -> Index:
    """Return the index, in its folder or on a server; nothing is opened yet."""
    if config.store:
        from rag.index.remote import RemoteIndex
        from rag.index.remote.server import Server

        return RemoteIndex(Server(config.store), config.index, keep=config.keep_generations)
    return Index(config.index, keep=config.keep_generations)


def build_counter(config: Config) -> WordPieceCounter:
    """Return the embedder's token counter."""
    return WordPieceCounter(embedder_folder(config))


def build_embedder(config: Config) -> Embedder:
    """Load the embedder: in a second where the light engine knows the model, else in several through sentence-transformers.

    Args:
        config: which embedder, where weights are, how many threads.

    Returns:
        an embedder whose vectors fit every index of the same weights, whichever engine it is.

    Raises:
        ModelError: unknown, missing or damaged weights.
    """
    folder, identity, threads = embedder_folder(config), embedder_fingerprint(config), config.thread_count
    reason = supports(folder)
    if not reason:
        from rag.embed.openvino_embedder import OpenVinoEmbedder

        try:
            return OpenVinoEmbedder(folder, fingerprint=identity, threads=threads)
        except ModelError as error:  # a processor or a system that the engine is not made for
            reason = error.message
            _LOG.warning("The quick embedder does not work here, a slower one is used: %s", reason)
    _LOG.info("Embedding with sentence-transformers: %s", reason)
    from rag.embed.sentence_transformer import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder(folder, fingerprint=identity, threads=threads)


def build_reranker(config: Config) -> Reranker:
    """Load the reranker, where one is set; takes seconds.

    Args:
        config: `reranker` names it.

    Returns:
        The reranker.

    Raises:
        ConfigError: it names neither a folder nor a repository.
        ModelError: its weights are not there, are damaged, or are no cross-encoder's.
    """
    folder = reranker_folder(config)
    from rag.rerank.cross_encoder import CrossEncoderReranker

    return CrossEncoderReranker(folder, threads=config.thread_count)


def embedder_fingerprint(config: Config) -> str:
    """Identify the embedder's vectors; cheap.

    Args:
        config: names the embedder.

    Returns:
        A string that is equal where the vectors are: pinned by the catalogue, or made of the names and sizes of the folder's files.

    Raises:
        ModelError: its weights are not there.
    """
    folder = embedder_folder(config)
    for model in load_catalogue().models:
        if model.name == config.embedder:
            return model.fingerprint
    weights = sorted(file for file in folder.rglob("*") if file.is_file() and not file.name.startswith("."))
    sizes = "\n".join(f"{file.relative_to(folder).as_posix()} {file.stat().st_size}" for file in weights)
    return f"{folder.name}@{hashlib.sha256(sizes.encode()).hexdigest()[:12]}"


def fingerprint(config: Config) -> Fingerprint:
    """Say what an index must have been built with to fit the configuration.

    Args:
        config: names embedder, chunk size and the rest.

    Returns:
        Embedder, dimension and chunker, as a manifest holds them.

    Raises:
        ModelError: the embedder is not there.
    """
    chunker = f"{CHUNKER_VERSION}/{config.chunk_tokens}/{TERMS_VERSION}"
    return Fingerprint(embedder_fingerprint(config), build_counter(config).dimension, chunker)


def run_ingest(config: Config, *, full: bool, dry_run: bool, progress: Progress) -> IngestReport:
    """Bring the configured index up to date, or with `dry_run` say what that would do."""
    parts = ingest_parts(config)
    if dry_run:
        return preview(config.corpus, parts)
    return ingest(config.corpus, parts, progress=progress, full=full)


def run_watch(
    config: Config, *, full: bool, progress: Progress, show: Callable[[IngestReport], None], tell: Callable[[str], None]
) -> None:
    """Bring the configured index up to date now and after every edit, until an error or Ctrl-C.

    Args:
        config: names corpus and index.
        full: whether the first time embeds everything again.
        progress: told how far each ingest is.
        show: called with the report of each.
        tell: called with lines for a person.

    Raises:
        RagError: there is no corpus, or the first ingest failed.
    """
    parts = ingest_parts(config)
    fully = full

    def run() -> IngestReport:
        nonlocal fully
        report = ingest(config.corpus, parts, progress=progress, full=fully, command="python ingest.py --watch")
        fully = False
        return report

    watch(config.corpus, run, show, tell)


def ingest_parts(config: Config) -> IngestParts:
    """Return what an ingest works with; the embedder is loaded once, when there is something to embed."""
    counter = build_counter(config)

    def read(path: str, raw: bytes, digest: str, includes: Includes) -> Reading:
        return read_page(
            path, raw, digest, documents=_read_document, counter=counter, target_tokens=config.chunk_tokens, includes=includes
        )

    embedder = functools.lru_cache(maxsize=1)(lambda: build_embedder(config))
    return IngestParts(build_index(config), fingerprint(config), read, embedder)


def _read_document(path: str, raw: bytes) -> Extract:
    from rag.llamaindex.readers import read_document

    return read_document(path, raw)


class _Source:
    """Generations of the configured index, checked against the configuration."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._index = build_index(config)

    def current_number(self) -> int | None:
        return self._index.pointer()

    def open_current(self) -> Generation:
        manifest = self._index.current()
        if manifest is None:
            raise IndexStateError("There is no index yet", hint="Run: python ingest.py")
        manifest.check_matches(fingerprint(self._config))
        return self._index.open()


class _LazyReranker:
    """Loads the reranker at the first question, and makes questions take turns."""

    def __init__(self, config: Config) -> None:
        reranker_folder(config)  # what is not there is said now
        self._config = config
        self._reranker: Reranker | None = None
        self._lock = threading.Lock()

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        with self._lock:
            self._reranker = self._reranker or build_reranker(self._config)
            return self._reranker.scores(question, texts)


def build_assistant(config: Config) -> Assistant:
    """Return the question-answering system; engines load at the first question that needs them."""
    assistant: Assistant

    def count(passage: Passage) -> int:
        text = passage_block(passage.rank, passage)
        return counter.count(text) if (counter := tokens()) else assistant.llm.count_tokens(text)

    def fewest(passage: Passage) -> int:
        return counter.fewest(passage_block(passage.rank, passage)) if (counter := tokens()) else 0

    tokens = functools.lru_cache(maxsize=1)(lambda: build_prompt_counter(config))

    def load_llm() -> LLM:
        question_model.load_ahead()  # each takes seconds, and neither has work for two cores
        return build_llm(config)

    question_model = LazyQuestionModel(config)
    retriever = Retriever(
        LazyEmbedder(lambda: build_embedder(config)),
        count,
        candidates=config.candidates,
        reranker=_LazyReranker(config) if config.reranker else None,
        fewest=fewest,
        question_model=question_model,
    )
    settings = AskSettings(
        config.top_k,
        config.max_context_tokens,
        config.max_answer_tokens,
        config.answerable_threshold,
        drop_unsupported=config.unsupported == "drop",
    )
    assistant = Assistant(_Source(config), retriever, load_llm, settings)
    return assistant


def index_status(config: Config) -> dict[str, Any]:
    """Say what the index holds.

    Args:
        config: names the index.

    Returns:
        Plain values for JSON: numbers of documents, chunks, warnings and skipped files; `generation` answers, `generations` are all
        kept.

    Raises:
        IndexStateError: there is none, or it does not fit the configuration.
    """
    index = build_index(config)
    manifest = index.current()
    if manifest is None:
        raise IndexStateError("There is no index yet", hint="Run: python ingest.py")
    manifest.check_matches(fingerprint(config))
    return {
        "index": str(config.index),
        "generation": manifest.generation,
        "created": manifest.created,
        "documents": manifest.documents,
        "chunks": manifest.chunks,
        "embedder": manifest.fingerprint.embedder,
        "corpus": manifest.corpus,
        "warnings": sum(len(entry.notices) for entry in manifest.files.values()),
        "skipped": sum(entry.skipped is not None for entry in manifest.files.values()),
        "generations": [each.generation for each in index.generations()],
    }
