"""Cleaning: the lines of pages → texts of pages with joined paragraphs.

A page is a list of lines, in which an empty line separates paragraphs. The time is linear in the
size of the text. Letters are lost only with running heads and page numbers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import groupby

from indexer.analysis.cleaning import clean, compose
from indexer.fulltext import hyphenation, running_lines

_PRESENTATION = re.compile(
    "[\u2e80-\u2fdf\uf900-\ufaff\ufb00-\ufb06\ufb13-\ufb17\ufb1d-\ufbb1\ufbd3-\ufdff\ufe70-\ufefc]"
)
"""Ligatures, letters in a form of one place in a word, and variants of Chinese characters."""
_NO_TEXT = re.compile("[\ue000-\uf8ff\ufeff]+")
"""Private characters, which fonts of symbols use, and byte order marks."""
_DIVIDED_END = re.compile("\\w\u00ad\\s*\\Z")
_JOINED = (
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u312f\u3190-\u9fff\uf900-\ufaff\uff00-\uff9f]"
)
_NO_SPACE = re.compile(f"(?<={_JOINED})\n(?={_JOINED})")
"""A line break in a script that writes no space between words."""


def clean_pages(pages: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the text of each page: its paragraphs, separated by an empty line.

    Remove running heads, page numbers and control characters. Join hyphenated words, and the lines
    of a paragraph. Replace ligatures and presentation forms by letters.
    """
    cleaned = running_lines.remove([[clean_line(line) for line in page] for page in pages])
    compounds = hyphenation.find_compounds(cleaned)
    return tuple("\n\n".join(_join_paragraphs(page, compounds)) for page in cleaned)


def clean_line(line: str) -> str:
    """Return a line in NFC without control characters. A soft hyphen at its end is kept."""
    if line.isascii():
        return clean(line)
    line = _PRESENTATION.sub(_decompose, _NO_TEXT.sub(" ", line))
    return clean(line) + "\u00ad" * bool(_DIVIDED_END.search(line))


def _decompose(match: re.Match[str]) -> str:
    # The form of a lone mark is a space and the mark.
    return unicodedata.normalize("NFKC", match[0]).lstrip()


def _join_paragraphs(lines: Sequence[str], compounds: frozenset[str]) -> Iterator[str]:
    for is_text, paragraph in groupby(lines, bool):
        if is_text:
            text = hyphenation.join("\n".join(paragraph), compounds)
            yield compose(_NO_SPACE.sub("", text).replace("\n", " "))
