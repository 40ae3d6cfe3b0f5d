"""Parse a query string into a `SearchState`, or raise an error that names the parameter.

Unknown parameters are ignored. An invalid value raises `BadParameter`, which `web.errors` renders
with status 400.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeVar
from urllib.parse import quote_plus

import msgspec
from werkzeug.datastructures import MultiDict

from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.schema import list_exact_fields
from search_app.engine.request import AllOf, Filters, parse_year_range, truncate
from search_app.i18n.translation import format_number, gettext, join
from search_app.search_state import (
    MATCH,
    MAX_PAGE,
    NOT,
    OF_LIST,
    OF_QUERY,
    PAGE,
    VALUE_MATCHES,
    Parameter,
    SearchState,
    has_several,
)

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


def read(arguments: Arguments, catalogue: Catalogue, prefix: str = "") -> SearchState:
    """Return the state that the parameters of a URL describe. Raise BadParameter.

    An empty parameter counts as missing, because forms send empty fields too.
    """
    stated = {
        parameter.field or parameter.name: text
        for parameter in (*OF_QUERY, *OF_LIST, PAGE)
        if (text := _read_parameter(parameter, arguments))
    }
    text, beyond = truncate(stated.pop("text", "").strip())
    filters, excluded = _parse_filters(arguments, catalogue)
    all_of = _parse_all_of(arguments, filters, catalogue)
    return msgspec.structs.replace(
        msgspec.convert(stated, SearchState, strict=False),
        text=text, beyond=beyond, filters=filters, excluded=excluded, all_of=all_of, prefix=prefix,
    )  # fmt: skip


def _read_parameter(parameter: Parameter, arguments: Arguments) -> str:
    """Return the valid value of a parameter, or "" if it has none. Raise BadParameter."""
    if parameter.choices:
        return read_choice(arguments, parameter.name, parameter.choices) or ""
    if parameter.most:
        most, is_capped = parameter.most, parameter is PAGE
        return str(_number(arguments, parameter.name, most, capped=is_capped) or "")
    return arguments.get(parameter.name, "")


def read_hit(arguments: Arguments) -> int | None:
    """Return the number of the hit that a publication is in its search, or None.

    Raise BadParameter.
    """
    return _number(arguments, "hit", MAX_PAGE, capped=True)


def _parse_filters(arguments: Arguments, catalogue: Catalogue) -> tuple[Filters, Filters]:
    """Return the selected and the excluded values by field.

    Raise BadParameter if they exceed the limits, or if a value is both.
    """
    selected: dict[str, tuple[str, ...]] = {}
    excluded: dict[str, tuple[str, ...]] = {}
    count = length = 0
    for field in list_exact_fields(catalogue):
        typed = _parse_year_boxes(arguments, field)
        for name, filters in ((field.name, selected), (f"{NOT}{field.name}", excluded)):
            values = [value for value in arguments.getlist(name) if value]
            if filters is selected:
                values += typed
            count += len(values)
            length += sum(len(f"&{name}={quote_plus(value)}") for value in values)
            _check_limits(name, values, count, length)
            if filters is excluded:  # the form of years overrides an exclusion
                values = [value for value in values if value not in typed]
            checked = [_check_value(field, name, value) for value in dict.fromkeys(values)]
            if checked:
                filters[field.name] = tuple(checked)
        for value in excluded.get(field.name, ()):
            if value in selected.get(field.name, ()):
                expected = gettext("Select the value or exclude it, not both.")
                raise BadParameter(f"{NOT}{field.name}", value, expected)
    return selected, excluded


def _parse_all_of(arguments: Arguments, filters: Filters, catalogue: Catalogue) -> AllOf:
    """Return the facets of which all selected values are needed, with the names of their rows.

    A child row stands for its facet. Without two selected values, there is nothing to choose. Raise
    BadParameter if a publication has at most one value of a row, or if there is no such row.
    """
    rows = {
        facet.name: tuple(row.name for row in catalogue.list_facet_rows(facet))
        for facet in catalogue.multivalued
    }
    facets = {f"{MATCH}{row}": facet for facet in rows for row in rows[facet]}
    for name in arguments:
        if name.startswith(MATCH) and name not in facets and arguments[name]:
            raise BadParameter(name, arguments[name], _list_choices(facets))
    chosen = {
        facet for name, facet in facets.items()
        if read_choice(arguments, name, VALUE_MATCHES) == "all"
    }  # fmt: skip
    return {
        facet: rows[facet] for facet in rows
        if facet in chosen and has_several(filters, rows[facet])
    }  # fmt: skip


def _check_limits(name: str, values: Sequence[str], count: int, length: int) -> None:
    """Raise BadParameter if there are too many values, or they take too many bytes."""
    if count > MAX_SELECTED:
        expected = gettext("Selected values: %(number)s. Select at most %(limit)s.")
        limits = {"number": format_number(count), "limit": MAX_SELECTED}
        raise BadParameter(name, values[-1], expected % limits)
    if length > MAX_SELECTED_BYTES:
        expected = gettext("The selected values can take at most %(limit)s bytes of a URL.")
        raise BadParameter(
            name, values[-1], expected % {"limit": format_number(MAX_SELECTED_BYTES)}
        )


def read_choice(arguments: Arguments, name: str, choices: Sequence[Choice]) -> Choice | None:
    """Return the value of a parameter that has to be one of `choices`, or None.

    Raise BadParameter.
    """
    value = arguments.get(name, "")
    if not value:
        return None
    for choice in choices:
        if choice == value:
            return choice
    raise BadParameter(name, value, _list_choices(choices))


def _list_choices(choices: Iterable[str]) -> str:
    return gettext("Use one of: %(choices)s.") % {"choices": join(choices)}


def _number(arguments: Arguments, name: str, max_value: int, *, capped: bool) -> int | None:
    value = arguments.get(name, "")
    if not value:
        return None
    expected = (
        gettext("Use a whole number from 1.")
        if capped
        else gettext("Use a whole number from 1 to %(limit)s.") % {"limit": max_value}
    )
    if not re.fullmatch(r"[0-9]+", value) or not value.strip("0"):
        raise BadParameter(name, value, expected)
    number = int(value) if len(value) <= 20 else max_value + 1
    if number > max_value and not capped:
        raise BadParameter(name, value, expected)
    return min(number, max_value)


def _parse_year_boxes(arguments: Arguments, field: Field) -> list[str]:
    """Return the range from the two inputs of a form (`year_from`, `year_to`), if any."""
    if field.kind != "year":
        return []
    low, high = (arguments.get(f"{field.name}_{end}", "").strip() for end in ("from", "to"))
    return [f"{low}..{high}"] if low or high else []


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
