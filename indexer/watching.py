"""A corpus folder is watched: whoever edits it is waited for, then it is built anew."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from indexer import files


def watch(
    corpus_folder: Path, *, interval: float, sleep: Callable[[float], None] = time.sleep
) -> Iterator[None]:
    """Yields at once, and whenever the folder has changed and then stood still.

    A change is a file more or less, or another size or time of one, seen by looking every
    `interval` seconds; a folder that is still being copied into is waited for.
    """
    seen: dict[Path, tuple[int, int]] | None = None
    while True:
        now = _state(corpus_folder)
        if now != seen:
            sleep(interval if seen is not None else 0)
            if seen is None or _state(corpus_folder) == now:
                seen = now
                yield
            continue
        sleep(interval)


def _state(folder: Path) -> dict[Path, tuple[int, int]]:
    """The size and time of every file; what vanishes meanwhile is left out."""
    state = {}
    for path in files.listed(folder, lambda _: None):
        with suppress(OSError):
            found = path.stat()
            state[path] = (found.st_size, found.st_mtime_ns)
    return state
