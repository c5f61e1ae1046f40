#!/usr/bin/env python3
"""Open the chat: arguments to a running server."""

import sys

from rag.entry import leave, run


def _main() -> int:
    from rag.ui.launch import main

    return main(sys.argv[1:])


if __name__ == "__main__":
    leave(run(_main))
