"""A limit on the CPU time of a block, which a busy or slow machine does not exceed."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

IDLE_SECONDS = 0.08
"""CPU time of the reference computation on the idle machine for which the limits are stated."""


@contextmanager
def limit_cpu_time(seconds: float) -> Iterator[None]:
    """Fail the test if the block takes more CPU time, in seconds of an idle machine.

    Other processes share caches and cores with the block, so that it takes longer. A block over the
    limit is compared with a computation whose time is known.
    """
    start = time.process_time()
    yield
    taken = time.process_time() - start
    assert taken < seconds or taken < seconds * measure_slowdown()


def measure_slowdown() -> float:
    """Return how many times as long the reference computation takes as on an idle machine."""
    return max(_measure_reference() for _ in range(20)) / IDLE_SECONDS


def _measure_reference() -> float:
    start = time.process_time()
    words = [f"{number * 7919 % 1_000_003:x}" for number in range(150_000)]
    " ".join(sorted({word: word.upper() for word in words}))
    return time.process_time() - start
