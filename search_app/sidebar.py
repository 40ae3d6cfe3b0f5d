"""The facets as they are shown beside the list: rows, numbers, links, and the years' bars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from indexer.fields import MISSING, Catalogue, Field
from indexer.record import Value
from search_app.engine.request import year_range
from search_app.engine.results import Bucket
from search_app.state import SearchState

SHOWN_VALUES = 10
"""How many values a facet shows before "show more"."""
WIDEST_BAR = 12
"""In percent of the chart: a single year is no slab."""


class FacetRow(msgspec.Struct, frozen=True):
    """A value of a facet: its label, its numbers, and where a click on it leads.

    `action` says in words what the link does and how long a list it leads to.
    """

    field: str
    value: str
    label: str
    count: int
    href: str
    action: str
    selected: bool
    children: tuple[FacetRow, ...] = ()

    @property
    def opened(self) -> bool:
        """Whether its children are shown at once: it or one of them is ticked."""
        return self.selected or any(child.selected for child in self.children)


class Bar(msgspec.Struct, frozen=True):
    """A year of the histogram: its count, its link, and its bar.

    `left` and `width` are the year's part of the chart, `fill_left`, `fill_width` and
    `height` the bar in it, all in percent. A year that nothing has is not among the bars.
    """

    label: str
    count: int
    href: str
    action: str
    selected: bool
    left: float
    width: float
    fill_left: float
    fill_width: float
    height: float


class FacetGroup(msgspec.Struct, frozen=True):
    """A facet as it is shown: some of its values, and where all of them are.

    `bars` are there for years only, `first` and `last` being the years at its ends.
    `from_value` and `to_value` fill the two boxes of a range.
    """

    name: str
    label: str
    rows: tuple[FacetRow, ...]
    more: int
    more_href: str
    ticked: int
    is_range: bool = False
    bars: tuple[Bar, ...] = ()
    first: str = ""
    last: str = ""
    from_value: str = ""
    to_value: str = ""
    kept: tuple[tuple[str, str], ...] = ()


def label(field: Field, value: Value, catalogue: Catalogue) -> str:
    """What a value of a facet is called; having none, and a range of years, in words."""
    if value == MISSING:
        return field.missing
    if field.kind == "year" and (ends := year_range(str(value))):
        low, high = ends
        if not low or not high:
            return f"from {low}" if low else f"up to {high}"
        return f"{low}–{high}"
    return field.display(value, catalogue.language)


def facet_group(
    field: Field,
    buckets: Sequence[Bucket],
    state: SearchState,
    catalogue: Catalogue,
    most: int = SHOWN_VALUES,
) -> FacetGroup:
    """A facet as it is shown: its first `most` values, and the ticked ones beyond them."""
    shown = [*buckets[:most], *(each for each in buckets[most:] if is_ticked(each))]
    child = catalogue.children.get(field.name)
    ticked = sum(len(state.filters.get(row.name, ())) for row in (field, child) if row)
    group = FacetGroup(
        name=field.name,
        label=field.label,
        rows=tuple(_row(bucket, state, catalogue) for bucket in shown),
        more=len(buckets) - len(shown),
        more_href=state.with_page(1).url(f"/facet/{field.name}"),
        ticked=ticked,
    )
    if field.kind != "year":
        return group
    years = [each for each in buckets if each.count and each.value.isdigit()]
    ranges = [ends for each in state.filters.get(field.name, ()) if (ends := year_range(each))]
    low, high = ranges[0] if ranges else ("", "")
    return msgspec.structs.replace(
        group,
        is_range=True,
        bars=tuple(_bars(years, state, catalogue)),
        first=min((each.value for each in years), default=""),
        last=max((each.value for each in years), default=""),
        from_value=low,
        to_value=high,
        kept=state.pairs_without(field.name, "page"),
    )


def is_ticked(bucket: Bucket) -> bool:
    """Whether a value, or one below it, is ticked."""
    return bucket.selected or any(child.selected for child in bucket.children)


def _row(bucket: Bucket, state: SearchState, catalogue: Catalogue) -> FacetRow:
    field = catalogue.by_name[bucket.field]
    name = label(field, bucket.value, catalogue)
    return FacetRow(
        bucket.field,
        bucket.value,
        name,
        bucket.count,
        toggled(state, bucket).url(),
        _action(bucket, name),
        bucket.selected,
        tuple(_row(child, state, catalogue) for child in bucket.children),
    )


def toggled(state: SearchState, bucket: Bucket) -> SearchState:
    """Where a click on a value leads: a value above ticked ones takes their place."""
    ticked = [(child.field, child.value) for child in bucket.children if child.selected]
    return state.toggled(bucket.field, bucket.value, ticked)


def _action(bucket: Bucket, name: str) -> str:
    """What a click does, and how long a list it leads to."""
    leads = _publications(bucket.total)
    if bucket.selected:
        held = _publications(bucket.count)
        return f"{name}, {held}; ticked, removing it leads to {leads}"
    if bucket.total != bucket.count:
        return f"{name}, {_publications(bucket.count)}; with what is ticked, leads to {leads}"
    return f"{name}, {leads}"


def _publications(number: int) -> str:
    return f"{number:,} publication" if number == 1 else f"{number:,} publications"


def _bars(years: Sequence[Bucket], state: SearchState, catalogue: Catalogue) -> Iterable[Bar]:
    if not years:
        return
    first = min(int(each.value) for each in years)
    width = 100 / (max(int(each.value) for each in years) - first + 1)
    fill = min(width * 0.8, WIDEST_BAR)
    tallest = max(each.count for each in years)
    for bucket in sorted(years, key=lambda each: each.value):
        row = _row(bucket, state, catalogue)
        left = (int(bucket.value) - first) * width
        height = max(100 * bucket.count / tallest, 3)
        yield Bar(
            row.label, row.count, row.href, row.action, row.selected,
            round(left, 3), round(width, 3), round(left + (width - fill) / 2, 3),
            round(fill, 3), round(height, 2),
        )  # fmt: skip
