"""`python -m eval questions`: look after the questions."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from eval.commands.arguments import Commands, add_questions, question_file
from rag.config import Config


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    questions = commands.add_parser("questions", help="look after the questions").add_subparsers(required=True, metavar="WHAT")
    check = questions.add_parser("check", parents=[common], help="does the evidence stand in the corpus?")
    add_questions(check)
    check.add_argument("--corpus", type=Path, metavar="DIR", help="folder of the notes")
    check.set_defaults(command=_check)


def _check(options: argparse.Namespace, config: Config) -> int:
    from eval.evidence import check_evidence

    file = question_file(options)
    problems = check_evidence(file, config.corpus)
    for problem in problems:
        sys.stdout.write(f"{file.path}, line {problem.line} ({problem.id}): {problem.message}\n")
    quotes = sum(len(question.evidence) for question in file.questions)
    sys.stderr.write(f"{len(file.questions)} questions, {quotes} quotes, {len(problems)} problems\n")
    return 1 if problems else 0
