"""The machine's own limits, and how near to them our engine comes.

Each token that is decoded reads all of the weights once, so memory bandwidth bounds decoding; each token of a prompt costs two
operations a parameter, so matrix multiplication bounds reading it. Both bounds leave attention out, which is small here.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eval.bench.peers.engine import Engine
from eval.bench.peers.process import PeerFailureError, shortened
from eval.bench.peers.program import run_program
from rag.config import Config
from rag.types import Message

_ROOT = Path(__file__).parents[3]
_DRIVER = (sys.executable, str(Path(__file__).parent / "drivers" / "measure_limits.py"))
_TIMEOUT_S = 300.0
_PROMPT_LINES = 60
_DECODED = 64


def measure_limits(config: Config, gguf: Path, threads: int, log: Path) -> dict[str, Any]:
    """Measure the machine, then our engine.

    Args:
        config: of the engine.
        gguf: the weights that it uses.
        threads: to measure with.
        log: file for what the server of the weights prints.

    Returns:
        `machine`, `engine` and `shares`; each may hold `failed` with a reason.
    """
    machine = _program([*_DRIVER, str(threads)])
    engine = _program([sys.executable, "-m", "eval.bench.peers.limits", config.model_dump_json()])
    try:
        with Engine(gguf, context_tokens=512, threads=threads, log=log) as server:
            facts: dict[str, Any] = {"parameters": int(server.facts()["n_params"])}
    except (PeerFailureError, KeyError, OSError) as error:
        facts = {"parameters_failed": shortened(str(error))}
    engine |= {"weights_bytes": gguf.stat().st_size, **facts}
    return {"machine": machine, "engine": engine, "shares": shares(machine, engine)}


def decode_limit(gguf: Path, threads: int) -> dict[str, Any]:
    """Measure how many tokens a second memory lets an engine write.

    Args:
        gguf: the weights, all of which are read for each token.
        threads: to measure with.

    Returns:
        `bytes_per_s`, `weights_bytes` and `tokens_per_s`, or `failed` with a reason.
    """
    machine, weights = _program([*_DRIVER, str(threads), "memory"]), gguf.stat().st_size
    if "failed" in machine:
        return machine
    best = max(machine["read_bytes_per_s"], machine["copy_bytes_per_s"])
    return {"bytes_per_s": best, "weights_bytes": weights, "tokens_per_s": best / weights}


def shares(machine: Mapping[str, Any], engine: Mapping[str, Any]) -> dict[str, float]:
    """Return the bounds in tokens a second, and what share of them the engine reaches.

    Args:
        machine: rates of the machine.
        engine: `weights_bytes`, `parameters`, `prefill_per_s` and `decode_per_s`, as far as they are known.

    Returns:
        `decode_bound`, `decode_share`, `prefill_bound`, `prefill_share`, as far as they can be told.
    """
    found: dict[str, float] = {}
    if "read_bytes_per_s" in machine and engine.get("weights_bytes"):
        found["decode_bound"] = max(machine["read_bytes_per_s"], machine["copy_bytes_per_s"]) / engine["weights_bytes"]
    if "bf16_flops" in machine and engine.get("parameters"):
        found["prefill_bound"] = machine["bf16_flops"] / (2 * engine["parameters"])
    for name in ("decode", "prefill"):
        if f"{name}_bound" in found and f"{name}_per_s" in engine:
            found[f"{name}_share"] = engine[f"{name}_per_s"] / found[f"{name}_bound"]
    return found


def speed(config: Config) -> dict[str, float]:
    """Return how many tokens a second our engine reads and writes; the median of three prompts that share nothing."""
    from statistics import median

    from rag.language_model import build_llm

    llm = build_llm(config)
    prefills, decodes = [], []
    try:
        for number in range(4):
            messages = [Message(role="user", content=_prompt(number))]
            tokens = llm.count_tokens(str(messages[0]["content"]))
            start = time.perf_counter()
            first, last, text = 0.0, 0.0, ""
            for piece in llm.stream(messages, max_tokens=_DECODED):
                if piece:
                    last = time.perf_counter()
                    first, text = first or last, text + piece
            if number and last > first:  # the first one warms up
                prefills.append(tokens / (first - start))
                decodes.append((llm.count_tokens(text) - 1) / (last - first))
    finally:
        llm.close()
    return {"prompt_tokens": tokens, "prefill_per_s": median(prefills), "decode_per_s": median(decodes)}


def _prompt(number: int) -> str:
    kilograms = [(line * 37 + number * 11) % 97 for line in range(_PROMPT_LINES)]
    lines = [f"{number * 1000 + line}. Item {line} of list {number} weighs {each} kg." for line, each in enumerate(kilograms)]
    return f"List {number}:\n" + "\n".join(lines) + "\n\nWrite out the first ten lines of the list, word by word."


def _program(command: list[str]) -> dict[str, Any]:
    try:
        done = run_program(command, _TIMEOUT_S, environment=os.environ, folder=_ROOT)
        found: dict[str, Any] = json.loads(done.said.strip().split("\n")[-1])
    except TimeoutError:
        return {"failed": f"not finished in {_TIMEOUT_S:.0f} s"}
    except ValueError:
        return {"failed": shortened((done.errors.strip().splitlines() or ["it said nothing"])[-1])}
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(speed(Config.model_validate_json(sys.argv[1]))) + "\n")
