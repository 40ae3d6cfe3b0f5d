"""The orders of publications that do not depend on a query."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence

import numpy as np

from indexer.analysis.folding import fold
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


def title_key(title: str, language: str) -> str:
    """What titles are sorted by: folded words, without a leading article of their language."""
    words = _WORD.findall(fold(title))
    articles = _ARTICLES.get(language.partition("-")[0], frozenset())
    return " ".join(words[1:] if len(words) > 1 and words[0] in articles else words)


def merged(kept: Array, fresh: Array, keys: Sequence[str], key_of: Callable[[int], str]) -> Array:
    """Numbers in the order of their keys (int32): `kept` stand in it, `fresh` come in between.

    `keys` are those of the fresh ones; `key_of` is asked for the keys of few of those kept.
    """
    order = sorted(range(len(keys)), key=keys.__getitem__)
    at = [bisect_left(kept, keys[each], key=key_of) for each in order] if len(kept) else 0
    return np.insert(kept, at, fresh[order]).astype(np.int32)


def ranks(order: Array) -> Array:
    """To each number its place in an order that has all of them (int32)."""
    places = np.empty(len(order), np.int32)
    places[order] = np.arange(len(order), dtype=np.int32)
    return places


def inverse(origins: Array, size: int) -> Array:
    """To each of `size` former numbers the one that it has now (int32), -1 if it is gone.

    `origins` has to each number of now the former one, or -1.
    """
    now = np.full(size, -1, np.int32)
    stays = np.flatnonzero(origins >= 0)
    now[origins[stays]] = stays
    return now
