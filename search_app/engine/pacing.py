"""Compute in the background in short slices, so that requests have the interpreter in between.

Threads share Python's interpreter lock. A request releases it many times, and waits each time while
another thread computes.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter, sleep

SLICE_SECONDS, PAUSE_SECONDS = 0.001, 0.004
"""Seconds for which a thread computes between two pauses, and seconds of a pause."""


@contextmanager
def pause_often() -> Iterator[None]:
    """Pause this thread again and again, whenever it calls or leaves a function in the block.

    A single call of a function in C is not interrupted. Other threads are not affected.
    """
    slice_end = perf_counter() + SLICE_SECONDS

    def pause(*_: object) -> None:
        nonlocal slice_end
        if perf_counter() > slice_end:
            sleep(PAUSE_SECONDS)
            slice_end = perf_counter() + SLICE_SECONDS

    previous = sys.getprofile()
    sys.setprofile(pause)
    try:
        yield
    finally:
        sys.setprofile(previous)
