"""A corpus folder is watched: whoever edits it is waited for, then it is built anew."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from indexer.catalogue import safe_files

State = dict[Path, tuple[int, int]]
"""The size and the time of the last change, in nanoseconds, of each file of a folder."""


def watch(
    corpus_folder: Path, *, interval: float, sleep: Callable[[float], None] = time.sleep,
    seen: State | None = None,
) -> Iterator[None]:  # fmt: skip
    """Yields at once, and whenever the folder has changed and then stood still.

    With a state that was `seen` before, yield at first only if the folder differs from it.

    A change is a file more or less, or another size or time of one, seen by looking every
    `interval` seconds; a folder that is still being copied into is waited for.
    """
    while True:
        now = state(corpus_folder)
        if now != seen:
            sleep(interval if seen is not None else 0)
            if seen is None or state(corpus_folder) == now:
                seen = now
                yield
            continue
        sleep(interval)


def state(folder: Path) -> State:
    """Return the state of a folder, without files that vanish meanwhile."""
    found = {}
    for path in safe_files.listed(folder, lambda _: None):
        with suppress(OSError):
            status = path.stat()
            found[path] = (status.st_size, status.st_mtime_ns)
    return found
