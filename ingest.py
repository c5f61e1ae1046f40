#!/usr/bin/env python3
"""Bring the index up to date with the corpus: arguments to a report and an exit status."""

import sys

from rag.entry import leave, run


def _main() -> int:
    from rag.ingest_cli import main

    return main(sys.argv[1:])


if __name__ == "__main__":
    leave(run(_main))
