"""`python -m rag`: arguments to calls, results to standard output. Standard output carries results, standard error the rest."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from rag import __version__
from rag.as_json import answer_json, retrieval_json, why_json
from rag.batch import Question, read_questions, write_results
from rag.config import Config, load_config
from rag.errors import ConfigError, ModelError
from rag.show import show_answer, show_retrieval, show_status, show_why

Command = Callable[[argparse.Namespace, Config], int]


def main(arguments: Sequence[str]) -> int:
    """Run one command.

    Args:
        arguments: of the command line, without the program's name.

    Returns:
        The exit status: 0 done; 1 done, but something in it failed, as the report says.

    Raises:
        RagError: an expected failure; `entry.run` prints it.
    """
    options = _parser().parse_args(arguments)
    flags = {
        "corpus": _path(options, "corpus"),
        "index": _path(options, "index"),
        "top_k": getattr(options, "top_k", None),
        "max_context_tokens": getattr(options, "max_tokens", None),
    }
    config = load_config(options.config, flags=flags)
    command: Command = options.command
    return command(options, config)


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, metavar="FILE", help="settings (default: rag.toml)")
    common.add_argument("--index", metavar="DIR", help="folder of the index")
    parser = argparse.ArgumentParser(prog="python -m rag", description="Ask your Markdown notes; every answer is cited.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    search = commands.add_parser("search", parents=[common], help="find the passages for a question")
    _question_arguments(search)
    search.add_argument("--explain", action="store_true", help="say what each candidate scored and what was cut")
    search.set_defaults(command=_search)

    ask = commands.add_parser("ask", parents=[common], help="answer a question from the notes, with citations")
    _question_arguments(ask)
    ask.add_argument("--history", type=Path, metavar="FILE", help='earlier turns: a JSON list of {"role", "content"}')
    ask.set_defaults(command=_ask)

    why = commands.add_parser("why", parents=[common], help="why a page was or was not retrieved for a question")
    why.add_argument("question")
    why.add_argument("path", help="of the page, relative to the corpus")
    why.add_argument("--json", action="store_true", help="one JSON object on standard output")
    why.add_argument("--top-k", type=int, metavar="N", help="most passages")
    why.add_argument("--max-tokens", type=int, metavar="N", help="context budget in tokens")
    why.set_defaults(command=_why)

    status = commands.add_parser("status", parents=[common], help="what the index holds")
    status.add_argument("--json", action="store_true")
    status.set_defaults(command=_status)

    doctor = commands.add_parser("doctor", parents=[common], help="can this installation ingest, answer and evaluate?")
    doctor.add_argument("--json", action="store_true")
    doctor.set_defaults(command=_doctor)

    rollback = commands.add_parser("rollback", parents=[common], help="go back to an older generation of the index")
    rollback.add_argument("generation", nargs="?", type=int, help="its number (default: the one before)")
    rollback.set_defaults(command=_rollback)

    lint = commands.add_parser("lint", parents=[common], help="is the corpus in order? links, titles, duplicates")
    lint.add_argument("--corpus", metavar="DIR", help="folder of the notes")
    lint.set_defaults(command=_lint)

    models = commands.add_parser("models", parents=[common], help="list, fetch or verify the weights")
    from rag.models.cli import add_models_arguments

    add_models_arguments(models)
    models.set_defaults(command=_models)
    return parser


def _question_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("question", nargs="?", help="the question; - reads it from standard input")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--batch", type=Path, metavar="FILE", help='many questions: one {"id", "question", "history"} a line')
    parser.add_argument("--out", type=Path, metavar="FILE", help="where --batch writes (default: standard output)")
    parser.add_argument("--top-k", type=int, metavar="N", help="most passages")
    parser.add_argument("--max-tokens", type=int, metavar="N", help="context budget in tokens")
    parser.add_argument("--filter", action="append", default=[], metavar="KEY=VALUE", help="only notes with this; may be repeated")


def _search(options: argparse.Namespace, config: Config) -> int:
    from rag.wiring import build_assistant

    questions, where = _questions(options), _filters(options.filter)
    with build_assistant(config) as assistant:

        def answer(question: Question) -> dict[str, Any]:
            return retrieval_json(assistant.search(question.text, history=question.history, where=where))

        if options.batch:
            return write_results(questions, answer, options.out, label="search")
        found = assistant.search(next(questions).text, where=where)
    if options.json:
        _print_json(retrieval_json(found, explain=options.explain))
    else:
        show_retrieval(found, sys.stdout, explain=options.explain)
    return 0


def _why(options: argparse.Namespace, config: Config) -> int:
    from rag.wiring import build_assistant

    with build_assistant(config) as assistant:
        found, indexed = assistant.why(options.question, options.path)
    if options.json:
        _print_json(why_json(found, options.path, indexed))
    else:
        show_why(found, options.path, indexed, sys.stdout)
    return 0


def _ask(options: argparse.Namespace, config: Config) -> int:
    from rag.wiring import build_assistant

    questions, where = _questions(options), _filters(options.filter)
    history = read_history(options.history)
    with build_assistant(config) as assistant:

        def answer(question: Question) -> dict[str, Any]:
            return answer_json(assistant.answer(question.text, history=question.history, where=where))

        if options.batch:
            return write_results(questions, answer, options.out, label="ask")
        question = next(questions).text
        if options.json:
            _print_json(answer_json(assistant.answer(question, history=history, where=where)))
        else:
            show_answer(assistant.ask(question, history=history, where=where), sys.stdout, sys.stderr)
    return 0


def _status(options: argparse.Namespace, config: Config) -> int:
    from rag.wiring import index_status

    status = index_status(config)
    if options.json:
        _print_json(status)
    else:
        show_status(status, sys.stdout)
    return 0


def _doctor(options: argparse.Namespace, config: Config) -> int:
    from rag.doctor import examine

    report = examine(config)
    if options.json:
        _print_json(report.as_json())
    else:
        report.show(sys.stdout)
    return 0 if report.healthy else 1


def _rollback(options: argparse.Namespace, config: Config) -> int:
    from rag.wiring import build_index

    manifest = build_index(config).rollback(options.generation)
    sys.stdout.write(f"Generation {manifest.generation} answers questions now.\n")
    return 0


def _lint(options: argparse.Namespace, config: Config) -> int:
    from rag.lint import lint

    notices = lint(config.corpus)
    for notice in notices:
        sys.stdout.write(f"{notice.path}:{notice.line}: {notice.kind}: {notice.message}\n")
    sys.stderr.write(f"{len(notices)} {'problem' if len(notices) == 1 else 'problems'} in {config.corpus}\n")
    return 1 if notices else 0


def _models(options: argparse.Namespace, config: Config) -> int:
    from rag.models.cli import run_models

    status = run_models(options, config)
    if options.models_command == "fetch" and not options.names and not options.selection and not options.all:
        from rag.language_model import prepare_llm
        from rag.progress import ProgressBar

        try:
            with ProgressBar() as bar:
                prepare_llm(config, bar)
        except ModelError as error:
            if config.llm_engine == "openvino":
                raise
            sys.stderr.write(f"{error.message}\n{error.hint} Until then llama.cpp answers, which reads more slowly.\n")
    return status


def _questions(options: argparse.Namespace) -> Iterator[Question]:
    if (options.question is None) == (options.batch is None):
        raise ConfigError("Give one question, or --batch FILE", hint='For example: python -m rag ask "What is LoRA?"')
    if options.batch:
        return read_questions(options.batch)
    text = sys.stdin.read() if options.question == "-" else options.question
    return iter([Question("", text, ())])


def read_history(file: Path | None) -> tuple[Any, ...]:
    """Read earlier turns from a JSON file.

    Args:
        file: with a list of `{"role", "content"}`; None is no history.

    Returns:
        The turns, in order.

    Raises:
        ConfigError: the file cannot be read or is not a list of turns.
    """
    from rag.batch import turns

    if file is None:
        return ()
    try:
        return turns(json.loads(file.read_text("utf-8")))
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}", hint="Check --history.") from error
    except ValueError as error:
        raise ConfigError(f"{file} is not a conversation: {error}", hint='It is a JSON list of {"role", "content"}.') from error


def _filters(pairs: Sequence[str]) -> dict[str, str]:
    filters = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not (key and equals):
            raise ConfigError(f"--filter {pair!r} is not KEY=VALUE", hint="For example: --filter tag=rag")
        filters[key] = value
    return filters


def _path(options: argparse.Namespace, name: str) -> Path | None:
    value = getattr(options, name, None)
    return Path(value) if value is not None else None


def _print_json(value: object, stream: TextIO | None = None) -> None:
    (stream or sys.stdout).write(json.dumps(value, ensure_ascii=False) + "\n")
