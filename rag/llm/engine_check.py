"""Try llama.cpp once and say in JSON what comes out: `python -m rag.llm.engine_check GGUF [LIBRARY] [--threads N]`.

A process of its own, because one process holds one library, and because one that was built wrongly ends its process. Two libraries
are compared by running it twice.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rag.llm.llama_cpp import LlamaCpp
from rag.types import Message

_NOTES = "Grass is green, snow is white, coal is black, and the sky on a clear day is blue. " * 24
_WRITE_TOKENS = 48


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the probability of Yes to a plain question, and the speeds of reading and writing in tokens a second."""
    parser = argparse.ArgumentParser()
    parser.add_argument("gguf", type=Path)
    parser.add_argument("library", type=Path, nargs="?")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    llm = LlamaCpp(options.gguf, context_tokens=2048, threads=options.threads, library=options.library)
    asked: list[Message] = [{"role": "user", "content": f"{_NOTES}\n\nIs snow white? Reply with one word, Yes or No."}]
    start = time.perf_counter()
    yes = llm.probabilities(asked, ("Yes", "No"))[0]
    read_s = time.perf_counter() - start
    first = last = 0.0
    pieces = 0
    for piece in llm.stream([{"role": "user", "content": "Tell a long story about a cat."}], max_tokens=_WRITE_TOKENS):
        if piece:
            last = time.perf_counter()
            first = first or last
            pieces += 1
    found = {
        "native": llm.native,
        "yes": yes,
        "read_tokens_per_s": llm.count_prompt(asked) / read_s,
        "write_tokens_per_s": (pieces - 1) / (last - first) if last > first else 0.0,
    }
    llm.close()
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
