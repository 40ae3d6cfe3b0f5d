"""Print to a terminal: lines, data, and a progress bar for each phase of a build.

All that a command prints is escaped, so that no value controls the terminal or forges a line.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click
import msgspec

from indexer.analysis.cleaning import escape_unprintable
from indexer.catalogue.records import Publication
from indexer.ingest import corpus
from indexer.ingest.corpus import Progress
from search_app.engine.results import TextRun

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

_MARKS = "\u061c\u200c\u200d\u200e\u200f"
"""Joiners, and marks of a direction. Words need them, and each affects its neighbors only."""
_BOLD = re.compile("(\x1b\\[[01]m)")
"""The codes by which `click.style` begins and ends bold type."""


def escape(text: str) -> str:
    """Return a value as a part of one line."""
    return escape_unprintable(text, _MARKS)


def print_line(*parts: str | TextRun, err: bool = False) -> None:
    """Print one line, to standard error if `err`. Marked runs of text are bold."""
    runs = [TextRun(part, False) if isinstance(part, str) else part for part in parts]
    texts = [(escape(run.text), run.marked) for run in runs]
    line = "".join(click.style(text, bold=True) if marked else text for text, marked in texts)
    click.echo(line, err=err)


def print_json(value: object) -> None:
    write_data([msgspec.json.format(msgspec.json.encode(value), indent=2), b"\n"])


def write_data(parts: Iterable[bytes]) -> None:
    """Write data in UTF-8 to standard output. It is escaped on a terminal only."""
    for part in parts:
        if sys.stdout.isatty():
            sys.stdout.write(part.decode())
        else:
            sys.stdout.buffer.write(part)
    sys.stdout.flush()


class EscapedStream:
    """A stream that escapes all text except line ends and bold type, such as that of a traceback.

    Bytes that are written to its `buffer` are data, and stay as they are.
    """

    def __init__(self, raw: TextIO) -> None:
        self.raw = raw

    def write(self, text: str) -> int:
        """Write a text, and return its length."""
        parts = enumerate(_BOLD.split(text))
        escaped = (
            part if index % 2 else escape_unprintable(part, f"{_MARKS}\n") for index, part in parts
        )
        return self.raw.write("".join(escaped))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - it is that of any stream
        return getattr(self.raw, name)


def escape_streams() -> None:
    """Escape the standard output and the standard error of this process."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream and not isinstance(stream, EscapedStream):
            setattr(sys, name, EscapedStream(stream))


MAX_NAME = 60
"""Characters of the end of a path that are shown."""


class ProgressDisplay(Progress):
    """A progress bar with the rate and the remaining time.

    It is hidden if standard error is not a terminal. Reading is measured in bytes of files and of
    folders. A folder includes the files outside it that its `sources.toml` names. Labels have the
    same length.
    """

    def __init__(self, paths: Iterable[Path], label: str = "Indexing") -> None:
        self._is_visible = sys.stderr.isatty()
        total = sum(map(_measure, paths)) if self._is_visible else 0
        self._count, self._started = 0, time.perf_counter()
        self._label, self._unit, self._file = label, "publications", ""
        self._bar = self._make_bar(total, label)

    def _make_bar(self, length: int, label: str) -> ProgressBar[int]:
        # Escapes would garble the codes that move the cursor.
        stream = sys.stderr.raw if isinstance(sys.stderr, EscapedStream) else sys.stderr
        return click.progressbar(
            length=length,
            label=label,
            file=stream,
            hidden=not self._is_visible,
            item_show_func=lambda _: self._format_rate(),
        )

    def __enter__(self) -> ProgressDisplay:
        self._bar.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.__exit__(None, None, None)

    def report_bytes(self, count: int) -> None:
        if count < self._bar.pos:  # files are read again, as to merge
            self._replace_bar(self._label, self._bar.length or 0)
        self._bar.update(count - self._bar.pos)

    def report_publications(self, publications: Sequence[Publication]) -> None:
        self._count += len(publications)

    def report_encoding(self, done: int, total: int) -> None:
        self.show_phase("Encoding", done, total, done)

    def report_sorting(self, done: int, total: int) -> None:
        self.show_phase("Sorting ", done, total)

    def report_texts(self, done: int, total: int, pages: int, file: str) -> None:
        self.show_phase("Texts   ", done, total, pages, "pages", escape(file[-MAX_NAME:]))
        self._bar.render_progress()

    def report_loading(self, done: int, total: int) -> None:
        self.show_phase("Loading ", done, total, done)

    def show_phase(
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
        self._bar.length, self._count = total, count
        self._bar.update(done - self._bar.pos)

    def _replace_bar(self, label: str, total: int) -> None:
        self._label, self._count, self._started = label, 0, time.perf_counter()
        self._bar.__exit__(None, None, None)
        self._bar = self._make_bar(total, label)
        self._bar.__enter__()

    def _format_rate(self) -> str | None:
        if not self._count:
            return self._file or None
        seconds = time.perf_counter() - self._started
        return f"{self._count / seconds:,.0f} {self._unit} a second  {self._file}".rstrip()


def _measure(path: Path) -> int:
    """Return the size of a file, or of the files of a corpus folder, in bytes."""
    if path.is_dir():
        return sum(size for size, _ in corpus.read_state(path).values())
    try:
        return path.stat().st_size
    except OSError:  # reading the file reports the error
        return 0
