"""A log of queries without hits, for the maintainers of the catalogue.

It is written only if a setting names a file. A line is JSON: the day and the query, and nothing
about the user. Several processes may append to one file, because each line is a single write. A
full file gets no more lines.
"""

from __future__ import annotations

import json
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

log = logging.getLogger(__name__)

LONGEST = 200
"""Maximum characters of a logged query."""
MOST_BYTES = 5_000_000
"""Maximum bytes of the file."""


def today() -> date:
    """Return the current date in UTC."""
    return datetime.now(UTC).date()


class Gaps:
    """The writer of the log. Without a file it writes nothing.

    The first failed write, or a full file, ends the log. The reason goes to the server's log once.
    The user's response does not change.
    """

    def __init__(self, file: str, day: Callable[[], date] = today) -> None:
        self._file, self._day, self._is_told = file, day, False

    def note(self, text: str) -> None:
        """Append a query to the log."""
        if not self._file or self._is_told:
            return
        try:
            if not _appended(self._file, line(text, self._day())):
                self._tell(f"it has {MOST_BYTES:,} bytes; move it away, and start anew")
        except (OSError, ValueError) as error:
            self._tell(str(error))

    def _tell(self, reason: str) -> None:
        self._is_told = True
        log.warning("searches that find nothing are no longer noted in %s: %s", self._file, reason)


def line(text: str, day: date) -> bytes:
    """Return the line for a query: JSON in ASCII, with all control characters escaped."""
    told = json.dumps({"day": day.isoformat(), "query": text[:LONGEST]})
    return told.replace("\x7f", "\\u007f").encode("ascii") + b"\n"


def _appended(file: str, told: bytes) -> bool:
    """Append a line. Return False if the file is full."""
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        if os.fstat(descriptor).st_size + len(told) > MOST_BYTES:
            return False
        os.write(descriptor, told)
    finally:
        os.close(descriptor)
    return True


def most_frequent(file: Path, most: int) -> list[tuple[str, int]]:
    """Return the most frequent queries of a log, with their counts.

    Queries that differ only in case or spaces count as one. Invalid lines are skipped. Raise
    OSError if the file cannot be read.
    """
    typed: Counter[str] = Counter()
    spelt: dict[str, str] = {}
    for text in _texts(file):
        key = " ".join(text.casefold().split())
        spelt.setdefault(key, text)
        typed[key] += 1
    return [(spelt[key], count) for key, count in typed.most_common(most)]


def _texts(file: Path) -> Iterator[str]:
    with file.open("rb") as lines:
        for each in lines:
            try:
                noted = json.loads(each)
            except ValueError:
                continue
            if isinstance(noted, dict) and isinstance(noted.get("query"), str):
                yield noted["query"]


def printable(text: str) -> str:
    """Return a text with unprintable characters escaped, so that it cannot control a terminal."""
    return "".join([
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    ])  # fmt: skip
