"""Parts of citations written as text, such as "Moss, A. (2019). Salt. Fjord Press"."""

from __future__ import annotations

import re
from collections.abc import Iterable

from indexer.values.identifiers import find_dois

_QUOTED = re.compile(r"(?<![\w=])[\"“«„]([^\"”»“„«\n\[\]]{4,300})[\"”»“]")
_DAY = r"(?:[-/.,][^()\n]{1,20})?"
"""Month and day after a year in parentheses."""
_AFTER_YEAR = re.compile(
    rf"\((?:19|20)\d\d[a-z]?{_DAY}\)[.,:]?\s+([^.?!\[\]]{{8,300}}[.?!])(?=\s|$)"
)
_YEAR = re.compile(rf"\((?:[^()\d]{{0,20}}\s)?((?:19|20)\d\d)[a-z]?{_DAY}\)")
_LAST_YEAR = re.compile(r"(?<![\w./:-])((?:19|20)\d\d)(?=\s*(?:[,;:)\]]|\.(?!\d)|$))")
_SENTENCE_END = re.compile(r"(?<=[^\W\d_]{2}[.?!])\s+")
_MIN_SPACES = 2
"""Spaces in a title that is a sentence without marks around it."""


def find_title(text: str) -> re.Match[str] | None:
    """Return the title in a citation as group 1: in quotation marks, or after a year."""
    return _QUOTED.search(text) or _AFTER_YEAR.search(text)


def find_last_sentence(text: str) -> str:
    """Return the title in "Moss and Lind. Salt of the sea.", which ends where a journal starts.

    Return nothing if the last sentence is the only one, or too short. An initial ends no sentence.
    """
    *before, last = _SENTENCE_END.split(text.strip())
    return last if before and last.count(" ") >= _MIN_SPACES else ""


def find_year(text: str) -> str:
    """Return the year of a citation, or nothing.

    It is in parentheses, or the only year that ends a clause, as in "Fjord Press, 2019."
    """
    if match := _YEAR.search(text):
        return match[1]
    years = set(_LAST_YEAR.findall(text))
    return years.pop() if len(years) == 1 else ""


def find_doi(texts: Iterable[str]) -> str:
    """Return the first DOI in links and texts, or nothing."""
    return next((doi for text in texts for doi in find_dois(text)), "")
