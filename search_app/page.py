"""Results and state become the page: labels, links, chips, pager. Templates only print it.

The JSON of the API is made from the same values (`as_json`), so that both say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote

import msgspec
from markupsafe import Markup, escape

from indexer.fields import Catalogue, Field
from indexer.record import Link, Publication, Value
from search_app.engine.results import Bucket, Hit, Results, Run
from search_app.engine.snapshot import Snapshot
from search_app.state import SORTS, SearchState

SHOWN_VALUES = 10
"""How many values a facet shows before "show more"."""
MOST_VALUES_IN_API = 50
SORT_LABELS = {
    "relevance": "Best match",
    "newest": "Newest first",
    "oldest": "Oldest first",
    "title": "Title",
}


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

    `left`, `width`, `height` are in percent of the chart; a year that nothing has is not
    among the bars.
    """

    label: str
    count: int
    href: str
    action: str
    selected: bool
    left: float
    width: float
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


class Chip(msgspec.Struct, frozen=True):
    """An active filter, and the address without it."""

    facet: str
    label: str
    href: str


class HitRow(msgspec.Struct, frozen=True):
    """A publication in the list: its marked title and passage, and one line of facts."""

    id: str
    href: str
    title: Markup
    passage: Markup
    lang: str | None
    facts: tuple[str, ...]


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
    the parameters that the search form keeps. `beyond` is the address of the last page, where
    this one is past the end.
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
    hidden: tuple[tuple[str, str], ...]
    pages: tuple[PageLink, ...]
    previous_href: str
    next_href: str
    beyond: str
    relaxed: bool
    strict_href: str
    any_href: str
    ignored: int


def marked(runs: Iterable[Run]) -> Markup:
    """Runs as HTML: text escaped, quotes too, what matched in `<mark>`."""
    return Markup("").join(
        Markup("<mark>{}</mark>").format(run.text) if run.marked else escape(run.text)
        for run in runs
    )


def publication_url(identity: str) -> str:
    """The address of a publication's page."""
    return f"/publication/{quote(identity, safe='/')}"


def page_count(results: Results, state: SearchState) -> int:
    """How many pages the list has; at least one."""
    return max(1, -(-results.total // state.size))


def search_page(results: Results, state: SearchState, snapshot: Snapshot) -> SearchPage:
    """What the search page prints for an answer."""
    catalogue = snapshot.catalogue
    pages = page_count(results, state)
    on_page = f" – page {state.page}" if state.page > 1 else ""
    return SearchPage(
        state=state,
        title=f"{state.text or 'Browse'}{on_page} – {catalogue.title}",
        summary=_summary(results, state),
        total=results.total,
        hits=tuple(_hit(hit, catalogue) for hit in results.hits),
        facets=tuple(
            facet_group(field, results.facets[field.name], state, catalogue)
            for field in catalogue.facets
            if results.facets[field.name]
        ),
        chips=tuple(_chips(state, catalogue)),
        clear_href=state.without_filters().url(),
        sorts=tuple(
            Choice(sort, SORT_LABELS[sort], state.with_sort(sort).url(), sort == results.sort)
            for sort in SORTS
            if results.scored or sort != "relevance"
        ),
        hidden=_kept(state, "q", "page"),
        pages=tuple(_pager(state, pages)),
        previous_href=state.with_page(state.page - 1).url() if 1 < state.page <= pages else "",
        next_href=state.with_page(state.page + 1).url() if state.page < pages else "",
        beyond=state.with_page(pages).url() if state.page > pages and results.total else "",
        relaxed=results.relaxed,
        strict_href=state.with_match("all").url(),
        any_href=state.with_match("any").url() if state.match == "all" else "",
        ignored=results.ignored,
    )


def _summary(results: Results, state: SearchState) -> str:
    """How much of how many is shown, for what."""
    wanted = f" for “{state.text}”" if state.text else ""
    if not results.total:
        return f"Nothing found{wanted}"
    if not results.hits:
        return f"Page {state.page} is past the end of {results.total:,} publications{wanted}"
    first = (state.page - 1) * state.size + 1
    last = first + len(results.hits) - 1
    return f"Showing {first:,}–{last:,} of {results.total:,}{wanted}"


def _kept(state: SearchState, *left_out: str) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in state.pairs if pair[0] not in left_out)


def _hit(hit: Hit, catalogue: Catalogue) -> HitRow:
    publication = hit.publication
    return HitRow(
        publication.id,
        publication_url(publication.id),
        marked(hit.title),
        marked(hit.passage),
        publication.lang,
        tuple(facts(publication, catalogue)),
    )


def facts(publication: Publication, catalogue: Catalogue) -> list[str]:
    """What a list tells of a publication in one line, each fact as text."""
    told = [(field, publication.values.get(field.name, ())) for field in catalogue.facts]
    return [
        ", ".join(field.display(value, catalogue.language) for value in values)
        for field, values in told
        if values
    ]


def _chips(state: SearchState, catalogue: Catalogue) -> Iterable[Chip]:
    for name, values in state.filters.items():
        field = catalogue.by_name[name]
        for value in values:
            yield Chip(
                field.label, label(field, value, catalogue), state.without_filter(name, value).url()
            )


def label(field: Field, value: Value, catalogue: Catalogue) -> str:
    """What a value of a facet is called; a range of years in words."""
    if field.kind == "year" and isinstance(value, str) and ".." in value:
        low, _, high = value.partition("..")
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
    shown = [*buckets[:most], *(each for each in buckets[most:] if _is_ticked(each))]
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
    ranges = [value for value in state.filters.get(field.name, ()) if ".." in value]
    low, _, high = ranges[0].partition("..") if ranges else ("", "", "")
    return msgspec.structs.replace(
        group,
        is_range=True,
        bars=tuple(_bars(years, state, catalogue)),
        first=min((each.value for each in years), default=""),
        last=max((each.value for each in years), default=""),
        from_value=low,
        to_value=high,
        kept=_kept(state, field.name, "page"),
    )


def _is_ticked(bucket: Bucket) -> bool:
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
    tallest = max(each.count for each in years)
    for bucket in sorted(years, key=lambda each: each.value):
        row = _row(bucket, state, catalogue)
        left = (int(bucket.value) - first) * width
        height = max(100 * bucket.count / tallest, 3)
        yield Bar(
            row.label, row.count, row.href, row.action, row.selected,
            round(left, 3), round(width, 3), round(height, 2),
        )  # fmt: skip


def _pager(state: SearchState, pages: int) -> Iterable[PageLink]:
    """The numbers around this page, the first and the last, gaps between them."""
    if pages == 1:
        return
    near = {1, pages, *range(max(1, state.page - 2), min(pages, state.page + 2) + 1)}
    before = 0
    for number in sorted(near):
        if number - before > 1:
            yield PageLink("…", "")
        yield PageLink(str(number), state.with_page(number).url(), number == state.page)
        before = number


class Detail(msgspec.Struct, frozen=True):
    """A field of a publication's page: its label, and its values as text and address."""

    label: str
    values: tuple[tuple[str, str], ...]


class PublicationPage(msgspec.Struct, frozen=True):
    """All that a publication's page prints.

    `languages` says which are on offer, with the address where one is known, and whether
    only as an executive summary. `corpus` is where it stands in the corpus.
    """

    publication: Publication
    title: str
    facts: tuple[str, ...]
    paragraphs: tuple[str, ...]
    details: tuple[Detail, ...]
    json_href: str
    corpus: str


def publication_page(publication: Publication, catalogue: Catalogue) -> PublicationPage:
    """What a publication's page prints: every field, the facets' values as links."""
    details = []
    for field in catalogue.fields:
        values = publication.values.get(field.name, ())
        if field.role in ("title", "summary") or not values:
            continue
        details.append(
            Detail(
                field.label,
                tuple(
                    (label(field, value, catalogue), _leads_to(field, value, publication))
                    for value in values
                ),
            )
        )
    source = publication.source
    return PublicationPage(
        publication,
        f"{publication.title} – {catalogue.title}",
        tuple(facts(publication, catalogue)),
        tuple((publication.summary or "").split("\n\n")) if publication.summary else (),
        tuple(details),
        f"/api{publication_url(publication.id)}",
        f"{source.file}, line {source.line}",
    )


def _leads_to(field: Field, value: Value, publication: Publication) -> str:
    """The address behind a value: the web for a link, else the list of its kind; or none."""
    if isinstance(value, Link):
        return value.url
    if field.facet or field.parent:
        return SearchState().with_filter(field.name, str(value)).url()
    return ""


def search_json(page: SearchPage, results: Results, snapshot: Snapshot) -> dict[str, object]:
    """The answer of `/api/search`."""
    catalogue, state = snapshot.catalogue, page.state
    return {
        "query": state.text,
        "total": results.total,
        "page": state.page,
        "pages": page_count(results, state),
        "relaxed": results.relaxed,
        "generation": results.generation,
        "took_ms": results.took,
        "hits": [
            {
                "score": hit.score,
                "url": row.href,
                "title_html": str(row.title),
                "summary_html": str(row.passage),
                **publication_json(hit.publication, catalogue),
            }
            for hit, row in zip(results.hits, page.hits, strict=True)
        ],
        "facets": {
            name: [_bucket_json(each, catalogue) for each in _for_api(buckets)]
            for name, buckets in results.facets.items()
        },
    }


def _for_api(buckets: Sequence[Bucket]) -> list[Bucket]:
    return [
        each for place, each in enumerate(buckets)
        if place < MOST_VALUES_IN_API or _is_ticked(each)
    ]  # fmt: skip


def _bucket_json(bucket: Bucket, catalogue: Catalogue) -> dict[str, object]:
    field = catalogue.by_name[bucket.field]
    found: dict[str, object] = {
        "value": bucket.value,
        "label": label(field, bucket.value, catalogue),
        "count": bucket.count,
        "selected": bucket.selected,
    }
    if bucket.children:
        found["field"] = bucket.field
        found["children"] = [_bucket_json(child, catalogue) for child in bucket.children]
    return found


def publication_json(publication: Publication, catalogue: Catalogue) -> dict[str, object]:
    """A publication with every field of the catalogue by its name.

    Fields of several values are always arrays; a field without a value is null.
    """
    found: dict[str, object] = {
        "id": publication.id,
        "title": publication.title,
        "summary": publication.summary,
        "lang": publication.lang or catalogue.language,
        "source": publication.source,
    }
    for field in catalogue.fields:
        values = catalogue.values(publication, field)
        found[field.name] = list(values) if field.several else next(iter(values), None)
    return found
