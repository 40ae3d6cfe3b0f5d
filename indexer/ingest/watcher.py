"""Corpus watcher: poll a folder and report when it has changed and settled."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from indexer.catalogue import safe_files
from indexer.catalogue.catalogue_toml import CatalogueError
from indexer.fulltext import attachments
from indexer.ingest.source_files import list_outside
from indexer.mapping import sources

FolderState = dict[Path, tuple[int, int]]
"""Size in bytes and modification time in nanoseconds of each file of a folder."""


def watch(
    corpus_folder: Path,
    *,
    interval: float,
    sleep: Callable[[float], None] = time.sleep,
    seen: FolderState | None = None,
) -> Iterator[None]:
    """Yield at once, then each time the folder has changed and settled.

    If `seen` is given, the first yield also waits until the folder differs from that state.

    The folder is polled every `interval` seconds. A change is a new or removed file, or a
    different size or modification time. The folder has settled if two polls in a row agree, so a
    copy in progress delays the yield.
    """
    while True:
        current = read_state(corpus_folder)
        if current != seen:
            sleep(interval if seen is not None else 0)
            if seen is None or read_state(corpus_folder) == current:
                seen = current
                yield
            continue
        sleep(interval)


def read_state(folder: Path) -> FolderState:
    """Return the state of a folder, and of the files outside it that its `sources.toml` names.

    Skip files that are removed during the call.
    """
    paths = safe_files.list_files(folder, lambda _: None)
    with suppress(CatalogueError):  # the build reports it
        stated = sources.load(folder)
        paths += list_outside(stated)
        paths += attachments.list_files(stated.list_attachments(), lambda _: None)
    sizes_and_times = {}
    for path in paths:
        with suppress(OSError):
            status = path.stat()
            sizes_and_times[path] = (status.st_size, status.st_mtime_ns)
    return sizes_and_times
