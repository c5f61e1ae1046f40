"""How long things take, beside others where that says more.

`own` times this system, `ingest` its ingest beside a peer's, `growth` what an edit costs in a small and in a large index, `peers`
all of it beside several others. A peer is a program of its own that is given the same files and weights.
"""

from eval.bench.own import BenchError, Timing, bench, show, time_answers, time_ingests, time_searches

__all__ = ["BenchError", "Timing", "bench", "show", "time_answers", "time_ingests", "time_searches"]
