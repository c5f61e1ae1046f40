"""`python app.py`: arguments to a running chat."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import rag.offline  # noqa: F401 - before any vendor
from rag.config import Config, load_config
from rag.errors import ConfigError
from rag.types import Chunk, IngestReport
from rag.ui.address import address, bind

if TYPE_CHECKING:
    import socket

    from rag.protocols import Progress
    from rag.ui.evaluation.values import Evaluation
    from rag.ui.knowledge.library import Library
    from rag.ui.services import LLMs, Services
    from rag.ui.web.passwords import Passwords

_PAGES_FOR_EXAMPLES = 60
_END_S = 1.0


def main(arguments: Sequence[str], evaluation: Callable[[Config, Path | None], Evaluation] | None = None) -> int:
    """Open the chat and serve it until Ctrl-C.

    Args:
        arguments: of the command line.
        evaluation: makes what the evaluation tab shows, from the configuration and its file; None leaves the tab out.

    Returns:
        The exit status: 0.

    Raises:
        RagError: an expected failure; `entry.run` prints it.
    """
    options = _parser().parse_args(arguments)
    flags = {"index": options.index, "port": options.port, "host": options.host}
    config = load_config(options.config, flags=flags)
    users = options.auth if options.auth not in {None, Path()} else config.data_dir / "users"
    if options.add_user is not None:
        return add_user(users, options.add_user)
    passwords = _passwords(users) if options.auth is not None else None
    with bind(config.host, config.port, with_login=passwords is not None) as taken:
        return _open(config, taken, passwords, lambda: evaluation(config, options.config) if evaluation else None)


def add_user(file: Path, name: str) -> int:
    """Ask for a password, twice on a terminal, and write a user down.

    Args:
        file: of the users.
        name: of the user; one that is there gets the new password.

    Returns:
        The exit status: 0.

    Raises:
        ConfigError: the name or the password will not do.
    """
    from rag.ui.web.passwords import Passwords

    if sys.stdin.isatty():
        password = getpass.getpass(f"Password for {name}: ")
        if getpass.getpass("Again: ") != password:
            raise ConfigError("The two passwords differ", hint="Try again.")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    Passwords(file).add(name, password)
    sys.stderr.write(f"{name} can log in where the chat runs with --auth; users are kept in {file}\n")
    return 0


def _passwords(file: Path) -> Passwords:
    from rag.ui.web.passwords import Passwords

    passwords = Passwords(file)
    if not passwords.users():
        raise ConfigError(f"There are no users in {file}", hint="Write one down: python app.py --add-user NAME")
    return passwords


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python app.py", description="Ask your notes in the browser.")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings (default: rag.toml)")
    parser.add_argument("--index", type=Path, metavar="DIR", help="folder of the index")
    parser.add_argument("--port", type=int, metavar="N", help="port to listen on (default: 7860)")
    parser.add_argument("--host", metavar="ADDRESS", help="address of this machine to listen on (default: 127.0.0.1)")
    parser.add_argument(
        "--auth",
        type=Path,
        nargs="?",
        const=Path(),
        metavar="FILE",
        help="everybody has to log in; FILE holds names and hashed passwords (default: users in data_dir)",
    )
    parser.add_argument("--add-user", metavar="NAME", help="write a user with a password down for --auth, and end")
    return parser


def _open(config: Config, taken: socket.socket, passwords: Passwords | None, evaluation: Callable[[], Evaluation | None]) -> int:
    sys.stderr.write("Opening the chat...\n")
    from rag.language_model import check_llm
    from rag.question_model import check_question_model
    from rag.ui.services import build_services
    from rag.wiring import build_assistant

    check_llm(config, config.llm)
    check_question_model(config)
    services = build_services(
        build_assistant(config),
        _examples(config),
        library=_library(config),
        llms=_llms(config),
        evaluation=evaluation(),
        memory=config.data_dir / "chats.sqlite",
    )
    return run_chat(services, taken, passwords)


def run_chat(services: Services, taken: socket.socket, passwords: Passwords | None = None) -> int:
    """Serve the chat until Ctrl-C or SIGTERM.

    Args:
        services: what it works with; closed at the end.
        taken: the port, from `bind`.
        passwords: of the users; None where nobody has to log in.

    Returns:
        The exit status: 0.
    """
    from rag.ui.mount import build_app
    from rag.ui.server import serve

    host, port = taken.getsockname()[:2]
    app = build_app(services, host=host, port=port, passwords=passwords)

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
    from rag.language_model import build_llm
    from rag.models.catalogue import load_catalogue
    from rag.models.store import is_present
    from rag.ui.services import LLMs

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
