"""State → address: every state of the search page is a value, and a GET address.

    q, match, exact, semantic, one parameter a facet (repeatable), sort, size, fold, explain, page

`SearchState` is read by `address` and printed as one; its methods give the states that
the page's links lead to. A new query, filter or sort begins on page 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from typing import NamedTuple, get_args
from urllib.parse import quote_plus

import msgspec

from search_app.engine.request import Match, SearchRequest, Sort

SIZE, LARGEST_SIZE = 10, 100
SORTS: tuple[Sort, ...] = get_args(Sort)
SWITCH = ("0", "1")
MATCHES: tuple[Match, ...] = get_args(Match)


@lru_cache(maxsize=1024)
def _parameter(name: str, value: str) -> str:
    """A parameter as it stands in an address."""
    return f"{quote_plus(name)}={quote_plus(value)}"


class Ticking(NamedTuple):
    """The addresses that tick one more value of a field: what stands before it and behind it.

    A page has a link for every value, so what they share is made once.
    """

    name: str
    before: str
    after: str

    def url(self, value: str) -> str:
        """The address with a value ticked that was not."""
        return f"{self.before}{_parameter(self.name, value)}{self.after}"


class Removing(NamedTuple):
    """The parameters of URLs that remove one value of a field: others, the field's, the order."""

    before: list[str]
    values: dict[str, str]
    after: list[str]

    def query(self, value: str) -> str:
        """Return the parameters without one value."""
        left = [parameter for each, parameter in self.values.items() if each != value]
        return "&".join([*self.before, *left, *self.after])


class SearchState(msgspec.Struct, frozen=True, dict=True):
    """What the address says: the words, what is ticked, the order, the page.

    Of a text that is too long `beyond` says how many words were left out; no link has them.
    `prefix` is the sub-path of the site. Each URL begins with it.
    """

    text: str = ""
    match: Match = "auto"
    exact: bool = False
    semantic: bool = True
    filters: Mapping[str, tuple[str, ...]] = {}
    sort: Sort | None = None
    size: int = SIZE
    fold: bool = False
    explain: bool = False
    page: int = 1
    beyond: int = 0
    prefix: str = ""

    def request(self, values: int | None = None) -> SearchRequest:
        """The search that this state asks for, with so many values of a facet besides the ticked.

        Without a number of values, all of them.
        """
        return SearchRequest(
            self.text,
            self.filters,
            self.match,
            self.sort,
            self.page,
            self.size,
            values,
            self.exact,
            self.fold,
            self.explain,
            self.semantic,
            self.beyond,
        )

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The parameters that say this state; what is as by default is left out."""
        page = [("page", str(self.page))] if self.page != 1 else []
        return [*self._search, *page]

    @property
    def _search(self) -> list[tuple[str, str]]:
        return [*self._words, *self._ticks, *self._order]

    @property
    def _words(self) -> list[tuple[str, str]]:
        pairs = [("q", self.text)] if self.text else []
        pairs += [("match", self.match)] if self.match != "auto" else []
        pairs += [("exact", "1")] if self.exact else []
        return pairs if self.semantic else [*pairs, ("semantic", "0")]

    @cached_property
    def _ticks(self) -> list[tuple[str, str]]:
        return [(name, value) for name, values in self.filters.items() for value in values]

    @property
    def _order(self) -> list[tuple[str, str]]:
        pairs: list[tuple[str, str]] = [("sort", self.sort)] if self.sort else []
        if self.size != SIZE:
            pairs.append(("size", str(self.size)))
        switches = (("fold", self.fold), ("explain", self.explain))
        return [*pairs, *((name, "1") for name, is_on in switches if is_on)]

    def pairs_without(self, *names: str) -> tuple[tuple[str, str], ...]:
        """The parameters but for some: what a form keeps that sets those."""
        return tuple(pair for pair in self.pairs if pair[0] not in names)

    def url(self, path: str = "/", page: int | None = None) -> str:
        """The address of this state, or of another page of it."""
        number = self.page if page is None else page
        query = self._query if number == 1 else f"{self._query}&page={number}".removeprefix("&")
        return f"{self.prefix}{path}?{query}" if query else f"{self.prefix}{path}"

    @cached_property
    def _query(self) -> str:
        """The first page's part of an address."""
        return "&".join([_parameter(*pair) for pair in self._search])

    def ticking(self, name: str) -> Ticking:
        """The addresses of `with_filter`, for all values of a field that are not ticked."""
        ends = [place for place, (ticked, _) in enumerate(self._ticks, 1) if ticked == name]
        return Ticking(name, *self._around(ends[-1])) if ends else Ticking(name, *self._unticked)

    @cached_property
    def _unticked(self) -> tuple[str, str]:
        """What stands before and behind the first value of a field."""
        return self._around(len(self._ticks))

    def _around(self, place: int) -> tuple[str, str]:
        """What stands before and behind a value that comes after so many others."""
        before = [*self._words, *self._ticks[:place]]
        after = [*self._ticks[place:], *self._order]
        return (
            "".join([f"{self.prefix}/?", *(f"{_parameter(*pair)}&" for pair in before)]),
            "".join([f"&{_parameter(*pair)}" for pair in after]),
        )

    def url_without(self, name: str, value: str) -> str:
        """Return the URL of `without_filter` for a selected value."""
        if name not in self._removing:
            others = [pair for pair in self._ticks if pair[0] != name]
            self._removing[name] = Removing(
                [_parameter(*pair) for pair in (*self._words, *others)],
                {each: _parameter(name, each) for each in self.filters[name]},
                [_parameter(*pair) for pair in self._order],
            )
        query = self._removing[name].query(value)
        return f"{self.prefix}/?{query}" if query else f"{self.prefix}/"

    @cached_property
    def _removing(self) -> dict[str, Removing]:
        return {}

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

    def with_text(self, text: str) -> SearchState:
        """This with other words, read as usual."""
        return msgspec.structs.replace(self, text=text, exact=False, semantic=True, page=1)

    def with_exact(self, *, exact: bool) -> SearchState:
        """This, words wanted only as they were typed, or read as usual."""
        return msgspec.structs.replace(self, exact=exact, page=1)

    def with_semantic(self, *, semantic: bool) -> SearchState:
        """This, found by what the words mean too, or by the words alone."""
        return msgspec.structs.replace(self, semantic=semantic, page=1)

    def with_sort(self, sort: Sort) -> SearchState:
        """This in another order."""
        return msgspec.structs.replace(self, sort=sort, page=1)

    def with_fold(self, *, fold: bool) -> SearchState:
        """This with one edition of each title listed, or with all."""
        return msgspec.structs.replace(self, fold=fold, page=1)

    def with_explain(self, *, explain: bool) -> SearchState:
        """This page, each publication with why it was found, or without."""
        return msgspec.structs.replace(self, explain=explain)

    def alone(self, text: str) -> SearchState:
        """This with other words, read as these are."""
        return msgspec.structs.replace(self, text=text, page=1)

    def _with(self, filters: Mapping[str, tuple[str, ...]]) -> SearchState:
        return msgspec.structs.replace(self, filters=filters, page=1)
