"""Corpus watcher: poll a folder and report when it has changed and settled."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from indexer.catalogue import safe_files

State = dict[Path, tuple[int, int]]
"""Size in bytes and modification time in nanoseconds of each file of a folder."""


def watch(
    corpus_folder: Path, *, interval: float, sleep: Callable[[float], None] = time.sleep,
    seen: State | None = None,
) -> Iterator[None]:  # fmt: skip
    """Yield at once, then each time the folder has changed and settled.

    If `seen` is given, the first yield also waits until the folder differs from that state.

    The folder is polled every `interval` seconds. A change is a new or removed file, or a
    different size or modification time. The folder has settled if two polls in a row agree, so a
    copy in progress delays the yield.
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
    """Return the state of a folder. Skip files that are removed in the meantime."""
    found = {}
    for path in safe_files.listed(folder, lambda _: None):
        with suppress(OSError):
            status = path.stat()
            found[path] = (status.st_size, status.st_mtime_ns)
    return found
