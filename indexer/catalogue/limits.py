"""How much of a corpus is read: what exceeds a limit is left out and told, and all else is read.

Each limit is a setting of the same name (docs/settings.md), so that whoever has more of something
can raise it.
"""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True):
    """The limits, each on what a single file, line or value may cost.

    `largest_file` and `largest_line` are bytes of a file that is read whole, and of a line of
    JSON Lines; `largest_unpacked` bytes of a file of such lines, once it is unpacked.
    `most_entries` is how many entries a corpus may have, and how many lines one file;
    `longest_field` the characters of all values of a field in an entry. `most_parts` are the tags,
    attributes and comments of a page, or the lines of a text; `deepest` is how deep tags, JSON or
    folders may be nested.
    """

    largest_file: int = 10_000_000
    largest_line: int = 1_000_000
    largest_unpacked: int = 4_000_000_000
    most_entries: int = 5_000_000
    longest_field: int = 100_000
    most_parts: int = 200_000
    deepest: int = 100


LIMITS = Limits()
"""The limits where nobody sets others."""


def hint(limit: str) -> str:
    """What to do about something that exceeds the limit of that name."""
    return f"If it is meant to be so, raise PUBSEARCH_{limit.upper()}: it was left out"
