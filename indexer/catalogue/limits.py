"""Limits on the corpus: data that exceeds a limit is left out and reported as a problem.

The rest is read. Each limit is a setting of the same name (docs/settings.md), so it can be raised.
"""

from typing import Annotated

import msgspec
from msgspec import Meta


def whole_number(low: int = 0, high: int = 2**31) -> Meta:
    """Return the range of a setting that is a whole number."""
    return Meta(ge=low, le=high, title=f"a whole number from {low} to {high}")


Whole = Annotated[int, whole_number()]
Positive = Annotated[int, whole_number(1)]
AtLeast1000 = Annotated[int, whole_number(1000)]


class Limits(msgspec.Struct, frozen=True):
    """Limits on the size of one file, line, or value, each with its help text."""

    largest_file: Annotated[
        AtLeast1000, "Maximum bytes of a page or text of the corpus. A larger one is skipped."
    ] = 10_000_000
    largest_line: Annotated[
        AtLeast1000, "Maximum bytes of a line of JSON Lines. A longer one is skipped."
    ] = 1_000_000
    largest_unpacked: Annotated[
        int,
        whole_number(1000, 2**63 - 1),
        "Maximum bytes of a JSON Lines file after decompression. The rest is skipped.",
    ] = 4_000_000_000
    most_entries: Annotated[
        Positive, "Maximum entries in the corpus, and lines in one file. The rest is skipped."
    ] = 5_000_000
    longest_field: Annotated[
        int,
        whole_number(100),
        "Maximum characters of all values of a field in an entry. The rest is skipped.",
    ] = 100_000
    most_parts: Annotated[
        AtLeast1000,
        "Maximum tags and attributes of a page, or lines of a text. A file with more is skipped.",
    ] = 200_000
    most_columns: Annotated[
        int,
        whole_number(100),
        "Maximum names of columns, tags, elements, or keys in a file. The others are left out.",
    ] = 5_000
    deepest: Annotated[
        int,
        whole_number(10, 500),
        "Maximum nesting depth of JSON, XML, and folders. Deeper parts are skipped.",
    ] = 100
    largest_document: Annotated[
        AtLeast1000,
        "Maximum bytes of a file whose full text is searched. A larger file is skipped.",
    ] = 100_000_000
    longest_document: Annotated[
        AtLeast1000, "Maximum characters of the full text of a file. The rest is left out."
    ] = 5_000_000
    most_pages: Annotated[
        Positive, "Maximum pages of the full text of a file. The rest is left out."
    ] = 5_000


LIMITS = Limits()
"""The default limits."""


def suggest_raising(limit: str) -> str:
    """Return the hint for a problem that exceeds the limit of this name."""
    return f"To include it, raise PUBSEARCH_{limit.upper()}. Everything over the limit was left out"
