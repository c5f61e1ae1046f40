"""The chat over the scripted assistant: `python -m tests.ui_server --port N [--pause-s S] [--corpus DIR --index DIR] ...`."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from rag.entry import leave, run
from rag.ui.address import bind
from rag.ui.launch import run_chat
from rag.ui.services import LLMs, build_services
from rag.ui.web.passwords import Passwords
from tests.ui_fakes import ScriptedModel, example_questions, named_model, scripted_assistant


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--pause-s", type=float, default=0.02, help="between two words of the model")
    parser.add_argument("--load-until", type=Path, help="the model is loaded as soon as this file is there")
    parser.add_argument("--memory", type=Path, help="file of the conversations; without it they are forgotten")
    parser.add_argument("--corpus", type=Path, help="folder of notes; without it a few pages of the chat's own")
    parser.add_argument("--index", type=Path, help="folder of the index of --corpus")
    parser.add_argument("--users", type=Path, help="file of users, who have to log in")
    parser.add_argument("--runs", type=Path, help="folder of evaluation runs; --questions is added to")
    parser.add_argument("--questions", type=Path, help="file of test questions")
    parser.add_argument("--read-pause-s", type=float, default=0.0, help="for each page that is read")
    options = parser.parse_args(sys.argv[1:])
    model = ScriptedModel(options.pause_s)

    def loading():
        while options.load_until and not options.load_until.exists():
            time.sleep(0.05)

    if options.corpus:
        from tests.ui_library import library_assistant, plain_questions, word_library

        library = word_library(options.corpus, options.index, options.read_pause_s)
        examples = plain_questions
        assistant = library_assistant(library, model, loading=loading)
    else:
        library, assistant, examples = None, scripted_assistant(model, loading=loading), example_questions
    with bind("127.0.0.1", options.port) as taken:
        lab = None
        if options.runs:
            from tests.ui_lab import scripted_lab

            lab = scripted_lab(options.corpus, options.runs, options.questions)
        llms = LLMs(("scripted", "another"), "scripted", lambda name: named_model(name, options.pause_s))
        services = build_services(assistant, examples, library=library, llms=llms, evaluation=lab, memory=options.memory)
        return run_chat(services, taken, Passwords(options.users) if options.users else None)


if __name__ == "__main__":
    leave(run(main))
