"""The facet panel: facets with their first values, and the bars of the year histogram."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import msgspec

from indexer.catalogue.fields import MISSING, Catalogue, Field
from search_app.engine.request import parse_year_range
from search_app.engine.results import Bucket, Results
from search_app.presentation.facet_rows import FacetRow, RowBuilder, is_selected
from search_app.presentation.html import Html
from search_app.search_state import SearchState

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


def list_useful_facets(results: Results, catalogue: Catalogue) -> list[Field]:
    """Return the facets with a stated value, or with a selected one."""
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
    rows = RowBuilder(state, catalogue)
    return tuple([_make_group(field, results, state, rows, limit) for field in fields])


def _make_group(
    field: Field, results: Results, state: SearchState, rows: RowBuilder, limit: int
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
    years: Sequence[Bucket], rows: RowBuilder, rows_by_value: Mapping[str, FacetRow]
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
