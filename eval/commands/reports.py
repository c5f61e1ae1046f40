"""`python -m eval report`: write the reports of a run again."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from eval.commands.arguments import RUNS, Commands, run_folder
from rag.config import Config


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    report = commands.add_parser("report", parents=[common], help="write the reports of a run again, as HTML and Markdown")
    report.add_argument("run", type=Path, metavar="RUN", help=f"folder of the run, its name in {RUNS}, or latest")
    report.set_defaults(command=_report)


def _report(options: argparse.Namespace, _: Config) -> int:
    from eval.report import write_reports

    for report in write_reports(run_folder(options.run)):
        sys.stdout.write(f"{report}\n")
    return 0
