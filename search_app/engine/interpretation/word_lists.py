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
from indexer.analysis.folding import as_written

COMMON = 200
"""Minimum number of occurrences of a word in a list of another language than the catalogue's.

A rarer word is more likely a misspelled word of the catalogue's language: French has “migrent”.
"""
INFLECTED = frozenset({"ar", "ru"})
"""Highly inflected languages: every inflection of a common word counts as correct.

Languages in Latin script are not included: a misspelled English word can have a French stem.
"""
COMMON_STEM = 100
"""A stem is common if one of its words occurs more often. The lists start at 51 occurrences."""
_SUFFIX = ".json.gz"
_LISTS = files("spellchecker") / "resources"


@cache
def listed() -> frozenset[str]:
    """Return the languages that have a word list."""
    names = (each.name for each in _LISTS.iterdir())
    return frozenset(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX))


def is_correct(word: str, own: str, others: Iterable[str]) -> bool:
    """Return whether a word is correct in one of the languages, with or without accents.

    In the catalogue's `own` language, only the exact form counts.
    """
    written = as_written(word)
    return any(
        _has(_forms(each, is_own=each == own), form)
        for each in dict.fromkeys([own, *others])
        if each in listed() and stemming.may_have(each, written)
        for form in _forms_of(written, each, is_own=each == own)
    )


def _forms_of(written: str, language: str, *, is_own: bool, count: int = COMMON) -> list[str]:
    """Return the forms to list for a word that occurs `count` times in the texts of a list."""
    if language in INFLECTED:
        is_common = count > COMMON_STEM
        return [written, *([stemming.new_stem(written, language)] if is_common else [])]
    if is_own:
        return [stemming.one_spelling(written) if language == "en" else written]
    return [written.removesuffix("s")] if count >= COMMON else []


def _has(hashes: NDArray[np.uint32], text: str) -> bool:
    wanted = np.uint32(crc32(text.encode()))  # any other type makes searchsorted convert all hashes
    at = int(hashes.searchsorted(wanted))
    return at < len(hashes) and bool(hashes[at] == wanted)


@cache
def _forms(language: str, *, is_own: bool) -> NDArray[np.uint32]:
    """Return the sorted CRC-32 hashes of all forms of the words in a list."""
    packed = (_LISTS / f"{language}{_SUFFIX}").read_bytes()
    counts = msgspec.json.decode(decompress(packed), type=dict[str, int])
    hashes = (
        crc32(form.encode())
        for word, count in counts.items()
        for form in _forms_of(as_written(word), language, is_own=is_own, count=count)
    )
    return np.unique(np.fromiter(hashes, np.uint32))
