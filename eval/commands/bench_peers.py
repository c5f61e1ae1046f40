"""`python -m eval bench peers`: arguments, and the parts that a comparison is made of."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eval.commands.arguments import CACHE, count, question_file
from rag.config import Config
from rag.errors import ConfigError

if TYPE_CHECKING:
    from eval.bench.peers.run import Plan
    from eval.bench.peers.work import Bench
    from eval.evidence_sets import EvidenceSet
    from eval.questions import Question

_SEARCHED = 20
_QUICK_WORDS = 20_000
_QUICK_STEPS = ("install", "limits", "rounds", "ask")
_QUICK_NEEDED = 3  # questions whose pages are surely among the part
_QUICK_ANSWERS = 6
_QUICK_TIMEOUT_S = 240


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments that only this part takes."""
    peers = parser.add_argument_group("peers")
    peers.add_argument("--peer", action="append", default=[], dest="peers", metavar="NAME", help="only this one; may be repeated")
    peers.add_argument(
        "--quick",
        action="store_true",
        help="in about 30 minutes: some 300 chunks of the corpus, one round, 6 answers after a cold one, no evidence, no growth",
    )
    peers.add_argument("--steps", nargs="+", metavar="STEP", help="only these: install, limits, rounds, evidence, ask, growth")
    peers.add_argument("--out", type=Path, metavar="FILE", help="the results; what is there already is not measured again")
    peers.add_argument("--report", type=Path, metavar="FILE", help="write a page with pictures there, such as docs/BENCHMARKS.md")
    peers.add_argument("--home", type=Path, metavar="DIR", help="where the peers are installed (default: your cache folder)")
    peers.add_argument("--again", action="store_true", help="measure anew what is there already")
    peers.add_argument("--set", default="source-notes", metavar="NAME", help="questions for the evidence (default: source-notes)")
    peers.add_argument("--shared", type=Path, default=Path("..") / "shared", metavar="DIR", help="third parties' pages")
    peers.add_argument("--timeout", type=count, default=600, metavar="S", help="for one ingest or answer (default: 600)")
    peers.add_argument("--stop-after", type=count, metavar="S", help="start no step later than that; a second call goes on")


def bench_peers(options: argparse.Namespace, config: Config, scratch: Path) -> int:
    """Compare, and write what was asked for; return 0, also where a peer failed, since that is a result."""
    from eval.bench.peers.catalogue import choose
    from eval.bench.peers.kept import pages_hash
    from eval.bench.peers.record import Origin, Record
    from eval.bench.peers.report import report, write_report
    from eval.bench.peers.run import STEPS, Comparison, Plan, default_home
    from eval.bench.peers.sections import described
    from eval.bench.peers.work import PASSAGES
    from eval.machine import code_state, machine

    steps = options.steps or list(_QUICK_STEPS if options.quick else STEPS)
    for step in steps:
        if step not in STEPS:
            raise ConfigError(f"There is no step {step!r}", hint=f"One of: {', '.join(STEPS)}.")
    peers = choose(options.peers)
    questions = question_file(options).questions
    corpora: tuple[Path, ...] = (config.corpus, *options.more)
    if options.quick:
        options.rounds, options.answers, options.timeout = 1, _QUICK_ANSWERS, min(options.timeout, _QUICK_TIMEOUT_S)
        corpora = (_part(config.corpus, questions, scratch),)
    settings = {
        "corpora": [f"a part of {folder.name}" if options.quick else folder.name for folder in corpora],
        "pages_sha256": pages_hash(corpora),
        "embedder": Path(config.embedder).name,
        "llm": Path(config.llm.removeprefix("gguf:")).name,
        "passages": PASSAGES,
        "set": options.set,
        "machine": described(machine()),
    }
    out = options.out or CACHE / ("peers-quick.json" if options.quick else "peers.json")
    record = Record(out, settings)
    home = (options.home or default_home()).resolve()
    bench = _bench(options, config, questions, corpora, home, scratch)
    origin = Origin(options.command_line, code_state())
    comparison = Comparison(bench, config, _questions(options, config), lambda: _counter(config), record, origin, _tell)
    plan = Plan(peers, steps, options.rounds, options.sizes, options.again, options.stop_after)
    _tell(_announced(plan, bench, out))
    comparison.run(plan)
    if options.report:
        write_report(record.data, options.report)
    sys.stdout.write(json.dumps(record.data) + "\n" if options.json else report(record.data)[0])
    return 0


def _bench(
    options: argparse.Namespace,
    config: Config,
    questions: Sequence[Question],
    corpora: tuple[Path, ...],
    home: Path,
    scratch: Path,
) -> Bench:
    from eval.bench.peers.material import find_probe
    from eval.bench.peers.run import default_threads
    from eval.bench.peers.work import Bench
    from eval.questions import choose
    from rag.folders import embedder_folder, gguf_file

    gguf = gguf_file(config)
    if gguf is None:
        raise ConfigError("Peers are compared with a GGUF file", hint='Set llm to a name of the catalogue or to "gguf:FILE".')
    plain = [question for question in questions if not question.history]
    return Bench(
        corpora=corpora,
        questions=tuple(question.question for question in choose(plain, _SEARCHED)),
        asked=tuple(question.question for question in _asked(questions, options.answers + 1, corpora[0])),
        probe=find_probe(questions, corpora[0]),
        embedder=embedder_folder(config).resolve(),
        gguf=gguf.resolve(),
        context_tokens=config.context_tokens,
        threads=default_threads(),
        config=options.config,
        home=home,
        scratch=scratch,
        kept=(CACHE / "peers").resolve(),
        timeout_s=float(options.timeout),
        root=Path(__file__).parents[2],
    )


def _asked(questions: Sequence[Question], count: int, pages: Path) -> tuple[Question, ...]:
    """Return questions that the pages answer, spread over the file; the first one is asked cold."""
    from eval.questions import choose

    def held(question: Question) -> bool:
        return all(any((pages / place.page).is_file() for place in piece.places) for piece in question.evidence)

    return choose([one for one in questions if not one.history and not one.silent and held(one)], count)


def _part(corpus: Path, questions: Sequence[Question], scratch: Path) -> Path:
    """Copy a part of the corpus that holds what is asked; return its folder."""
    from eval.bench.peers.material import find_probe, some_pages

    probe = find_probe(questions, corpus)
    asked = _asked(questions, _QUICK_NEEDED, corpus)
    needed = {place.page for question in asked for place in question.evidence} | ({probe.page} if probe else set())
    target = scratch / "part" / corpus.resolve().name
    some_pages(corpus, target, needed, _QUICK_WORDS)
    return target


def _announced(plan: Plan, bench: Bench, out: Path) -> str:
    """Return what will be done, where it is kept, and how long it about takes."""
    from eval.bench.peers.duration import Work, expected_s
    from eval.bench.peers.environment import DONE
    from eval.bench.peers.material import words_in

    installed = frozenset(peer.requirements for peer in plan.peers if (bench.home / peer.requirements / DONE).is_file())
    work = Work(
        words_in(bench.corpora), plan.rounds, len(bench.questions), len(bench.asked) - 1, plan.sizes, bench.timeout_s, installed
    )
    minutes = max(1.0, expected_s(plan.peers, plan.steps, work) / 60)
    missing = sorted({peer.requirements for peer in plan.peers} - {""} - installed)
    rounds = f"{plan.rounds} round{'s' * (plan.rounds != 1)} over {work.words:,} words, {work.answers + 1} questions to answer"
    return (
        f"{', '.join(peer.name for peer in plan.peers)}: {', '.join(plan.steps)}; {rounds}. About {minutes:.0f} minutes on two "
        "quiet cores"
        + (f", of that some for installing {', '.join(missing)}" if missing and "install" in plan.steps else "")
        + f"; what {out} holds already is not measured again."
    )


def front(options: argparse.Namespace) -> int:
    """Print the README's table from results.

    Args:
        options: with the file of them.

    Returns:
        0.

    Raises:
        ConfigError: there is no such file, or no figure in it.
    """
    from eval.bench.peers.front import front_table
    from eval.bench.peers.record import read_record

    if options.results is None:
        raise ConfigError("No results are named", hint="python -m eval bench table docs/benchmarks.json")
    sys.stdout.write(front_table(read_record(options.results)))
    return 0


def _questions(options: argparse.Namespace, config: Config) -> EvidenceSet | None:
    from eval.evidence_sets import SETS, read_set

    if options.set not in SETS:
        raise ConfigError(f"There is no set {options.set!r}", hint=f"One of: {', '.join(SETS)}.")
    try:
        return read_set(options.set, config.corpus, options.shared)
    except FileNotFoundError as error:
        _tell(f"no evidence is measured: {error}")
        return None


def _counter(config: Config) -> Callable[[str], int]:
    from rag.language_model import build_prompt_counter

    counter = build_prompt_counter(config)
    if counter is None:
        raise ConfigError("The tokens of this model cannot be counted without its engine", hint="Set another llm.")
    return counter.count


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
