"""Text to terms, the same for documents and for queries.

A text becomes tokens: runs of letters, marks and digits, folded (compatibility forms, case,
accents) and numbered by position. A token gives two terms: its stem, and itself as written
after an `=`, which no stem begins with. Words are found by stems; `word*` and passages go by
the words as written. Every word is indexed, stop words too, so that phrases hold; it is the
reading of a query that leaves stop words out.

The folding is Unicode's NFKD with combining marks of U+0300 to U+036F removed; marks that
are part of a script (Arabic, Devanagari) stay. The stemmer is Snowball's for English.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import Stemmer

VERSION = 1
"""Raised whenever the same text would give other terms: an index of another is outdated."""

WRITTEN = "="
"""What a term begins with that is a word as written, not a stem."""

PARTED_BY = "\n\n"
GAP = 100
"""How many positions lie between two texts of one field."""

STOP_WORDS = frozenset(
    "a an and are as at be been but by for from had has have how if in into is its nor not of on "
    "or so such than that the their then there these they this those to was were what when where "
    "which why with".split()
)
"""English words that say how others hang together, or only that something is asked. WHO and IT
are names here, so not in it."""

FIELD_MARK, GAP_MARK = "\x1e", "\x1f"
"""In a text of many fields: what stands behind each, and between two texts of one field."""

_SCRIPT_MARKS = (
    "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0dff\u0e31-\u0eff"
)
# An underscore parts words, though it is a \w: it is made a space first. Most words are plain
# letters with nothing else behind them; these are found faster.
_WORD = (
    rf"[A-Za-z0-9]++(?![\w{_SCRIPT_MARKS}'’])"
    rf"|\w[\w{_SCRIPT_MARKS}]*(?:['’]\w+)*"
)
_TOKEN = re.compile(_WORD)
_TOKEN_OR_MARK = re.compile(rf"{_WORD}|[{FIELD_MARK}{GAP_MARK}]")
_ACCENTS = re.compile("[\u0300-\u036f]")
_stemmer = Stemmer.Stemmer("english")


class Token(NamedTuple):
    """A word of a text: its stem, how it is written (folded), and where it stands.

    `position` counts words from 0; `start` and `end` are character offsets in the text.
    """

    stem: str
    written: str
    position: int
    start: int
    end: int


def fold(text: str) -> str:
    """Text without differences of case, accent and compatibility form."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", _ACCENTS.sub("", decomposed)).casefold()


def as_written(word: str) -> str:
    """A word as it stands in a text, folded: its term is this, after WRITTEN."""
    return fold(word).replace("’", "'")


@lru_cache(maxsize=100_000)
def stem(written: str) -> str:
    """The stem of one folded word: what its inflections have in common."""
    return str(_stemmer.stemWord(written))


def stems(written: Sequence[str]) -> list[str]:
    """The stems of many folded words."""
    return list(_stemmer.stemWords(written))


def tokens(text: str) -> Iterator[Token]:
    """The words of a text, in order; positions jump at an empty line, so no phrase spans it."""
    position, end = -1, 0
    for match in _TOKEN.finditer(text.replace("_", " ")):
        position += 1 + GAP * (PARTED_BY in text[end : match.start()])
        end = match.end()
        written = as_written(match[0])
        yield Token(stem(written), written, position, match.start(), end)


def marked(text: str) -> str:
    """A field's text with its marks: GAP_MARK at empty lines, FIELD_MARK at its end."""
    if FIELD_MARK in text or GAP_MARK in text:
        text = text.replace(FIELD_MARK, " ").replace(GAP_MARK, " ")
    return text.replace(PARTED_BY, GAP_MARK) + FIELD_MARK


def marked_words(text: str) -> list[str]:
    """The words of many fields' texts, not folded, and the marks, in order."""
    return _TOKEN_OR_MARK.findall(text.replace("_", " "))
