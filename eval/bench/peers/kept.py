"""Indexes of the last rounds, kept to answer from, each under a key of everything that shapes it.

A changed page, setting, version, driver or embedder gives another key, and the store is then made anew. Runs no peer.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from eval.bench.peers.catalogue import Peer
from eval.bench.peers.environment import DONE
from eval.bench.peers.material import is_hidden
from rag.config import load_config
from rag.index.files import remove_tree

_RAG: Final = Path(__file__).parents[3] / "rag"
_CODE: Final = frozenset({".py", ".toml"})
_KEY_LETTERS: Final = 16
_MADE_FROM: Final = "made-from.json"
_UNFINISHED: Final = ".unfinished"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a store is made from, each part as a hash or in words.

    Attributes:
        peer: its name.
        settings: of the peer in the catalogue, as JSON.
        driver: the program that drives it, with how it cuts pages.
        version: its requirements and what was installed from them; for this system its code and configuration.
        pages: of the corpora.
        embedder: the folder of weights.
    """

    peer: str
    settings: str
    driver: str
    version: str
    pages: str
    embedder: str

    @property
    def key(self) -> str:
        """Names the store; another for every difference."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:_KEY_LETTERS]


def shape_of(peer: Peer, corpora: Sequence[Path], embedder: Path, config: Path | None, home: Path) -> Shape:
    """Return what a peer's store over some pages is made from.

    Args:
        peer: that ingests.
        corpora: folders of pages.
        embedder: folder of the weights.
        config: settings of this system; None for the usual ones.
        home: folder of the environments.

    Returns:
        Everything that shapes the store.
    """
    if peer.requirements:
        installed = home / peer.requirements / DONE
        version = peer.requirements_file.read_text("utf-8") + (installed.read_text("utf-8") if installed.is_file() else "")
    else:
        used = load_config(config).model_dump_json(exclude={"corpus", "index", "data_dir"})
        version = used + files_hash(_RAG, (file for file in _files(_RAG) if file.suffix in _CODE))
    driver = peer.driver_file
    return Shape(
        peer.name,
        json.dumps(dict(peer.settings), sort_keys=True),
        files_hash(driver.parent, {driver, driver.with_name("wire.py")}),
        hashlib.sha256(version.encode()).hexdigest(),
        pages_hash(corpora),
        files_hash(embedder, _files(embedder)),
    )


def pages_hash(corpora: Sequence[Path]) -> str:
    """Return a hash of the files of corpora, hidden ones left out, as they are copied."""
    found = hashlib.sha256()
    for number, folder in enumerate(corpora):
        files = (file for file in _files(folder) if not is_hidden(file.relative_to(folder)))
        found.update(f"{folder.name if number else ''} {files_hash(folder, files)}\n".encode())
    return found.hexdigest()


def files_hash(folder: Path, files: Iterable[Path]) -> str:
    """Return a hash of the paths in a folder and the bytes of files; one that is not there does not count."""
    found = hashlib.sha256()
    for file in sorted(files):
        if file.is_file():
            with file.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            found.update(f"{file.relative_to(folder).as_posix()}\n{digest}\n".encode())
    return found.hexdigest()


def keep(folder: Path, shape: Shape, corpus: Path, store: Path) -> None:
    """Copy pages and store of a peer in the place of those that were kept of it; whole or not at all.

    Args:
        folder: of all that is kept.
        shape: of the store.
        corpus: the pages.
        store: made from them.
    """
    target = folder / shape.peer
    remove_tree(target)
    shutil.copytree(corpus, target / _UNFINISHED / "corpus")
    shutil.copytree(store, target / _UNFINISHED / "store")
    (target / _UNFINISHED / _MADE_FROM).write_text(json.dumps(asdict(shape), indent=1) + "\n", "utf-8")
    (target / _UNFINISHED).rename(target / shape.key)


def kept(folder: Path, shape: Shape) -> Path | None:
    """Return the folder with `corpus` and `store` of a shape; None where there is none."""
    found = folder / shape.peer / shape.key
    return found if found.is_dir() else None


def _files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]
