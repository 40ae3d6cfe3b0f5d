"""Word lists by language: they tell a misspelled word from a correct one that the index lacks.

The lists are those of pyspellchecker. Each is loaded when a word of its script is first looked up,
and kept as sorted 32-bit hashes: 4 bytes a word, 0.6 MB for the 160,000 words of English.
A misspelled word has the hash of a correct one with a probability of 0.004 % a list.
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
"""A word of another language than the catalogue's is correct if the texts behind its list have it
at least so often. A rarer one is more likely a misspelled word: French has “migrent”."""
INFLECTED = frozenset({"ar", "ru"})
"""Languages with many inflections, most of which a list lacks: every inflection of a common word is
correct. In Latin letters, a French stem can be that of a misspelled English word."""
COMMON_STEM = 100
"""A stem is common if the texts have one of its words more often; the lists begin at 51."""
_SUFFIX = ".json.gz"
_LISTS = files("spellchecker") / "resources"


@cache
def listed() -> frozenset[str]:
    """Return the languages that have a word list."""
    names = (each.name for each in _LISTS.iterdir())
    return frozenset(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX))


def is_correct(word: str, own: str, others: Iterable[str]) -> bool:
    """Return whether a word, however accented, is correct in one of the languages.

    In the catalogue's `own` language it counts exactly as it is written.
    """
    written = as_written(word)
    return any(
        _has(_forms(each, is_own=each == own), form)
        for each in dict.fromkeys([own, *others])
        if each in listed() and stemming.may_have(each, written)
        for form in _forms_of(written, each, is_own=each == own)
    )


def _forms_of(written: str, language: str, *, is_own: bool, count: int = COMMON) -> list[str]:
    """Return the forms of a word that its list has, if the texts have it so often."""
    if language in INFLECTED:
        is_common = count > COMMON_STEM
        return [written, *([stemming.new_stem(written, language)] if is_common else [])]
    if is_own:
        return [stemming.one_spelling(written) if language == "en" else written]
    return [written.removesuffix("s")] if count >= COMMON else []


def _has(hashes: NDArray[np.uint32], text: str) -> bool:
    wanted = np.uint32(crc32(text.encode()))  # another type would have all hashes converted
    at = int(hashes.searchsorted(wanted))
    return at < len(hashes) and bool(hashes[at] == wanted)


@cache
def _forms(language: str, *, is_own: bool) -> NDArray[np.uint32]:
    """Return the sorted hashes of all forms of the words in a list."""
    packed = (_LISTS / f"{language}{_SUFFIX}").read_bytes()
    counts = msgspec.json.decode(decompress(packed), type=dict[str, int])
    hashes = (
        crc32(form.encode())
        for word, count in counts.items()
        for form in _forms_of(as_written(word), language, is_own=is_own, count=count)
    )
    return np.unique(np.fromiter(hashes, np.uint32))
