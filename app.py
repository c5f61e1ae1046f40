#!/usr/bin/env python3
"""Open the chat: arguments to a running server."""

import signal
import sys

signal.signal(signal.SIGINT, signal.SIG_DFL)  # until `run` takes over: no traceback out of an import

from rag.entry import leave, run  # noqa: E402


def _main() -> int:
    from rag.ui.launch import main

    return main(sys.argv[1:])


if __name__ == "__main__":
    leave(run(_main))
