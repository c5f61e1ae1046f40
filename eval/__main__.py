"""`python -m eval`."""

import sys

from rag.entry import leave, run


def _main() -> int:
    from eval.cli import main

    return main(sys.argv[1:])


if __name__ == "__main__":
    leave(run(_main))
