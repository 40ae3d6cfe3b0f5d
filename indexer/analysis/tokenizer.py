"""Text to terms, the same for documents and for queries.

A text becomes tokens: runs of letters, marks and digits, folded and numbered by position, and
names such as C++. Chinese, Japanese and Korean, which do not part words, become pairs of
characters that overlap, and the last one alone; so any run of them is found as a phrase.

A token gives two terms: its stem, in the language of its text, and itself as written after an
`=`, which no stem begins with. Words are found by stems; `word*` and passages go by the words as
written. Every word is indexed, stop words too, so that phrases hold; it is the reading of a
query that leaves stop words out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from indexer.analysis import stemming
from indexer.analysis.folding import as_written

VERSION = 2
"""Raised whenever the same text would give other terms: an index of another is outdated."""

WRITTEN = "="
"""What a term begins with that is a word as written, not a stem."""

PARTED_BY = "\n\n"
GAP = 100
"""How many positions lie between two texts of one field."""

FIELD_MARK, GAP_MARK = "\x1e", "\x1f"
"""In a text of many fields: what stands behind each, and between two texts of one field."""

_SCRIPT_MARKS = (
    "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0dff\u0e31-\u0eff"
)
_UNPARTED = (
    "\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
# An underscore parts words, though it is a \w: it is made a space first. Most words are plain
# letters with nothing else behind them; these are found faster.
_WORD = (
    rf"[A-Za-z0-9]++(?![\w{_SCRIPT_MARKS}'’+#])"
    rf"|[A-Za-z](?:\+\+|#)(?![\w+#])"
    rf"|\w[\w{_SCRIPT_MARKS}]*(?:['’]\w+)*"
)
_TOKEN = re.compile(_WORD)
_TOKEN_OR_MARK = re.compile(rf"{_WORD}|[{FIELD_MARK}{GAP_MARK}]")
_WORD_OR_EMPTY_LINE = re.compile(f"({_WORD}|{PARTED_BY})")
_IS_UNPARTED = re.compile(f"[{_UNPARTED}]")
_PART = re.compile(f"[{_UNPARTED}]+|[^{_UNPARTED}]+")


class Token(NamedTuple):
    """A word of a text: its stem, how it is written (folded), and where it stands.

    `position` counts words from 0; `start` and `end` are character offsets in the text.
    """

    stem: str
    written: str
    position: int
    start: int
    end: int


def tokens(text: str, language: str) -> Iterator[Token]:
    """The words of a text, in order; positions jump at an empty line, so no phrase spans it."""
    position, end = -1, 0
    for start, stop in spans(text):
        position += 1 + GAP * (PARTED_BY in text[end:start])
        raw = text[start:stop]
        yield Token(stemming.stem(raw, language), as_written(raw), position, start, stop)
        end = max(end, stop)


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Where the words of a text begin and end, in order; only pairs of characters overlap."""
    for match in _TOKEN.finditer(text.replace("_", " ")):
        start, word = match.start(), match[0]
        if is_unparted(word):
            yield from ((start + first, start + last) for first, last in _parts(word))
        else:
            yield start, match.end()


def words(text: str) -> list[str]:
    """The words of a text as they stand there, to be looked for side by side.

    The last character of what is unparted, which the index has alone too, adds nothing to the
    pair before it.
    """
    if text.isascii() and text.isalnum():
        return [text]
    found: list[str] = []
    end = -1
    for start, stop in spans(text):
        if stop > end:
            found.append(text[start:stop])
        end = stop
    return found


def stems(text: str, language: str) -> tuple[str, ...]:
    """The stems of these words."""
    return tuple(stemming.stems(words(text), language))


def is_unparted(word: str) -> bool:
    """Whether what stands without a space in a text is, or holds, more than one word."""
    return not word.isascii() and _IS_UNPARTED.search(word) is not None


def parts(word: str) -> list[str]:
    """The words of what is unparted."""
    return [word[first:last] for first, last in _parts(word)]


def _parts(word: str) -> Iterator[tuple[int, int]]:
    for part in _PART.finditer(word):
        start, end = part.span()
        if _IS_UNPARTED.match(part[0]):
            yield from ((at, min(at + 2, end)) for at in range(start, end))
        elif part[0].strip("'’"):
            yield start, end


def marked(text: str) -> str:
    """A field's text with its marks: GAP_MARK at empty lines, FIELD_MARK at its end."""
    if FIELD_MARK in text or GAP_MARK in text:
        text = text.replace(FIELD_MARK, " ").replace(GAP_MARK, " ")
    return text.replace(PARTED_BY, GAP_MARK) + FIELD_MARK


def pieces(text: str) -> list[str]:
    """Return a text in pieces: between words, a word, between words, and so on to the end.

    An empty line is a word too, PARTED_BY. What is unparted is one word: see `is_unparted`.
    """
    return _WORD_OR_EMPTY_LINE.split(text.replace("_", " "))


def marked_words(text: str) -> list[str]:
    """The words of many fields' texts, not folded, and the marks, in order.

    What is unparted stands as it is: see `parts`.
    """
    return _TOKEN_OR_MARK.findall(text.replace("_", " "))
