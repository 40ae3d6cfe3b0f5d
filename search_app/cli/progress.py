"""The progress of reading a corpus, as a bar on the terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from indexer.catalogue import safe_files
from indexer.catalogue.records import Problem, Publication
from indexer.ingest.corpus import Progress

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar


class Meter(Progress):
    """A progress bar with the rate and the remaining time.

    It is hidden if standard error is not a terminal. Progress is measured in bytes of the corpus.
    """

    STEPS = 200

    def __init__(self, folder: Path, label: str = "Indexing") -> None:
        seen = sys.stderr.isatty()
        total = sum(map(_size, safe_files.listed(folder, _pass_over))) if seen else 0
        self._step = total // self.STEPS + 1
        self._publications, self._started = 0, time.perf_counter()
        self._bar: ProgressBar[int] = click.progressbar(
            length=total, label=label, file=sys.stderr, hidden=not seen,
            item_show_func=lambda _: self._rate(),
        )  # fmt: skip

    def __enter__(self) -> Meter:
        self._bar.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.__exit__(None, None, None)

    def at(self, read: int) -> None:
        """Advance the bar to `read` bytes."""
        if not self._bar.hidden and read - self._bar.pos >= self._step:
            self._bar.update(read - self._bar.pos)

    def counted(self, publications: Sequence[Publication]) -> None:
        """Count these publications for the rate."""
        self._publications += len(publications)

    def _rate(self) -> str:
        seconds = time.perf_counter() - self._started
        return f"{self._publications / seconds:,.0f} publications a second"


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:  # reading the file reports the error
        return 0


def _pass_over(problem: Problem) -> None:
    """Ignore a problem. Reading the corpus reports it, and only sizes matter here."""
