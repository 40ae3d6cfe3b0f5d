"""The outcome of the last build, for monitoring. A failed build leaves no other trace.

The outcome is a small file in the index folder. It is optional: if it can't be written or read,
there is no outcome, and no error.
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

LAST_BUILD_FILE = "ATTEMPT"
"""The name of the JSON file in the index folder."""


Status = Literal["published", "unchanged", "failed"]


class LastBuild(msgspec.Struct, frozen=True):
    """The outcome of a build.

    `at` is the time when the build ended, in UTC (ISO 8601). `what` is the error message of a
    failed build.
    """

    at: str
    status: Status
    seconds: float
    what: str = ""


def write(index: Path, status: Status, seconds: float, what: str = "") -> None:
    """Write the outcome of a build. The caller must have locked the index."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    data = msgspec.json.encode(LastBuild(now, status, round(seconds, 3), what))
    temporary = index / f"{LAST_BUILD_FILE}.new"
    with suppress(OSError):
        temporary.write_bytes(data)
        temporary.replace(index / LAST_BUILD_FILE)


@contextmanager
def record(index: Path) -> Iterator[Callable[[Status], object]]:
    """Write the outcome of the build in this block.

    Yield a function that the block calls with the status. An exception means `failed`.
    """
    started, reported = time.perf_counter(), list[Status]()
    try:
        yield reported.append
    except Exception as error:
        write(index, "failed", time.perf_counter() - started, fsync.describe_error(error))
        raise
    write(index, reported[-1], time.perf_counter() - started)


def read(index: Path) -> LastBuild | None:
    """Return the outcome of the last build, or None if it can't be read."""
    try:
        return msgspec.json.decode(safe_files.read_file(index / LAST_BUILD_FILE), type=LastBuild)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
