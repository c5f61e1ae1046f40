"""`python -m eval compare` and `gate`: better, worse, or noise."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from eval.commands.arguments import BASELINE, RUNS, Commands, run_folder
from rag.config import Config
from rag.errors import ConfigError

if TYPE_CHECKING:
    from eval.baseline import Side
    from eval.compare import Comparison


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    named = f"folder of a run, its name in {RUNS}, latest, or a baseline file"
    compare = commands.add_parser("compare", parents=[common], help="two runs side by side: better, worse, or noise")
    compare.add_argument("before", type=Path, metavar="RUN_A", help=named)
    compare.add_argument("after", type=Path, metavar="RUN_B", help=named)
    compare.add_argument("--json", action="store_true", help="one JSON object on standard output instead of Markdown")
    compare.set_defaults(command=_compare)

    gate = commands.add_parser("gate", parents=[common], help="exit 1 if a run is significantly worse than the baseline")
    gate.add_argument("run", type=Path, metavar="RUN", help=named)
    gate.add_argument("--against", type=Path, default=BASELINE, metavar="BASELINE", help=f"baseline file or run ({BASELINE})")
    gate.add_argument("--accept", action="store_true", help="make the run the new baseline instead")
    gate.set_defaults(command=_gate)


def _compare(options: argparse.Namespace, _: Config) -> int:
    from eval.comparison_report import comparison_json, comparison_markdown

    before, after, comparison = _sides(options.before, options.after)
    if options.json:
        sys.stdout.write(json.dumps(comparison_json(before, after, comparison), ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(comparison_markdown(before, after, comparison))
    return 0


def _gate(options: argparse.Namespace, _: Config) -> int:
    from eval.baseline import read_side, write_baseline
    from eval.comparison_report import comparison_markdown

    if options.accept:
        write_baseline(options.against, _whole(read_side(run_folder(options.run))))
        sys.stderr.write(f"{options.against} is now that run.\n")
        return 0
    if not options.against.exists() and not run_folder(options.against).exists():
        raise ConfigError(
            f"There is no baseline {options.against}", hint="Make a run the baseline first: python -m eval gate RUN --accept"
        )
    before, after, comparison = _sides(options.against, options.run)
    _whole(after)
    sys.stdout.write(comparison_markdown(before, after, comparison))
    if comparison.worse:
        sys.stderr.write(f"Worse than {options.against}: {', '.join(comparison.worse)}.\n")
        return 1
    return 0


def _whole(side: Side) -> Side:
    """Return a run that may decide something: one that was cut short has hardly a question to lose."""
    if side.cut:
        raise ConfigError(
            f"The run {side.name} was not finished", hint="Give the command that began it again; it goes on where it was."
        )
    return side


def _sides(before: Path, after: Path) -> tuple[Side, Side, Comparison]:
    from eval.baseline import read_side
    from eval.compare import compare

    one, other = read_side(run_folder(before)), read_side(run_folder(after))
    if not one.verdicts.keys() & other.verdicts.keys():
        raise ConfigError(f"{before} and {after} have no question in common", hint="Compare runs over the same questions.")
    return one, other, compare(one.columns, other.columns, (one.verdicts, other.verdicts))
