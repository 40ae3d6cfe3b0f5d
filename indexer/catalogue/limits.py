"""Limits on the corpus: data that exceeds a limit is left out and reported as a problem.

The rest is read. Each limit is a setting of the same name (docs/settings.md), so it can be raised.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


def whole_number(description: str, low: int = 0, high: int = 2**31) -> Meta:
    """Return the range and the help text of a setting that is a whole number."""
    title = f"a whole number from {low} to {high}"
    return Meta(ge=low, le=high, title=title, description=description)


class Limits(msgspec.Struct, frozen=True):
    """Limits on the size of one file, line, or value. The help text of each says what it limits."""

    largest_file: Annotated[
        int,
        whole_number(
            "Maximum bytes of a page or text of the corpus. A larger one is skipped.", 1000
        ),
    ] = 10_000_000
    largest_line: Annotated[
        int, whole_number("Maximum bytes of a line of JSON Lines. A longer one is skipped.", 1000)
    ] = 1_000_000
    largest_unpacked: Annotated[
        int,
        whole_number(
            "Maximum bytes of a JSON Lines file after decompression. The rest is skipped.",
            1000,
            2**63 - 1,
        ),
    ] = 4_000_000_000
    most_entries: Annotated[
        int,
        whole_number(
            "Maximum entries in the corpus, and lines in one file. The rest is skipped.", 1
        ),
    ] = 5_000_000
    longest_field: Annotated[
        int,
        whole_number(
            "Maximum characters of all values of a field in an entry. The rest is skipped.", 100
        ),
    ] = 100_000
    most_parts: Annotated[
        int,
        whole_number(
            "Maximum tags and attributes of a page, or lines of a text. A file with more is "
            "skipped.",
            1000,
        ),
    ] = 200_000
    most_columns: Annotated[
        int,
        whole_number(
            "Maximum names of columns, tags, elements, or keys in a file. The others are left out.",
            100,
        ),
    ] = 5_000
    deepest: Annotated[
        int,
        whole_number(
            "Maximum nesting depth of JSON, XML, and folders. Deeper parts are skipped.", 10, 500
        ),
    ] = 100
    largest_document: Annotated[
        int,
        whole_number(
            "Maximum bytes of a file whose full text is searched. A larger file is skipped.", 1000
        ),
    ] = 100_000_000
    longest_document: Annotated[
        int,
        whole_number("Maximum characters of the full text of a file. The rest is left out.", 1000),
    ] = 5_000_000
    most_pages: Annotated[
        int, whole_number("Maximum pages of the full text of a file. The rest is left out.", 1)
    ] = 5_000


LIMITS = Limits()
"""The default limits."""


def suggest_raising(limit: str) -> str:
    """Return the hint for a problem that exceeds the limit of this name."""
    return f"To include it, raise PUBSEARCH_{limit.upper()}. Everything over the limit was left out"
