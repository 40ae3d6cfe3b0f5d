"""What is asked of the engine, as a value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

import msgspec

Match = Literal["auto", "all", "any"]
Sort = Literal["relevance", "newest", "oldest", "title"]


LONGEST = 8000
"""So many bytes of a text (in UTF-8) are read: each link of a page has them too."""
_YEARS = re.compile(r"(\d{4})?\.\.(\d{4})?", re.ASCII)


def year_range(text: str) -> tuple[str, str] | None:
    """The two ends of a range of years, `2010..2015`; an open end is empty.

    None if the text is no range; `..` alone is none.
    """
    match = _YEARS.fullmatch(text)
    return (match[1] or "", match[2] or "") if match and len(text) > 2 else None


class SearchRequest(msgspec.Struct, frozen=True):
    """A search: what was typed, what is ticked, and which part of the answer is wanted.

    `filters` has the chosen values by field name; a range of years is written `2010..2015`,
    open on either side. `match` says whether a publication must hold all words, any, or all
    if some publication does (`auto`). Without a `sort` the best come first, or, where no
    words were typed, the newest. `values` is how many of a facet's commonest values are
    wanted, besides the ticked ones; without it, all. `exact` says that words are to be
    found as they were typed: nothing is looked for by another name, or spelt otherwise. With
    `fold`, only the first of the editions of one title is listed; what is counted stays the same.
    With `explain`, each publication of the page comes with why it was found. `semantic` lets what
    was typed be found by what it means too, where the index knows that. `beyond` is how many words
    of a longer text were left out before.
    """

    text: str = ""
    filters: Mapping[str, tuple[str, ...]] = {}
    match: Match = "auto"
    sort: Sort | None = None
    page: int = 1
    size: int = 10
    values: int | None = None
    exact: bool = False
    fold: bool = False
    explain: bool = False
    semantic: bool = True
    beyond: int = 0


def within(text: str) -> tuple[str, int]:
    """A text cut to what is read of it, between words, and how many words are left out so."""
    data = text.encode("utf-8", "surrogatepass")
    if len(data) <= LONGEST:
        return text, 0
    fits = text[: len(data[:LONGEST].decode("utf-8", "ignore"))]
    kept = fits.rpartition(" ")[0] or fits
    return kept, max(len(text.split()) - len(kept.split()), 1)
