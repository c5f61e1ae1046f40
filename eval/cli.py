"""`python -m eval`: which command is meant. Standard output carries results, standard error the rest."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path

from eval.commands import answers, bench, calibrate, compare, generate, questions, reports, retrieval, run
from eval.commands.arguments import Command
from rag.config import Config, load_config
from rag.language_model import OPENVINO, llm_engine

COMMANDS = (run, retrieval, answers, reports, compare, calibrate, questions, generate, bench)


def main(arguments: Sequence[str]) -> int:
    """Run one command.

    Args:
        arguments: of the command line, without the program's name.

    Returns:
        The exit status: 0 done; 1 done, but a judgement failed, evidence is wrong or a gate fell short.

    Raises:
        RagError: an expected failure; `entry.run` prints it.
    """
    options = _parser().parse_args(arguments)
    options.command_line = shlex.join(["python", "-m", "eval", *arguments])
    flags = {name: getattr(options, name, None) for name in ("index", "judge", "corpus")}
    command: Command = options.command
    return command(options, _as_named(load_config(options.config, flags=flags)))


def _as_named(config: Config) -> Config:
    """The same system, but that no other engine steps in for the one that a report names."""
    return config.model_copy(update={"llm_engine": "openvino"}) if llm_engine(config, config.llm) == OPENVINO else config


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, metavar="FILE", help="settings (default: rag.toml)")
    parser = argparse.ArgumentParser(prog="python -m eval", description="Measure how well the notes are found and answered from.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add(commands, common)
    return parser
