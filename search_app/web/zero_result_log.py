"""A log of what was looked for and is not there, for whoever keeps the catalogue.

It is kept only where a setting names a file. A line of it is JSON: the day and the text that
was typed, and nothing of who typed it. Several processes may write to one file, as each line is
appended in one go; once the file is full, no more is noted.
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
"""How many characters of a text are noted."""
MOST_BYTES = 5_000_000
"""A file that is so large is full."""


def today() -> date:
    """The day, in UTC."""
    return datetime.now(UTC).date()


class Gaps:
    """Notes searches that found nothing in a file, or nowhere, if none is named.

    Whatever goes wrong with the file is told in the server's log, once, and never to a reader.
    """

    def __init__(self, file: str, day: Callable[[], date] = today) -> None:
        self._file, self._day, self._is_told = file, day, False

    def note(self, text: str) -> None:
        """Notes one."""
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
    """What is noted of a search: one line of ASCII, all control characters escaped."""
    told = json.dumps({"day": day.isoformat(), "query": text[:LONGEST]})
    return told.replace("\x7f", "\\u007f").encode("ascii") + b"\n"


def _appended(file: str, told: bytes) -> bool:
    """Whether there was room for a line, and it stands there now."""
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        if os.fstat(descriptor).st_size + len(told) > MOST_BYTES:
            return False
        os.write(descriptor, told)
    finally:
        os.close(descriptor)
    return True


def most_frequent(file: Path, most: int) -> list[tuple[str, int]]:
    """The commonest texts of a log, but for case and spaces, with how often each was typed.

    Lines that are none of this log's are passed over. Raises OSError.
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
    """A text that a terminal prints as it is: what would steer it is escaped."""
    return "".join([
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    ])  # fmt: skip
