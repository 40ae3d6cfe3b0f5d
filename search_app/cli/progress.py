"""Progress display: a bar on the terminal while a corpus is read."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from indexer.catalogue import safe_files
from indexer.catalogue.records import Publication
from indexer.ingest.corpus import Progress

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar


class ProgressDisplay(Progress):
    """A progress bar with the rate and the remaining time.

    It is hidden if standard error is not a terminal. Progress is measured in bytes of files and
    folders.
    """

    STEPS = 200

    def __init__(self, paths: Iterable[Path], label: str = "Indexing") -> None:
        is_visible = sys.stderr.isatty()
        # Reading the corpus reports its problems.
        files = chain.from_iterable(
            safe_files.list_files(path, lambda _: None) if path.is_dir() else [path]
            for path in paths
        )
        total = sum(map(_get_size, files)) if is_visible else 0
        self._step = total // self.STEPS + 1
        self._publications, self._started = 0, time.perf_counter()
        self._bar: ProgressBar[int] = click.progressbar(
            length=total, label=label, file=sys.stderr, hidden=not is_visible,
            item_show_func=lambda _: self._format_rate(),
        )  # fmt: skip

    def __enter__(self) -> ProgressDisplay:
        self._bar.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.__exit__(None, None, None)

    def report_bytes(self, count: int) -> None:
        """Advance the bar to `count` bytes."""
        if not self._bar.hidden and count - self._bar.pos >= self._step:
            self._bar.update(count - self._bar.pos)

    def report_publications(self, publications: Sequence[Publication]) -> None:
        """Count these publications for the rate."""
        self._publications += len(publications)

    def _format_rate(self) -> str:
        seconds = time.perf_counter() - self._started
        return f"{self._publications / seconds:,.0f} publications a second"


def _get_size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:  # reading the file reports the error
        return 0
