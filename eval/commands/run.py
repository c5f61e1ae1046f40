"""`python -m eval run`: ask, measure, judge, report."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.commands.arguments import CACHE, RUNS, Commands, add_questions, count, question_file, run_name
from eval.names import DEFAULT_JUDGED, JUDGED
from eval.protocol import VERDICT_FIRST
from rag.config import Config
from rag.errors import ConfigError

if TYPE_CHECKING:
    from eval.cache import Cache
    from eval.judging import KeptJudgements
    from eval.ragas_metrics import RagasJudge


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    run = commands.add_parser("run", parents=[common], help="ask the questions, judge the answers, write a report")
    add_questions(run)
    run.add_argument("--metrics", type=_metrics, default=DEFAULT_JUDGED, metavar="NAMES", help=f"of {', '.join(JUDGED)}; or none")
    run.add_argument("--limit", type=count, metavar="N", help="only N questions, spread evenly over the file")
    run.add_argument("--split", choices=("tune", "test"), help="only the questions of that split")
    run.add_argument("--judge", metavar="NAME", help="a model as in llm (default: the setting judge, then llm)")
    run.add_argument("--out", type=Path, metavar="DIR", help=f"folder of the run (default: in {RUNS}, an interrupted one resumes)")
    run.add_argument("--name", type=run_name, default="run", metavar="NAME", help="of the run")
    run.add_argument("--index", type=Path, metavar="DIR", help="folder of the index")
    run.add_argument("--cache", type=Path, default=CACHE, metavar="DIR", help=f"where answers and judgements are kept ({CACHE})")
    run.set_defaults(command=_run)


def _run(options: argparse.Namespace, config: Config) -> int:
    from eval.answers import KeptAnswers
    from eval.cache import Cache
    from eval.identity import judge_identity, model_identity, parts_identity, system_identity
    from eval.questions import choose
    from eval.record import RunFolder, find_unfinished
    from eval.report import write_reports
    from eval.run import ask_all, describe, finish, judge_all, new_folder
    from eval.summary import failures
    from rag.entry import telling_when_stopped
    from rag.wiring import build_assistant

    file = question_file(options)
    questions = choose([q for q in file.questions if options.split in {None, q.split}], options.limit)
    if not questions:
        raise ConfigError(f"{file.path} has no questions of the split {options.split}", hint="Choose the other one, or none.")
    index = index_facts(config)
    cache = Cache(options.cache)
    with ExitStack() as stack:
        description = describe(
            config,
            file,
            selected=len(questions),
            name=options.name,
            metrics=options.metrics,
            index=index,
            llm=model_identity(config),
            judge=model_identity(config, config.judge) if options.metrics else "",
            judging=judge_identity(config) if options.metrics else None,
            command=options.command_line,
            split=options.split,
            parts=parts_identity(config),
        )
        out = options.out or find_unfinished(RUNS, description) or new_folder(RUNS, options.name)
        folder = stack.enter_context(RunFolder(out, description))
        stack.enter_context(telling_when_stopped(lambda: f"{folder.path} holds what is done; the same command goes on from there."))
        sys.stderr.write(f"Writing to {folder.path}\n")
        with build_assistant(config) as assistant:
            system = KeptAnswers(assistant, system_identity(config, index), cache, generation=index["generation"])
            ask_all(questions, system=system, folder=folder)
        # The system's model is closed by now: two of them need not be in memory at once.
        if options.metrics:
            judge_all(questions, judge=build_judge(config, cache, stack), metrics=options.metrics, folder=folder)
        results = finish(folder, questions)
    sys.stderr.write(f"{cache.hits} answers and judgements were kept from before, {cache.misses} are new\n")
    for report in write_reports(folder.path):
        sys.stdout.write(f"{report}\n")
    failed = failures(results)
    if failed:
        sys.stderr.write(f"{len(failed)} failed; the report says what and why.\n")
    return 1 if failed else 0


def index_facts(config: Config) -> dict[str, Any]:
    """Return what the index holds, with the hashes that tell one corpus from another.

    Args:
        config: where the index is.

    Returns:
        JSON values, as `rag status` prints them, and the hashes.

    Raises:
        IndexStateError: there is none, or it does not fit the configuration.
    """
    from rag.wiring import build_index, index_status

    status = index_status(config)
    manifest = build_index(config).current()
    if manifest is None:
        return status
    hashes = asdict(manifest.hashes)
    return status | {
        "corpus_sha256": manifest.corpus_sha256,
        "chunks_sha256": manifest.hashes.texts,
        "chunker": manifest.fingerprint.chunker,
        "hashes": hashes,
    }


def build_judge(config: Config, cache: Cache, stack: ExitStack, *, verdict_first: bool = VERDICT_FIRST) -> KeptJudgements:
    """Return the configured judge. Its engine is loaded at the first judgement that was not kept, and closed with the stack.

    Args:
        config: which judge.
        cache: where judgements are kept.
        stack: ends with the command.
        verdict_first: whether it gives a verdict before the reason for it.

    Returns:
        A judge that loads its engine only if it has to.

    Raises:
        ModelError: its weights are not there.
    """
    from eval.identity import judge_identity
    from eval.judging import KeptJudgements

    identity = judge_identity(config, verdict_first=verdict_first)
    return KeptJudgements(identity["model"], identity, lambda: _load_judge(config, verdict_first, stack.callback), cache)


def _load_judge(config: Config, verdict_first: bool, at_end: Callable[..., object]) -> RagasJudge:
    try:
        from eval.embeddings import JudgeEmbedding
        from eval.judge import LocalJudge
        from eval.ragas_metrics import SLOTS, RagasJudge
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"Judged metrics need the package {error.name}", hint="Run: pip install -e '.[eval]', or choose --metrics none."
        ) from error
    from rag.language_model import build_llm
    from rag.wiring import build_embedder

    llm = build_llm(config, config.judge, slots=SLOTS)
    at_end(llm.close)
    return RagasJudge(LocalJudge(llm, verdict_first=verdict_first), JudgeEmbedding(build_embedder(config)))


def _metrics(text: str) -> Sequence[str]:
    if text == "none":
        return ()
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name not in JUDGED:
            raise argparse.ArgumentTypeError(f"there is no metric {name!r}; choose from {', '.join(JUDGED)}, or none")
    return names
