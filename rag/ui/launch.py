"""`python app.py`: arguments to a running chat."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import rag.offline  # noqa: F401 - before any vendor
from rag.config import Config, load_config
from rag.types import Chunk, IngestReport
from rag.ui.address import address, bind

if TYPE_CHECKING:
    import socket

    from rag.protocols import Progress
    from rag.ui.knowledge.library import Library
    from rag.ui.services import LLMs, Services

_PAGES_FOR_EXAMPLES = 60
_END_S = 1.0


def main(arguments: Sequence[str]) -> int:
    """Open the chat and serve it until Ctrl-C; return the exit status.

    Raises:
        RagError: an expected failure; `entry.run` prints it.
    """
    options = _parser().parse_args(arguments)
    flags = {"index": options.index, "port": options.port, "host": options.host}
    config = load_config(options.config, flags=flags)
    with bind(config.host, config.port) as taken:
        return _open(config, taken)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python app.py", description="Ask your notes in the browser.")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings (default: rag.toml)")
    parser.add_argument("--index", type=Path, metavar="DIR", help="folder of the index")
    parser.add_argument("--port", type=int, metavar="N", help="port to listen on (default: 7860)")
    parser.add_argument("--host", metavar="ADDRESS", help="address of this machine to listen on (default: 127.0.0.1)")
    return parser


def _open(config: Config, taken: socket.socket) -> int:
    sys.stderr.write("Opening the chat...\n")
    from rag.ui.services import build_services
    from rag.wiring import build_assistant, check_llm

    check_llm(config, config.llm)
    memory = config.data_dir / "chats.sqlite"
    services = build_services(
        build_assistant(config), _examples(config), library=_library(config), llms=_llms(config), memory=memory
    )
    return run_chat(services, taken)


def run_chat(services: Services, taken: socket.socket) -> int:
    """Serve the chat until Ctrl-C or SIGTERM; return the exit status.

    Args:
        services: what it works with; closed at the end.
        taken: the port, from `bind`.
    """
    from rag.ui.mount import build_app
    from rag.ui.server import serve

    host, port = taken.getsockname()[:2]
    app = build_app(services, host=host, port=port)

    def ready() -> None:
        sys.stderr.write(f"Chat at {address(taken)} (Ctrl-C stops it)\n")
        sys.stderr.flush()
        services.engine.start()  # not before: loading the models would slow the first page down

    try:
        serve(app, taken, ready)
    finally:
        services.close(_END_S)
    sys.stderr.write("\nStopped.\n")
    return 0


def _llms(config: Config) -> LLMs:
    from rag.models.catalogue import load_catalogue
    from rag.models.store import is_present
    from rag.ui.services import LLMs
    from rag.wiring import build_llm

    catalogue = load_catalogue()
    names = [
        model.name for model in catalogue.models if model.role == "llm" and is_present(model.name, config.models_dir, catalogue)
    ]
    return LLMs(names, config.llm, lambda name: build_llm(config, name))


def _library(config: Config) -> Library:
    from rag.lint import lint
    from rag.ui.knowledge.library import Library
    from rag.wiring import build_index, fingerprint, run_ingest

    def ingest(*, full: bool, dry_run: bool, progress: Progress) -> IngestReport:
        return run_ingest(config, full=full, dry_run=dry_run, progress=progress)

    return Library(config.corpus, build_index(config), lambda: fingerprint(config), ingest, lint)


def _examples(config: Config) -> Callable[[], Sequence[str]]:
    """Return a function that draws questions from the current generation, anew only where there is a new one."""
    from rag.ui.chat.examples import example_questions
    from rag.wiring import build_index

    index = build_index(config)
    known: dict[int, Sequence[str]] = {}

    def examples() -> Sequence[str]:
        number = index.pointer()
        if number is None:
            return ()
        if number not in known:
            with index.open(number) as generation:
                paths = generation.paths()
                step = max(1, len(paths) // _PAGES_FOR_EXAMPLES)
                chunks: list[Chunk] = [chunk for path in paths[::step] for chunk in generation.chunks_of(path)]
            titles = list(dict.fromkeys(chunk.title for chunk in chunks))
            headings = list(dict.fromkeys(heading for chunk in chunks for heading in chunk.heading_path))
            known.clear()
            known[number] = example_questions(titles, headings)
        return known[number]

    return examples
