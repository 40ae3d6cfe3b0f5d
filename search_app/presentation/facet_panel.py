"""The facet panel: rows with counts and links, and the bars of the year histogram."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import msgspec
from markupsafe import escape

from indexer.catalogue.fields import MISSING, Catalogue, Field
from indexer.catalogue.records import Value
from search_app.engine.request import parse_year_range
from search_app.engine.results import Bucket, Results
from search_app.i18n.translation import gettext, ngettext
from search_app.presentation.html import Html, escape_html
from search_app.search_state import FilterLinks, SearchState

MAX_SHOWN_VALUES = 10
"""Number of values that a facet shows before "show more"."""
MAX_BAR_WIDTH = 12
"""Maximum width of a bar, in percent of the chart. Without it, a single year would fill the
chart."""

MIN_BAR_WIDTH = 0.4
"""Minimum width of a bar in percent: about one pixel."""
MIN_YEAR_GAP, MAX_YEAR_OUTLIERS = 50, 0.02
"""The first or last years have no bar if a gap of at least 50 years separates them from all others,
and they have at most 2 % of the publications. A wrong year would otherwise narrow all bars."""


class FacetRow(msgspec.Struct, frozen=True, gc=False):
    """A value of a facet: its label, its counts, and the link that toggles it.

    `key` is unique on a page. `number` is the formatted count, empty for a selected value without
    hits. `name` is the label as HTML. `action` describes in words what the link does and how many
    hits follow. `within` is the name of the list of its children.
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
    within: Html
    children: tuple[FacetRow, ...] = ()

    @property
    def opened(self) -> bool:
        """Whether its children are expanded: the value or one of its children is selected."""
        return self.selected or any(child.selected for child in self.children)

    @property
    def is_missing(self) -> bool:
        """Whether it stands for the publications without a value."""
        return self.value == MISSING


class Bar(msgspec.Struct, frozen=True, gc=False):
    """A year of the histogram: its row, and the SVG attributes of two rectangles.

    `target` is the clickable area of the year. `fill` is the bar in it, in percent of the chart. A
    year without publications has no bar.
    """

    row: FacetRow
    target: Html
    fill: Html


class FacetGroup(msgspec.Struct, frozen=True):
    """A facet with some of its values, and the link to all of them.

    `more` is the number of values that are not shown. Only years have `bars`, and `first` and
    `last` are the years at the ends of the chart. `from_value` and `to_value` fill the two inputs
    of a range. `action` is the URL of its form, and `kept` has the hidden parameters of the form.
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


def facet_label(field: Field, value: Value, catalogue: Catalogue) -> str:
    """Return the display name of a facet value, of a missing value, or of a range of years."""
    if field.kind == "year" and ".." in str(value) and (ends := parse_year_range(str(value))):
        low, high = ends
        if not high:
            return gettext("from %(year)s") % {"year": low}
        return f"{low}–{high}" if low else gettext("up to %(year)s") % {"year": high}
    return _get_label(field, value, catalogue.language)


@lru_cache(maxsize=4096)
def _get_label(field: Field, value: Value, language: str) -> str:
    return field.missing if value == MISSING else field.display(value, language)


def list_useful_facets(results: Results, catalogue: Catalogue) -> list[Field]:
    """Return the facets with a value to select: one that a publication states, or a selected one."""
    return [
        field
        for field in catalogue.facets
        if any(bucket.value != MISSING or bucket.selected for bucket in results.facets[field.name])
    ]


def make_facet_groups(
    results: Results,
    state: SearchState,
    catalogue: Catalogue,
    fields: Sequence[Field],
    limit: int = MAX_SHOWN_VALUES,
) -> tuple[FacetGroup, ...]:
    """Return facets with the first `limit` values of each and the selected values."""
    rows = _RowBuilder(state, catalogue)
    return tuple([_make_group(field, results, state, rows, limit) for field in fields])


def _make_group(
    field: Field, results: Results, state: SearchState, rows: _RowBuilder, limit: int
) -> FacetGroup:
    buckets = results.facets[field.name]
    shown_buckets = limit_buckets(buckets, limit)
    rows_by_value = {bucket.value: rows.make_row(bucket) for bucket in shown_buckets}
    group = FacetGroup(
        name=field.name,
        label=field.label,
        rows=tuple(rows_by_value.values()),
        more=len(buckets) - len(shown_buckets) + results.hidden_values[field.name],
        more_href=state.make_url(f"/facet/{field.name}", page=1),
    )
    if field.kind != "year":
        return group
    years = _without_outliers(
        [bucket for bucket in buckets if bucket.count and bucket.value.isdigit()]
    )
    ranges = [
        ends for value in state.filters.get(field.name, ()) if (ends := parse_year_range(value))
    ]
    low, high = ranges[0] if ranges else ("", "")
    return msgspec.structs.replace(
        group,
        is_range=True,
        bars=tuple(_make_bars(years, rows, rows_by_value)),
        first=years[0].value if years else "",
        last=years[-1].value if years else "",
        from_value=low,
        to_value=high,
        kept=state.list_pairs_without(field.name),
        action=f"{state.prefix}/",
    )


def limit_buckets(buckets: Sequence[Bucket], limit: int) -> list[Bucket]:
    """Return the first `limit` values of a facet, and all later values that are selected."""
    return [*buckets[:limit], *filter(is_selected, buckets[limit:])]


def is_selected(bucket: Bucket) -> bool:
    """Return whether a value, or one below it, is selected."""
    return bucket.selected or any(child.selected for child in bucket.children)


class _RowBuilder:
    """A builder of facet rows for one state. It caches what the rows of a field share."""

    def __init__(self, state: SearchState, catalogue: Catalogue) -> None:
        self._state, self._catalogue = state, catalogue
        self._links: dict[str, FilterLinks] = {}

    def make_row(self, bucket: Bucket, within: str = "") -> FacetRow:
        """Return the row of a value, with those of its children. `within` starts their keys."""
        name, value, count = bucket.field, bucket.value, bucket.count
        label = facet_label(self._catalogue.by_name[name], value, self._catalogue)
        label_html, number = escape_html(label), f"{count:,}" if count else ""
        if is_selected(bucket):
            href = Html(escape(toggle(self._state, bucket).make_url()))
        else:
            href = Html(self._get_links(name).make_url(value))
        children = tuple([self.make_row(child, f"{value} ") for child in bucket.children])
        children_label = (
            gettext("Values within %(value)s") % {"value": label_html} if children else ""
        )
        return FacetRow(
            name, value, escape_html(f"{within}{name}={value}"), label, label_html, count, number,
            href, _describe_action(bucket, label_html, number), bucket.selected,
            Html(children_label), children,
        )  # fmt: skip

    def _get_links(self, name: str) -> FilterLinks:
        """Return the URLs that select a value, escaped as HTML.

        The value's own part of the URL needs no escaping.
        """
        links = self._links.get(name)
        if links is None:
            _, before, after = self._state.make_filter_links(name)
            links = self._links[name] = FilterLinks(name, str(escape(before)), str(escape(after)))
        return links


def toggle(state: SearchState, bucket: Bucket) -> SearchState:
    """Return the state after a click on a value. A parent replaces its selected children."""
    if bucket.selected:
        return state.without_filter(bucket.field, bucket.value)
    for child in bucket.children:
        if child.selected:
            state = state.without_filter(child.field, child.value)
    return state.with_filter(bucket.field, bucket.value)


def _describe_action(bucket: Bucket, value: Html, number: str) -> Html:
    """Return the label and count of a value, and what a click on it leads to.

    The latter is left out if a click selects the value and leads to exactly its count.
    """
    text: str = value
    if count := bucket.count:
        message = ngettext(
            "%(value)s, %(number)s publication", "%(value)s, %(number)s publications", count
        )
        text = message % {"value": value, "number": number}
    if bucket.total == bucket.count and not bucket.selected:
        return Html(text)
    return Html(f"{text}; {_result(bucket)}")


def _result(bucket: Bucket) -> str:
    """Return what a click on a value leads to."""
    if not bucket.total:
        return gettext("selected, remove it")
    if bucket.selected:
        message = ngettext(
            "selected, without it: %(number)s publication",
            "selected, without it: %(number)s publications",
            bucket.total,
        )
    else:
        message = ngettext(
            "with the current filters: %(number)s publication",
            "with the current filters: %(number)s publications",
            bucket.total,
        )
    return message % {"number": f"{bucket.total:,}"}


def _without_outliers(buckets: Sequence[Bucket]) -> list[Bucket]:
    """Return the years of the chart, in order, without a few outliers."""
    years = sorted(buckets, key=lambda bucket: int(bucket.value))
    allowed = max(1, sum(bucket.count for bucket in years) * MAX_YEAR_OUTLIERS)
    while len(years) > 1:
        (first, second), (previous, last) = years[:2], years[-2:]
        gaps = (int(second.value) - int(first.value), int(last.value) - int(previous.value))
        outlier = first if gaps[0] >= gaps[1] else last
        allowed -= outlier.count
        if max(gaps) < MIN_YEAR_GAP or allowed < 0 or outlier.selected:
            break
        years.remove(outlier)
    return years


def _make_bars(
    years: Sequence[Bucket], rows: _RowBuilder, rows_by_value: Mapping[str, FacetRow]
) -> Iterable[Bar]:
    """Yield a bar for each year. `years` are in order. Reuse the rows in `rows_by_value`."""
    if not years:
        return
    first = int(years[0].value)
    span = int(years[-1].value) - first + 1
    tallest = max(bucket.count for bucket in years)
    for bucket in years:
        target, fill = _place_bar(int(bucket.value) - first, span)
        height = round(max(100 * bucket.count / tallest, 3), 2)
        bar_attributes = f'{fill} y="{100 - height}" height="{height}"'
        row = rows_by_value.get(bucket.value) or rows.make_row(bucket)
        yield Bar(row, target, Html(bar_attributes))


@lru_cache(maxsize=4096)
def _place_bar(index: int, span: int) -> tuple[Html, Html]:
    """Return the position of a year on a chart of `span` years, as attributes of two rectangles."""
    width = 100 / span
    fill = max(min(width * 0.8, MAX_BAR_WIDTH), MIN_BAR_WIDTH)
    start = index * width
    return (
        Html(f'x="{round(start, 3)}" width="{round(width, 3)}"'),
        Html(f'x="{round(start + (width - fill) / 2, 3)}" width="{round(fill, 3)}"'),
    )
