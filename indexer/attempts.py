"""What became of the last build, for whoever watches: one that failed leaves no other trace.

It is a note beside the generations, on which nothing depends: if it can't be written, or read,
there is none.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

ATTEMPT = "ATTEMPT"
"""The file of an index folder that has the note, as JSON."""


class Attempt(msgspec.Struct, frozen=True):
    """A build that came to its end: when (UTC, ISO 8601), how, after how many seconds, and why."""

    at: str
    status: Literal["published", "unchanged", "failed"]
    seconds: float
    what: str = ""


def note(index: Path, status: Literal["published", "unchanged", "failed"], seconds: float,
         what: str = "") -> None:  # fmt: skip
    """Notes what became of a build that ends now."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    told = msgspec.json.encode(Attempt(now, status, round(seconds, 3), what))
    aside = index / f"{ATTEMPT}.new"
    with suppress(OSError):
        aside.write_bytes(told)
        aside.replace(index / ATTEMPT)


def last(index: Path) -> Attempt | None:
    """The last build's note, if there is one."""
    try:
        return msgspec.json.decode((index / ATTEMPT).read_bytes(), type=Attempt)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
