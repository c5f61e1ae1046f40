"""`python -m eval answers`: how good are the answers, beside a plain pipeline, and which attacks get through?"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from eval.commands.arguments import CACHE, Commands, count, write_out
from rag.config import Config
from rag.errors import ConfigError


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    answers = commands.add_parser("answers", parents=[common], help="how good are the answers, beside a plain pipeline")
    answers.add_argument("--set", action="append", dest="sets", metavar="NAME", help="one of the question sets; may be repeated")
    answers.add_argument("--split", choices=("tune", "test"), help="only the questions of that half; attacks are in both")
    answers.add_argument("--limit", type=count, metavar="N", help="only N questions of each set, spread evenly over it")
    answers.add_argument("--no-plain", action="store_true", help="ours alone")
    answers.add_argument(
        "--one-engine",
        action="store_true",
        help="compute the plain pipeline with the engine that computes ours, where that is not llama.cpp",
    )
    answers.add_argument("--shared", type=Path, default=Path("..") / "shared", metavar="DIR", help="third parties' pages")
    answers.add_argument("--corpus", type=Path, metavar="DIR", help="folder of the notes")
    answers.add_argument("--cache", type=Path, default=CACHE, metavar="DIR", help=f"where indexes and replies are kept ({CACHE})")
    answers.add_argument("--json", action="store_true", help="one JSON object on standard output instead of tables")
    answers.add_argument("--out", type=Path, metavar="FILE", help="write the JSON there too")
    answers.add_argument("--report", type=Path, metavar="DIR", help="write Markdown and pictures there too")
    answers.set_defaults(command=_answers)


def _answers(options: argparse.Namespace, config: Config) -> int:
    from eval.answer_sets import ANSWER_SETS

    names = list(dict.fromkeys(options.sets or ANSWER_SETS))
    for name in names:
        if name not in ANSWER_SETS:
            raise ConfigError(f"There is no set {name!r}", hint=f"One of: {', '.join(ANSWER_SETS)}.")

    from eval.answers_bench import AnswersBench
    from eval.answers_report import markdown, write_report
    from eval.machine import code_state, machine, versions

    with AnswersBench(config, options.cache, options.shared, one_engine=options.one_engine) as bench:
        found = bench.measure(names, split=options.split, limit=options.limit, with_plain=not options.no_plain)
    measured: dict[str, Any] = {"command": options.command_line, **found}
    measured |= {"limit": _decode_limit(config)}
    packages = ("xllamacpp", "openvino", "llama-index-core", "chromadb", "numpy")
    measured |= {"machine": machine(), "versions": versions(packages), "code": code_state()}
    written = json.dumps(measured)
    if options.out:
        write_out(options.out, written + "\n")
    if options.report:
        sys.stderr.write(f"{write_report(measured, options.report)}\n")
    sys.stdout.write(written + "\n" if options.json else markdown(measured))
    return 1 if any(system["figures"]["failed"] for each in measured["sets"] for system in each["systems"]) else 0


def _decode_limit(config: Config) -> dict[str, Any]:
    """What memory lets the engine write; nothing where the weights are not in this machine's memory."""
    from eval.bench.peers.limits import decode_limit
    from rag.folders import gguf_file

    gguf = gguf_file(config)
    return decode_limit(gguf, config.thread_count) if gguf else {}
