"""The tokenizer: split text into words, in the same way for documents and for queries.

A token is a run of letters, marks and digits, or a name such as C++. Tokens are folded and
numbered by position. Chinese, Japanese and Korean are unsegmented: they are written without
spaces between words. They become overlapping bigrams, followed by the last character alone, so
any run of characters matches as a phrase.

A token has two terms: its stem in the language of the text, and `=` followed by the folded word.
No stem starts with `=`. Words match by stem. Prefixes (`word*`) and passages use the word as
written. Stop words are indexed too, so that phrases match. The query parser drops them.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from indexer.analysis import stemming
from indexer.analysis.cleaning import IGNORABLE, NEEDLESS_SPACE, surface_form

VERSION = 4
"""Increase it if the same text gives other terms. An index of another version is outdated."""

SURFACE_PREFIX = "="
"""The prefix of a term that is a word as written, not a stem."""

PARAGRAPH_BREAK = "\n\n"
"""The separator of the texts of one field."""

GAP = 100
"""Positions skipped between two texts of one field, so that no phrase spans them."""

FIELD_MARK, GAP_MARK = "\x1e", "\x1f"
"""In the joined text of many fields: the end of a field, and the gap between two of its texts."""

_SCRIPT_MARKS = (
    "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0dff\u0e31-\u0eff"
    "\ufe20-\ufe2f" + IGNORABLE.replace("\u200b", "\u200c")
)
_UNSEGMENTED = (
    "\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
# An underscore is a \w but separates words, so callers replace it by a space first. The first
# alternative is a fast path: most words are ASCII letters and digits only.
_WORD = (
    rf"[A-Za-z0-9]++(?![\w{_SCRIPT_MARKS}\u200b'’+#])"
    rf"|[A-Za-z](?:\+\+|#)(?![\w+#])"
    rf"|\w[\w{_SCRIPT_MARKS}]*(?:(?:['’]\w|{NEEDLESS_SPACE})[\w{_SCRIPT_MARKS}]*)*"
)
_TOKEN = re.compile(_WORD)
_TOKEN_OR_MARK = re.compile(rf"{_WORD}|[{FIELD_MARK}{GAP_MARK}]")
_HAS_UNSEGMENTED = re.compile(f"[{_UNSEGMENTED}]")
_VISIBLE = re.compile(f"[^'’{IGNORABLE}]")
_SCRIPT_RUN = re.compile(f"[{_UNSEGMENTED}]+|[^{_UNSEGMENTED}]+")


class Token(NamedTuple):
    """A word of a text.

    `surface` is the folded word. `position` counts words from 0. `start` and `end` are character
    offsets in the text.
    """

    stem: str
    surface: str
    position: int
    start: int
    end: int


def tokenize(text: str, language: str) -> Iterator[Token]:
    """Yield the tokens of a text in order. An empty line adds GAP to the position."""
    position, end = -1, 0
    for start, stop in find_spans(text):
        position += 1 + GAP * (PARAGRAPH_BREAK in text[end:start])
        word = text[start:stop]
        yield Token(stemming.stem(word, language), surface_form(word), position, start, stop)
        end = max(end, stop)


def find_spans(text: str) -> list[tuple[int, int]]:
    """Return the start and end offset of each word, in order. Only bigrams overlap."""
    spans = [match.span() for match in _TOKEN.finditer(text.replace("_", " "))]
    if not is_unsegmented(text):
        return spans
    return [
        (start + first, start + last)
        for start, end in spans
        for word in [text[start:end]]
        for first, last in (_bigram_spans(word) if is_unsegmented(word) else [(0, end - start)])
    ]


def unite_spans(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans in ascending order with overlapping ones united, as those of bigrams are."""
    united: list[tuple[int, int]] = []
    for start, end in spans:
        if united and start < united[-1][1]:
            united[-1] = (united[-1][0], max(end, united[-1][1]))
        else:
            united.append((start, end))
    return united


def split_words(text: str) -> list[str]:
    """Return the words of a text as typed, neither folded nor stemmed, to match as a phrase.

    The last character of an unsegmented run is left out: the bigram before it contains it.
    """
    if text.isascii() and text.isalnum():
        return [text]
    words: list[str] = []
    end = -1
    for start, stop in find_spans(text):
        if stop > end:
            words.append(text[start:stop])
        end = stop
    return words


def split_stems(text: str, language: str) -> tuple[str, ...]:
    """Return the stem of each of the `split_words` of a text, in order."""
    return tuple(stemming.stem_words(split_words(text), language))


def is_unsegmented(word: str) -> bool:
    """Return whether a text contains Chinese, Japanese or Korean, which is unsegmented."""
    return not word.isascii() and _HAS_UNSEGMENTED.search(word) is not None


def bigrams(word: str) -> list[str]:
    """Return the words of an unsegmented run: its bigrams, and the last character alone."""
    return [word[first:last] for first, last in _bigram_spans(word)]


def _bigram_spans(word: str) -> Iterator[tuple[int, int]]:
    for run in _SCRIPT_RUN.finditer(word):
        start, end = run.span()
        if _HAS_UNSEGMENTED.match(run[0]):
            yield from ((first, min(first + 2, end)) for first in range(start, end))
        elif _VISIBLE.search(run[0]):
            yield start, end


def add_marks(text: str) -> str:
    """Return a field's text with GAP_MARK for each empty line and FIELD_MARK at the end."""
    if FIELD_MARK in text or GAP_MARK in text:
        text = text.replace(FIELD_MARK, " ").replace(GAP_MARK, " ")
    return text.replace(PARAGRAPH_BREAK, GAP_MARK) + FIELD_MARK


def words_and_marks(text: str) -> list[str]:
    """Return the words, not folded, and the marks of a text by `add_marks`. See `bigrams`."""
    return _TOKEN_OR_MARK.findall(text.replace("_", " "))
