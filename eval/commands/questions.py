"""`python -m eval questions`: look after the questions."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from eval.commands.arguments import Commands, add_questions, question_file
from rag.config import Config
from rag.errors import ConfigError


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    questions = commands.add_parser("questions", help="look after the questions").add_subparsers(required=True, metavar="WHAT")
    check = questions.add_parser("check", parents=[common], help="does the evidence stand in the corpus?")
    add_questions(check)
    check.add_argument("--corpus", type=Path, metavar="DIR", help="folder of the notes")
    check.set_defaults(command=_check)

    new = questions.add_parser("add", parents=[common], help="add one question, checked against the corpus")
    add_questions(new)
    new.add_argument(
        "question", metavar="QUESTION", nargs="?", help="as a reader would ask it; without it, JSON is read from stdin"
    )
    new.add_argument("--id", default="", metavar="ID", help="(default: made of the question's words)")
    new.add_argument("--type", default="fact", metavar="TYPE", help="what is hard about it (default: fact)")
    new.add_argument("--expected", default="answer", metavar="WHAT", help="what a good answer does (default: answer)")
    new.add_argument("--reference", default="", metavar="TEXT", help="a good answer")
    new.add_argument("--must", action="append", default=[], metavar="FACT", help="a fact to state, spellings with |; repeatable")
    new.add_argument(
        "--evidence", action="append", nargs=2, default=[], metavar=("PAGE", "QUOTE"), help="where a fact stands; repeatable"
    )
    new.add_argument("--split", choices=("tune", "test"), default="tune")
    new.add_argument("--corpus", type=Path, metavar="DIR", help="folder of the notes")
    new.set_defaults(command=_add)


def _check(options: argparse.Namespace, config: Config) -> int:
    from eval.evidence import check_evidence

    file = question_file(options)
    problems = check_evidence(file, config.corpus)
    for problem in problems:
        sys.stdout.write(f"{file.path}, line {problem.line} ({problem.id}): {problem.message}\n")
    quotes = sum(len(question.evidence) for question in file.questions)
    sys.stderr.write(f"{len(file.questions)} questions, {quotes} quotes, {len(problems)} problems\n")
    return 1 if problems else 0


def _add(options: argparse.Namespace, config: Config) -> int:
    from eval.adding import add_question
    from eval.questions import DEFAULT_FILE

    question = add_question(options.questions or DEFAULT_FILE, _fields(options, config.corpus), config.corpus)
    sys.stdout.write(f"{question.id}\n")
    return 0


def _fields(options: argparse.Namespace, corpus: Path) -> dict[str, Any]:
    from eval.adding import place_of

    if options.question is None:
        if sys.stdin.isatty():
            sys.stderr.write("Reading a question as JSON from the terminal; Ctrl-D ends it.\n")
        try:
            value = json.load(sys.stdin)
        except ValueError as error:
            raise ConfigError(
                f"Standard input is not JSON: {error}", hint="Give the question as an argument, or as JSON."
            ) from error
        if not isinstance(value, dict):
            raise ConfigError("Standard input is no JSON object", hint="Write it as a line of the question file.")
        return value
    return {
        "id": options.id,
        "question": options.question,
        "type": options.type,
        "expected": options.expected,
        "reference": options.reference,
        "must": options.must,
        "evidence": [place_of(page, quote, corpus) for page, quote in options.evidence],
        "split": options.split,
    }
