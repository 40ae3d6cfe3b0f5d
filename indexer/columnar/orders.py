"""The orders of publications that do not depend on a query."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence

import numpy as np

from indexer import analysis
from indexer.columnar.storage import Array

_ARTICLES = {
    "de": frozenset({"das", "dem", "den", "der", "die", "ein", "eine"}),
    "en": frozenset({"a", "an", "the"}),
    "es": frozenset({"el", "la", "las", "los", "un", "una"}),
    "fr": frozenset({"la", "le", "les", "un", "une"}),
    "it": frozenset({"gli", "i", "il", "la", "le", "lo", "un", "una"}),
    "pt": frozenset({"a", "as", "o", "os", "um", "uma"}),
}
_WORD = re.compile(r"\w+")


def title_key(title: str, language: str) -> str:
    """What titles are sorted by: folded words, without a leading article of their language."""
    words = _WORD.findall(analysis.fold(title))
    articles = _ARTICLES.get(language.partition("-")[0], frozenset())
    return " ".join(words[1:] if len(words) > 1 and words[0] in articles else words)


def merged(kept: Array, fresh: Sequence[tuple[str, int]], key_of: Callable[[int], str]) -> Array:
    """Numbers in the order of their keys (int32): `kept` stand in it, `fresh` come in between.

    `key_of` is asked for the keys of few of those kept.
    """
    added = sorted(fresh)
    at = [bisect_left(kept, key, key=key_of) for key, _ in added] if len(kept) else 0
    return np.insert(kept, at, [number for _, number in added]).astype(np.int32)


def ranks(order: Array) -> Array:
    """To each number its place in an order that has all of them (int32)."""
    places = np.empty(len(order), np.int32)
    places[order] = np.arange(len(order), dtype=np.int32)
    return places
