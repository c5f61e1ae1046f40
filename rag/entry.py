"""How every command starts and ends: expected errors become one line and an exit status, Ctrl-C becomes a quiet end.

The scripts set SIGINT to its default before they import anything, so that it is quiet from the first moment.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from rag.errors import RagError

INTERRUPTED = 130  # what shells report for a process that Ctrl-C ended


def run(command: Callable[[], int]) -> int:
    """Run a command and return its exit status.

    A `RagError` is printed to standard error on one line. A reader that closes the pipe early is no error. Anything else is a
    defect and keeps its traceback.
    """
    signal.signal(signal.SIGINT, _stop)
    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.WARNING)
    try:
        status = command()
        sys.stdout.flush()
        return status
    except RagError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_status
    except KeyboardInterrupt:  # of a command that asked for the exception, to say what it leaves behind
        os.write(2, b"\nStopped.\n")
        return INTERRUPTED
    except BrokenPipeError:
        # Python would complain once more while it flushes standard output at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _stop(number: int, frame: FrameType | None) -> None:
    """End at once on Ctrl-C.

    An exception would have to travel through imports and engines that swallow it or wait for their threads. Nothing needs the
    orderly way: an index and a download are whole after a kill too. The chat's server brings a handler of its own.
    """
    os.write(2, b"\nStopped.\n")
    os._exit(INTERRUPTED)


@contextmanager
def telling_when_stopped(left: Callable[[], str]) -> Iterator[None]:
    """Have Ctrl-C end the process at once, as it does anyway, and say what it leaves behind.

    Args:
        left: one line; called when Ctrl-C comes, between any two steps of the work.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        os.write(2, f"\nStopped. {left()}\n".encode())
        os._exit(INTERRUPTED)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def leave(status: int) -> None:
    """End the process now, without waiting for native threads of the engines: what has to be on disk is there already."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
