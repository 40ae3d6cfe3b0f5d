"""The year histogram: at most MAX_BARS bars, each of one year or of several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import groupby

import msgspec

from indexer.catalogue.fields import Field
from search_app.engine.results import Bucket, Results
from search_app.presentation.facet_rows import FacetRow, RowBuilder
from search_app.presentation.html import Html

MAX_BARS = 11
"""Maximum number of bars. The narrowest chart is 264 px wide, and a target at least 24 px."""
STEPS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000)
"""The numbers of years that a bar may have. The last one divides all years into 10 bars."""
MAX_BAR_WIDTH = 12
"""Maximum width of a bar, in percent of the chart. Without it, a single year would fill the
chart."""
MIN_YEAR_GAP, MAX_YEAR_OUTLIERS = 50, 0.02
"""The first or last years have no bar if a gap of at least 50 years separates them from all others,
and they have at most 2 % of the publications. A wrong year would otherwise widen all bars."""


class Bar(msgspec.Struct, frozen=True, gc=False):
    """A bar of the histogram: the row of its years, and the SVG attributes of two rectangles.

    `target` is the clickable area. `fill` is the bar in it, in percent of the chart.
    """

    row: FacetRow
    target: Html
    fill: Html


class Histogram(msgspec.Struct, frozen=True):
    """The bars of years with publications, and the first and the last of these years."""

    bars: tuple[Bar, ...]
    first: str
    last: str


def make_histogram(field: Field, results: Results, rows: RowBuilder) -> Histogram | None:
    """Return the histogram of a facet of years, or None without years."""
    buckets = [bucket for bucket in results.facets[field.name] if not bucket.excluded]
    years = _without_outliers(
        [bucket for bucket in buckets if bucket.count and bucket.value.isdigit()]
    )
    if not years:
        return None
    first, last = years[0].value, years[-1].value
    step = next(step for step in STEPS if int(last) // step - int(first) // step < MAX_BARS)
    by_value = {bucket.value: bucket for bucket in buckets}
    made = {
        number: _join_years(list(joined), number * step, step, by_value, results.total)
        for number, joined in groupby(years, lambda year: int(year.value) // step)
    }
    has_totals = step == 1 or not (field.several or results.hidden_values[field.name])
    bars = tuple(_make_bars(made, rows, has_totals=has_totals))
    return Histogram(bars, first, last)


def _without_outliers(buckets: Iterable[Bucket]) -> list[Bucket]:
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


def _join_years(
    years: Sequence[Bucket], start: int, step: int, by_value: Mapping[str, Bucket], total: int
) -> Bucket:
    """Return the bucket of some years as one range of `step` years from `start`.

    The sums are exact if no publication has several years, and all years are known. `total` is the
    number of hits.
    """
    if step == 1:
        return years[0]
    value = f"{start:04}..{start + step - 1:04}"
    if known := by_value.get(value):
        return known
    count = sum(year.count for year in years)
    if not any(bucket.selected for bucket in by_value.values()):
        return Bucket(years[0].field, value, count, count)
    # A selected year is in the list already, so the range adds the other years only.
    added = sum(year.total - total for year in years if not year.selected)
    return Bucket(years[0].field, value, count, total + added)


def _make_bars(made: Mapping[int, Bucket], rows: RowBuilder, *, has_totals: bool) -> Iterable[Bar]:
    """Yield a bar for each bucket, in order, at the place of its number.

    Without `has_totals`, the sums of a bar are no numbers of hits, so its name leaves them out.
    """
    first, last = min(made), max(made)
    tallest = max(bucket.count for bucket in made.values())
    for number, bucket in made.items():
        target, fill = _place_bar(number - first, last - first + 1)
        height = round(max(100 * bucket.count / tallest, 3), 2)
        row = rows.make_row(bucket)
        if not has_totals and not bucket.selected:
            row = msgspec.structs.replace(row, action=row.name)
        yield Bar(row, target, Html(f'{fill} y="{100 - height}" height="{height}"'))


@lru_cache(maxsize=MAX_BARS * MAX_BARS)
def _place_bar(index: int, count: int) -> tuple[Html, Html]:
    """Return the position of a bar on a chart of `count` bars, as attributes of two rectangles."""
    width = 100 / count
    fill = min(width * 0.8, MAX_BAR_WIDTH)
    start = index * width
    return (
        Html(f'x="{round(start, 3)}" width="{round(width, 3)}"'),
        Html(f'x="{round(start + (width - fill) / 2, 3)}" width="{round(fill, 3)}"'),
    )
