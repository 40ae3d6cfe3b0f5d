"""The tokenizer: split text into words, in the same way for documents and for queries.

A token is a run of letters, marks and digits, or a name such as C++. Tokens are folded and
numbered by position. Chinese, Japanese and Korean are unsegmented: they are written without
spaces between words. They become overlapping bigrams, followed by the last character alone, so
any run of characters matches as a phrase.

A token has two terms: its stem in the language of the text, and `=` followed by the folded word.
No stem starts with `=`. Words match by stem. Prefixes (`word*`) and passages use the word as
written. Stop words are indexed too, so that phrases match. The query parser drops them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from indexer.analysis import stemming
from indexer.analysis.folding import as_written

VERSION = 2
"""Increase it if the same text gives other terms. An index of another version is outdated."""

WRITTEN = "="
"""The prefix of a term that is a word as written, not a stem."""

PARTED_BY = "\n\n"
"""The separator of the texts of one field."""

GAP = 100
"""Positions skipped between two texts of one field, so that no phrase spans them."""

FIELD_MARK, GAP_MARK = "\x1e", "\x1f"
"""In the joined text of many fields: the end of a field, and the gap between two of its texts."""

_SCRIPT_MARKS = (
    "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0dff\u0e31-\u0eff"
)
_UNPARTED = (
    "\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
# An underscore is a \w but separates words, so callers replace it by a space first. The first
# alternative is a fast path: most words are ASCII letters and digits only.
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
    """A word of a text.

    `written` is the folded word. `position` counts words from 0. `start` and `end` are character
    offsets in the text.
    """

    stem: str
    written: str
    position: int
    start: int
    end: int


def tokens(text: str, language: str) -> Iterator[Token]:
    """Yield the tokens of a text in order. An empty line adds GAP to the position."""
    position, end = -1, 0
    for start, stop in spans(text):
        position += 1 + GAP * (PARTED_BY in text[end:start])
        raw = text[start:stop]
        yield Token(stemming.stem(raw, language), as_written(raw), position, start, stop)
        end = max(end, stop)


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield the start and end offset of each word, in order. Only bigrams overlap."""
    for match in _TOKEN.finditer(text.replace("_", " ")):
        start, word = match.start(), match[0]
        if is_unparted(word):
            yield from ((start + first, start + last) for first, last in _parts(word))
        else:
            yield start, match.end()


def words(text: str) -> list[str]:
    """Return the words of a text as typed, neither folded nor stemmed, to match as a phrase.

    The last character of an unsegmented run is left out: the bigram before it contains it.
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
    """Return the stem of each of the `words` of a text, in order."""
    return tuple(stemming.stems(words(text), language))


def is_unparted(word: str) -> bool:
    """Return whether a text contains Chinese, Japanese or Korean, which is unsegmented."""
    return not word.isascii() and _IS_UNPARTED.search(word) is not None


def parts(word: str) -> list[str]:
    """Return the words of an unsegmented run: its bigrams, and the last character alone."""
    return [word[first:last] for first, last in _parts(word)]


def _parts(word: str) -> Iterator[tuple[int, int]]:
    for part in _PART.finditer(word):
        start, end = part.span()
        if _IS_UNPARTED.match(part[0]):
            yield from ((at, min(at + 2, end)) for at in range(start, end))
        elif part[0].strip("'’"):
            yield start, end


def marked(text: str) -> str:
    """Return a field's text with GAP_MARK for each empty line and FIELD_MARK at the end."""
    if FIELD_MARK in text or GAP_MARK in text:
        text = text.replace(FIELD_MARK, " ").replace(GAP_MARK, " ")
    return text.replace(PARTED_BY, GAP_MARK) + FIELD_MARK


def pieces(text: str) -> list[str]:
    """Split a text into separators and words, in turn. The first and last item are separators.

    An empty line counts as a word, PARTED_BY. An unsegmented run is one word: see `is_unparted`.
    """
    return _WORD_OR_EMPTY_LINE.split(text.replace("_", " "))


def marked_words(text: str) -> list[str]:
    """Return the words and marks of a text made by `marked`, in order and not folded.

    An unsegmented run is one word: see `parts`.
    """
    return _TOKEN_OR_MARK.findall(text.replace("_", " "))
