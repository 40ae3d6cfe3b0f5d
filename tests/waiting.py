"""Wait for processes and threads that a test has started."""

import time
from collections.abc import Callable


def until(condition: Callable[[], object], seconds: float = 60, pause: float = 0.02) -> None:
    """Wait until a condition is true. Raise AssertionError after some seconds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(pause)
