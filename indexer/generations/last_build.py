"""What became of the last build, for whoever watches: one that failed leaves no other trace.

It is a note beside the generations, on which nothing depends: if it can't be written, or read,
there is none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from indexer.catalogue import safe_files
from indexer.generations import fsync

ATTEMPT = "ATTEMPT"
"""The file of an index folder that has the note, as JSON."""


Status = Literal["published", "unchanged", "failed"]


class Attempt(msgspec.Struct, frozen=True):
    """A build that came to its end: when (UTC, ISO 8601), how, after how many seconds, and why."""

    at: str
    status: Status
    seconds: float
    what: str = ""


def note(index: Path, status: Status, seconds: float, what: str = "") -> None:
    """Note how a build ends. The caller holds the lock of the index."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    told = msgspec.json.encode(Attempt(now, status, round(seconds, 3), what))
    aside = index / f"{ATTEMPT}.new"
    with suppress(OSError):
        aside.write_bytes(told)
        aside.replace(index / ATTEMPT)


@contextmanager
def noted(index: Path) -> Iterator[Callable[[Status], object]]:
    """Note how the build in this block ends: `failed` if by an error, otherwise as it reports."""
    started, reported = time.perf_counter(), list[Status]()
    try:
        yield reported.append
    except Exception as error:
        what = ". ".join(fsync.refusal(error)) if isinstance(error, OSError) else str(error)
        note(index, "failed", time.perf_counter() - started, what)
        raise
    note(index, reported[-1], time.perf_counter() - started)


def last(index: Path) -> Attempt | None:
    """The last build's note, if there is one."""
    try:
        return msgspec.json.decode(safe_files.content(index / ATTEMPT), type=Attempt)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
