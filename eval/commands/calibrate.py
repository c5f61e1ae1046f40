"""`python -m eval calibrate`: how far a judgement can be trusted."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path

from eval.commands.arguments import CACHE, Commands, count
from eval.commands.run import build_judge
from eval.names import DEFAULT_JUDGED
from rag.config import Config

CLAIMS = Path("../shared/bench/wice_dev.jsonl")


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    calibrate = commands.add_parser("calibrate", help="how far a judgement can be trusted")
    what = calibrate.add_subparsers(required=True, metavar="WHAT")
    judge = what.add_parser("judge", parents=[common], help="does the judge agree with labels, and better than word overlap?")
    judge.add_argument("--labels", type=Path, metavar="FILE", help="labelled answers (default: those of this repository)")
    judge.add_argument("--claims", type=Path, default=CLAIMS, metavar="FILE", help=f"more labelled claims, if there ({CLAIMS})")
    judge.add_argument("--metrics", metavar="NAMES", default=",".join(DEFAULT_JUDGED), help="of the default ones, with commas")
    judge.add_argument("--limit", type=count, metavar="N", help="only N questions of the labels and N claims, for a quick look")
    judge.add_argument("--judge", metavar="NAME", help="a model as in llm (default: the setting judge, then llm)")
    judge.add_argument("--corpus", type=Path, metavar="DIR", help="folder of the notes")
    judge.add_argument("--out", type=Path, metavar="FILE", help="where the scores are kept (default: where reports look)")
    judge.add_argument("--cache", type=Path, default=CACHE, metavar="DIR", help=f"where judgements are kept ({CACHE})")
    judge.set_defaults(command=_judge)


def _judge(options: argparse.Namespace, config: Config) -> int:
    from eval.cache import Cache
    from eval.calibration import FILE, score, write_calibration
    from eval.calibration_report import calibration_markdown
    from eval.evidence import check_places
    from eval.identity import judge_identity
    from eval.labels import DEFAULT_FILE, LABELLED, labelled, read_claims, read_labels
    from eval.overlap import OverlapJudge
    from eval.pace import Pace
    from rag.errors import ConfigError

    metrics = [name.strip() for name in options.metrics.split(",")]
    unknown = [name for name in metrics if name not in LABELLED]
    if unknown:
        raise ConfigError(f"There are no labels for {unknown[0]}", hint=f"Choose from {', '.join(LABELLED)}.")
    file = options.labels or DEFAULT_FILE
    answers = read_labels(file)
    problems = check_places([(answer.id, place) for answer in answers for place in answer.contexts], config.corpus)
    if problems:
        raise ConfigError(f"{file}: {problems[0].id}: {problems[0].message}", hint="Mend that line.")
    if options.limit:
        kept = list(dict.fromkeys(answer.question for answer in answers))[: options.limit]
        answers = [answer for answer in answers if answer.question in kept]
    work = [(metric, "notes", labelled(answers, metric)) for metric in metrics]
    if "faithfulness" in metrics and options.claims.is_file():
        work.append(("faithfulness", options.claims.stem, read_claims(options.claims)[: options.limit]))
    identity = judge_identity(config)
    with ExitStack() as stack:
        judge = build_judge(config, Cache(options.cache), stack)
        pace = stack.enter_context(Pace(sum(len(things) for *_, things in work), "judgements"))
        scores = [score(metric, things, judge, OverlapJudge(), labels=labels, done=pace.step) for metric, labels, things in work]
    # A quick look is no calibration: what reports rely on stays as it is.
    if options.out or not options.limit:
        write_calibration(options.out or FILE, identity, scores)
    sys.stdout.write(calibration_markdown(identity["model"], scores))
    return 1 if any(each.failed for each in scores) else 0
