#!/usr/bin/env python3
"""Open the chat: arguments to a running server."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

signal.signal(signal.SIGINT, signal.SIG_DFL)  # until `run` takes over: no traceback out of an import

from rag.entry import leave, run  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

    from rag.config import Config
    from rag.ui.evaluation.values import Evaluation


def _main() -> int:
    from rag.ui.launch import main

    return main(sys.argv[1:], _evaluation)


def _evaluation(config: Config, file: Path | None) -> Evaluation:
    from eval.chat import ChatEvaluation

    return ChatEvaluation(config, file)


if __name__ == "__main__":
    leave(run(_main))
