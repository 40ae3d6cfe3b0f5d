"""Parts of citations written as text, such as "Moss, A. (2019). Salt. Fjord Press"."""

from __future__ import annotations

import re
from collections.abc import Iterable

from indexer.values.identifiers import find_dois

_QUOTED = re.compile(r"(?<![\w=])[\"“«„]([^\"”»“„«\n\[\]]{4,300})[\"”»“]")
_AFTER_YEAR = re.compile(r"\((?:19|20)\d\d[a-z]?\)[.,:]?\s+([^.?!\[\]]{8,300}[.?!])(?=\s|$)")
_YEAR = re.compile(r"\((?:[^()\d]{0,20}\s)?((?:19|20)\d\d)[a-z]?\)")
_LAST_YEAR = re.compile(r"(?<![\w./:-])((?:19|20)\d\d)(?=\s*(?:[,;:)\]]|\.(?!\d)|$))")


def find_title(text: str) -> re.Match[str] | None:
    """Return the title in a citation as group 1: in quotation marks, or after a year."""
    return _QUOTED.search(text) or _AFTER_YEAR.search(text)


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
