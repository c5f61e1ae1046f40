"""Every command line and every option that README and CONTRIBUTING show is understood. Parsers alone: nothing is loaded or run.

`tests/integration/test_readme.py` compares what commands print with what is shown, for which it needs weights.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "CONTRIBUTING.md")
PROGRAMS = {"ingest.py": "rag.ingest_cli", "app.py": "rag.ui.launch", "rag": "rag.cli", "eval": "eval.cli"}
MAKES = {"ingest": "python ingest.py", "chat": "python app.py", "eval": "python -m eval run", "bench": "python -m eval bench"}
SHOWN = re.compile(r"(?:\$ )?(?:\.venv/bin/)?(python (?:-m (?:rag|eval)\b|(?:ingest|app)\.py)[^`\n]*)")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def text_of(page):
    return (ROOT / page).read_text("utf-8")


def code_of(text):
    """Code spans, blocks, and lines that are set in."""
    spans = re.findall(r"`([^`\n]+)`", text)
    return [
        *spans,
        *re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL),
        *re.findall(r"^ {4}(\S.*)$", text, re.MULTILINE),
    ]


def commands_of(text):
    """Command lines in code, without comments."""
    return [match.partition("  #")[0].strip() for code in code_of(text) for match in SHOWN.findall(code)]


def words_of(command):
    """Program and subcommands of a command line, and its options."""
    tokens = shlex.split(re.sub(r"[\[\]]", " ", command))[1:]
    tokens = tokens[1:] if tokens[0] == "-m" else tokens
    words = [tokens[0]]
    for token in tokens[1:]:
        if len(words) == 3 or not re.fullmatch(r"[a-z]+", token):
            break
        words.append(token)
    return words, OPTION.findall(command)


@functools.cache
def help_of(*words):
    """What `--help` says; None where there is no such command."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(io.StringIO()):
            importlib.import_module(PROGRAMS[words[0]]).main([*words[1:], "--help"])
    except SystemExit as left:
        return said.getvalue() if left.code == 0 else None
    raise AssertionError("help ends the program")


def understood(words):
    """Help of the longest beginning that is a command, since the last words may be arguments; None where there is none."""
    if len(words) == 1 or words[0].endswith(".py"):
        return help_of(words[0])
    for count in (3, 2):
        if len(words) >= count and (said := help_of(*words[:count])):
            return said
    return None


ALL = ("python app.py", "python ingest.py", "python -m rag ask", "python -m rag search", "python -m eval run")
COMMANDS = sorted({(page, command) for page in PAGES for command in commands_of(text_of(page))})


@pytest.mark.parametrize(("page", "command"), COMMANDS, ids=[command for _, command in COMMANDS])
def test_a_command_is_there_and_takes_its_options(page, command):
    words, options = words_of(command)
    said = understood(words)
    assert said, f"{page} shows {command!r}, which is no command"
    for option in options:
        assert re.search(rf"{option}(?![\w-])", said), f"{page} shows {command!r}, which takes no {option}"


def unknown_options(text):
    """Options that no command of their paragraph takes, or where it names none, no command at all."""
    found = []
    for paragraph in re.split(r"\n\s*\n|\n- ", text):
        if re.search(r"\b(pip|apt|chroma|pytest) ", paragraph):
            continue  # options of others
        commands = commands_of(paragraph) + [MAKES[name] for name in re.findall(r"\bmake ([a-z]+)", paragraph) if name in MAKES]
        helps = [understood(words_of(command)[0]) or "" for command in commands or ALL]
        alone = {option for code in code_of(paragraph) for option in OPTION.findall(code)}
        found += [option for option in sorted(alone) if not any(re.search(rf"{option}(?![\w-])", said) for said in helps)]
    return found


@pytest.mark.parametrize("page", PAGES)
def test_options_that_stand_alone_belong_to_a_command_of_their_paragraph(page):
    assert unknown_options(text_of(page)) == []


def test_the_pages_show_enough_to_be_looked_at():
    programs = {words_of(command)[0][0] for _, command in COMMANDS}
    assert programs == set(PROGRAMS)
    assert len(COMMANDS) > 20


def test_what_is_wrong_would_be_found():
    assert commands_of("Say `python -m rag dance --fast` or\n\n```\n$ python ingest.py --slow  # why\n```\n") == [
        "python -m rag dance --fast",
        "python ingest.py --slow",
    ]
    assert understood(["rag", "dance"]) is None
    assert unknown_options("without `--auth` and `--author`") == ["--author"]
    assert unknown_options("`python -m rag search QUESTION` with `--explain`, not `--explains`.") == ["--explains"]


def test_targets_of_make_are_there():
    makefile = text_of("Makefile")
    shown = {
        target for page in PAGES for code in code_of(text_of(page)) for target in re.findall(r"^make ([a-z-]+)", code, re.MULTILINE)
    }
    assert {"chat", "test", "check", "eval"} <= shown
    for target in shown:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
