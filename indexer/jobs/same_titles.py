"""Same titles: find publications with equal title and year, which may be duplicates."""

from __future__ import annotations

import msgspec
import numpy as np

from indexer.codec.segment.docstore import NO_YEAR, DocStore
from indexer.ingest.duplicates import hash_title

MAX_LISTED = 5
"""Maximum number of titles that a build lists."""


class SameTitle(msgspec.Struct, frozen=True):
    """A title and a year that several publications share. `count` is their number."""

    title: str
    year: int
    count: int


class SameTitles(msgspec.Struct, frozen=True):
    """`count`: publications that share title and year with another. `first`: the first titles."""

    count: int
    first: tuple[SameTitle, ...]


def find_same_titles(docstore: DocStore) -> SameTitles:
    """Return the publications that have the same title and year as another one."""
    dated = np.flatnonzero(docstore.years != NO_YEAR)
    years = docstore.years[dated]
    titles = (hash_title(docstore.get_title(number)) for number in dated.tolist())
    identities = np.fromiter(titles, np.uint64, len(dated)) ^ years.astype(np.uint64)
    _, firsts, counts = np.unique(identities, return_index=True, return_counts=True)
    repeated = np.flatnonzero(counts > 1)
    listed = repeated[np.argsort(firsts[repeated])][:MAX_LISTED].tolist()
    first = [
        SameTitle(docstore.get_title(int(dated[position])), int(years[position]), int(count))
        for position, count in ((firsts[number], counts[number]) for number in listed)
    ]
    return SameTitles(int(counts[repeated].sum()), tuple(first))
