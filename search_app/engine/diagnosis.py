"""The diagnosis of a search that finds nothing, or too little, as immutable values."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class QueryCount(msgspec.Struct, frozen=True):
    """A query text, and the number of hits of a search for it."""

    text: str
    total: int


class Lacking(msgspec.Struct, frozen=True):
    """A concept that the query names and no publication has, with searches for similar concepts.

    `broader` has its broader concepts, and `related` its related ones. Each search has hits.
    """

    text: str
    broader: tuple[QueryCount, ...]
    related: tuple[QueryCount, ...]


class ValueCount(msgspec.Struct, frozen=True):
    """A value of a filter, and the number of hits of a search with it."""

    field: str
    value: str
    total: int


class MissingPlace(msgspec.Struct, frozen=True):
    """A place that the query names and no publication is about.

    `name` is its name in the language of the catalogue. `code` is its code in ISO 3166-1 or UN M49,
    or "" for a capital. `text` is the rest of the query. `near` has the filter values to combine it
    with.
    """

    name: str
    code: str
    text: str
    near: tuple[ValueCount, ...]


class Diagnosis(msgspec.Struct, frozen=True):
    """Why a search has no hits, or none with all words, in numbers.

    All numbers except `unfiltered` are within the selected filters. `words` has each part of the
    query alone. `nearest` has the query with an unknown word replaced by a similar one of the
    index, or that word alone. `unfiltered` is the number of hits without the selected filters.
    `any` is the number of hits for any of the words. It is None if the search itself asked for any
    word. `any_of` has the number of hits if any selected value of a facet is enough, by the name of
    the facet, if there are no hits and all its values are needed. `lacking` has the concepts that
    no publication has, with or without filters, and `places` the places that no publication is
    about. If there are no hits, `switched` has the number of hits with `exact` or `inside` of the
    request switched, by its name: `exact` if it changes how the text is read, and `inside` if it is
    off.
    """

    words: tuple[QueryCount, ...]
    nearest: tuple[QueryCount, ...]
    unfiltered: int
    any: int | None
    any_of: Mapping[str, int] = {}
    lacking: tuple[Lacking, ...] = ()
    places: tuple[MissingPlace, ...] = ()
    switched: Mapping[str, int] = {}
