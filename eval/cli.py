"""`python -m eval`: arguments to calls. Standard output carries results, standard error the rest."""

from __future__ import annotations

import argparse
import re
import shlex
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.names import DEFAULT_JUDGED, JUDGED
from rag.config import Config, load_config
from rag.errors import ConfigError

if TYPE_CHECKING:
    from eval.ragas_metrics import RagasJudge

Command = Callable[[argparse.Namespace, Config], int]

RUNS = Path("eval") / "runs"


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status: 0 done, 1 done but a judgement failed or evidence is wrong.

    Raises:
        RagError: an expected failure; `entry.run` prints it.
    """
    options = _parser().parse_args(arguments)
    options.command_line = shlex.join(["python", "-m", "eval", *arguments])
    flags = {name: getattr(options, name, None) for name in ("index", "judge", "corpus")}
    command: Command = options.command
    return command(options, load_config(options.config, flags=flags))


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, metavar="FILE", help="settings (default: rag.toml)")
    parser = argparse.ArgumentParser(prog="python -m eval", description="Measure how well the notes are found and answered from.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("run", parents=[common], help="ask the questions, judge the answers, write a report")
    run.add_argument("--questions", type=Path, metavar="FILE", help="JSON Lines (default: the questions of this repository)")
    run.add_argument("--metrics", type=_metrics, default=DEFAULT_JUDGED, metavar="NAMES", help=f"of {', '.join(JUDGED)}; or none")
    run.add_argument("--limit", type=_count, metavar="N", help="only N questions, spread evenly over the file")
    run.add_argument("--judge", metavar="NAME", help="a model as in llm (default: the setting judge, then llm)")
    run.add_argument("--out", type=Path, metavar="DIR", help=f"folder of the run; an interrupted one resumes (default: in {RUNS})")
    run.add_argument("--name", type=_name, default="run", metavar="NAME", help="of the run")
    run.add_argument("--index", type=Path, metavar="DIR", help="folder of the index")
    run.set_defaults(command=_run)

    report = commands.add_parser("report", parents=[common], help="write the report of a run again")
    report.add_argument("run", type=Path, metavar="RUN", help=f"folder of the run, or its name in {RUNS}")
    report.set_defaults(command=_report)

    questions = commands.add_parser("questions", help="look after the questions").add_subparsers(required=True, metavar="WHAT")
    check = questions.add_parser("check", parents=[common], help="does the evidence stand in the corpus?")
    check.add_argument("--questions", type=Path, metavar="FILE", help="JSON Lines (default: the questions of this repository)")
    check.add_argument("--corpus", type=Path, metavar="DIR", help="folder of the notes")
    check.set_defaults(command=_check)

    bench = commands.add_parser("bench", parents=[common], help="time ingest, search and answers on this machine")
    bench.add_argument("--questions", type=Path, metavar="FILE", help="JSON Lines (default: the questions of this repository)")
    bench.add_argument("--corpus", type=Path, metavar="DIR", help="folder of the notes")
    bench.add_argument("--answers", type=_count, default=3, metavar="N", help="how many questions to answer (default: 3)")
    bench.add_argument("--json", action="store_true", help="one JSON object on standard output instead of a table")
    bench.set_defaults(command=_bench)
    return parser


def _run(options: argparse.Namespace, config: Config) -> int:
    from eval.questions import DEFAULT_FILE, choose, read_question_file
    from eval.record import RunFolder
    from eval.report import write_report
    from eval.run import describe, evaluate, new_folder
    from eval.summary import failures
    from rag.wiring import build_assistant

    file = read_question_file(options.questions or DEFAULT_FILE)
    questions = choose(file.questions, options.limit)
    index = _index(config)
    with ExitStack() as stack:
        assistant = stack.enter_context(build_assistant(config))
        judge = _judge(config, options.metrics, stack) if options.metrics else None
        description = describe(
            config,
            file,
            selected=len(questions),
            name=options.name,
            metrics=options.metrics,
            index=index,
            llm=assistant.llm.name,
            judge=judge.name if judge else "",
            command=options.command_line,
        )
        folder = stack.enter_context(RunFolder(options.out or new_folder(RUNS, options.name), description))
        sys.stderr.write(f"Writing to {folder.path}\n")
        results = evaluate(questions, system=assistant, judge=judge, metrics=options.metrics, folder=folder)
    report = write_report(folder.path)
    sys.stdout.write(f"{report}\n")
    failed = failures(results)
    if failed:
        sys.stderr.write(f"{len(failed)} failed; the report says what and why.\n")
    return 1 if failed else 0


def _index(config: Config) -> dict[str, Any]:
    """Return what the index holds, with the hashes that tell one corpus from another."""
    from rag.wiring import build_index, index_status

    status = index_status(config)
    manifest = build_index(config).current()
    return status | ({"corpus_sha256": manifest.corpus_sha256, "chunks_sha256": manifest.hashes.texts} if manifest else {})


def _judge(config: Config, metrics: Sequence[str], stack: ExitStack) -> RagasJudge:
    """Build the judge, with an engine of its own: its prompts would push the answering model's out of memory, and be pushed out."""
    try:
        from eval.embeddings import JudgeEmbedding
        from eval.judge import LocalJudge
        from eval.ragas_metrics import RagasJudge, prompt_kinds
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"Judged metrics need the package {error.name}", hint="Run: pip install -e '.[eval]', or choose --metrics none."
        ) from error
    from rag.wiring import build_embedder, build_llm

    llm = build_llm(config, config.judge, slots=prompt_kinds(metrics))
    stack.callback(llm.close)
    return RagasJudge(LocalJudge(llm), JudgeEmbedding(build_embedder(config)))


def _report(options: argparse.Namespace, _: Config) -> int:
    from eval.report import write_report

    folder = options.run if options.run.exists() else RUNS / options.run
    sys.stdout.write(f"{write_report(folder)}\n")
    return 0


def _check(options: argparse.Namespace, config: Config) -> int:
    from eval.evidence import check_evidence
    from eval.questions import DEFAULT_FILE, read_question_file

    file = read_question_file(options.questions or DEFAULT_FILE)
    problems = check_evidence(file, config.corpus)
    for problem in problems:
        sys.stdout.write(f"{file.path}, line {problem.line} ({problem.id}): {problem.message}\n")
    quotes = sum(len(question.evidence) for question in file.questions)
    sys.stderr.write(f"{len(file.questions)} questions, {quotes} quotes, {len(problems)} problems\n")
    return 1 if problems else 0


def _bench(options: argparse.Namespace, config: Config) -> int:
    from eval.bench import bench, show, time_ingests
    from eval.questions import DEFAULT_FILE, read_question_file
    from rag.progress import ProgressBar
    from rag.wiring import build_assistant

    questions = read_question_file(options.questions or DEFAULT_FILE).questions
    signal.signal(signal.SIGINT, signal.default_int_handler)  # so that Ctrl-C removes the temporary index
    with tempfile.TemporaryDirectory(prefix="rag-bench-") as folder, ProgressBar() as progress:
        scratch = Path(folder)
        ingests = time_ingests(config.corpus, scratch, options.config, progress)
        with build_assistant(config.model_copy(update={"index": scratch / "index"})) as assistant:
            timings = bench(assistant, questions, options.answers, ingests, progress)
    show(timings, sys.stdout, as_json=options.json)
    return 0


def _metrics(text: str) -> tuple[str, ...]:
    if text == "none":
        return ()
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name not in JUDGED:
            raise argparse.ArgumentTypeError(f"there is no metric {name!r}; choose from {', '.join(JUDGED)}, or none")
    return names


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1")
    return int(text)


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}", text):
        raise argparse.ArgumentTypeError("use letters, digits, dots, hyphens and underscores, at most 60")
    return text
