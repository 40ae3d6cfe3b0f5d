"""The facets as they are shown beside the list: rows, numbers, links, and the years' bars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec
from markupsafe import escape

from indexer.catalogue.fields import MISSING, Catalogue, Field
from indexer.catalogue.records import Value
from search_app.engine.request import year_range
from search_app.engine.results import Bucket, Results
from search_app.presentation.html import Html, html
from search_app.search_state import SearchState, Ticking

SHOWN_VALUES = 10
"""How many values a facet shows before "show more"."""
WIDEST_BAR = 12
"""In percent of the chart: a single year is no slab."""


class FacetRow(msgspec.Struct, frozen=True, gc=False):
    """A value of a facet: its label, its numbers, and where a click on it leads.

    `key` is a name for the row that is its own on a page, and `number` the count as it is
    printed, empty for a selected value without hits. `name` is the label as HTML. `action` says in
    words what the link does and how long a list it leads to.
    """

    field: str
    value: str
    key: Html
    label: str
    name: Html
    count: int
    number: str
    href: Html
    action: Html
    selected: bool
    children: tuple[FacetRow, ...] = ()

    @property
    def opened(self) -> bool:
        """Whether its children are shown at once: it or one of them is ticked."""
        return self.selected or any(child.selected for child in self.children)


class Bar(msgspec.Struct, frozen=True, gc=False):
    """A year of the histogram: its row, and the attributes of two rectangles.

    `target` is the year's part of the chart, `fill` the bar in it, in percent. A year without
    publications has no bar.
    """

    row: FacetRow
    target: Html
    fill: Html


class FacetGroup(msgspec.Struct, frozen=True):
    """A facet as it is shown: some of its values, and where all of them are.

    `bars` are there for years only, `first` and `last` being the years at its ends.
    `from_value` and `to_value` fill the two boxes of a range, and `action` is the URL of its form.
    """

    name: str
    label: str
    rows: tuple[FacetRow, ...]
    more: int
    more_href: str
    is_range: bool = False
    bars: tuple[Bar, ...] = ()
    first: str = ""
    last: str = ""
    from_value: str = ""
    to_value: str = ""
    kept: tuple[tuple[str, str], ...] = ()
    action: str = ""


def label(field: Field, value: Value, catalogue: Catalogue) -> str:
    """What a value of a facet is called; having none, and a range of years, in words."""
    return _label(field, value, catalogue.language)


@lru_cache(maxsize=4096)
def _label(field: Field, value: Value, language: str) -> str:
    if value == MISSING:
        return field.missing
    if field.kind == "year" and (ends := year_range(str(value))):
        low, high = ends
        if not low or not high:
            return f"from {low}" if low else f"up to {high}"
        return f"{low}–{high}"
    return field.display(value, language)


def facet_groups(
    results: Results,
    state: SearchState,
    catalogue: Catalogue,
    fields: Sequence[Field],
    most: int | None = SHOWN_VALUES,
) -> tuple[FacetGroup, ...]:
    """Facets as they are shown: the first `most` values of each (or all), and the ticked ones."""
    rows = _Rows(state, catalogue)
    return tuple([_group(field, results, state, rows, most) for field in fields])


def _group(
    field: Field, results: Results, state: SearchState, rows: _Rows, most: int | None
) -> FacetGroup:
    buckets = results.facets[field.name]
    shown = buckets
    if most is not None and len(buckets) > most:
        shown = (*buckets[:most], *(each for each in buckets[most:] if is_ticked(each)))
    group = FacetGroup(
        name=field.name,
        label=field.label,
        rows=tuple([rows.row(bucket) for bucket in shown]),
        more=len(buckets) - len(shown) + results.left_out[field.name],
        more_href=state.url(f"/facet/{field.name}", page=1),
    )
    if field.kind != "year":
        return group
    years = [each for each in buckets if each.count and each.value.isdigit()]
    ranges = [ends for each in state.filters.get(field.name, ()) if (ends := year_range(each))]
    low, high = ranges[0] if ranges else ("", "")
    return msgspec.structs.replace(
        group,
        is_range=True,
        bars=tuple(_bars(years, rows)),
        first=min((each.value for each in years), default=""),
        last=max((each.value for each in years), default=""),
        from_value=low,
        to_value=high,
        kept=state.pairs_without(field.name, "page"),
        action=f"{state.prefix}/",
    )


def is_ticked(bucket: Bucket) -> bool:
    """Whether a value, or one below it, is ticked."""
    return bucket.selected or any(child.selected for child in bucket.children)


class _Rows:
    """Makes the rows of facets for one state; what the rows of a field share is made once."""

    def __init__(self, state: SearchState, catalogue: Catalogue) -> None:
        self._state, self._language, self._fields = state, catalogue.language, catalogue.by_name
        self._ticking: dict[str, Ticking] = {}

    def row(self, bucket: Bucket, within: str = "") -> FacetRow:
        """A value's row, and those of its children; `within` is the value above it."""
        name, value, count = bucket.field, bucket.value, bucket.count
        label = _label(self._fields[name], value, self._language)
        shown, number = html(label), f"{count:,}" if count else ""
        if bucket.selected:
            href = Html(escape(self._state.url_without(name, value)))
        elif bucket.children and is_ticked(bucket):
            href = Html(escape(toggled(self._state, bucket).url()))
        else:
            href = Html(self._ticked(name).url(value))
        children = tuple([self.row(child, f"{value} ") for child in bucket.children])
        return FacetRow(
            name, value, html(f"{within}{name}={value}"), label, shown, count, number, href,
            _action(bucket, shown, number), bucket.selected, children,
        )  # fmt: skip

    def _ticked(self, name: str) -> Ticking:
        """Return the URLs that select a value, as HTML: the value's own part needs no escaping."""
        ticking = self._ticking.get(name)
        if ticking is None:
            _, before, after = self._state.ticking(name)
            ticking = self._ticking[name] = Ticking(name, str(escape(before)), str(escape(after)))
        return ticking


def toggled(state: SearchState, bucket: Bucket) -> SearchState:
    """Where a click on a value leads: a value above ticked ones takes their place."""
    ticked = [(child.field, child.value) for child in bucket.children if child.selected]
    return state.toggled(bucket.field, bucket.value, ticked)


def _action(bucket: Bucket, name: Html, number: str) -> Html:
    """What a click does, and how long a list it leads to, unless that is empty."""
    said = f"{name}, {_publications(bucket.count, number)}" if bucket.count else name
    if bucket.total == bucket.count and not bucket.selected:
        return Html(said)
    if not bucket.total:
        return Html(f"{said}; ticked, remove it")
    leads = _publications(bucket.total, f"{bucket.total:,}")
    if bucket.selected:
        return Html(f"{said}; ticked, removing it leads to {leads}")
    return Html(f"{said}; with what is ticked, leads to {leads}")


def _publications(count: int, number: str) -> str:
    return f"{number} publication" if count == 1 else f"{number} publications"


def _bars(years: Sequence[Bucket], rows: _Rows) -> Iterable[Bar]:
    if not years:
        return
    first = min(int(each.value) for each in years)
    span = max(int(each.value) for each in years) - first + 1
    tallest = max(each.count for each in years)
    for bucket in sorted(years, key=lambda each: each.value):
        target, fill = _across(int(bucket.value) - first, span)
        height = round(max(100 * bucket.count / tallest, 3), 2)
        upright = f'{fill} y="{100 - height}" height="{height}"'
        yield Bar(rows.row(bucket), target, Html(upright))


@lru_cache(maxsize=4096)
def _across(place: int, span: int) -> tuple[Html, Html]:
    """Return where a year is on a chart of so many years, as attributes of its rectangles."""
    width = 100 / span
    fill = min(width * 0.8, WIDEST_BAR)
    left = place * width
    return (
        Html(f'x="{round(left, 3)}" width="{round(width, 3)}"'),
        Html(f'x="{round(left + (width - fill) / 2, 3)}" width="{round(fill, 3)}"'),
    )
