"""How every command starts and ends: expected errors become one line and an exit status, Ctrl-C becomes a quiet end."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Callable

from rag.errors import RagError

INTERRUPTED = 130  # what shells report for a process that Ctrl-C ended


def run(command: Callable[[], int]) -> int:
    """Run a command and return its exit status.

    A `RagError` is printed to standard error on one line. A reader that closes the pipe early is no error. Anything else is a
    defect and keeps its traceback.
    """
    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.WARNING)
    try:
        status = command()
        sys.stdout.flush()
        return status
    except RagError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_status
    except KeyboardInterrupt:
        with contextlib.suppress(OSError):
            sys.stderr.write("\nStopped.\n")
        return INTERRUPTED
    except BrokenPipeError:
        # Python would complain once more while it flushes standard output at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def leave(status: int) -> None:
    """End the process now, without waiting for native threads of the engines: what has to be on disk is there already."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
