"""`python -m eval generate`: a first set of questions for any notes."""

from __future__ import annotations

import argparse
import functools
import importlib.util
import os
import re
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from eval.commands.arguments import Commands, count
from eval.errors import RefusedQuestionError
from rag.config import Config
from rag.entry import telling_when_stopped
from rag.errors import ConfigError, CorpusError, LLMError, PromptTooLongError, RagError, UnreadableFileError

if TYPE_CHECKING:
    from eval.generated import Generated, Stated
    from eval.pages import PageText
    from rag.protocols import LLM
    from rag.types import Chunk

_SEED = 0
_SLOTS = 3  # kinds of prompt that take turns
_SPARE = 2  # chunks that are tried for each question that is wanted
_FAILURES = 5  # of the model in a row, after which nothing better is to be expected of it
_DETAIL = re.compile(r": | \(")
"""Where the reason of one question begins that stands in no other's."""


@dataclass
class _Tally:
    """What became of the chunks so far."""

    made: int = 0
    dropped: dict[str, Counter[str]] = field(default_factory=dict)

    def drop(self, reason: str) -> None:
        """Count a question that is not to be used."""
        self.dropped.setdefault(_DETAIL.split(reason)[0], Counter())[reason] += 1

    def lines(self) -> list[str]:
        """How many were dropped for each kind of reason, the most first; a reason in full where all of its kind are the same."""
        kinds = sorted(self.dropped.items(), key=lambda item: -item[1].total())
        return [f"{found.total()} dropped: {next(iter(found)) if len(found) == 1 else kind}" for kind, found in kinds]


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    generate = commands.add_parser("generate", parents=[common], help="make a first set of questions from the notes")
    generate.add_argument("--out", type=Path, required=True, metavar="FILE", help="where the questions are added, as JSON Lines")
    generate.add_argument("--count", type=count, default=20, metavar="N", help="how many questions to make (default: 20)")
    generate.add_argument("--corpus", type=Path, metavar="DIR", help="folder of the notes")
    generate.add_argument("--judge", metavar="NAME", help="a model as in llm (default: the setting judge, then llm)")
    generate.set_defaults(command=_generate)


def _generate(options: argparse.Namespace, config: Config) -> int:
    _check_packages()
    from eval.generated import pick
    from rag.language_model import build_llm

    # What is wrong with the file or the notes shows before a model is loaded and asked for minutes.
    chosen = pick(_chunks(config), _SPARE * options.count)
    if not chosen:
        raise CorpusError(
            f"No page in {config.corpus} has enough text to ask about", hint="Name the folder of the notes: --corpus DIR."
        )
    _check_out(options.out)
    tally = _Tally()
    llm = build_llm(config, config.judge, slots=_SLOTS)
    try:
        with telling_when_stopped(lambda: _added(tally.made, options.out)):
            broken = _make(chosen, llm, tally, options, config.corpus)
    finally:
        llm.close()
    sys.stderr.writelines(f"{line}\n" for line in tally.lines())
    if broken:
        sys.stderr.write(f"The model failed {_FAILURES} times in a row and was not asked again. {broken}\n")
    if not tally.made:
        sys.stderr.write(f"{_added(0, options.out)} Another model (--judge NAME) or other notes (--corpus DIR) may give some.\n")
        return 1
    sys.stdout.write(f"{_added(tally.made, options.out)} Read them before you trust them.\n")
    return 1 if broken else 0


def _make(chosen: list[Chunk], llm: LLM, tally: _Tally, options: argparse.Namespace, corpus: Path) -> LLMError | None:
    """Make questions until there are enough; return what the model says if it had to be given up."""
    from eval.judge import LocalJudge
    from eval.pace import Pace
    from eval.pages import read_page_text
    from eval.testset import generate

    page = functools.lru_cache(maxsize=8)(functools.partial(read_page_text, corpus))
    stated, in_a_row = _stated(llm), 0
    with Pace(options.count, "questions") as pace:
        for found in generate(chosen, LocalJudge(llm), seed=_SEED):
            try:
                reason = _add(found, page, stated, options.out, corpus)
            except LLMError as error:
                tally.drop(error.message)
                in_a_row = 0 if isinstance(error, PromptTooLongError) else in_a_row + 1
                if in_a_row == _FAILURES:
                    return error
                continue
            in_a_row = 0
            if reason:
                tally.drop(reason)
                continue
            tally.made += 1
            pace.step("added")
            if tally.made == options.count:
                break
    return None


def _add(found: Generated | RagError, page: Callable[[str], PageText], stated: Stated, out: Path, corpus: Path) -> str:
    """Check a question and add it; return why not, empty if it was added. An error of the model or of the file is raised."""
    from eval.adding import add_question
    from eval.generated import check

    if isinstance(found, LLMError):
        raise found
    if isinstance(found, RagError):
        return found.message
    try:
        checked = check(found, page(found.chunk.path), stated)
    except UnreadableFileError as error:  # it was there when the notes were read
        return error.message
    if checked.fields is None:
        return checked.reason
    try:
        add_question(out, checked.fields, corpus)
    except RefusedQuestionError as error:
        return error.message
    return ""


def _added(made: int, out: Path) -> str:
    number = {0: "No question was", 1: "1 question was"}.get(made, f"{made} questions were")
    return f"{number} added to {out}."


def _check_packages() -> None:
    # Looked for, not imported: that takes seconds, and a wrong path is to be told at once.
    if importlib.util.find_spec("ragas") is None:
        raise ConfigError("Questions are made with the package ragas", hint="Run: pip install -e '.[eval]'.")


def _check_out(out: Path) -> None:
    """See whether questions can be added to a file, and make its folder.

    Args:
        out: of `--out`.

    Raises:
        ConfigError: they cannot, or what is there is no file of questions.
    """
    from eval.questions import read_question_file

    if out.is_dir():
        raise ConfigError(f"{out} is a folder", hint="Name a file in it with --out.")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.exists() and out.stat().st_size:
            read_question_file(out)
    except OSError as error:
        raise ConfigError(f"{out} cannot be written: {error.strerror}", hint="Check --out.") from error
    if not os.access(out.parent, os.W_OK):
        raise ConfigError(f"{out.parent} cannot be written to", hint="Name a file in a folder of yours with --out.")


def _chunks(config: Config) -> list[Chunk]:
    """The chunks of every page that ingest reads: evidence in each kind of file is checked against the text extracted from it."""
    from rag.llamaindex.readers import read_document
    from rag.load import read_bytes, sha256, walk
    from rag.read import read_page
    from rag.wiring import build_counter

    counter = build_counter(config)
    chunks: list[Chunk] = []
    for file in walk(config.corpus)[0]:
        try:
            raw = read_bytes(file)
            reading = read_page(
                file.path, raw, sha256(raw), documents=read_document, counter=counter, target_tokens=config.chunk_tokens
            )
        except UnreadableFileError:  # ingest names it
            continue
        chunks.extend(reading.chunks)
    return chunks


def _stated(llm: LLM) -> Stated:
    """Ask a model whether evidence states an answer, Yes or No, and take its probability of Yes."""

    def stated(question: str, answer: str, evidence: str) -> float:
        asked = f"Note:\n{evidence}\n\nQuestion: {question}\nAnswer: {answer}\n\nDoes the note state this answer? Reply Yes or No."
        return llm.probabilities([{"role": "user", "content": asked}], ("Yes", "No"))[0]

    return stated
