"""A log of queries without hits, for the maintainers of the catalogue.

It is written only if a setting names a file. A line is JSON: the day and the query, and nothing
about the user. Several processes may append to one file, because each line is a single write. A
full file gets no more lines.
"""

import json
import logging
import os
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

log = logging.getLogger(__name__)

MAX_QUERY_CHARS = 200
"""Maximum characters of a logged query."""
MAX_BYTES = 5_000_000
"""Maximum bytes of the file."""


def get_today() -> date:
    return datetime.now(UTC).date()


class ZeroResultLog:
    """The writer of the log. Without a file it writes nothing.

    The first failed write, or a full file, ends the log. The reason goes to the server's log once.
    The user's response does not change.
    """

    def __init__(self, file: str, day: Callable[[], date] = get_today) -> None:
        self._file, self._day, self._has_warned = file, day, False

    def write(self, text: str) -> None:
        if not self._file or self._has_warned:
            return
        line, reason = format_line(text, self._day()), ""
        try:
            descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(descriptor, "ab", buffering=0) as log_file:
                if os.fstat(descriptor).st_size + len(line) <= MAX_BYTES:
                    log_file.write(line)
                else:
                    reason = (
                        f"it is full ({MAX_BYTES:,} bytes). Move it away and restart the server"
                    )
        except (OSError, ValueError) as error:
            reason = str(error)
        if reason:
            self._has_warned = True
            log.warning("queries without hits are no longer logged in %s: %s", self._file, reason)


def format_line(text: str, day: date) -> bytes:
    """Return the line for a query: JSON in ASCII, with all control characters escaped."""
    line = json.dumps({"day": day.isoformat(), "query": text[:MAX_QUERY_CHARS]})
    return line.replace("\x7f", "\\u007f").encode("ascii") + b"\n"


def most_frequent(file: Path, limit: int) -> list[tuple[str, int]]:
    """Return the most frequent queries of a log, with their counts.

    Queries that differ only in case or spaces count as one. Invalid lines are skipped. Raise
    OSError if the file cannot be read.
    """
    counts: Counter[str] = Counter()
    spellings: dict[str, str] = {}
    with file.open("rb") as lines:
        for line in lines:
            try:
                text = json.loads(line)["query"]
                key = " ".join(str.casefold(text).split())
            except (ValueError, LookupError, TypeError):
                continue
            spellings.setdefault(key, text)
            counts[key] += 1
    return [(spellings[key], count) for key, count in counts.most_common(limit)]
