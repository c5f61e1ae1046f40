"""`python -m eval generate`: a first set of questions for any notes."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from eval.commands.arguments import Commands, count
from rag.config import Config
from rag.errors import ConfigError, RagError

if TYPE_CHECKING:
    from eval.generated import Generated, Stated
    from rag.protocols import LLM
    from rag.types import Chunk

_SEED = 0
_SLOTS = 3  # kinds of prompt that take turns
_SPARE = 2  # chunks that are tried for each question that is wanted


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    generate = commands.add_parser("generate", parents=[common], help="make a first set of questions from the notes")
    generate.add_argument("--out", type=Path, required=True, metavar="FILE", help="where the questions are added, as JSON Lines")
    generate.add_argument("--count", type=count, default=20, metavar="N", help="how many questions to make (default: 20)")
    generate.add_argument("--corpus", type=Path, metavar="DIR", help="folder of the notes")
    generate.add_argument("--judge", metavar="NAME", help="a model as in llm (default: the setting judge, then llm)")
    generate.set_defaults(command=_generate)


def _generate(options: argparse.Namespace, config: Config) -> int:
    from eval.generated import pick
    from eval.judge import LocalJudge
    from eval.pace import Pace
    from eval.testset import generate
    from rag.wiring import build_llm

    chunks, sources = _chunks(config)
    chosen = pick(chunks, _SPARE * options.count)
    made = 0
    dropped: Counter[str] = Counter()
    llm = build_llm(config, config.judge, slots=_SLOTS)
    try:
        stated = _stated(llm)
        with Pace(options.count, "questions") as pace:
            for found in generate(chosen, LocalJudge(llm), seed=_SEED):
                reason = _add(found, sources, stated, options.out, config.corpus)
                if reason:
                    dropped[reason.split(" (")[0]] += 1
                    continue
                made += 1
                pace.step("added")
                if made == options.count:
                    break
    finally:
        llm.close()
    for why, number in dropped.most_common():
        sys.stderr.write(f"{number} dropped: {why}\n")
    sys.stdout.write(f"{made} questions added to {options.out}; read them before you trust them\n")
    return 0 if made else 1


def _add(found: Generated | RagError, sources: Mapping[str, str], stated: Stated, out: Path, corpus: Path) -> str:
    """Check a question and add it; return why not, empty if it was added."""
    from eval.adding import add_question
    from eval.generated import check

    if isinstance(found, RagError):
        return found.message
    checked = check(found, sources[found.chunk.path], stated)
    if checked.fields is None:
        return checked.reason
    try:
        add_question(out, checked.fields, corpus)
    except ConfigError as error:
        return error.message
    return ""


def _chunks(config: Config) -> tuple[list[Chunk], dict[str, str]]:
    """The chunks of every page of Markdown, and the pages' sources."""
    from rag.errors import UnreadableFileError
    from rag.load import MARKDOWN_SUFFIXES, read_bytes, sha256, walk
    from rag.read import read_page
    from rag.wiring import build_counter

    counter = build_counter(config)
    chunks: list[Chunk] = []
    sources: dict[str, str] = {}
    for file in walk(config.corpus)[0]:
        if not file.path.endswith(tuple(MARKDOWN_SUFFIXES)):
            continue
        try:
            raw = read_bytes(file)
            reading = read_page(file.path, raw, sha256(raw), counter=counter, target_tokens=config.chunk_tokens)
        except UnreadableFileError:  # ingest names it
            continue
        if not reading.left_out:
            chunks.extend(reading.chunks)
            sources[file.path] = reading.document.source
    return chunks, sources


def _stated(llm: LLM) -> Stated:
    """Ask a model whether evidence states an answer, Yes or No, and take its probability of Yes."""

    def stated(question: str, answer: str, evidence: str) -> float:
        asked = f"Note:\n{evidence}\n\nQuestion: {question}\nAnswer: {answer}\n\nDoes the note state this answer? Reply Yes or No."
        return llm.probabilities([{"role": "user", "content": asked}], ("Yes", "No"))[0]

    return stated
