"""The values of facets: their labels, counts, and links."""

from __future__ import annotations

import msgspec
from markupsafe import escape

from indexer.catalogue.fields import MISSING, NOT_STATED, Catalogue, Field
from indexer.catalogue.records import Value
from search_app.engine.request import parse_year_range
from search_app.engine.results import Bucket
from search_app.i18n.translation import format_number, gettext, join_long, ngettext
from search_app.presentation.html import Html, escape_html
from search_app.search_state import FilterLinks, SearchState

MAX_EXCLUDING_URL = 8192
"""Maximum characters of the URL of a page that offers exclusions. Each is one more link per value,
and a link repeats the URL, so a page of long links would have twice the size."""


class FacetRow(msgspec.Struct, frozen=True, gc=False):
    """A value of a facet: its label, its counts, and the links that toggle and exclude it.

    `key` is unique on a page. `number` is the formatted count, empty for a selected value without
    hits. `name` is the label as HTML, and `lang` its language, empty if it is the one of the page.
    `action` describes in words what the link does and how many hits follow. `exclusion` leads to
    the list without the value, or includes it again if it is excluded, as `exclusion_action` says.
    It is empty on a page that offers no exclusions. `within` is the name of the list of its
    children.
    """

    field: str
    value: str
    key: Html
    label: str
    name: Html
    lang: Html
    count: int
    number: str
    href: Html
    action: Html
    selected: bool
    excluded: bool
    exclusion: Html
    exclusion_action: Html
    within: Html
    children: tuple[FacetRow, ...] = ()

    @property
    def opened(self) -> bool:
        """Whether its children are expanded: it is selected, or one of them is restricted."""
        return self.selected or any(child.selected or child.excluded for child in self.children)

    @property
    def is_missing(self) -> bool:
        """Whether it selects the publications without a value."""
        return self.value == MISSING


def facet_label(field: Field, value: Value, catalogue: Catalogue) -> str:
    """Return the display name of a facet value, of a missing value, or of a range of years."""
    if field.kind == "year" and ".." in str(value) and (ends := parse_year_range(str(value))):
        low, high = ends
        if not high:
            return gettext("from %(year)s") % {"year": low}
        return f"{low}–{high}" if low else gettext("up to %(year)s") % {"year": high}
    if value != MISSING:
        return catalogue.get_label(field.name, value)
    return gettext("Not stated") if field.missing == NOT_STATED else field.missing


def find_facet_language(field: Field, value: Value, catalogue: Catalogue) -> str | None:
    """Return the language of the display name of a value if it is not the one of the page."""
    if value != MISSING:
        return catalogue.find_label_language(field.name, value)
    return None if field.missing == NOT_STATED else catalogue.find_text_language(field.missing)


def exclusion_label(field: Field, value: Value, catalogue: Catalogue) -> str:
    """Return the display name of an excluded value. Without the missing value, one is stated."""
    if value == MISSING:
        return gettext("Stated")
    return gettext("not %(value)s") % {"value": facet_label(field, value, catalogue)}


def selection_label(field: Field, state: SearchState) -> str:
    """Return the label of a field for its selected values. It says if a hit needs all of them."""
    if not state.needs_all_of(field.name):
        return field.label
    return gettext("%(field)s (all of)") % {"field": field.label}


def is_selected(bucket: Bucket) -> bool:
    """Return whether a value, or one below it, is selected."""
    return bucket.selected or any(child.selected for child in bucket.children)


def is_restricted(bucket: Bucket) -> bool:
    """Return whether a value, or one below it, is selected or excluded."""
    return (
        bucket.selected
        or bucket.excluded
        or any(child.selected or child.excluded for child in bucket.children)
    )


class RowBuilder:
    """A builder of facet rows for one state. It caches what the rows of a field share."""

    def __init__(self, state: SearchState, catalogue: Catalogue, *, has_hits: bool = True) -> None:
        self._state, self._catalogue = state, catalogue
        # Without hits, there is nothing to exclude.
        self._offers_exclusions = has_hits and len(state.make_url()) <= MAX_EXCLUDING_URL
        self._links: dict[str, tuple[FilterLinks, FilterLinks]] = {}

    def make_row(self, bucket: Bucket, within: str = "") -> FacetRow:
        """Return the row of a value, with those of its children. `within` starts their keys."""
        name, value, count = bucket.field, bucket.value, bucket.count
        field = self._catalogue.by_name[name]
        label = facet_label(field, value, self._catalogue)
        language = find_facet_language(field, value, self._catalogue)
        label_html, number = escape_html(label), format_number(count) if count else ""
        href, exclusion = self._make_hrefs(bucket)
        children = tuple([self.make_row(child, f"{value} ") for child in bucket.children])
        children_label = (
            gettext("Values within %(value)s") % {"value": label_html} if children else ""
        )
        return FacetRow(
            name, value, escape_html(f"{within}{name}={value}"), label, label_html,
            escape_html(language or ""), count, number,
            href, _describe_action(bucket, label_html, number), bucket.selected, bucket.excluded,
            exclusion, _describe_exclusion(bucket, label_html), Html(children_label), children,
        )  # fmt: skip

    def _make_hrefs(self, bucket: Bucket) -> tuple[Html, Html]:
        """Return the URLs that toggle a value and that exclude it, if there is one, as HTML."""
        has_exclusion = bucket.excluded or self._offers_exclusions
        if is_restricted(bucket):
            href = toggle(self._state, bucket).make_url()
            url = toggle_exclusion(self._state, bucket).make_url() if has_exclusion else ""
            return Html(escape(href)), Html(escape(url))
        selecting, excluding = self._get_links(bucket.field)
        url = excluding.make_url(bucket.value) if has_exclusion else ""
        return Html(selecting.make_url(bucket.value)), Html(url)

    def _get_links(self, name: str) -> tuple[FilterLinks, FilterLinks]:
        """Return the URLs that select a value and that exclude it, escaped as HTML.

        The value's own part of the URL needs no escaping.
        """
        links = self._links.get(name)
        if links is None:
            links = self._links[name] = (
                _escape(self._state.make_filter_links(name)),
                _escape(self._state.make_exclusion_links(name)),
            )
        return links


def _escape(links: FilterLinks) -> FilterLinks:
    return links._replace(before=str(escape(links.before)), after=str(escape(links.after)))


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


def _describe_exclusion(bucket: Bucket, value: Html) -> Html:
    """Return what a click on "not" does, and how many hits follow if it includes the value.

    It begins with the visible text of the link, which users of voice control say (WCAG 2.5.3).
    """
    named = {"field": gettext("not"), "value": _describe_change(bucket, value)}
    return Html(gettext("%(field)s: %(value)s") % named)


def _describe_change(bucket: Bucket, value: Html) -> str:
    if not bucket.excluded:
        return gettext("Exclude %(value)s") % {"value": value}
    message = gettext("Include %(value)s again")
    if bucket.total:
        message = ngettext(
            "Include %(value)s again: %(number)s publication",
            "Include %(value)s again: %(number)s publications",
            bucket.total,
        )
    return message % {"value": value, "number": format_number(bucket.total)}


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
    return Html(join_long([text, _result(bucket)]))


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
    return message % {"number": format_number(bucket.total)}
