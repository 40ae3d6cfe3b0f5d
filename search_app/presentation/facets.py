"""Facets: their values as rows with counts and links, in groups that fold, and years as bars."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby

import msgspec
from markupsafe import Markup, escape

from indexer.analysis.cleaning import surface_form
from indexer.catalogue.fields import MISSING, Catalogue, Field
from search_app.engine.request import parse_year_range
from search_app.engine.results import Bucket, Results
from search_app.i18n.translation import format_number, gettext, join_long, ngettext
from search_app.presentation.html import CARET, Html, escape_html, language_attribute, safe
from search_app.presentation.labels import facet_label, find_facet_language
from search_app.search_state import FilterLinks, SearchState

MAX_SHOWN_VALUES = 10
"""Number of values that a facet shows before "show more". A facet of more has a search box."""
MAX_LINK_BYTES, ROW_BYTES = 1 << 20, 500
"""Maximum size of the links on the page of a facet, and the size of a row without its links, in
bytes. They limit the page to about 2,000 values. It stays fast for tens of thousands of authors."""
MAX_EXCLUDING_URL = 8192
"""Maximum characters of the URL of a page that offers exclusions. Each is one more link per value,
and a link repeats the URL, so a page of long links would have twice the size."""
_CURRENT = ' aria-current="true"'
_TICK = '<svg viewBox="0 0 16 16" width="16" height="16"><path d="M3 8.5l3.5 3.5L13 4.5"/></svg>'

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


def is_restricted(bucket: Bucket) -> bool:
    """Return whether a value, or one below it, is selected or excluded."""
    return bucket.selected or bucket.excluded or _has_restricted_child(bucket)


def _has_restricted_child(bucket: Bucket) -> bool:
    return any(child.selected or child.excluded for child in bucket.children)


def limit_buckets(buckets: Sequence[Bucket], limit: int) -> list[Bucket]:
    """Return the first `limit` values of a facet, and later ones if selected or excluded."""
    return [*buckets[:limit], *filter(is_restricted, buckets[limit:])]


def toggle(state: SearchState, bucket: Bucket) -> SearchState:
    """Return the state after a click on a value. A parent replaces its selected children."""
    if bucket.selected:
        return state.without_filter(bucket.field, bucket.value)
    for child in bucket.children:
        if child.selected:
            state = state.without_filter(child.field, child.value)
    return state.with_filter(bucket.field, bucket.value)


def toggle_exclusion(state: SearchState, bucket: Bucket) -> SearchState:
    """Return the state after a click on "not". It restricts no child of an excluded parent."""
    if bucket.excluded:
        return state.without_exclusion(bucket.field, bucket.value)
    for child in bucket.children:
        if child.selected:
            state = state.without_filter(child.field, child.value)
        if child.excluded:
            state = state.without_exclusion(child.field, child.value)
    return state.with_exclusion(bucket.field, bucket.value)


class FacetValues:
    """The values of facets in one search, as rows of HTML, and the parts of these.

    What the values of a field share is made once. Without hits, there is nothing to exclude.
    """

    def __init__(self, state: SearchState, catalogue: Catalogue, *, has_hits: bool = True) -> None:
        self.state, self.catalogue = state, catalogue
        self.offers_exclusions = has_hits and len(state.make_url()) <= MAX_EXCLUDING_URL
        self._links: dict[str, tuple[FilterLinks, FilterLinks]] = {}
        # The names of links begin with their visible text, which users of voice control say.
        # See WCAG 2.5.3.
        # Translators: The visible text of a link that excludes a filter value. It may be a verb.
        self._not = gettext("not")
        # Translators: What a screen reader says for the link “not”. It must begin with its text.
        self._exclude = gettext("%(link)s: Exclude %(value)s")

    def label(self, bucket: Bucket) -> Html:
        field = self.catalogue.by_name[bucket.field]
        return escape_html(facet_label(field, bucket.value, self.catalogue))

    def lang(self, bucket: Bucket) -> Html:
        """Return the attribute `lang` of the label of a value, if it needs one."""
        field = self.catalogue.by_name[bucket.field]
        return language_attribute(find_facet_language(field, bucket.value, self.catalogue))

    def key(self, bucket: Bucket, parent: str = "") -> Html:
        """Return the name of a value for scripts. `parent` is the value above it, if any."""
        return escape_html(f"{parent}{' ' if parent else ''}{bucket.field}={bucket.value}")

    def href(self, bucket: Bucket) -> Html:
        if is_restricted(bucket):
            return Html(escape(toggle(self.state, bucket).make_url()))
        return Html(self._get_links(bucket.field)[0].make_url(bucket.value))

    def action(self, bucket: Bucket) -> Html:
        """Return the label and count of a value, and the total without it if it is selected."""
        text: str = self.label(bucket)
        if count := bucket.count:
            message = ngettext(
                "%(value)s, %(number)s publication", "%(value)s, %(number)s publications", count
            )
            text = message % {"value": text, "number": format_number(count)}
        if not bucket.selected:
            return Html(text)
        if not bucket.total:
            return Html(join_long([text, gettext("selected, remove it")]))
        message = ngettext(
            "selected, without it: %(number)s publication",
            "selected, without it: %(number)s publications",
            bucket.total,
        )
        return Html(join_long([text, message % {"number": format_number(bucket.total)}]))

    def render(
        self, bucket: Bucket, fragment: str = "", *, is_open: bool = False, parent: str = ""
    ) -> Html:
        """Return the item of a value in a list, with the list of its children below it.

        `fragment` ends the links. `is_open`: the children are expanded in any case. They are too
        if the value is selected, or one of them restricted.
        """
        label, key = self.label(bucket), self.key(bucket, parent)
        unstated = " unstated" if bucket.value == MISSING else ""
        count = format_number(bucket.count) if bucket.count else ""
        name = (
            f'<span class="label"{self.lang(bucket)}>{label}</span>\n'
            f'<span class="count">{count}</span>\n'
        )
        if bucket.excluded:
            line = f'<span class="tick out{unstated}">\n<span class="check"></span>\n{name}</span>'
        else:
            current, tick = (_CURRENT, _TICK) if bucket.selected else ("", "")
            line = (
                f'<a class="tick{unstated}" href="{self.href(bucket)}{fragment}" '
                f'aria-label="{self.action(bucket)}" data-key="{key}"{current} rel="nofollow">\n'
                f'<span class="check" aria-hidden="true">\n{tick}</span>\n{name}</a>'
            )
        if bucket.excluded or self.offers_exclusions:
            line += self._render_exclusion(bucket, fragment, label, key)
        if not bucket.children:
            return Html(f'<li class="row">\n<div class="line">\n{line}\n</div>\n</li>\n')
        within = gettext("Values within %(value)s") % {"value": label}
        opened = is_open or bucket.selected or _has_restricted_child(bucket)
        rows = [self.render(child, fragment, parent=bucket.value) for child in bucket.children]
        return Html(
            f'<li class="row has-children">\n<div class="line">\n{line}\n</div>\n'
            f'<details class="children" data-key="open {key}"{" open" if opened else ""}>\n'
            f'<summary title="{within}">\n{CARET}\n<span class="unseen">{within}</span>\n'
            f"</summary>\n<ul>\n{''.join(rows)}</ul>\n</details>\n</li>\n"
        )

    def _render_exclusion(self, bucket: Bucket, fragment: str, label: Html, key: Html) -> str:
        """Return the link that excludes a value, or includes it again."""
        if is_restricted(bucket):
            href: str = escape(toggle_exclusion(self.state, bucket).make_url())
        else:
            href = self._get_links(bucket.field)[1].make_url(bucket.value)
        current, message, number = "", self._exclude, ""
        if bucket.excluded:
            current, message = _CURRENT, gettext("%(link)s: Include %(value)s again")
        if bucket.excluded and bucket.total:
            message = ngettext(
                "%(link)s: Include %(value)s again: %(number)s publication",
                "%(link)s: Include %(value)s again: %(number)s publications",
                bucket.total,
            )
            number = format_number(bucket.total)
        action = message % {"link": self._not, "value": label, "number": number}
        return (
            f'<a class="not" href="{href}{fragment}" aria-label="{action}" '
            f'data-key="not {key}"{current} rel="nofollow">{self._not}</a>'
        )

    def _get_links(self, name: str) -> tuple[FilterLinks, FilterLinks]:
        """Return the URLs that select a value and that exclude it, escaped as HTML.

        The value's own part of the URL needs no escaping.
        """
        links = self._links.get(name)
        if links is None:
            links = self._links[name] = (
                _escape(self.state.make_links(name)),
                _escape(self.state.make_links(name, excludes=True)),
            )
        return links


def _escape(links: FilterLinks) -> FilterLinks:
    return links._replace(before=str(escape(links.before)), after=str(escape(links.after)))


class FacetGroup:
    """A facet with some of its values (`buckets`), and the links to all of them.

    `more` is the number of values that are not shown. `is_long`: it has a search box for them.
    """

    def __init__(
        self,
        field: Field,
        results: Results,
        values: FacetValues,
        limit: int = MAX_SHOWN_VALUES,
        find: str = "",
    ) -> None:
        self.name, self.label, self.values = field.name, field.label, values
        self.lang = safe(language_attribute(values.catalogue.find_text_language(field.label)))
        self.field, self._results, self.state = field, results, values.state
        found: Sequence[Bucket] = results.facets[field.name]
        stated = {
            (bucket.field, bucket.value)
            for parent in found
            for bucket in (parent, *parent.children)
            if bucket.count and bucket.value != MISSING and ".." not in bucket.value
        }
        self.size = len(stated) + results.hidden_values[field.name]
        if find:
            found = tuple(_find_values(found, surface_form(find), values.catalogue))
        self._found, self.buckets = found, limit_buckets(found, limit)
        self.more = len(found) - len(self.buckets) + results.hidden_values[field.name]
        self.more_href = self.state.make_url(f"/facet/{field.name}", page=1)
        self.is_range = field.kind == "year"
        self.is_long = self.size > MAX_SHOWN_VALUES and not self.is_range

    @property
    def excludes(self) -> bool:
        """Whether its values have links that exclude them."""
        return any(self.values.offers_exclusions or bucket.excluded for bucket in self.buckets)

    @property
    def is_restricted(self) -> bool:
        return any(map(is_restricted, self._found))

    @property
    def has_countries(self) -> bool:
        """Whether a map can show its values."""
        child = self.values.catalogue.children.get(self.name)
        has_counts = any(inner.count for bucket in self._found for inner in bucket.children)
        return child is not None and child.kind == "country" and has_counts

    @property
    def widest_count(self) -> int:
        """The number of characters of its largest number of publications."""
        return max([len(format_number(each.count)) for each in self.buckets if each.count] or [0])

    @property
    def combinations(self) -> dict[str, SearchState]:
        """The states in which any, or all, of its selected values are needed.

        It is empty if it changes nothing: a selected child counts instead of its selected parent,
        and if any value gives no hits, all give none.
        """
        catalogue = self.values.catalogue
        if self.field not in catalogue.multivalued:
            return {}
        selected = {
            (bucket.field, bucket.value)
            for parent in self._results.facets[self.name]
            for bucket in (parent, *parent.children)
            if bucket.selected and not any(child.selected for child in bucket.children)
        }
        has_choice = self._results.total and len(selected) > 1
        if not has_choice and not self.state.needs_all_of(self.name):
            return {}
        names = tuple(field.name for field in catalogue.list_facet_fields(self.field))
        return {
            "any": self.state.with_any_of(self.name),
            "all": self.state.with_all_of(self.name, names),
        }

    @property
    def histogram(self) -> Histogram | None:
        """Its years as bars, or None without years."""
        return make_histogram(self.field, self._results)

    @property
    def years(self) -> tuple[str, str]:
        """The ends of the range of years that is selected, or "" for each."""
        ranges = map(parse_year_range, self.state.filters.get(self.name, ()))
        return next(filter(None, ranges), ("", ""))

    def render_rows(self, fragment: str = "", *, is_open: bool = False) -> Markup:
        """Return the items of its values. `fragment` ends their links."""
        rows = [self.values.render(each, fragment, is_open=is_open) for each in self.buckets]
        return safe("".join(rows))


def _find_values(buckets: Sequence[Bucket], text: str, catalogue: Catalogue) -> Iterator[Bucket]:
    """Yield the values with a folded text in their label, or with a child that has it there."""
    for bucket in buckets:
        label = facet_label(catalogue.by_name[bucket.field], bucket.value, catalogue)
        if text in surface_form(label):
            yield bucket
        elif children := tuple(_find_values(bucket.children, text, catalogue)):
            yield msgspec.structs.replace(bucket, children=children)


def make_facet_groups(
    results: Results, state: SearchState, catalogue: Catalogue
) -> list[FacetGroup]:
    """Return facets with the first values of each, and the selected and excluded values.

    A facet without a stated value is left out, unless a value of it is selected or excluded.
    """
    values = FacetValues(state, catalogue, has_hits=results.total > 0)
    return [
        FacetGroup(field, results, values)
        for field in catalogue.facets
        if any(
            bucket.value != MISSING or is_restricted(bucket)
            for bucket in results.facets[field.name]
        )
    ]


def make_whole_group(
    field: Field, results: Results, state: SearchState, catalogue: Catalogue, find: str
) -> FacetGroup:
    """Return a facet with the values that contain a text to `find`, or with all of them.

    The size of the links limits how many there are.
    """
    limit = MAX_LINK_BYTES // (2 * len(state.make_url()) + ROW_BYTES)
    values = FacetValues(state, catalogue, has_hits=results.total > 0)
    return FacetGroup(field, results, values, limit, find)


class Histogram(msgspec.Struct, frozen=True):
    """Years as bars: a bucket for each bar, by its place from 0, and the places of all.

    `first` and `last` are the years at the ends. If a bar `is_exact`, its sum is a number of hits,
    which is in its name.
    """

    bars: Mapping[int, Bucket]
    first: str
    last: str
    is_exact: bool

    def render(self, values: FacetValues, fragment: str) -> Markup:
        """Return the bars as links, each with its clickable area."""
        width = max(self.bars) + 1
        tallest = max(bucket.count for bucket in self.bars.values())
        parts = []
        for place, bucket in self.bars.items():
            target, fill = _place_bar(place, width)
            height = round(max(100 * bucket.count / tallest, 3), 2)
            is_exact = self.is_exact or bucket.selected
            action = values.action(bucket) if is_exact else values.label(bucket)
            current = _CURRENT if bucket.selected else ""
            parts.append(
                f'<a class="bar" href="{values.href(bucket)}{fragment}" aria-label="{action}" '
                f'data-key="bar {values.label(bucket)}"{current} rel="nofollow">\n'
                f"<title>{action}</title>\n"
                f'<rect class="target" vector-effect="non-scaling-stroke" y="0" height="100" '
                f'{target}/>\n<rect class="fill" {fill} y="{100 - height}" height="{height}"/>\n'
                "</a>\n"
            )
        return safe("".join(parts))


def make_histogram(field: Field, results: Results) -> Histogram | None:
    """Return the histogram of a facet of years, or None without years."""
    buckets = [bucket for bucket in results.facets[field.name] if not bucket.excluded]
    years = _without_outliers(
        [bucket for bucket in buckets if bucket.count and bucket.value.isdigit()]
    )
    if not years:
        return None
    first, last = int(years[0].value), int(years[-1].value)
    step = next(step for step in STEPS if last // step - first // step < MAX_BARS)
    by_value = {bucket.value: bucket for bucket in buckets}
    bars = {
        number - first // step: _join_years(list(joined), number * step, step, by_value)
        for number, joined in groupby(years, lambda year: int(year.value) // step)
    }
    is_exact = step == 1 or not (field.several or results.hidden_values[field.name])
    return Histogram(bars, years[0].value, years[-1].value, is_exact)


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
    years: Sequence[Bucket], start: int, step: int, by_value: Mapping[str, Bucket]
) -> Bucket:
    """Return the bucket of some years as one range of `step` years from `start`.

    The sum is exact if no publication has several years, and all years are known.
    """
    if step == 1:
        return years[0]
    value = f"{start:04}..{start + step - 1:04}"
    made = Bucket(years[0].field, value, sum(year.count for year in years))
    return by_value.get(value, made)


@lru_cache(maxsize=MAX_BARS * MAX_BARS)
def _place_bar(index: int, count: int) -> tuple[str, str]:
    """Return the position of a bar on a chart of `count` bars, as attributes of two rectangles."""
    width = 100 / count
    fill = min(width * 0.8, MAX_BAR_WIDTH)
    start = index * width
    return (
        f'x="{round(start, 3)}" width="{round(width, 3)}"',
        f'x="{round(start + (width - fill) / 2, 3)}" width="{round(fill, 3)}"',
    )
