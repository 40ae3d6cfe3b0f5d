"""Titles and years in citations written as text, such as "Moss, A. (2019). Salt. Fjord Press"."""

from __future__ import annotations

import re

_QUOTED = re.compile(r"(?<![\w=])[\"“«„]([^\"”»“„«\n\[\]]{4,300})[\"”»“]")
_AFTER_YEAR = re.compile(r"\((?:19|20)\d\d[a-z]?\)[.,:]?\s+([^.?!\[\]]{8,300}[.?!])(?=\s|$)")
_YEAR = re.compile(r"\((?:[^()\d]{0,20}\s)?((?:19|20)\d\d)[a-z]?\)")


def find_title(text: str) -> re.Match[str] | None:
    """Return the title in a citation as group 1: in quotation marks, or after a year."""
    return _QUOTED.search(text) or _AFTER_YEAR.search(text)


def find_year(text: str) -> str:
    """Return the year in parentheses in a citation, or nothing."""
    match = _YEAR.search(text)
    return match[1] if match else ""
