"""The search request, an immutable value. It does not depend on URLs or HTTP."""

import re
from collections.abc import Mapping, Set
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Match = Literal["auto", "all", "any"]
Sort = Literal["relevance", "newest", "oldest", "added", "title"]
Filters = Mapping[str, tuple[str, ...]]
"""Values by the name of their field."""
AllOf = Mapping[str, tuple[str, ...]]
"""The names of the fields of facets, by the name of the facet."""

MAX_QUERY_BYTES = 8000
"""Limit on the query text, in bytes of UTF-8. Each link of a page repeats it. A longer text is
cut where it enters: see `truncate`."""
_YEARS = re.compile(r"(\d{4})?\.\.(\d{4})?", re.ASCII)


def parse_year_range(text: str) -> tuple[str, str] | None:
    """Return the two ends of a range of years such as `2010..2015`. An open end is empty.

    Return None if the text is not a range. `..` alone is not a range.
    """
    match = _YEARS.fullmatch(text)
    return (match[1] or "", match[2] or "") if match and len(text) > 2 else None


class InvalidRequest(ValueError):
    """A search request that no search can follow. The message says which part, and what to use."""


class SearchRequest(msgspec.Struct, frozen=True):
    """A search: the query text, the selected filters, and the page of results.

    `filters` contains the selected values by field name. A range of years is written `2010..2015`,
    and either end may be left out. `excluded` contains the values that no hit may have, in the same
    form. A document with one of them is in no count of any facet. A hit needs any of the selected
    values of a facet, or all of them if the facet is in `all_of`. That has the names of the fields
    of each such facet. `match` says which words a document must contain: `all`, `any`, or `auto`,
    which means all if enough documents contain them. Without a `sort`, the order is by relevance,
    or newest first if no words were typed. `values` limits each facet to its most frequent values,
    and the selected and excluded ones. None means all.

    `exact` turns off synonyms, spelling correction, year expressions, nearness, feedback, and
    semantic search. `fold` lists only the first edition of each title, but counts all editions.
    `explain` adds to each hit the reasons why it matched. `semantic` adds hits by embedding
    similarity, if the index has vectors. `inside` searches full texts too. `cut_word_count` is
    the number of words that were cut from the text before.
    """

    text: str = ""
    filters: Filters = {}
    excluded: Filters = {}
    all_of: AllOf = {}
    match: Match = "auto"
    sort: Sort | None = None
    page: Annotated[int, Meta(ge=1)] = 1
    size: Annotated[int, Meta(ge=0)] = 10
    values: int | None = None
    exact: bool = False
    fold: bool = False
    explain: bool = False
    semantic: bool = True
    inside: bool = True
    cut_word_count: int = 0


EVERYTHING = SearchRequest()
"""The search for all publications."""


def check(request: SearchRequest, fields: Set[str]) -> SearchRequest:
    """Return a request whose values have their types, and whose filters are among `fields`.

    Lists become tuples. Raise InvalidRequest.
    """
    try:
        request = msgspec.convert(msgspec.structs.asdict(request), SearchRequest)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"the search request has a wrong value: {error}") from error
    for name in (*request.filters, *request.excluded):
        if name not in fields:
            raise InvalidRequest(
                f"the catalogue has no filter {name!r}. Use one of: {', '.join(sorted(fields))}"
            )
    return request


def truncate(text: str) -> tuple[str, int]:
    """Return a text cut to MAX_QUERY_BYTES, at a space if possible, and the number of words cut."""
    data = text.encode("utf-8", "surrogatepass")
    if len(data) <= MAX_QUERY_BYTES:
        return text, 0
    decoded = text[: len(data[:MAX_QUERY_BYTES].decode("utf-8", "ignore"))]
    kept_text = decoded.rpartition(" ")[0] or decoded
    return kept_text, max(len(text.split()) - len(kept_text.split()), 1)
