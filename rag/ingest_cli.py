"""`ingest.py`: arguments to an ingest, its report to standard output."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from rag.as_json import report_json
from rag.config import Config, load_config
from rag.progress import ProgressBar
from rag.types import IngestReport

_SHOWN = 20
_NAMED = 3


def main(arguments: Sequence[str]) -> int:
    """Ingest. With `--watch` it does not return.

    Args:
        arguments: of the command line, without the program's name.

    Returns:
        The exit status: 0 done; 1 done, but a file could not be read.

    Raises:
        RagError: nothing was changed; the message says why.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.watch and options.dry_run:
        parser.error("--watch and --dry-run do not go together")
    config = load_config(options.config, flags={"corpus": options.corpus, "index": options.index})
    if options.watch:
        return _watch(options, config)
    from rag.wiring import run_ingest

    with ProgressBar(quiet=options.quiet) as progress:
        report = run_ingest(config, full=options.full, dry_run=options.dry_run, progress=progress)
    if options.json:
        sys.stdout.write(json.dumps(report_json(report), ensure_ascii=False) + "\n")
    else:
        show_report(report, sys.stdout, dry_run=options.dry_run)
    return 1 if report.failed else 0


def _watch(options: argparse.Namespace, config: Config) -> int:
    from rag.wiring import run_watch

    def show(report: IngestReport) -> None:
        line = (
            json.dumps(report_json(report), ensure_ascii=False)
            if options.json
            else f"{time.strftime('%H:%M:%S')} {summary(report)}"
        )
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    def tell(line: str) -> None:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    if not options.quiet:
        tell(f"Watching {config.corpus}; Ctrl-C ends it.")
    run_watch(config, full=options.full, progress=ProgressBar(quiet=True), show=show, tell=tell)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ingest.py", description="Bring the index up to date with the notes.")
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="folder of the notes (default: corpus)")
    parser.add_argument("--index", type=Path, metavar="DIR", help="folder of the index (default: index)")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings (default: rag.toml)")
    parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
    parser.add_argument("--watch", action="store_true", help="ingest now and after every edit, until Ctrl-C")
    parser.add_argument("--full", action="store_true", help="read and embed everything again")
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    parser.add_argument("--json", action="store_true", help="the report as one JSON object; with --watch one a line")
    return parser


def show_report(report: IngestReport, out: TextIO, *, dry_run: bool) -> None:
    """Write a report for a person: what changed, what was left out, what an editor should look at."""
    _show_paths(out, "added", report.added)
    _show_paths(out, "changed", report.changed)
    _show_paths(out, "removed", report.removed)
    reasons = Counter(reason for path, reason in report.skipped if path not in report.failed)
    for reason, count in sorted(reasons.items()):
        out.write(f"left out: {count} {'file' if count == 1 else 'files'}: {reason}\n")
    for path, reason in report.skipped:
        if path in report.failed:
            out.write(f"NOT READ: {path}: {reason}\n")
    for notice in report.warnings[:_SHOWN]:
        out.write(f"warning: {notice.path}:{notice.line}: {notice.message}\n")
    if len(report.warnings) > _SHOWN:
        out.write(f"... and {len(report.warnings) - _SHOWN} more warnings; --json lists them\n")
    changes = (
        f"{len(report.added)} added, {len(report.changed)} changed, {len(report.removed)} removed, {report.unchanged} unchanged"
    )
    work = f"{report.embedded} {'to embed' if dry_run else 'embedded'}, {report.reused} reused"
    out.write(f"{'Would be: ' if dry_run else ''}{changes}; {report.documents} documents, {report.chunks} chunks ({work})\n")
    if not dry_run:
        out.write(f"Generation {report.generation} answers questions; {report.seconds['total']:.1f} s\n")


def summary(report: IngestReport) -> str:
    """Return what an ingest did on one line: the pages by name where they are few."""
    parts = []
    for what, paths in (("added", report.added), ("changed", report.changed), ("removed", report.removed)):
        if paths:
            parts.append(f"{what} {', '.join(paths) if len(paths) <= _NAMED else f'{len(paths)} pages'}")
    parts = parts or ["no page changed"]
    if report.failed:
        parts.append(f"NOT READ {', '.join(report.failed[:_NAMED])}")
    parts.append(f"{report.embedded} of {report.chunks} chunks embedded")
    if report.warnings:
        parts.append(f"{len(report.warnings)} {'warning' if len(report.warnings) == 1 else 'warnings'}")
    return f"generation {report.generation}: {'; '.join(parts)}; {report.seconds['total']:.1f} s"


def _show_paths(out: TextIO, what: str, paths: Sequence[str]) -> None:
    for path in paths[:_SHOWN]:
        out.write(f"{what}: {path}\n")
    if len(paths) > _SHOWN:
        out.write(f"... and {len(paths) - _SHOWN} more {what}\n")
