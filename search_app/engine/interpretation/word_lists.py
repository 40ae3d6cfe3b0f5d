"""Word lists by language: recognize correct words that the index lacks.

The lists come from pyspellchecker. A list is loaded when a word of its script is first looked up.
It is cached as sorted 32-bit hashes: 4 bytes per word, 0.6 MB for the 160,000 words of English.
A misspelled word has the hash of a correct one with a probability of 0.004 % per list.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from gzip import decompress
from importlib.resources import files
from zlib import crc32

import msgspec
import numpy as np
from numpy.typing import NDArray

from indexer.analysis import stemming
from indexer.analysis.folding import surface_form

COMMON_COUNT = 200
"""Minimum number of occurrences of a word in a list of another language than the catalogue's.

A rarer word is more likely a misspelled word of the catalogue's language: French has “migrent”.
"""
HIGHLY_INFLECTED = frozenset({"ar", "ru"})
"""Highly inflected languages: every inflection of a common word counts as correct.

Languages in Latin script are not included: a misspelled English word can have a French stem.
"""
COMMON_STEM_COUNT = 100
"""A stem is common if one of its words occurs more often. The lists start at 51 occurrences."""
_SUFFIX = ".json.gz"
_LISTS = files("spellchecker") / "resources"


@cache
def list_languages() -> frozenset[str]:
    """Return the languages that have a word list."""
    names = (file.name for file in _LISTS.iterdir())
    return frozenset(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX))


def is_correct(word: str, default_language: str, other_languages: Iterable[str]) -> bool:
    """Return whether a word is correct in one of the languages, with or without accents.

    In `default_language`, the catalogue's own, only the exact form counts.
    """
    surface = surface_form(word)
    return any(
        _contains(_load_hashes(language, is_own=language == default_language), form)
        for language in dict.fromkeys([default_language, *other_languages])
        if language in list_languages() and stemming.may_contain(language, surface)
        for form in _list_forms(surface, language, is_own=language == default_language)
    )


def _list_forms(
    surface: str, language: str, *, is_own: bool, count: int = COMMON_COUNT
) -> list[str]:
    """Return the forms to list for a word that occurs `count` times in the texts of a list."""
    if language in HIGHLY_INFLECTED:
        is_common = count > COMMON_STEM_COUNT
        return [surface, *([stemming.compute_stem(surface, language)] if is_common else [])]
    if is_own:
        return [stemming.normalize_spelling(surface) if language == "en" else surface]
    return [surface.removesuffix("s")] if count >= COMMON_COUNT else []


def _contains(hashes: NDArray[np.uint32], text: str) -> bool:
    # With any other type, `searchsorted` converts all hashes.
    text_hash = np.uint32(crc32(text.encode()))
    index = int(hashes.searchsorted(text_hash))
    return index < len(hashes) and bool(hashes[index] == text_hash)


@cache
def _load_hashes(language: str, *, is_own: bool) -> NDArray[np.uint32]:
    """Return the sorted CRC-32 hashes of all forms of the words in a list."""
    packed = (_LISTS / f"{language}{_SUFFIX}").read_bytes()
    counts = msgspec.json.decode(decompress(packed), type=dict[str, int])
    hashes = (
        crc32(form.encode())
        for word, count in counts.items()
        for form in _list_forms(surface_form(word), language, is_own=is_own, count=count)
    )
    return np.unique(np.fromiter(hashes, np.uint32))
