"""`python -m eval bench`: how long things take."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from eval.commands.arguments import Commands, add_questions, count, question_file
from rag.config import Config


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    bench = commands.add_parser("bench", parents=[common], help="time ingest, search and answers on this machine")
    add_questions(bench)
    bench.add_argument("--corpus", type=Path, metavar="DIR", help="folder of the notes")
    bench.add_argument("--answers", type=count, default=3, metavar="N", help="how many questions to answer (default: 3)")
    bench.add_argument("--json", action="store_true", help="one JSON object on standard output instead of a table")
    bench.set_defaults(command=_bench)


def _bench(options: argparse.Namespace, config: Config) -> int:
    from eval.bench import bench, show, time_ingests
    from rag.progress import ProgressBar
    from rag.wiring import build_assistant

    questions = question_file(options).questions
    signal.signal(signal.SIGINT, signal.default_int_handler)  # so that Ctrl-C removes the temporary index
    with tempfile.TemporaryDirectory(prefix="rag-bench-") as folder, ProgressBar() as progress:
        scratch = Path(folder)
        ingests = time_ingests(config.corpus, scratch, options.config, progress)
        with build_assistant(config.model_copy(update={"index": scratch / "index"})) as assistant:
            timings = bench(assistant, questions, options.answers, ingests, progress)
    show(timings, sys.stdout, as_json=options.json)
    return 0
