"""The facet panel: facets as groups that fold, each with its first values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from indexer.analysis.folding import surface_form
from indexer.catalogue.fields import MISSING, Catalogue, Field
from search_app.engine.request import parse_year_range
from search_app.engine.results import Bucket, Results
from search_app.i18n.translation import gettext
from search_app.presentation.facet_rows import (
    FacetRow,
    RowBuilder,
    facet_label,
    is_restricted,
)
from search_app.presentation.list_controls import Choice
from search_app.presentation.year_histogram import Histogram, make_histogram
from search_app.search_state import SearchState

MAX_SHOWN_VALUES = 10
"""Number of values that a facet shows before "show more". A facet of more has a search box."""
OPEN_GROUPS = 2
"""Number of groups that are open on a phone without a selection: about one screen each."""
EARLY_GROUPS = 5
"""Number of groups that are always open on a desk: together about as high as ten hits."""


class FacetGroup(msgspec.Struct, frozen=True):
    """A facet with some of its values, and the link to all of them.

    `size` is the number of stated values, with those of the child row. `more` is the number of
    values that are not shown. `is_open` tells whether the group is open at first on a phone, and
    `is_early` whether it is always open on a desk. `combinations` has the links by which a
    publication needs any or all of the selected values, if there are several.

    `map_href` is the URL of the map of its countries, empty without any. `excludes` tells whether
    its values have links that exclude them.

    Only years have a `histogram`. `from_value` and `to_value` fill the two inputs of a range.
    `action` is the URL of the form of a range, `finder` that of the search box for values, and
    `kept` has the hidden parameters of both.
    """

    name: str
    label: str
    rows: tuple[FacetRow, ...]
    size: int
    more: int
    more_href: str
    finder: str
    kept: tuple[tuple[str, str], ...]
    is_open: bool
    is_early: bool
    combinations: tuple[Choice, ...] = ()
    map_href: str = ""
    excludes: bool = False
    is_range: bool = False
    histogram: Histogram | None = None
    from_value: str = ""
    to_value: str = ""
    action: str = ""

    @property
    def is_long(self) -> bool:
        """Whether the group has a search box for its values."""
        return self.size > MAX_SHOWN_VALUES and not self.is_range

    @property
    def longest_count(self) -> int:
        """The number of characters of the longest count."""
        return max((len(row.number) for row in self.rows), default=0)


def list_useful_facets(results: Results, catalogue: Catalogue) -> list[Field]:
    """Return the facets with a stated value, or with a selected or excluded one."""
    return [
        field
        for field in catalogue.facets
        if any(
            bucket.value != MISSING or is_restricted(bucket)
            for bucket in results.facets[field.name]
        )
    ]


def make_facet_groups(
    results: Results,
    state: SearchState,
    catalogue: Catalogue,
    fields: Sequence[Field],
    limit: int = MAX_SHOWN_VALUES,
    *,
    find: str = "",
) -> tuple[FacetGroup, ...]:
    """Return facets with the first `limit` values of each, and the selected and excluded values.

    With a text to `find`, only the values that contain it in their label are shown.
    """
    rows = RowBuilder(state, catalogue, has_hits=results.total > 0)
    groups = []
    for number, field in enumerate(fields):
        buckets = results.facets[field.name]
        if find:
            buckets = tuple(_find_values(buckets, surface_form(find), catalogue))
        shown = limit_buckets(buckets, limit)
        shown_rows = tuple([rows.make_row(bucket) for bucket in shown])
        more_href = state.make_url(f"/facet/{field.name}", page=1)
        group = FacetGroup(
            name=field.name,
            label=field.label,
            rows=shown_rows,
            size=_count_values(results.facets[field.name]) + results.hidden_values[field.name],
            more=len(buckets) - len(shown) + results.hidden_values[field.name],
            more_href=more_href,
            finder=f"{state.prefix}/facet/{field.name}",
            kept=state.list_pairs_without(),
            is_open=number < OPEN_GROUPS or any(map(is_restricted, buckets)),
            is_early=number < EARLY_GROUPS,
            combinations=_make_combinations(field, results, state, catalogue),
            map_href=f"{more_href}#map" if _has_countries(field, buckets, catalogue) else "",
            excludes=any(row.exclusion for row in shown_rows),
        )
        is_year = field.kind == "year"
        groups.append(_add_range(group, field, results, state, rows) if is_year else group)
    return tuple(groups)


def _has_countries(field: Field, buckets: Sequence[Bucket], catalogue: Catalogue) -> bool:
    """Return whether hits have countries within the values of a facet."""
    child = catalogue.children.get(field.name)
    is_place = child is not None and child.kind == "country"
    return is_place and any(inner.count for bucket in buckets for inner in bucket.children)


def _make_combinations(
    field: Field, results: Results, state: SearchState, catalogue: Catalogue
) -> tuple[Choice, ...]:
    """Return the choice between any and all of the selected values of a facet.

    It is empty if it changes nothing: a selected child counts instead of its selected parent, and
    if any value gives no hits, all give none.
    """
    selected = {
        (bucket.field, bucket.value)
        for parent in results.facets[field.name]
        for bucket in (parent, *parent.children)
        if bucket.selected and not any(child.selected for child in bucket.children)
    }
    needs_all, rows = state.needs_all_of(field.name), catalogue.list_facet_rows(field)
    if field not in catalogue.multivalued or not (
        needs_all or (results.total and len(selected) > 1)
    ):
        return ()
    any_of = state.with_any_of(field.name)
    all_of = state.with_all_of(field.name, tuple(row.name for row in rows))
    return (
        Choice("any", gettext("Any of these"), any_of.make_url(), not needs_all),
        Choice("all", gettext("All of these"), all_of.make_url(), needs_all),
    )


def _add_range(
    group: FacetGroup, field: Field, results: Results, state: SearchState, rows: RowBuilder
) -> FacetGroup:
    """Return the group of years with its histogram and the form of a range."""
    ranges = [
        ends for value in state.filters.get(field.name, ()) if (ends := parse_year_range(value))
    ]
    low, high = ranges[0] if ranges else ("", "")
    return msgspec.structs.replace(
        group,
        is_range=True,
        histogram=make_histogram(field, results, rows),
        from_value=low,
        to_value=high,
        kept=state.list_pairs_without(field.name),
        action=f"{state.prefix}/",
    )


def limit_buckets(buckets: Sequence[Bucket], limit: int) -> list[Bucket]:
    """Return the first `limit` values of a facet, and later ones if selected or excluded."""
    return [*buckets[:limit], *filter(is_restricted, buckets[limit:])]


def _count_values(buckets: Sequence[Bucket]) -> int:
    """Return the number of stated values that hits have, with those of the child row."""
    values = {
        (bucket.field, bucket.value)
        for parent in buckets
        for bucket in (parent, *parent.children)
        if bucket.count and bucket.value != MISSING and ".." not in bucket.value
    }
    return len(values)


def _find_values(buckets: Sequence[Bucket], text: str, catalogue: Catalogue) -> Iterator[Bucket]:
    """Yield the values with a folded text in their label, or with a child that has it there."""
    for bucket in buckets:
        label = facet_label(catalogue.by_name[bucket.field], bucket.value, catalogue)
        if text in surface_form(label):
            yield bucket
        elif children := tuple(_find_values(bucket.children, text, catalogue)):
            yield msgspec.structs.replace(bucket, children=children)
