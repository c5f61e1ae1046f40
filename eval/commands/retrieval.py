"""`python -m eval retrieval`: how often is the evidence among the first tokens, and how soon?"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from eval.commands.arguments import CACHE, Commands, write_out
from rag.config import Config
from rag.errors import ConfigError
from rag.progress import ProgressBar

_SIZES = (2_000, 100_000)


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    retrieval = commands.add_parser("retrieval", parents=[common], help="how often is the evidence found, ours and others")
    retrieval.add_argument("--set", action="append", dest="sets", metavar="NAME", help="one of the question sets; may be repeated")
    retrieval.add_argument("--shared", type=Path, default=Path("..") / "shared", metavar="DIR", help="third parties' pages")
    retrieval.add_argument("--corpus", type=Path, metavar="DIR", help="folder of the notes")
    retrieval.add_argument(
        "--cache", type=Path, default=CACHE / "retrieval", metavar="DIR", help="where indexes and vectors are kept"
    )
    retrieval.add_argument("--no-baselines", action="store_true", help="ours alone")
    retrieval.add_argument("--ablate", action="store_true", help="also ours with each part taken out")
    retrieval.add_argument("--speed", action="store_true", help="time the way from question to passages instead")
    retrieval.add_argument(
        "--chunks", action="append", type=int, metavar="N", help=f"sizes for --speed (default: {' and '.join(map(str, _SIZES))})"
    )
    retrieval.add_argument("--json", action="store_true", help="one JSON object on standard output instead of tables")
    retrieval.add_argument("--out", type=Path, metavar="FILE", help="write the JSON there too")
    retrieval.set_defaults(command=_retrieval)


def _retrieval(options: argparse.Namespace, config: Config) -> int:
    from eval.evidence_sets import SETS
    from eval.machine import code_state, machine, versions
    from eval.retrieval_bench import RetrievalBench
    from eval.retrieval_report import markdown

    names = options.sets or list(SETS)
    for name in names:
        if name not in SETS:
            raise ConfigError(f"There is no set {name!r}", hint=f"One of: {', '.join(SETS)}.")
    bench = RetrievalBench(config, options.cache, options.shared)
    measured: dict[str, Any] = {"command": options.command_line, "embedder": bench.identity, "llm": config.llm}
    with ProgressBar() as progress:
        if options.speed:
            measured |= bench.speed(options.chunks or _SIZES, progress)
        else:
            measured |= bench.recall(names, progress, baselines=not options.no_baselines, ablate=options.ablate)
    packages = ("llama-index-core", "langchain-text-splitters", "bm25s", "chromadb", "openvino", "numpy")
    measured |= {"machine": machine(), "versions": versions(packages), "code": code_state()}
    written = json.dumps(measured)
    if options.out:
        write_out(options.out, written + "\n")
    sys.stdout.write(written + "\n" if options.json else markdown(measured))
    return 0
