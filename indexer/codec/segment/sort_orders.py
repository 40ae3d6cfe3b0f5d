"""Sort orders of documents that do not depend on the query: sort keys, merging and ranks."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence

import numpy as np

from indexer.analysis.cleaning import fold
from indexer.codec.segment.array_file import Array

_ARTICLES = {
    "de": frozenset({"das", "dem", "den", "der", "die", "ein", "eine"}),
    "en": frozenset({"a", "an", "the"}),
    "es": frozenset({"el", "la", "las", "los", "un", "una"}),
    "fr": frozenset({"la", "le", "les", "un", "une"}),
    "it": frozenset({"gli", "i", "il", "la", "le", "lo", "un", "una"}),
    "pt": frozenset({"a", "as", "o", "os", "um", "uma"}),
}
_WORD = re.compile(r"\w+")


def make_title_key(title: str, language: str) -> str:
    """Return the sort key of a title: folded words without a leading article of its language."""
    words = _WORD.findall(fold(title))
    articles = _ARTICLES.get(language.partition("-")[0], frozenset())
    return " ".join(words[1:] if len(words) > 1 and words[0] in articles else words)


def merge(
    unchanged: Array,
    new: Array,
    order: Sequence[int],
    key_of_new: Callable[[int], str],
    key_of: Callable[[int], str],
) -> Array:
    """Merge documents into an order by key. Return it as int32.

    `unchanged` documents are already in order. `order` contains the indexes of the `new` ones,
    sorted by key. `key_of_new` returns the key at such an index, and `key_of` that of an unchanged
    document. It is called for few of these, by binary search.
    """
    insertions = (
        [bisect_left(unchanged, key_of_new(index), key=key_of) for index in order]
        if len(unchanged)
        else 0
    )
    return np.insert(unchanged, insertions, new[order]).astype(np.int32)


def make_ranks(order: Array) -> Array:
    """Return the position of each document in an order of all documents (int32)."""
    return invert(order, len(order))


def invert(origins: Array, size: int) -> Array:
    """Return the new number of each of `size` old documents (int32), or -1 if it is gone.

    `origins` gives the old number of each new document, or -1.
    """
    new_numbers = np.full(size, -1, np.int32)
    unchanged = np.flatnonzero(origins >= 0)
    new_numbers[origins[unchanged]] = unchanged
    return new_numbers
