"""`python -m eval calibrate`: how far a judgement can be trusted."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from eval.commands.arguments import CACHE, Commands, count
from eval.commands.run import build_judge
from eval.names import DEFAULT_JUDGED
from eval.protocol import VERDICT_FIRST
from rag.config import Config

if TYPE_CHECKING:
    from eval.answer_sets import Item
    from eval.judging import KeptJudgements
    from eval.labels import Labelled, LabelledAnswer
    from eval.pace import Pace

BENCH = Path("../shared/bench")
CLAIMS = BENCH / "wice_dev.jsonl"


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    calibrate = commands.add_parser("calibrate", help="how far a judgement can be trusted")
    what = calibrate.add_subparsers(required=True, metavar="WHAT")
    judge = what.add_parser("judge", parents=[common], help="does the judge agree with labels, and better than word overlap?")
    judge.add_argument("--labels", type=Path, metavar="FILE", help="labelled answers (default: those of this repository)")
    judge.add_argument("--claims", type=Path, default=CLAIMS, metavar="FILE", help=f"more labelled claims, if there ({CLAIMS})")
    judge.add_argument("--metrics", metavar="NAMES", default=",".join(DEFAULT_JUDGED), help="of the default ones, with commas")
    judge.add_argument("--limit", type=count, metavar="N", help="only N questions of the labels and N claims, spread evenly")
    judge.add_argument(
        "--minutes",
        type=count,
        metavar="N",
        help="ask no more after N minutes; the next run goes on, and the record says of how many",
    )
    judge.add_argument(
        "--verdict", choices=("first", "last"), default="first" if VERDICT_FIRST else "last", help="before its reason or after it"
    )
    judge.add_argument("--judge", metavar="NAME", help="a model as in llm (default: the setting judge, then llm)")
    judge.add_argument("--corpus", type=Path, metavar="DIR", help="folder of the notes")
    judge.add_argument("--out", type=Path, metavar="FILE", help="where the scores are kept (default: where reports look)")
    judge.add_argument("--cache", type=Path, default=CACHE, metavar="DIR", help=f"where judgements are kept ({CACHE})")
    judge.add_argument("--show", action="store_true", help="judge nothing, print what was found before")
    judge.set_defaults(command=_judge)
    support = what.add_parser("support", parents=[common], help="fit the verifier of an answer's sentences again")
    support.add_argument("--corpus", type=Path, metavar="DIR", help="folder of the notes")
    support.add_argument("--bench", type=Path, default=BENCH, metavar="DIR", help=f"folder of wice_dev and squad2_dev ({BENCH})")
    support.add_argument("--keep", action="store_true", help="only report; keep the coefficients as they are")
    support.add_argument(
        "--opinions", action="store_true", help="ask the language model of every sentence again (a second each); else as kept"
    )
    support.set_defaults(command=_support)
    _add_answerability(what, common)


def _add_answerability(what: Commands, common: argparse.ArgumentParser) -> None:
    answerability = what.add_parser(
        "answerability", parents=[common], help="when are the notes silent? fits the model that decides it"
    )
    which = answerability.add_mutually_exclusive_group()
    which.add_argument("--questions", type=Path, metavar="FILE", help="JSON Lines (default: the questions of this repository)")
    which.add_argument(
        "--set", action="append", dest="sets", metavar="NAME", help="instead: a set of `eval answers`, its tuning half; repeatable"
    )
    answerability.add_argument("--shared", type=Path, default=BENCH.parent, metavar="DIR", help="third parties' pages, for --set")
    answerability.add_argument("--cache", type=Path, default=CACHE, metavar="DIR", help="where indexes of these are kept")
    answerability.add_argument("--all", action="store_true", help="use both halves, such as for notes of your own")
    answerability.add_argument("--again", action="store_true", help="only fit again what was measured before")
    answerability.set_defaults(command=_answerability)


def _answerability(options: argparse.Namespace, config: Config) -> int:
    from eval.calibrate_answerability import (
        FILE,
        coefficients,
        fit_answerability,
        measure,
        read_measured,
        write_coefficients,
        write_measured,
    )
    from eval.pace import Pace
    from rag.wiring import build_assistant

    measured = read_measured() if FILE.is_file() else []
    if not options.again:
        for source, items, where in _to_measure(options, config):
            with build_assistant(where) as assistant, Pace(len(items), f"questions of {source}") as pace:
                fresh = measure(assistant, items, source, pace.step)
            measured = [one for one in measured if one.source != source] + fresh
            write_measured(measured)
    found = fit_answerability(measured)
    write_coefficients(found, measured)
    sys.stdout.write(coefficients(found, measured))
    return 0


def _to_measure(options: argparse.Namespace, config: Config) -> Iterator[tuple[str, list[Item], Config]]:
    """Names of sources, their questions, and the configuration with an index of their pages."""
    from eval.answer_sets import ANSWER_SETS, Item, read_answer_set
    from eval.answers_bench import index_of
    from eval.questions import DEFAULT_FILE, read_question_file
    from rag.errors import ConfigError

    for name in options.sets or ():
        if name not in ANSWER_SETS:
            raise ConfigError(f"There is no set {name!r}", hint=f"One of: {', '.join(ANSWER_SETS)}.")
    for name in options.sets or ():
        try:
            questions = read_answer_set(name, config.corpus, options.shared)
        except FileNotFoundError as error:
            raise ConfigError(str(error), hint="Give the folder with --shared.") from error
        items = [one for one in questions.items if options.all or one.split == "tune"]
        yield name, items, index_of(questions, config, options.cache)
    if not options.sets:
        file = options.questions or DEFAULT_FILE
        chosen = [one for one in read_question_file(file).questions if options.all or one.split == "tune"]
        items = [Item(one.id, one.question, one.turns, one.type, one.expected, one.split) for one in chosen]
        yield ("corpus" if file == DEFAULT_FILE else file.stem), items, config


def _judge(options: argparse.Namespace, config: Config) -> int:
    from eval.cache import Cache
    from eval.calibration import FILE, read_calibration, score, write_calibration
    from eval.calibration_report import calibration_markdown
    from eval.evidence import check_places
    from eval.identity import judge_identity, model_identity
    from eval.labels import DEFAULT_FILE, LABELLED, read_labels
    from eval.overlap import OverlapJudge
    from eval.pace import Pace
    from rag.errors import ConfigError

    out = options.out or FILE
    if options.show:
        model = model_identity(config, config.judge)
        sys.stdout.write(calibration_markdown(model, read_calibration(model, out)))
        return 0
    metrics = [name.strip() for name in options.metrics.split(",")]
    unknown = [name for name in metrics if name not in LABELLED]
    if unknown:
        raise ConfigError(f"There are no labels for {unknown[0]}", hint=f"Choose from {', '.join(LABELLED)}.")
    file = options.labels or DEFAULT_FILE
    answers = read_labels(file)
    problems = check_places([(answer.id, place) for answer in answers for place in answer.contexts], config.corpus)
    if problems:
        raise ConfigError(f"{file}: {problems[0].id}: {problems[0].message}", hint="Mend that line.")
    work = _work(options, metrics, answers)
    verdict_first = options.verdict == "first"
    identity = judge_identity(config, verdict_first=verdict_first)
    scores = []
    with ExitStack() as stack:
        judge = build_judge(config, Cache(options.cache), stack, verdict_first=verdict_first)
        pace = stack.enter_context(Pace(sum(len(things) for *_, things, _ in work), "judgements"))
        for number, (metric, labels, wanted, total) in enumerate(work, 1):
            # Each part of the work gets its share of the time, and what the parts before it left of theirs.
            seconds = options.minutes * 60 * number / len(work) if options.minutes else math.inf
            things = _in_time(wanted, metric, judge, seconds, pace)
            scores.append(score(metric, things, judge, OverlapJudge(), labels=labels, total=total))
            # A quick look is no calibration: what reports rely on stays as it is.
            if options.out or not options.limit:
                write_calibration(out, identity, scores)
    sys.stdout.write(calibration_markdown(identity["model"], scores))
    return 1 if any(each.failed for each in scores) else 0


def _in_time(things: Sequence[Labelled], metric: str, judge: KeptJudgements, seconds: float, pace: Pace) -> list[Labelled]:
    """Judge things for as long as there is time, counted from the start of the work; return those that are judged."""
    judged = []
    for thing in things:
        if pace.seconds < seconds or judge.knows(metric, thing.sample):
            judge.judge(metric, thing.sample)
            judged.append(thing)
            pace.step(f"{metric} of {thing.id}")
    return judged


def _work(
    options: argparse.Namespace, metrics: Sequence[str], answers: Sequence[LabelledAnswer]
) -> list[tuple[str, str, list[Labelled], int]]:
    """What is to be judged: metric, name of the labels, labelled things, and how many there are without a limit.

    Answers to one question stand together, as an engine reads their context once; questions in an order of which every beginning is
    spread over the file.
    """
    from eval.labels import labelled, read_claims
    from eval.questions import scattered, spread

    work = []
    for metric in metrics:
        things = labelled(answers, metric)
        questions = list(dict.fromkeys(thing.group for thing in things))
        kept = scattered(spread(questions, options.limit or len(questions)))
        chosen = [thing for thing in things if thing.group in kept]
        work.append((metric, "notes", sorted(chosen, key=lambda thing: kept.index(thing.group)), len(things)))
        if metric == "faithfulness" and options.claims.is_file():
            claims = read_claims(options.claims)
            work.append((metric, options.claims.stem, scattered(spread(claims, options.limit or len(claims))), len(claims)))
    return work


def _support(options: argparse.Namespace, config: Config) -> int:
    from eval.calibrate_support import (
        FILE,
        fit_rows,
        measure_cases,
        measure_opinions,
        read_rows,
        report_markdown,
        write_model,
        write_rows,
    )
    from eval.pace import Pace
    from eval.support_cases import judgement_cases, pair_cases, read_pairs, squad_cases, wice_cases
    from rag.answer.support import FILE as MODEL
    from rag.language_model import build_llm

    cases = [
        *pair_cases(read_pairs(), config.corpus),
        *judgement_cases(config.corpus),
        *wice_cases(options.bench / "wice_dev.jsonl"),
        *squad_cases(options.bench / "squad2_dev.jsonl"),
    ]
    if options.opinions:
        with ExitStack() as stack:
            llm = build_llm(config)
            stack.callback(llm.close)
            pace = stack.enter_context(Pace(len(cases), "sentences"))
            opinions = measure_opinions(cases, llm, pace.step)
    else:
        opinions = {(row.source, row.id): row.yes for row in read_rows() if row.yes is not None}
    rows = measure_cases(cases, opinions)
    model = fit_rows(rows)
    if not options.keep:
        write_rows(rows, FILE)
        write_model(model, rows, MODEL)
    sys.stdout.write(report_markdown(rows, model))
    return 0
