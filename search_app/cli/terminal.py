"""Escape all that a command prints, so that no value controls the terminal or forges a line."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from typing import Any, TextIO

import click
import msgspec

from indexer.analysis.cleaning import escape_unprintable
from search_app.engine.results import TextRun

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
    """Print a value as JSON."""
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


def get_raw_stderr() -> TextIO:
    """Return the standard error without escapes, for a progress bar, which moves the cursor."""
    return sys.stderr.raw if isinstance(sys.stderr, EscapedStream) else sys.stderr
