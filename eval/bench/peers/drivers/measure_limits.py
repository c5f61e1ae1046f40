"""What the machine can do: memory bandwidth and matrix multiplication. Prints one JSON object; `measure_limits.py THREADS`.

With `memory` behind the threads it is the bandwidth alone. Bandwidth is read and written in streams of 256 MB, far more than a
cache holds, by as many threads as the engine has. A copy counts what is read and what is written. Rates are the best of some, since
a limit is what is wanted.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

_BYTES = 256 * 2**20
_TRIES = 5
_SIDE = 2048


def main(threads: int, what: str = "") -> dict[str, float | str]:
    """Return rates in bytes and in floating-point operations a second; where torch is missing, why."""
    found: dict[str, float | str] = dict(_bandwidth(threads))
    if what == "memory":
        return found
    try:
        import torch
    except ImportError as error:
        return {**found, "matmul_failed": f"{type(error).__name__}: {error}"}
    torch.set_num_threads(threads)
    for name, kind in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        found[f"{name}_flops"] = _matmul(torch, kind)
    return found


def _bandwidth(threads: int) -> dict[str, float]:
    parts = [np.ones(_BYTES // 4 // threads, dtype=np.float32) for _ in range(threads)]
    targets = [np.empty_like(part) for part in parts]
    with ThreadPoolExecutor(threads) as pool:

        def both(work: Callable[[int], object]) -> float:
            start = time.perf_counter()
            list(pool.map(work, range(threads)))
            return time.perf_counter() - start

        # The sum of integers is far quicker than memory, and numpy lets go of the interpreter while it adds.
        views = [part.view(np.int64) for part in parts]
        read = min(both(lambda number: np.bitwise_or.reduce(views[number])) for _ in range(_TRIES))
        copy = min(both(lambda number: np.copyto(targets[number], parts[number])) for _ in range(_TRIES))
    return {"read_bytes_per_s": _BYTES / read, "copy_bytes_per_s": 2 * _BYTES / copy}


def _matmul(torch: Any, kind: Any) -> float:  # noqa: ANN401 - the vendor's
    left, right = (torch.randn(_SIDE, _SIDE).to(kind) for _ in range(2))
    best = float("inf")
    for _ in range(_TRIES):
        start = time.perf_counter()
        torch.mm(left, right)
        best = min(best, time.perf_counter() - start)
    return float(2 * _SIDE**3 / best)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(int(sys.argv[1]), *sys.argv[2:])) + "\n")
