"""What an edit costs where everything is loaded already, as under `python ingest.py --watch`.

A program of its own: `python -m eval.bench.warm CORPUS INDEX PAGE [CONFIG]`. Ingests twice in one process, with an edit of PAGE
before each, and writes what the second took as one JSON object: imports and the loading of the embedder belong to the first.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

EDIT = "\n\nA sentence that an editor has just added, number {number}.\n"


def append(page: Path, number: object) -> None:
    """Add a sentence to a page; another `number` makes another sentence."""
    with page.open("a", encoding="utf-8") as file:
        file.write(EDIT.format(number=number))


def main(corpus: Path, index: Path, page: Path, config: Path | None = None) -> dict[str, float]:
    """Return the seconds of the second ingest, by stage."""
    from rag.config import load_config
    from rag.pipeline import ingest
    from rag.wiring import ingest_parts

    parts = ingest_parts(load_config(config, flags={"corpus": corpus, "index": index}))
    seconds: dict[str, float] = {}
    for number in ("warm 1", "warm 2"):
        append(page, number)
        seconds = dict(ingest(corpus, parts, progress=lambda *_: None).seconds)
    return seconds


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*map(Path, sys.argv[1:5]))) + "\n")
