"""Results and state become the page: labels, links, chips, pager. Templates only print it.

The API's JSON (`api`) is made from the same values, so that both say the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

import msgspec
from markupsafe import Markup

from indexer.catalogue.fields import Catalogue, Field
from search_app.engine.results import Hit, Results
from search_app.engine.snapshot.snapshot import Snapshot
from search_app.presentation import search_notes
from search_app.presentation.alternatives import Ways, ways
from search_app.presentation.explanations import reasons
from search_app.presentation.facet_panel import FacetGroup, facet_groups, label
from search_app.presentation.html import isolated, marked
from search_app.presentation.labels import Facts
from search_app.presentation.search_notes import Reading, readings
from search_app.search_state import SORTS, SearchState

LINKS, ROW = 8 << 20, 500
"""So many bytes the links to all values of a facet may take, of which each is in a row of so many
more. A longer answer would be more than the server keeps for who reads slowly."""

SORT_LABELS = {
    "relevance": "Best match",
    "newest": "Newest first",
    "oldest": "Oldest first",
    "title": "Title",
}


class Chip(msgspec.Struct, frozen=True):
    """An active filter, the address without it, and the length of the list there."""

    facet: str
    label: str
    href: str
    total: int
    field: str
    value: str


class HitRow(msgspec.Struct, frozen=True):
    """A publication in the list: its marked title and passage, and one line of facts.

    `editions` says how many other editions it stands for, and is empty where it stands for none.
    `why` says why it was found, in sentences, if that was asked.
    """

    id: str
    href: str
    title: Markup
    passage: Markup
    lang: str | None
    facts: tuple[str, ...]
    editions: str = ""
    editions_href: str = ""
    why: tuple[Markup, ...] = ()


class PageLink(msgspec.Struct, frozen=True):
    """A page of the list; `href` is empty for a gap between numbers."""

    label: str
    href: str
    is_current: bool = False


class Choice(msgspec.Struct, frozen=True):
    """One of several orders of the list."""

    value: str
    label: str
    href: str
    selected: bool


class SearchPage(msgspec.Struct, frozen=True, kw_only=True):
    """All that the search page prints.

    `title` is the document's title; `summary` says what is shown of how many. `hidden` are
    the parameters that the search form keeps. `fold_label` says what a click on the link about
    editions does; it is empty where none could be folded, as `why_label` is where there is no
    reason to be told why something was found. `beyond` is the address of the last page, where
    this one is past the end. `relaxed` is a line that no publication has all words, where that is
    so, and `ways` lead on from there.
    """

    state: SearchState
    title: str
    summary: str
    total: int
    hits: tuple[HitRow, ...]
    facets: tuple[FacetGroup, ...]
    chips: tuple[Chip, ...]
    clear_href: str
    sorts: tuple[Choice, ...]
    fold_label: str
    fold_href: str
    why_label: str
    why_href: str
    hidden: tuple[tuple[str, str], ...]
    pages: tuple[PageLink, ...]
    previous_href: str
    next_href: str
    beyond: str
    relaxed: str
    lenient_href: str
    ways: Ways | None
    notes: tuple[str, ...]
    readings: tuple[Reading, ...]


def publication_url(identity: str, prefix: str) -> str:
    """Return the URL of a publication's page on the site below a prefix."""
    return f"{prefix}/publication/{quote(identity, safe='/')}"


def hit_rows(results: Results, catalogue: Catalogue, prefix: str) -> tuple[HitRow, ...]:
    """Return the hits as the list shows them, with URLs below a prefix."""
    facts = Facts(catalogue)
    return tuple([_hit_row(hit, facts, results, catalogue, prefix) for hit in results.hits])


def _hit_row(hit: Hit, facts: Facts, results: Results, catalogue: Catalogue, prefix: str) -> HitRow:
    href, editions = publication_url(hit.publication.id, prefix), ""
    if results.is_folded and hit.editions:
        editions = "1 other edition" if hit.editions == 1 else f"{hit.editions:,} other editions"
    return HitRow(
        hit.publication.id, href, marked(hit.title), marked(hit.passage), hit.publication.lang,
        facts.of(hit.publication), editions, f"{href}#editions",
        tuple(map(isolated, reasons(hit.why, catalogue))) if hit.why else (),
    )  # fmt: skip


def page_count(results: Results, state: SearchState) -> int:
    """How many pages the list has; at least one."""
    return max(1, -(-results.listed // state.size))


def search_page(results: Results, state: SearchState, snapshot: Snapshot) -> SearchPage:
    """What the search page prints for an answer."""
    catalogue = snapshot.catalogue
    pages = page_count(results, state)
    on_page = f" – page {state.page}" if state.page > 1 else ""
    counted = [each for each in catalogue.facets if results.facets[each.name]]
    return SearchPage(
        state=state,
        title=f"{state.text or 'Browse'}{on_page} – {catalogue.title}",
        summary=_summary(results, state),
        total=results.total,
        hits=hit_rows(results, catalogue, state.prefix),
        facets=facet_groups(results, state, catalogue, counted),
        chips=tuple(chips(results, state, catalogue)),
        clear_href=state.without_filters().url(),
        sorts=tuple(
            Choice(sort, SORT_LABELS[sort], state.with_sort(sort).url(), sort == results.sort)
            for sort in SORTS
            if results.scored or sort != "relevance"
        ),
        fold_label=_fold_label(results),
        fold_href=state.with_fold(fold=not state.fold).url(),
        why_label=_why_label(results, state),
        why_href=state.with_explain(explain=not state.explain).url(),
        hidden=state.pairs_without("q", "match", "exact", "semantic", "page"),
        pages=tuple(_pager(state, pages)),
        previous_href=state.url(page=state.page - 1) if 1 < state.page <= pages else "",
        next_href=state.url(page=state.page + 1) if state.page < pages else "",
        beyond=state.url(page=pages) if state.page > pages and results.total else "",
        relaxed=_relaxed(results),
        lenient_href=state.with_match("auto").url() if state.match == "any" else "",
        ways=ways(results.diagnosis, state, catalogue) if results.diagnosis else None,
        notes=tuple(search_notes.notes(results, state, catalogue)),
        readings=tuple(readings(results, state)),
    )


def _relaxed(results: Results) -> str:
    """A line that no publication has all words, if that is so and others are shown."""
    if not results.relaxed or results.strict or not results.total:
        return ""
    return f"No publication has all of these words; {search_notes.relaxed(results)}."


def _summary(results: Results, state: SearchState) -> str:
    """How much of how many is shown, for what."""
    wanted = f" for “{state.text}”" if state.text else ""
    if not results.total:
        return f"Nothing found{wanted}"
    is_shorter = results.listed < results.total
    titles = f"{results.listed:,} titles ({results.total:,} publications)"
    if not results.hits:
        of = titles if is_shorter else f"{results.total:,} publications"
        return f"Page {state.page} is past the end of {of}{wanted}"
    first = (state.page - 1) * state.size + 1
    last = first + len(results.hits) - 1
    of = titles if is_shorter else f"{results.total:,}"
    if results.meant == results.total:
        return f"Nothing found{wanted}. Showing {first:,}–{last:,} of {of} with a similar meaning"
    return f"Showing {first:,}–{last:,} of {of}{wanted}"


def _fold_label(results: Results) -> str:
    """What a click does with the editions of one title; a click that did nothing is not offered."""
    if results.is_folded:
        return "Show all editions"
    return "Fold editions" if results.titles < results.total else ""


def _why_label(results: Results, state: SearchState) -> str:
    """What a click does with the reasons; where nothing was asked for, there are none."""
    if state.explain:
        return "Hide the reasons"
    return "Why these?" if results.hits and (results.scored or state.filters) else ""


def chips(results: Results, state: SearchState, catalogue: Catalogue) -> Iterable[Chip]:
    """The active filters, each with the number of publications that is left without it."""
    if not state.filters:
        return
    every = [bucket for buckets in results.facets.values() for bucket in buckets]
    every += [child for bucket in every for child in bucket.children]
    leads_to = {(bucket.field, bucket.value): bucket.total for bucket in every}
    for name, values in state.filters.items():
        field = catalogue.by_name[name]
        for value in values:
            href = state.url_without(name, value)
            told = label(field, value, catalogue)
            yield Chip(field.label, told, href, leads_to[name, value], name, value)


def _pager(state: SearchState, pages: int) -> Iterable[PageLink]:
    """The numbers around this page, the first and the last, gaps between them."""
    if pages == 1:
        return
    near = {1, pages, *range(max(1, state.page - 2), min(pages, state.page + 2) + 1)}
    before = 0
    for number in sorted(near):
        if number - before > 1:
            yield PageLink("…", "")
        yield PageLink(str(number), state.url(page=number), number == state.page)
        before = number


class FacetPage(msgspec.Struct, frozen=True):
    """All that the page of a facet prints: every value of it, and what else is ticked."""

    state: SearchState
    group: FacetGroup
    chips: tuple[Chip, ...]
    clear_href: str
    back_href: str
    hidden: tuple[tuple[str, str], ...]


def facet_page(
    field: Field, results: Results, state: SearchState, catalogue: Catalogue
) -> FacetPage:
    """What the page of a facet prints for an answer; very many values are not all on it."""
    most = LINKS // (len(state.url()) + ROW)
    return FacetPage(
        state,
        facet_groups(results, state, catalogue, [field], most)[0],
        tuple(chips(results, state, catalogue)),
        state.without_filters().url(),
        state.url(),
        state.pairs_without("q", "match", "exact", "semantic", "page"),
    )
