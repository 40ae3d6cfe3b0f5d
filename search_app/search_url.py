"""Parse a query string into a `SearchState`, or say what is wrong with a parameter.

Unknown parameters are ignored. An invalid value raises `BadParameter`, which `web.errors` renders
with status 400.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol, TypeVar
from urllib.parse import quote_plus

from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.schema import exact_fields
from search_app.engine.request import within, year_range
from search_app.i18n.messages import gettext
from search_app.search_state import LARGEST_SIZE, MATCHES, SIZE, SORTS, SWITCH, SearchState

LAST_PAGE = 10**9
"""A larger page number counts as this one."""
MOST_TICKED = 100
"""Maximum number of selected values. Each adds a link, and is repeated in every other link."""
LONGEST_TICKED = 8192
"""Maximum bytes that all selected values may take in a URL."""
Choice = TypeVar("Choice", bound=str)


class BadParameter(ValueError):
    """An invalid parameter: its name, its value, and a hint at valid values (`takes`)."""

    def __init__(self, name: str, value: str, takes: str) -> None:
        message = gettext("%(parameter)s=%(value)s is not valid.")
        super().__init__(message % {"parameter": name, "value": value[:80]})
        self.name, self.value, self.takes = name, value, takes


class Arguments(Protocol):
    """The parameters of a URL. Each may occur several times."""

    def getlist(self, name: str) -> list[str]:
        """Return all values of a parameter, in order."""


def read(arguments: Arguments, catalogue: Catalogue, prefix: str = "") -> SearchState:
    """Return the state that the parameters of a URL describe. Raise BadParameter.

    An empty parameter counts as missing, because forms send empty fields too.
    """
    text, beyond = within(_first(arguments, "q").strip())
    return SearchState(
        text=text,
        match=_one_of(arguments, "match", MATCHES) or "auto",
        exact=_one_of(arguments, "exact", SWITCH) == "1",
        semantic=_one_of(arguments, "semantic", SWITCH) != "0",
        filters=_ticked(arguments, catalogue),
        sort=_one_of(arguments, "sort", SORTS),
        size=_number(arguments, "size", LARGEST_SIZE, capped=False) or SIZE,
        fold=_one_of(arguments, "fold", SWITCH) == "1",
        explain=_one_of(arguments, "explain", SWITCH) == "1",
        page=_number(arguments, "page", LAST_PAGE, capped=True) or 1,
        beyond=beyond,
        prefix=prefix,
    )


def _ticked(arguments: Arguments, catalogue: Catalogue) -> dict[str, tuple[str, ...]]:
    """Return the selected values by field. Raise BadParameter if they exceed the limits."""
    filters = {}
    count = length = 0
    for field in exact_fields(catalogue):
        values = [value for value in arguments.getlist(field.name) if value]
        values += _from_two_boxes(arguments, field)
        count += len(values)
        if count > MOST_TICKED:
            takes = gettext("Selected values: %(number)s. Select at most %(limit)s.")
            limits = {"number": f"{count:,}", "limit": MOST_TICKED}
            raise BadParameter(field.name, values[-1], takes % limits)
        length += sum(len(f"&{field.name}={quote_plus(value)}") for value in values)
        if length > LONGEST_TICKED:
            takes = gettext("The selected values can take at most %(limit)s bytes of a URL.")
            raise BadParameter(field.name, values[-1], takes % {"limit": f"{LONGEST_TICKED:,}"})
        if kept := tuple(_checked(field, value) for value in dict.fromkeys(values)):
            filters[field.name] = kept
    return filters


def _first(arguments: Arguments, name: str) -> str:
    return next(iter(arguments.getlist(name)), "")


def _one_of(arguments: Arguments, name: str, choices: Sequence[Choice]) -> Choice | None:
    value = _first(arguments, name)
    if not value:
        return None
    for choice in choices:
        if choice == value:
            return choice
    takes = gettext("Use one of: %(choices)s.") % {"choices": ", ".join(choices)}
    raise BadParameter(name, value, takes)


def _number(arguments: Arguments, name: str, largest: int, *, capped: bool) -> int | None:
    value = _first(arguments, name)
    if not value:
        return None
    takes = gettext("Use a whole number from 1 to %(limit)s.") % {"limit": largest}
    if capped:
        takes = gettext("Use a whole number from 1.")
    if not re.fullmatch(r"[0-9]+", value) or not value.strip("0"):
        raise BadParameter(name, value, takes)
    number = int(value[:20]) if len(value) <= 20 else largest + 1
    if number > largest and not capped:
        raise BadParameter(name, value, takes)
    return min(number, largest)


def _from_two_boxes(arguments: Arguments, field: Field) -> list[str]:
    """Return the range from the two inputs of a form (`year_from`, `year_to`), if any."""
    if field.kind != "year":
        return []
    low, high = (_first(arguments, f"{field.name}_{end}").strip() for end in ("from", "to"))
    return [f"{low}..{high}"] if low or high else []


def _checked(field: Field, value: str) -> str:
    """Return the value. Raise BadParameter if it is an invalid range of years."""
    if field.kind != "year" or ".." not in value:
        return value
    ends = year_range(value)
    if ends is None:
        takes = gettext("Use two years of four digits, such as 2010..2015. One can be left out.")
        raise BadParameter(field.name, value, takes)
    low, high = ends
    if low and high and low > high:
        takes = gettext("The first year is after the second. Use %(range)s.")
        raise BadParameter(field.name, value, takes % {"range": f"{high}..{low}"})
    return value
