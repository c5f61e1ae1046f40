"""Who is compared: names, and where their environments and drivers come from. Runs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from rag.errors import ConfigError

_HERE: Final = Path(__file__).parent
OWN: Final = "own"
"""The name of this system among the peers."""


@dataclass(frozen=True, slots=True)
class Peer:
    """One system.

    Attributes:
        name: short, for the command line and for keys.
        title: for people.
        driver: program of `drivers/`.
        requirements: file of `requirements/`, which is also the name of its environment; empty: this project's own environment.
        oldest_python: that it runs on.
        settings: given to the driver beside those that all get.
        remarks: what a reader of the figures has to know.
    """

    name: str
    title: str
    driver: str
    requirements: str = ""
    oldest_python: tuple[int, int] = (3, 11)
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    remarks: tuple[str, ...] = ()

    @property
    def driver_file(self) -> Path:
        """The program."""
        return _HERE / "drivers" / self.driver

    @property
    def requirements_file(self) -> Path:
        """What its environment is made of."""
        return _HERE / "requirements" / f"{self.requirements}.txt"


PEERS: Final = (
    Peer(OWN, "this system", "drive_own.py"),
    Peer(
        "llamaindex",
        "LlamaIndex, starter",
        "drive_llamaindex.py",
        "llamaindex",
        remarks=(
            "Keeps no record of what it read: run again, it builds everything anew. Chunks of 256 tokens with 32 of overlap.",
        ),
    ),
    Peer(
        "llamaindex-docstore",
        "LlamaIndex, pipeline with docstore",
        "drive_llamaindex.py",
        "llamaindex",
        settings=MappingProxyType({"docstore": True}),
        remarks=(
            "The same with an ingestion pipeline that keeps a docstore (upserts and delete), which the starter does not show.",
        ),
    ),
    Peer(
        "langchain",
        "LangChain, Chroma",
        "drive_langchain.py",
        "langchain",
        remarks=(
            "Recursive splitter at 1,000 characters with 200 of overlap; indexing API with a record manager, cleanup `full`.",
        ),
    ),
    Peer(
        "haiku",
        "haiku.rag",
        "drive_haiku.py",
        "haiku",
        oldest_python=(3, 12),
        settings=MappingProxyType({"context_tokens": 8192}),
        remarks=(
            "Converts Markdown with docling. Asks through an agent that calls tools; `ask` gives its answer when it is whole, so "
            "its first token is its last. Its Python gets whatever build of torch pip chooses, also one for GPUs.",
        ),
    ),
    Peer(
        "txtai",
        "txtai",
        "drive_txtai.py",
        "txtai",
        remarks=("Paragraphs as rows. Keeps no record of files: a folder is indexed anew each time.",),
    ),
)


def choose(names: list[str]) -> tuple[Peer, ...]:
    """Return the peers that were named, this system always among them and first; all without names.

    Args:
        names: of peers.

    Returns:
        In the order of `PEERS`.

    Raises:
        ConfigError: there is no peer of that name.
    """
    known = {peer.name for peer in PEERS}
    for name in names:
        if name not in known:
            raise ConfigError(f"There is no peer {name!r}", hint=f"One of: {', '.join(sorted(known))}.")
    return tuple(peer for peer in PEERS if not names or peer.name in {*names, OWN})
