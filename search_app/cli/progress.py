"""Progress display: a bar on the terminal for each phase of a build.

The phases are reading, encoding, sorting, reading full texts, and loading into a cluster.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from indexer.catalogue.records import Publication
from indexer.ingest import source_files
from indexer.ingest.corpus import Progress
from search_app.cli import terminal

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

ENCODING, READING_TEXTS, SORTING, LOADING = "Encoding", "Texts   ", "Sorting ", "Loading "
"""Labels of the later bars, as long as that of the first."""
MAX_NAME = 60
"""Characters of the end of a path that are shown."""


class ProgressDisplay(Progress):
    """A progress bar with the rate and the remaining time.

    It is hidden if standard error is not a terminal. Reading is measured in bytes of files and of
    folders. A folder includes the files outside it that its `sources.toml` names.
    """

    def __init__(self, paths: Iterable[Path], label: str = "Indexing") -> None:
        self._is_visible = sys.stderr.isatty()
        total = sum(map(_measure, paths)) if self._is_visible else 0
        self._count, self._started = 0, time.perf_counter()
        self._label, self._unit, self._file = label, "publications", ""
        self._bar = self._make_bar(total, label)

    def _make_bar(self, length: int, label: str) -> ProgressBar[int]:
        return click.progressbar(
            length=length,
            label=label,
            file=terminal.get_raw_stderr(),
            hidden=not self._is_visible,
            item_show_func=lambda _: self._format_rate(),
        )

    def __enter__(self) -> ProgressDisplay:
        self._bar.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.__exit__(None, None, None)

    def report_bytes(self, count: int) -> None:
        """Advance the bar to `count` bytes. Replace it if files are read again, as to merge."""
        if count < self._bar.pos:
            self._replace_bar(self._label, self._bar.length or 0)
        self._advance(count)

    def report_publications(self, publications: Sequence[Publication]) -> None:
        """Count these publications for the rate."""
        self._count += len(publications)

    def report_encoding(self, done: int, total: int) -> None:
        """Show how many publications are encoded."""
        self._show_phase(ENCODING, done, total, done)

    def report_sorting(self, done: int, total: int) -> None:
        """Show how much is sorted."""
        self._show_phase(SORTING, done, total)

    def report_texts(self, done: int, total: int, pages: int, file: str) -> None:
        """Show how many full texts are read, the rate in pages, and the file that is next."""
        self._show_phase(
            READING_TEXTS, done, total, pages, "pages", terminal.escape(file[-MAX_NAME:])
        )
        if self._is_visible:
            self._bar.render_progress()

    def report_loading(self, done: int, total: int) -> None:
        """Show how much a cluster has accepted."""
        self._show_phase(LOADING, done, total, done)

    def _show_phase(
        self,
        label: str,
        done: int,
        total: int,
        count: int = 0,
        unit: str = "publications",
        file: str = "",
    ) -> None:
        """Advance the bar of a phase, which replaces that of the phase before."""
        self._unit, self._file = unit, file
        if self._label != label:
            self._replace_bar(label, total)
        self._count = count
        self._advance(done)

    def _replace_bar(self, label: str, total: int) -> None:
        self._label, self._count, self._started = label, 0, time.perf_counter()
        self._bar.__exit__(None, None, None)
        self._bar = self._make_bar(total, label)
        self._bar.__enter__()

    def _advance(self, position: int) -> None:
        if self._is_visible:
            self._bar.update(position - self._bar.pos)

    def _format_rate(self) -> str | None:
        if not self._count:
            return self._file or None
        seconds = time.perf_counter() - self._started
        return f"{self._count / seconds:,.0f} {self._unit} a second  {self._file}".rstrip()


def _measure(path: Path) -> int:
    """Return the size of a file, or of the files of a corpus folder, in bytes."""
    if path.is_dir():
        return sum(size for size, _ in source_files.read_state(path).values())
    try:
        return path.stat().st_size
    except OSError:  # reading the file reports the error
        return 0
