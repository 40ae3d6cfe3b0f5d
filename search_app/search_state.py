"""What a URL states: one search, with the URLs of the links of its page, or a reading list.

Every state has a GET URL with these parameters, each left out if it has its default value: those
of `OF_QUERY`, one per facet (repeatable), the same after `match.` (`any` or `all` of the selected
values), the same after `without.` for excluded values (repeatable), those of `OF_LIST`, and `page`.

`read` parses a URL into a `SearchState`. Unknown parameters are ignored. An invalid value raises
`BadParameter`, which `web.errors` renders with status 400. The methods of a state return the states
that the links of the page lead to. A new query, filter, or sort order starts at page 1.

A reading list contains publications that a reader collects from any number of searches. Its URL has
the id of each as a parameter `id`, in the order of the list, so a reader can keep it as a bookmark
or send it to somebody, and the server stores nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property, lru_cache
from itertools import chain
from typing import NamedTuple, TypeVar, get_args
from urllib.parse import quote, quote_plus

import msgspec
from werkzeug.datastructures import MultiDict

from indexer.catalogue.fields import Catalogue, Field
from search_app.engine.request import (
    AllOf,
    Filters,
    Match,
    SearchRequest,
    Sort,
    parse_year_range,
    truncate,
)
from search_app.i18n.translation import format_number, gettext, join

SIZE, MAX_SIZE = SearchRequest().size, 100
"""Hits per page: the default and the maximum."""
SIZES = (SIZE, 25, 50, MAX_SIZE)
"""Numbers of hits per page that a list offers. A URL may have any other up to the maximum."""
SORTS: tuple[Sort, ...] = get_args(Sort)
MAX_PAGE = 10**9
"""A larger page number counts as this one."""
SWITCH = ("0", "1")
VALUE_MATCHES = ("any", "all")
"""How many of its selected values a hit needs."""
NOT = "without."
"""The prefix of a field's name in the parameter of its excluded values."""
MATCH = "match."
"""The prefix of a facet's name in the parameter that says whether a hit needs any or all of its
selected values."""
MAX_SELECTED = 100
"""Maximum number of selected and excluded values. Each adds a link, and is repeated in every other
link."""
MAX_SELECTED_BYTES = 8192
"""Maximum bytes that all selected and excluded values may take in a URL."""
Arguments = MultiDict[str, str]
Choice = TypeVar("Choice", bound=str)


class BadParameter(ValueError):
    """An invalid parameter: its name, its value, and a hint at valid values (`expected`)."""

    def __init__(self, name: str, value: str, expected: str) -> None:
        message = gettext("%(parameter)s=%(value)s is not valid.")
        super().__init__(message % {"parameter": name, "value": value[:80]})
        self.name, self.value, self.expected = name, value, expected


class Parameter(msgspec.Struct, frozen=True):
    """A parameter of a search: its name in URLs, what it means, and its values.

    They are those of `choices`, whole numbers up to `most`, or else any text. `default` is left out
    of URLs. `field` is the name of the value in `SearchRequest`, if it is another one.
    """

    name: str
    meaning: str
    default: str = ""
    choices: tuple[str, ...] = ()
    most: int = 0
    field: str = ""

    def read(self, arguments: Arguments) -> str:
        """Return the valid value in a URL, or "" if there is none. Raise BadParameter."""
        if self.choices:
            return read_choice(arguments, self.name, self.choices) or ""
        if self.most:
            number = _read_number(arguments, self.name, self.most, is_capped=self is PAGE)
            return str(number or "")
        return arguments.get(self.name, "")

    def find_pair(self, request: SearchRequest) -> tuple[str, str] | None:
        """Return the parameter with its value in a request, or None if that is the default."""
        value = getattr(request, self.field or self.name)
        text = "" if value is None else str(int(value) if isinstance(value, bool) else value)
        return None if text == self.default else (self.name, text)


OF_QUERY = (
    Parameter(
        "q",
        "The query: words, phrases, prefixes with a star, fields, or an identifier (an ISBN).",
        field="text",
    ),
    Parameter(
        "match",
        "all: all words must match. any: any word is enough. auto: fewer, if few match all.",
        "auto",
        get_args(Match),
    ),
    Parameter(
        "exact",
        "1: only words as typed: no corrections, synonyms, years in words, or identifiers.",
        "0",
        SWITCH,
    ),
    Parameter(
        "semantic",
        "0: no semantic search. It has no effect if the index has no embeddings.",
        "1",
        SWITCH,
    ),
    Parameter(
        "inside",
        "0: do not search full texts. It has no effect if the index has none.",
        "1",
        SWITCH,
    ),
)
"""The parameters that say what to search for."""
OF_LIST = (
    Parameter(
        "sort",
        "The sort order. The default is relevance, or newest if the query has no words.",
        choices=SORTS,
    ),
    Parameter("size", "The number of publications on a page.", str(SIZE), most=MAX_SIZE),
    Parameter("fold", "1: list only one edition of each title.", "0", SWITCH),
    Parameter(
        "explain",
        "1: explain hits in `explanation`. With over 100 words, only the first hits have it.",
        "0",
        SWITCH,
    ),
)
"""The parameters of the list of hits."""
PAGE = Parameter("page", "The page number.", "1", most=MAX_PAGE)
PARAMETERS = (*OF_QUERY, *OF_LIST, PAGE)


@lru_cache(maxsize=1024)
def _format_parameter(name: str, value: str) -> str:
    return f"{quote_plus(name)}={quote_plus(value)}"


def has_several(filters: Filters, fields: Iterable[str]) -> bool:
    """Return whether more than one value of some fields is selected."""
    return sum(len(filters.get(field, ())) for field in fields) > 1


class FilterLinks(NamedTuple):
    """The URLs that select or exclude one more value of a field. `name` is their parameter.

    A page has a link for every value. Their common parts, `before` and `after` the parameter of
    the value, are built once.
    """

    name: str
    before: str
    after: str

    def make_url(self, value: str) -> str:
        return f"{self.before}{_format_parameter(self.name, value)}{self.after}"


class SearchState(SearchRequest, frozen=True, dict=True):
    """A state of the search page: its search, and `prefix`, with which every URL begins.

    No link contains the words that were cut from a query that is too long, or a facet of `all_of`
    with fewer than two selected values.
    """

    prefix: str = ""

    @cached_property
    def _groups(self) -> tuple[list[tuple[str, str]], ...]:
        """The parameters of page 1 that differ from the defaults, in groups."""
        return (
            [pair for each in OF_QUERY if (pair := each.find_pair(self))],
            [(name, value) for name, values in self.filters.items() for value in values],
            [
                (f"{MATCH}{facet}", "all")
                for facet, fields in self.all_of.items()
                if has_several(self.filters, fields)
            ],
            [(f"{NOT}{name}", value) for name, values in self.excluded.items() for value in values],
            [pair for each in OF_LIST if (pair := each.find_pair(self))],
        )

    def list_pairs_without(self, *names: str) -> tuple[tuple[str, str], ...]:
        """Return the parameters that a form keeps: all except the page, and `names`."""
        return tuple(pair for pair in chain(*self._groups) if pair[0] not in names)

    def make_url(self, path: str = "/", page: int | None = None) -> str:
        number = self.page if page is None else page
        query = self._query if number == 1 else f"{self._query}&page={number}".removeprefix("&")
        return f"{self.prefix}{path}?{query}" if query else f"{self.prefix}{path}"

    @cached_property
    def _query(self) -> str:
        return "&".join([_format_parameter(*pair) for pair in chain(*self._groups)])

    def make_links(self, name: str, *, excludes: bool = False) -> FilterLinks:
        """Return the URLs of `with_filter`, or `with_exclusion`, for values without a restriction.

        A value follows those of its field, if there are any, otherwise those of all fields.
        """
        parameter, group = (f"{NOT}{name}", 3) if excludes else (name, 1)
        pairs = self._groups[group]
        own_ends = [end for end, (other, _) in enumerate(pairs, 1) if other == parameter]
        end = own_ends[-1] if own_ends else len(pairs)
        first, last = chain(*self._groups[:group]), chain(*self._groups[group + 1 :])
        before = "".join([f"{_format_parameter(*pair)}&" for pair in (*first, *pairs[:end])])
        after = "".join([f"&{_format_parameter(*pair)}" for pair in (*pairs[end:], *last)])
        return FilterLinks(parameter, f"{self.prefix}/?{before}", after)

    def change(self, **values: object) -> SearchState:
        """Return this state with other values of its fields, at page 1 unless `page` is one."""
        return msgspec.structs.replace(self, **{"page": 1, **values})

    def with_text(self, text: str) -> SearchState:
        """Return this state with another query, and `exact` and `semantic` at their defaults."""
        return self.change(text=text, exact=False, semantic=True)

    def with_filter(self, name: str, value: str) -> SearchState:
        """Return this state with one more value selected. It is no longer excluded."""
        state = self.without_exclusion(name, value)
        return state.change(filters=_add(self.filters, name, value))

    def without_filter(self, name: str, value: str) -> SearchState:
        return self.change(filters=_remove(self.filters, name, value))

    def with_exclusion(self, name: str, value: str) -> SearchState:
        """Return this state with one more value excluded. It is no longer selected."""
        state = self.without_filter(name, value)
        return state.change(excluded=_add(self.excluded, name, value))

    def without_exclusion(self, name: str, value: str) -> SearchState:
        return self.change(excluded=_remove(self.excluded, name, value))

    def without_filters(self) -> SearchState:
        return self.change(filters={}, excluded={}, all_of={})

    def needs_all_of(self, field: str) -> bool:
        """Return whether a hit needs all selected values of a field, not any of them."""
        return any(field in fields for fields in self.all_of.values())

    def with_all_of(self, facet: str, fields: tuple[str, ...]) -> SearchState:
        """Return this state with all selected values of the fields of a facet needed."""
        return self.change(all_of={**self.all_of, facet: fields})

    def with_any_of(self, facet: str) -> SearchState:
        """Return this state with any selected value of a facet enough."""
        return self.change(
            all_of={name: fields for name, fields in self.all_of.items() if name != facet}
        )


def _add(filters: Filters, name: str, value: str) -> Filters:
    return {**filters, name: tuple(dict.fromkeys((*filters.get(name, ()), value)))}


def _remove(filters: Filters, name: str, value: str) -> Filters:
    remaining = tuple(other for other in filters.get(name, ()) if other != value)
    return {field: values for field, values in {**filters, name: remaining}.items() if values}


# The state of a URL


def read(arguments: Arguments, catalogue: Catalogue, prefix: str = "") -> SearchState:
    """Return the state that the parameters of a URL describe. Raise BadParameter.

    An empty parameter counts as missing, because forms send empty fields too.
    """
    stated = {
        parameter.field or parameter.name: text
        for parameter in PARAMETERS
        if (text := parameter.read(arguments))
    }
    text, cut_word_count = truncate(stated.pop("text", "").strip())
    filters, excluded = _read_filters(arguments, catalogue)
    return msgspec.structs.replace(
        msgspec.convert(stated, SearchState, strict=False),
        text=text,
        cut_word_count=cut_word_count,
        filters=filters,
        excluded=excluded,
        all_of=_read_all_of(arguments, filters, catalogue),
        prefix=prefix,
    )


def read_hit(arguments: Arguments) -> int | None:
    """Return the number of a publication in its search, or None. Raise BadParameter."""
    return _read_number(arguments, "hit", MAX_PAGE, is_capped=True)


def read_choice(arguments: Arguments, name: str, choices: Sequence[Choice]) -> Choice | None:
    """Return the value of a parameter that has to be one of `choices`, or None.

    Raise BadParameter.
    """
    value = arguments.get(name, "")
    found = next((choice for choice in choices if choice == value), None)
    if value and found is None:
        raise BadParameter(name, value, _list_choices(choices))
    return found


def _list_choices(choices: Collection[str]) -> str:
    """Return a hint at the values that are valid, or "" if none is."""
    return gettext("Use one of: %(choices)s.") % {"choices": join(choices)} if choices else ""


def _read_number(arguments: Arguments, name: str, most: int, *, is_capped: bool) -> int | None:
    """Return a whole number from 1, or None. A larger one than `most` is an error, or capped."""
    value = arguments.get(name, "")
    if not value:
        return None
    # Python refuses to parse thousands of digits. `most` has fewer than 20.
    found = re.fullmatch(r"0*([1-9][0-9]*)", value)
    number = int(found[1][:20]) if found else 0
    if number and (is_capped or number <= most):
        return min(number, most)
    expected = gettext("Use a whole number from 1.")
    if not is_capped:
        expected = gettext("Use a whole number from 1 to %(limit)s.") % {"limit": most}
    raise BadParameter(name, value, expected)


def _read_filters(arguments: Arguments, catalogue: Catalogue) -> tuple[Filters, Filters]:
    """Return the selected and the excluded values by field.

    A form has two inputs for years, `year_from` and `year_to`, which override an exclusion. Raise
    BadParameter if the values exceed the limits, or if a value is both.
    """
    selected: dict[str, tuple[str, ...]] = {}
    excluded: dict[str, tuple[str, ...]] = {}
    count = length = 0
    for field in catalogue.filterable:
        typed = ""
        if field.kind == "year":
            ends = [arguments.get(f"{field.name}_{end}", "").strip() for end in ("from", "to")]
            typed = "..".join(ends) if any(ends) else ""
        years = [typed] if typed else []
        for name, filters in ((field.name, selected), (f"{NOT}{field.name}", excluded)):
            values = [value for value in arguments.getlist(name) if value]
            if filters is selected:
                values += years
            count += len(values)
            length += sum(len(f"&{name}={quote_plus(value)}") for value in values)
            if count > MAX_SELECTED:
                expected = gettext("Selected values: %(number)s. Select at most %(limit)s.")
                limits = {"number": format_number(count), "limit": MAX_SELECTED}
                raise BadParameter(name, values[-1], expected % limits)
            if length > MAX_SELECTED_BYTES:
                expected = gettext("The selected values can take at most %(limit)s bytes of a URL.")
                limit = format_number(MAX_SELECTED_BYTES)
                raise BadParameter(name, values[-1], expected % {"limit": limit})
            if filters is excluded:
                values = [value for value in values if value not in years]
            if values:
                checked = [_check_value(field, name, value) for value in dict.fromkeys(values)]
                filters[field.name] = tuple(checked)
        for value in excluded.get(field.name, ()):
            if value in selected.get(field.name, ()):
                expected = gettext("Select the value or exclude it, not both.")
                raise BadParameter(f"{NOT}{field.name}", value, expected)
    return selected, excluded


def _check_value(field: Field, name: str, value: str) -> str:
    """Return the value of a parameter. Raise BadParameter if it is an invalid range of years."""
    if field.kind != "year" or ".." not in value:
        return value
    ends = parse_year_range(value)
    if ends is None:
        expected = gettext("Use two years of four digits, such as 2010..2015. One can be left out.")
        raise BadParameter(name, value, expected)
    low, high = ends
    if low and high and low > high:
        expected = gettext("The first year is after the second. Use %(range)s.")
        raise BadParameter(name, value, expected % {"range": f"{high}..{low}"})
    return value


def _read_all_of(arguments: Arguments, filters: Filters, catalogue: Catalogue) -> AllOf:
    """Return the facets of which all selected values are needed, with the names of their fields.

    A child field stands for its facet. Without two selected values, there is nothing to choose.
    Raise BadParameter if a publication has at most one value of a field, or if there is no such
    field.
    """
    fields = {
        facet.name: tuple(field.name for field in catalogue.list_facet_fields(facet))
        for facet in catalogue.multivalued
    }
    facets = {f"{MATCH}{field}": facet for facet in fields for field in fields[facet]}
    for name in arguments:
        if name.startswith(MATCH) and name not in facets and arguments[name]:
            raise BadParameter(name, arguments[name], _list_choices(facets))
    chosen = {
        facets[name] for name in facets if read_choice(arguments, name, VALUE_MATCHES) == "all"
    }
    return {
        facet: names
        for facet, names in fields.items()
        if facet in chosen and has_several(filters, names)
    }


LIST_PATH = "/list"
MAX_LISTED = 100
"""Maximum number of publications in a list."""
MAX_LIST_BYTES = 6000
"""Maximum bytes of the ids in a URL. gunicorn reads 8,190 bytes of a request line, and the search
for a publication to add needs the rest."""


class ReadingList(msgspec.Struct, frozen=True):
    """The ids of a list in its order, each once. `prefix` begins every URL."""

    ids: tuple[str, ...] = ()
    prefix: str = ""

    @property
    def query(self) -> str:
        return "&".join([f"id={quote(identity, safe='/:')}" for identity in self.ids])

    @property
    def fits(self) -> bool:
        """Whether the list is short enough to be a URL."""
        return len(self.ids) <= MAX_LISTED and len(self.query) <= MAX_LIST_BYTES

    def make_url(self, path: str = "") -> str:
        """Return the URL of the list, or of something made of it below `LIST_PATH`."""
        return f"{self.prefix}{LIST_PATH}{path}{'?' if self.ids else ''}{self.query}"

    def with_ids(self, ids: Iterable[str]) -> ReadingList:
        """Return a list of other publications. An id that occurs again is left out."""
        return msgspec.structs.replace(self, ids=tuple(dict.fromkeys(ids)))

    def with_id(self, identity: str) -> ReadingList:
        """Return this list with one more publication at its end."""
        return self.with_ids((*self.ids, identity))

    def without_id(self, identity: str) -> ReadingList:
        return self.with_ids(each for each in self.ids if each != identity)

    def with_moved(self, index: int, step: int) -> ReadingList:
        """Return this list with the publication at an index moved up (-1) or down (+1)."""
        ids = list(self.ids)
        ids.insert(index + step, ids.pop(index))
        return self.with_ids(ids)


def read_list(arguments: Arguments, prefix: str = "") -> ReadingList:
    """Return the list of a URL. Raise BadParameter if it is too long."""
    reading_list = ReadingList(prefix=prefix).with_ids(filter(None, arguments.getlist("id")))
    ids = reading_list.ids
    if len(ids) > MAX_LISTED:
        expected = gettext("A list has at most %(limit)s publications.")
        raise BadParameter("id", ids[-1], expected % {"limit": MAX_LISTED})
    if len(reading_list.query) > MAX_LIST_BYTES:
        expected = gettext("The ids of a list can take at most %(limit)s bytes of a URL.")
        raise BadParameter("id", ids[-1], expected % {"limit": format_number(MAX_LIST_BYTES)})
    return reading_list
