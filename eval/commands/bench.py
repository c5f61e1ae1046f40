"""`python -m eval bench`: how long things take."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from pathlib import Path

from eval.commands import bench_peers
from eval.commands.arguments import Commands, add_questions, count, question_file
from rag.config import Config
from rag.errors import ConfigError

_ABOUT = {
    "own": "Ingests three times, searches for every question, answers some: about 5 minutes on two quiet cores.",
    "ingest": "Ingests beside LlamaIndex's starter, in turn: about 3 minutes a round for 260 pages on two quiet cores.",
    "growth": "Builds and edits indexes of made-up text: about 12 minutes for 1,000 to 100,000 chunks on two quiet cores.",
}
"""Said before work begins; `peers` works out its own."""


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    bench = commands.add_parser("bench", parents=[common], help="time ingest, search and answers on this machine")
    add_questions(bench)
    bench.add_argument(
        "part",
        nargs="?",
        choices=["own", "ingest", "growth", "peers", "table"],
        default="own",
        help="own: ingest, search and answers of this system (default); ingest: beside LlamaIndex's starter pipeline; "
        "growth: one edit in indexes from 1,000 to 100,000 chunks; peers: beside LlamaIndex, LangChain, haiku.rag and txtai; "
        "table: the README's table from the results of peers",
    )
    bench.add_argument("results", nargs="?", type=Path, metavar="FILE", help="of table: what peers wrote with --out")
    bench.add_argument("--corpus", type=Path, metavar="DIR", help="folder of the notes")
    bench.add_argument(
        "--with", type=Path, metavar="DIR", action="append", default=[], dest="more", help="another corpus to ingest"
    )
    bench.add_argument("--rounds", type=count, default=3, metavar="N", help="how often each ingest is timed (default: 3)")
    bench.add_argument("--sizes", type=count, nargs="+", default=[1_000, 10_000, 100_000], metavar="N", help="chunks, for growth")
    bench.add_argument("--answers", type=count, default=3, metavar="N", help="how many questions to answer (default: 3)")
    bench.add_argument("--json", action="store_true", help="one JSON object on standard output instead of a table")
    bench_peers.add(bench)
    bench.set_defaults(command=_bench)


def _bench(options: argparse.Namespace, config: Config) -> int:
    parts = {"own": _own, "ingest": _ingest, "growth": _growth, "peers": bench_peers.bench_peers}
    if options.part == "table":
        return bench_peers.front(options)
    if options.results:
        raise ConfigError(f"{options.part} takes no file", hint="Name results with: python -m eval bench table FILE.")
    if options.part in _ABOUT:
        _tell(_ABOUT[options.part])
    signal.signal(signal.SIGINT, signal.default_int_handler)  # so that Ctrl-C removes the temporary index
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # likewise, and ends the programs that are compared
    with tempfile.TemporaryDirectory(prefix="rag-bench-") as folder:
        return parts[options.part](options, config, Path(folder))


def _ingest(options: argparse.Namespace, config: Config, scratch: Path) -> int:
    """Return 1 where a target was missed."""
    from eval.bench import ingest
    from eval.bench.own import made_with
    from rag.folders import embedder_folder

    parts = ingest.Parts([config.corpus, *options.more], embedder_folder(config), options.config, options.rounds)
    result = ingest.run(parts, scratch, _tell)
    sys.stdout.write(ingest.as_json(result, made_with(), parts) + "\n" if options.json else ingest.table(result))
    return 0 if all(result["met"].values()) else 1


def _growth(options: argparse.Namespace, config: Config, scratch: Path) -> int:
    from eval.bench import growth
    from eval.bench.own import made_with

    rows = []
    for size in options.sizes:
        folder = scratch / str(size)
        folder.mkdir()
        rows.append(growth.measure_apart(size, folder))
        _tell(f"{size} chunks: an edit takes {rows[-1]['edit_s']:.2f} s")
    sys.stdout.write(json.dumps({"growth": rows, **made_with()}) + "\n" if options.json else growth.table(rows))
    return 0


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _own(options: argparse.Namespace, config: Config, scratch: Path) -> int:
    from eval.bench import bench, show, time_ingests
    from rag.progress import ProgressBar
    from rag.wiring import build_assistant

    questions = question_file(options).questions
    with ProgressBar() as progress:
        ingests = time_ingests(config.corpus, scratch, options.config, progress)
        with build_assistant(config.model_copy(update={"index": scratch / "index"})) as assistant:
            timings = bench(assistant, questions, options.answers, ingests, progress)
    show(timings, sys.stdout, as_json=options.json)
    return 0
