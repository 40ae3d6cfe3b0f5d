"""Address ⇄ state: every state of the search page is a GET address, and a value.

    q, match, one parameter a facet (repeatable), sort, size, page

`SearchState` is read from an address and printed as one; its methods give the states that
the page's links lead to. A new query, filter or sort begins on page 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeVar, get_args
from urllib.parse import urlencode

import msgspec

from indexer.fields import Catalogue, Field
from indexer.schema import exact_fields
from search_app.engine.request import Match, SearchRequest, Sort, year_range

SIZE, LARGEST_SIZE = 10, 100
LAST_PAGE = 10**9
MOST_TICKED = 100
"""How many values of one field may be ticked: each stands in every link of the page."""
Choice = TypeVar("Choice", bound=str)
SORTS: tuple[Sort, ...] = get_args(Sort)
MATCHES: tuple[Match, ...] = get_args(Match)


class BadParameter(ValueError):
    """A parameter that can't be read: its name, what was given, and what it takes."""

    def __init__(self, name: str, value: str, takes: str) -> None:
        super().__init__(f"{name}={value[:80]} can't be read")
        self.name, self.value, self.takes = name, value, takes


class Arguments(Protocol):
    """The parameters of an address: each may stand there several times."""

    def getlist(self, name: str) -> list[str]:
        """All values of a parameter, in order."""


class SearchState(msgspec.Struct, frozen=True):
    """What the address says: the words, what is ticked, the order, the page."""

    text: str = ""
    match: Match = "auto"
    filters: Mapping[str, tuple[str, ...]] = {}
    sort: Sort | None = None
    size: int = SIZE
    page: int = 1

    @property
    def request(self) -> SearchRequest:
        """The search that this state asks for."""
        return SearchRequest(self.text, self.filters, self.match, self.sort, self.page, self.size)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The parameters that say this state; what is as by default is left out."""
        pairs = [("q", self.text)] if self.text else []
        pairs += [("match", self.match)] if self.match != "auto" else []
        pairs += [(name, value) for name, values in self.filters.items() for value in values]
        pairs += [("sort", self.sort)] if self.sort else []
        pairs += [("size", str(self.size))] if self.size != SIZE else []
        pairs += [("page", str(self.page))] if self.page != 1 else []
        return pairs

    def pairs_without(self, *names: str) -> tuple[tuple[str, str], ...]:
        """The parameters but for some: what a form keeps that sets those."""
        return tuple(pair for pair in self.pairs if pair[0] not in names)

    def url(self, path: str = "/") -> str:
        """The address of this state."""
        return f"{path}?{urlencode(self.pairs)}" if self.pairs else path

    def with_filter(self, name: str, value: str) -> SearchState:
        """This and one more value ticked."""
        values = (*self.filters.get(name, ()), value)
        return self._with({**self.filters, name: tuple(dict.fromkeys(values))})

    def without_filter(self, name: str, value: str) -> SearchState:
        """This without one of the ticked values."""
        left = tuple(each for each in self.filters.get(name, ()) if each != value)
        others = {each: values for each, values in self.filters.items() if each != name}
        return self._with({**others, name: left} if left else others)

    def toggled(
        self, name: str, value: str, instead_of: Iterable[tuple[str, str]] = ()
    ) -> SearchState:
        """This with a value unticked, or else ticked, in place of the values below it."""
        if value in self.filters.get(name, ()):
            return self.without_filter(name, value)
        state = self
        for below in instead_of:
            state = state.without_filter(*below)
        return state.with_filter(name, value)

    def without_filters(self) -> SearchState:
        """The words alone."""
        return self._with({})

    def with_match(self, match: Match) -> SearchState:
        """This, all words wanted or any."""
        return msgspec.structs.replace(self, match=match, page=1)

    def with_sort(self, sort: Sort) -> SearchState:
        """This in another order."""
        return msgspec.structs.replace(self, sort=sort, page=1)

    def with_page(self, page: int) -> SearchState:
        """Another page of this."""
        return msgspec.structs.replace(self, page=page)

    def _with(self, filters: Mapping[str, tuple[str, ...]]) -> SearchState:
        return msgspec.structs.replace(self, filters=filters, page=1)


def read(arguments: Arguments, catalogue: Catalogue) -> SearchState:
    """The state that an address says; parameters that mean nothing here are ignored.

    An empty parameter counts as none, for forms send them. Raises BadParameter.
    """
    filters = {}
    for field in exact_fields(catalogue):
        values = [value for value in arguments.getlist(field.name) if value]
        values += _from_two_boxes(arguments, field)
        if len(values) > MOST_TICKED:
            takes = f"At most {MOST_TICKED} values of a field can be chosen at once"
            raise BadParameter(field.name, f"({len(values)} values)", takes)
        if kept := tuple(_checked(field, value) for value in dict.fromkeys(values)):
            filters[field.name] = kept
    return SearchState(
        text=_first(arguments, "q").strip(),
        match=_one_of(arguments, "match", MATCHES) or "auto",
        filters=filters,
        sort=_one_of(arguments, "sort", SORTS),
        size=_number(arguments, "size", LARGEST_SIZE, capped=False) or SIZE,
        page=_number(arguments, "page", LAST_PAGE, capped=True) or 1,
    )


def _first(arguments: Arguments, name: str) -> str:
    return next(iter(arguments.getlist(name)), "")


def _one_of(arguments: Arguments, name: str, choices: Sequence[Choice]) -> Choice | None:
    value = _first(arguments, name)
    if not value:
        return None
    for choice in choices:
        if choice == value:
            return choice
    raise BadParameter(name, value, f"It is one of {', '.join(choices)}")


def _number(arguments: Arguments, name: str, largest: int, *, capped: bool) -> int | None:
    value = _first(arguments, name)
    if not value:
        return None
    takes = "It is a whole number from 1" + ("" if capped else f" to {largest}")
    if not re.fullmatch(r"[0-9]+", value) or not value.strip("0"):
        raise BadParameter(name, value, takes)
    number = int(value[:20]) if len(value) <= 20 else largest + 1
    if number > largest and not capped:
        raise BadParameter(name, value, takes)
    return min(number, largest)


def _from_two_boxes(arguments: Arguments, field: Field) -> list[str]:
    """The range that the two boxes of a form say (`year_from`, `year_to`)."""
    if field.kind != "year":
        return []
    low, high = (_first(arguments, f"{field.name}_{end}").strip() for end in ("from", "to"))
    return [f"{low}..{high}"] if low or high else []


def _checked(field: Field, value: str) -> str:
    """The value; if it is a range, one that can be."""
    if field.kind != "year" or ".." not in value:
        return value
    ends = year_range(value)
    if ends is None:
        takes = "A range is two years of four digits, such as 2010..2015; one may be left out"
        raise BadParameter(field.name, value, takes)
    low, high = ends
    if low and high and low > high:
        raise BadParameter(field.name, value, f"The first year is after the second: {high}..{low}")
    return value
