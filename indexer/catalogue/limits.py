"""Limits on the corpus: data that exceeds a limit is left out and reported as a problem.

The rest is read. Each limit is a setting of the same name (docs/settings.md), so it can be raised.
"""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True):
    """Limits on the size of one file, line, or value.

    `largest_file`: bytes of a file that is read whole (a page or a text).
    `largest_line`: bytes of a line of JSON Lines.
    `largest_unpacked`: bytes of a JSON Lines file after decompression.
    `most_entries`: source records in a corpus, and lines in one file.
    `longest_field`: characters of all values of a field in a source record.
    `most_parts`: tags and attributes of a page, or lines of a text.
    `deepest`: nesting depth of JSON, XML, or folders.
    `largest_document`: bytes of a file whose full text is searched.
    `longest_document`: characters of its full text.
    `most_pages`: its pages.
    """

    largest_file: int = 10_000_000
    largest_line: int = 1_000_000
    largest_unpacked: int = 4_000_000_000
    most_entries: int = 5_000_000
    longest_field: int = 100_000
    most_parts: int = 200_000
    deepest: int = 100
    largest_document: int = 100_000_000
    longest_document: int = 5_000_000
    most_pages: int = 5_000


LIMITS = Limits()
"""The default limits."""


def suggest_raising(limit: str) -> str:
    """Return the hint for a problem that exceeds the limit of this name."""
    return f"To include it, raise PUBSEARCH_{limit.upper()}. Everything over the limit was left out"
