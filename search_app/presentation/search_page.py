"""The search page: results and state as labels, links, and pager.

Templates only print these values. The JSON API (`api.responses`) makes its URLs and marked texts
with the same functions, so page and API agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from markupsafe import Markup

from indexer.catalogue.fields import MISSING, Catalogue
from search_app.engine.results import Results
from search_app.i18n.translation import format_number, gettext, ngettext
from search_app.presentation import search_notes
from search_app.presentation.alternatives import Alternatives, alternatives
from search_app.presentation.country_map import CountryMap, make_country_map
from search_app.presentation.displayed_texts import find_abstract, find_title
from search_app.presentation.explanations import explain_in_sentences
from search_app.presentation.export_links import ExportLink, make_export_links
from search_app.presentation.facet_panel import (
    FacetGroup,
    list_useful_facets,
    make_facet_groups,
)
from search_app.presentation.facet_rows import (
    exclusion_label,
    facet_label,
    find_facet_language,
    selection_label,
)
from search_app.presentation.file_lines import FileLine, list_file_lines
from search_app.presentation.html import isolate, mark, mark_passage
from search_app.presentation.labels import HitLines
from search_app.presentation.list_controls import (
    Choice,
    PageLink,
    count_pages,
    get_fold_label,
    get_inside_label,
    get_why_label,
    make_pager,
    make_sizes,
    make_sorts,
)
from search_app.presentation.list_summary import summarize
from search_app.presentation.search_notes import QueryNote, interpretation_notes
from search_app.presentation.urls import make_find_url, make_hit_url
from search_app.search_state import SearchState


class Chip(msgspec.Struct, frozen=True):
    """A selected or excluded value: its labels, the URL without it, and the total without it.

    `facet` is the label of its field, and `name` is that with the words that all values are needed,
    if they are. `own_label` is the part of the label that is in the language `lang`, or in that of
    the page if this is None: for an excluded value, its own label. `action` describes what a click
    on it does, and how many hits follow.
    """

    facet: str
    name: str
    label: str
    own_label: str
    href: str
    total: int
    field: str
    value: str
    lang: str | None = None
    excluded: bool = False

    @property
    def action(self) -> str:
        """The name of the link for screen readers."""
        message = gettext("Remove filter %(field)s: %(value)s")
        if self.total:
            message = ngettext(
                "Remove filter %(field)s: %(value)s; without it: %(number)s publication",
                "Remove filter %(field)s: %(value)s; without it: %(number)s publications",
                self.total,
            )
        return message % {
            "field": self.name,
            "value": self.label,
            "number": format_number(self.total),
        }


class HitRow(msgspec.Struct, frozen=True):
    """A hit in the list: its highlighted title and passage, its authors, and one line of facts.

    `editions` is the number of other editions, 0 if none is folded into this hit.
    `why` explains the match in sentences, if the request asks for it. `lang` and `passage_lang` are
    the languages of the title and the passage if these are not the one of the page. `original` is
    the title in its own language if another one is shown, or empty. `files` has a line for each
    file whose full text matches.
    """

    id: str
    href: str
    title: Markup
    passage: Markup
    lang: str | None
    authors: Markup
    facts: Markup
    editions: int = 0
    editions_href: str = ""
    why: tuple[Markup, ...] = ()
    passage_lang: str | None = None
    original: Markup = Markup()
    original_lang: str | None = None
    files: tuple[FileLine, ...] = ()


class SearchPage(msgspec.Struct, frozen=True, kw_only=True):
    """All values that the search page prints.

    `title` is the title of the HTML document. `summary` is the range that is shown and the total.
    `map` is None if no region with countries is selected.
    `exports`, `feed_href` and `record_href` lead to all hits in other forms.
    `hidden` are the parameters that the search form keeps. `fold_label` is the text of the link
    that folds or unfolds editions, empty if there is nothing to fold. `why_label` is the text of
    the link that shows or hides explanations, empty if there is nothing to explain. `inside_label`
    is the text of the link that adds or drops the full texts, empty without any. `beyond` is the
    URL of the last page, if this page is past the end. `relaxed` is a line that no publication has
    all words, if that is so. `alternatives` are alternatives to the query. `is_identifier`: the
    text was read as an identifier, so that other words would not help.
    """

    state: SearchState
    title: str
    summary: str
    total: int
    hits: tuple[HitRow, ...]
    facets: tuple[FacetGroup, ...]
    map: CountryMap | None
    chips: tuple[Chip, ...]
    clear_href: str
    exports: tuple[ExportLink, ...]
    feed_href: str
    record_href: str
    sort_label: str
    sorts: tuple[Choice, ...]
    sizes: tuple[Choice, ...]
    fold_label: str
    fold_href: str
    why_label: str
    why_href: str
    inside_label: str
    inside_href: str
    hidden: tuple[tuple[str, str], ...]
    pages: tuple[PageLink, ...]
    previous_href: str
    next_href: str
    beyond: str
    relaxed: str
    lenient_href: str
    alternatives: Alternatives | None
    is_identifier: bool
    notes: tuple[str, ...]
    readings: tuple[QueryNote, ...]


def _hit_rows(results: Results, state: SearchState, catalogue: Catalogue) -> Iterator[HitRow]:
    """Yield the hits as the list shows them."""
    lines = HitLines(catalogue)
    for position, hit in enumerate(results.hits, (state.page - 1) * state.size + 1):
        publication = hit.publication
        href = make_hit_url(state, publication.id, position)
        title, abstract = find_title(publication, catalogue), find_abstract(publication, catalogue)
        passage = hit.translations.get(abstract.row, hit.passage)
        files = list_file_lines(
            hit,
            catalogue,
            state.prefix,
            make_find_url(href, results.corrected or state.text),
            needs_passage=not any(run.marked for run in passage),
        )
        yield HitRow(
            publication.id, href, mark(hit.translations.get(title.row, hit.title)),
            mark_passage(passage),
            title.lang, *lines.format(publication),
            hit.editions if results.is_folded else 0, f"{href}#editions",
            tuple(map(isolate, explain_in_sentences(hit.why, catalogue))) if hit.why else (),
            abstract.lang, mark(hit.title) if title.original else Markup(), title.original_lang,
            tuple(files),
        )  # fmt: skip


def make_search_page(
    results: Results, state: SearchState, catalogue: Catalogue, *, has_texts: bool
) -> SearchPage:
    """Return the search page for the results of a search. `has_texts`: the index has full texts."""
    pages, sorts = count_pages(results, state), tuple(make_sorts(results, state))
    diagnosis = results.diagnosis
    facets = make_facet_groups(results, state, catalogue, list_useful_facets(results, catalogue))
    return SearchPage(
        state=state,
        title=" – ".join(_title(state, catalogue)),
        summary=summarize(results, state),
        total=results.total,
        hits=tuple(_hit_rows(results, state, catalogue)),
        facets=facets,
        map=make_country_map(facets, catalogue),
        chips=tuple(make_chips(results, state, catalogue)),
        clear_href=state.without_filters().make_url(),
        exports=make_export_links(lambda name: state.make_url(f"/export/{name}", page=1)),
        feed_href=state.make_url("/feed.atom", page=1),
        record_href=state.make_url("/search-record", page=1),
        sort_label=next(choice.label for choice in sorts if choice.selected),
        sorts=sorts,
        sizes=tuple(make_sizes(results, state)),
        fold_label=get_fold_label(results),
        fold_href=state.with_fold(fold=not state.fold).make_url(),
        why_label=get_why_label(results, state),
        why_href=state.with_explain(explain=not state.explain).make_url(),
        inside_label=get_inside_label(state, has_texts=has_texts),
        inside_href=state.with_inside(inside=not state.inside).make_url(),
        hidden=state.form_pairs,
        pages=tuple(make_pager(state, pages)),
        previous_href=state.make_url(page=state.page - 1) if 1 < state.page <= pages else "",
        next_href=state.make_url(page=state.page + 1) if state.page < pages else "",
        beyond=state.make_url(page=pages) if state.page > pages and results.total else "",
        relaxed=_describe_relaxed(results),
        lenient_href=state.with_match("auto").make_url() if state.match == "any" else "",
        alternatives=alternatives(diagnosis, state, catalogue) if diagnosis else None,
        is_identifier=bool(results.identifies),
        notes=tuple(search_notes.search_notes(results, state, catalogue)),
        readings=tuple(interpretation_notes(results, state, catalogue, has_texts=has_texts)),
    )


def _title(state: SearchState, catalogue: Catalogue) -> Iterable[str]:
    """Yield the parts of the document's title."""
    yield state.text or gettext("Browse")
    if state.page > 1:
        yield gettext("page %(page)s") % {"page": state.page}
    yield catalogue.title


def _describe_relaxed(results: Results) -> str:
    """Return a line that no publication has all words, if the hits have only some of them."""
    if not results.relaxed or results.all_words or not results.total:
        return ""
    line = gettext("No publication has all of these words.")
    return f"{line} {search_notes.note_relaxed(results)}"


def make_chips(results: Results, state: SearchState, catalogue: Catalogue) -> Iterable[Chip]:
    """Yield the active filters, each with the number of hits without it."""
    if not (state.filters or state.excluded):
        return
    all_buckets = [bucket for buckets in results.facets.values() for bucket in buckets]
    all_buckets += [child for bucket in all_buckets for child in bucket.children]
    totals = {(bucket.field, bucket.value, bucket.excluded): bucket.total for bucket in all_buckets}
    for name, values in state.filters.items():
        field = catalogue.by_name[name]
        for value in values:
            href = state.without_filter(name, value).make_url()
            value_label = facet_label(field, value, catalogue)
            yield Chip(
                field.label, selection_label(field, state), value_label, value_label, href,
                totals[name, value, False], name, value,
                find_facet_language(field, value, catalogue),
            )  # fmt: skip
    for name, values in state.excluded.items():
        field = catalogue.by_name[name]
        for value in values:
            href = state.without_exclusion(name, value).make_url()
            value_label, total = exclusion_label(field, value, catalogue), totals[name, value, True]
            own_label, language = value_label, None
            if value != MISSING:
                own_label = facet_label(field, value, catalogue)
                language = find_facet_language(field, value, catalogue)
            yield Chip(
                field.label, field.label, value_label, own_label, href, total, name, value,
                language, excluded=True,
            )  # fmt: skip
