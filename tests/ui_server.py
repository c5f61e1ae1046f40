"""The chat over the scripted assistant: `python -m tests.ui_server --port N [--pause-s S] [--load-until FILE]`."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from rag.entry import leave, run
from rag.ui.address import bind
from rag.ui.launch import run_chat
from rag.ui.services import build_services
from tests.ui_fakes import ScriptedModel, example_questions, scripted_assistant


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--pause-s", type=float, default=0.02, help="between two words of the model")
    parser.add_argument("--load-until", type=Path, help="the model is loaded as soon as this file is there")
    parser.add_argument("--memory", type=Path, help="file of the conversations; without it they are forgotten")
    options = parser.parse_args(sys.argv[1:])

    def loading():
        while options.load_until and not options.load_until.exists():
            time.sleep(0.05)

    with bind("127.0.0.1", options.port) as taken:
        assistant = scripted_assistant(ScriptedModel(options.pause_s), loading=loading)
        return run_chat(build_services(assistant, example_questions, memory=options.memory), taken)


if __name__ == "__main__":
    leave(run(main))
