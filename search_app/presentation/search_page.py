"""The page of a search, and of a facet: the links and sentences around the hits and the facets.

The sentences say what the list shows, and how the query was read. Templates print them. The JSON
API (`api.responses`) makes its URLs with the same functions, so page and API agree.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise

import msgspec
from markupsafe import Markup

from indexer.catalogue.fields import MISSING, Catalogue
from search_app.engine.query.grammar import MOST_WORDS
from search_app.engine.query.rewriting import YearExpression, choose_names, replace_names
from search_app.engine.request import Sort
from search_app.engine.results import (
    AbsentPlace,
    Diagnosis,
    ExpandedEntity,
    QueryCount,
    Results,
    ValueCount,
)
from search_app.i18n.translation import (
    add_count,
    format_number,
    format_range,
    gettext,
    join,
    join_quoted,
    join_sentences,
    ngettext,
    pgettext,
    quote,
)
from search_app.presentation.country_map import make_country_map
from search_app.presentation.facets import make_facet_groups
from search_app.presentation.hits import render_hits
from search_app.presentation.html import (
    html_gettext,
    html_join_long,
    html_join_sentences,
    html_ngettext,
)
from search_app.presentation.labels import (
    Name,
    exclusion_label,
    facet_label,
    find_facet_language,
    name_concept,
    selection_label,
)
from search_app.search_state import SIZES, SearchState

MAX_NARROWER = 6
"""Maximum number of narrower concepts named above a list."""
MAX_NAMES = 4
"""Number of synonyms named above a list. The concepts of a query share it, but each shows at least
one."""


def make_search_page(
    results: Results, state: SearchState, catalogue: Catalogue, *, has_texts: bool
) -> dict[str, object]:
    """Return what the template of a search page prints. `has_texts`: the index has full texts."""
    groups = make_facet_groups(results, state, catalogue)
    pages = count_pages(results, state)
    diagnosis = results.diagnosis
    return {
        "has_texts": has_texts,
        "summary": summarize(results, state),
        "hits": render_hits(results, state, catalogue),
        "groups": groups,
        # A region is selected by a filter. Without one, no map is open.
        "map": make_country_map(groups, catalogue) if state.filters else None,
        "chips": list(make_chips(results, state, catalogue)),
        "export_url": lambda name: state.make_url(f"/export/{name}", page=1),
        "sorts": label_sorts(),
        "sizes": SIZES,
        "pages": pages,
        "near_pages": _list_near_pages(state.page, pages),
        "prefix_example": find_prefix_example(catalogue),
        "relaxed": describe_relaxed(results),
        "diagnosis": make_diagnosis_links(diagnosis, state, catalogue) if diagnosis else None,
        "notes": list(search_notes(results, state, catalogue)),
        "readings": list(interpretation_notes(results, state, catalogue, has_texts=has_texts)),
    }


def label_sorts() -> dict[Sort, str]:
    """Return the labels of the sort orders."""
    return {
        "relevance": gettext("Best match"),
        "newest": gettext("Newest first"),
        "oldest": gettext("Oldest first"),
        "added": gettext("Recently added"),
        "title": pgettext("sort order", "Title"),
    }


def find_prefix_example(catalogue: Catalogue) -> str:
    """Return a query by the start of a word: an example of the catalogue, if it has such a one."""
    examples = (query for query, _ in catalogue.examples if query.endswith("*"))
    # Translators: An example of a query: the start of a common word.
    return next(examples, gettext("begin*"))


def count_pages(results: Results, state: SearchState) -> int:
    """Return the number of pages of the list, at least 1."""
    return max(1, -(-results.listed // state.size))


def _list_near_pages(page: int, pages: int) -> list[int]:
    """Return the numbers of the first, the last, and the nearby pages, with 0 for each gap."""
    near = sorted({1, pages, *range(max(1, page - 2), min(pages, page + 2) + 1)})
    gaps = [[0, number] if number - before > 1 else [number] for before, number in pairwise(near)]
    return [1, *chain.from_iterable(gaps)]


class Chip(msgspec.Struct, frozen=True):
    """A selected or excluded value: its labels, the URL without it, and the total without it.

    `facet` is the label of its field, and `name` is that with the words that all values are needed,
    if they are. `own_label` is the part of the label that is in the language `lang`, or in that of
    the page if this is None: for an excluded value, its own label.
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


def make_chips(results: Results, state: SearchState, catalogue: Catalogue) -> Iterator[Chip]:
    """Yield the active filters, each with the number of hits without it."""
    if not (state.filters or state.excluded):
        return
    all_buckets = [bucket for buckets in results.facets.values() for bucket in buckets]
    all_buckets += [child for bucket in all_buckets for child in bucket.children]
    totals = {
        (bucket.field, bucket.value, bucket.excluded): bucket.total
        for bucket in all_buckets
        if bucket.total is not None
    }
    restricted = [
        (name, value, is_excluded)
        for is_excluded, filters in ((False, state.filters), (True, state.excluded))
        for name, values in filters.items()
        for value in values
    ]
    for name, value, excluded in restricted:
        field = catalogue.by_name[name]
        label = own_label = facet_label(field, value, catalogue)
        language = find_facet_language(field, value, catalogue)
        without = state.without_exclusion if excluded else state.without_filter
        if excluded:
            label = exclusion_label(field, value, catalogue)
            if value == MISSING:
                own_label, language = label, None
        yield Chip(
            field.label,
            field.label if excluded else selection_label(field, state),
            label,
            own_label,
            without(name, value).make_url(),
            totals[name, value, excluded],
            name,
            value,
            language,
            excluded,
        )


class SearchLink(msgspec.Struct, frozen=True, omit_defaults=True):
    """A search: its text or label, its number of hits, and the URL of its page.

    `url` is None if the search has no hits. `text` of a concept is its name in the language of the
    page. `searched` is the name that is searched for, if it is another. `lang` is the language of
    this name, or of the only one, if it is not that of the page.
    """

    text: str
    total: int
    url: str | None
    searched: str = ""
    lang: str | None = None

    @property
    def name(self) -> Name:
        return Name(self.text, self.searched, self.lang)


class AbsentConceptLinks(msgspec.Struct, frozen=True):
    """A concept that no publication has, with searches for broader and related concepts."""

    text: str
    broader: tuple[SearchLink, ...]
    related: tuple[SearchLink, ...]


class AbsentPlaceLinks(msgspec.Struct, frozen=True):
    """A place that no publication is about, with searches by filter values near it.

    Each search keeps the rest of the query. `unplaced` contains the publications without a place.
    """

    name: str
    regions: tuple[SearchLink, ...]
    countries: tuple[SearchLink, ...]
    unplaced: tuple[SearchLink, ...]


class DiagnosisLinks(msgspec.Struct, frozen=True):
    """A diagnosis as links: other searches, if no publication has all words of the query.

    `words` searches for each word alone. It is empty if no word has hits. `nearest` replaces
    unknown words by similar ones. `unfiltered` drops all filters. `any` needs any of the words
    only. `any_of` needs any of the selected values of a facet only, by its name, and has its label.
    `absent_concepts` contains the concepts that no publication has, with broader and related ones.
    `absent_places` contains the places that no publication is about.
    """

    words: tuple[SearchLink, ...]
    nearest: tuple[SearchLink, ...]
    unfiltered: SearchLink | None
    any: SearchLink | None
    any_of: Mapping[str, SearchLink]
    absent_concepts: tuple[AbsentConceptLinks, ...] = ()
    absent_places: tuple[AbsentPlaceLinks, ...] = ()


def make_diagnosis_links(
    diagnosis: Diagnosis, state: SearchState, catalogue: Catalogue
) -> DiagnosisLinks:

    def link_all(counts: Iterable[QueryCount]) -> tuple[SearchLink, ...]:
        return tuple([_link_to(each.total, state.change(text=each.text)) for each in counts])

    def link_concepts(counts: Iterable[QueryCount]) -> tuple[SearchLink, ...]:
        # A search for a name in another language may have other hits than were counted.
        names = ((each, name_concept(each.text, catalogue)) for each in counts)
        return tuple(
            [_link_to(each.total, state.change(text=each.text), name) for each, name in names]
        )

    filters = (*state.filters.values(), *state.excluded.values())
    has_several_filters = sum(map(len, filters)) > 1
    # Words without hits are listed only next to words with hits. The page already says "no hits".
    words = diagnosis.words if any(count.total for count in diagnosis.words) else ()
    return DiagnosisLinks(
        link_all(words),
        link_all(diagnosis.nearest),
        _link_to(diagnosis.unfiltered, state.without_filters()) if has_several_filters else None,
        None if diagnosis.any is None else _link_to(diagnosis.any, state.change(match="any")),
        {
            facet: _link_to(total, state.with_any_of(facet), Name(catalogue.by_name[facet].label))
            for facet, total in diagnosis.any_of.items()
        },
        tuple(
            [
                AbsentConceptLinks(
                    each.text, link_concepts(each.broader), link_concepts(each.related)
                )
                for each in diagnosis.absent_concepts
            ]
        ),
        tuple([_make_place(place, state, catalogue) for place in diagnosis.absent_places]),
    )


def _make_place(place: AbsentPlace, state: SearchState, catalogue: Catalogue) -> AbsentPlaceLinks:
    regions: list[SearchLink] = []
    countries: list[SearchLink] = []
    unplaced: list[SearchLink] = []
    for value in place.near:
        field = catalogue.by_name[value.field]
        group = countries if field.parent else unplaced if value.value == MISSING else regions
        target = _select_value(value, state.change(text=place.text), catalogue)
        label = facet_label(field, value.value, catalogue)
        lang = find_facet_language(field, value.value, catalogue)
        group.append(_link_to(value.total, target, Name(label, lang=lang)))
    # The name of a country is that of a country that publications are about.
    fields = [field.name for field in catalogue.fields if field.kind == "country" and place.code]
    name = catalogue.get_label(fields[0], place.code) if fields else place.name
    return AbsentPlaceLinks(name, tuple(regions), tuple(countries), tuple(unplaced))


def _select_value(count: ValueCount, state: SearchState, catalogue: Catalogue) -> SearchState:
    """Return the state with one value selected in a facet, instead of the current selection."""
    parent = catalogue.by_name[count.field].parent or count.field
    for name in (parent, catalogue.children[parent].name):
        for value in state.filters.get(name, ()):
            state = state.without_filter(name, value)
    return state.with_filter(count.field, count.value)


def _link_to(total: int, state: SearchState, name: Name | None = None) -> SearchLink:
    """Return the link to a search. Its label is the query if it has no name."""
    text, searched, lang = msgspec.structs.astuple(name or Name(state.text))
    return SearchLink(text, total, state.make_url() if total else None, searched, lang)


# The sentences above a list


def summarize(results: Results, state: SearchState) -> str:
    """Return the range of hits on this page, the total, and the query, as one line."""
    if not results.total:
        message = (
            gettext("Nothing found for “%(query)s”") if state.text else gettext("Nothing found")
        )
        return message % {"query": state.text}
    if results.listed < results.total:
        message = _titles_summary(results, state)
    else:
        message = _publications_summary(results, state)
    first = (state.page - 1) * state.size + 1
    ends = [format_number(first), format_number(first + len(results.hits) - 1)]
    return message % {
        "range": ends[0] if len(results.hits) == 1 else format_range(*ends),
        "titles": format_number(results.listed),
        "total": format_number(results.total),
        "page": format_number(state.page),
        "query": state.text,
    }


def _publications_summary(results: Results, state: SearchState) -> str:
    """Return the message for a list of publications."""
    total = results.total
    if not results.hits and state.text:
        return ngettext(
            "Page %(page)s is past the end of %(total)s publication for “%(query)s”",
            "Page %(page)s is past the end of %(total)s publications for “%(query)s”",
            total,
        )
    if not results.hits:
        return ngettext(
            "Page %(page)s is past the end of %(total)s publication",
            "Page %(page)s is past the end of %(total)s publications",
            total,
        )
    if results.semantic_total == total:
        return ngettext(
            "Nothing found for “%(query)s”. "
            "%(range)s of %(total)s publication with a similar meaning",
            "Nothing found for “%(query)s”. "
            "%(range)s of %(total)s publications with a similar meaning",
            total,
        )
    if state.text:
        return ngettext(
            "%(range)s of %(total)s publication for “%(query)s”",
            "%(range)s of %(total)s publications for “%(query)s”",
            total,
        )
    return ngettext(
        "%(range)s of %(total)s publication", "%(range)s of %(total)s publications", total
    )


def _titles_summary(results: Results, state: SearchState) -> str:
    """Return the message for a list of titles, into which editions are folded."""
    titles = results.listed
    if not results.hits and state.text:
        return ngettext(
            "Page %(page)s is past the end of %(titles)s title (publications: %(total)s) "
            "for “%(query)s”",
            "Page %(page)s is past the end of %(titles)s titles (publications: %(total)s) "
            "for “%(query)s”",
            titles,
        )
    if not results.hits:
        return ngettext(
            "Page %(page)s is past the end of %(titles)s title (publications: %(total)s)",
            "Page %(page)s is past the end of %(titles)s titles (publications: %(total)s)",
            titles,
        )
    if results.semantic_total == results.total:
        return ngettext(
            "Nothing found for “%(query)s”. %(range)s of %(titles)s title "
            "(publications: %(total)s) with a similar meaning",
            "Nothing found for “%(query)s”. %(range)s of %(titles)s titles "
            "(publications: %(total)s) with a similar meaning",
            titles,
        )
    if state.text:
        return ngettext(
            "%(range)s of %(titles)s title (publications: %(total)s) for “%(query)s”",
            "%(range)s of %(titles)s titles (publications: %(total)s) for “%(query)s”",
            titles,
        )
    return ngettext(
        "%(range)s of %(titles)s title (publications: %(total)s)",
        "%(range)s of %(titles)s titles (publications: %(total)s)",
        titles,
    )


class QueryNote(msgspec.Struct, frozen=True):
    """An interpretation of the typed text: a line, the text of a link, and its URL.

    `line` is a text, or HTML if it has names in several languages. It is empty if the link says it
    all. `total` is the number of hits behind the link, or 0 if it is not counted. `href` is empty
    if there are none.
    """

    line: str
    link: str
    href: str
    total: int = 0

    @property
    def alone(self) -> str:
        """The note as plain text. The link's text is left out unless it says more than the line."""
        line = self.line.striptags() if isinstance(self.line, Markup) else self.line
        if self.total:
            return join_sentences([line, add_count(self.link, self.total)])
        return line or self.link


def search_notes(results: Results, state: SearchState, catalogue: Catalogue) -> Iterable[str]:
    """Yield a sentence for each part of the query that was dropped or not understood."""
    if results.ignored_word_count:
        yield ngettext(
            "A search can have at most %(limit)s words. The last %(number)s word was ignored.",
            "A search can have at most %(limit)s words. The last %(number)s words were ignored.",
            results.ignored_word_count,
        ) % {"limit": MOST_WORDS, "number": format_number(results.ignored_word_count)}
    for text in results.dropped_clauses:
        yield gettext("“%(term)s” was ignored because it occurs too often to search in time.") % {
            "term": text
        }
    for truncated in results.truncated:
        yield ngettext(
            "“%(term)s” matches too many words. The rarest %(number)s word was ignored.",
            "“%(term)s” matches too many words. The rarest %(number)s words were ignored.",
            truncated.omitted_word_count,
        ) % {"term": truncated.text, "number": format_number(truncated.omitted_word_count)}
    if not results.has_query:
        yield gettext("“%(query)s” has no words to search for, so all publications are shown.") % {
            "query": state.text
        }
    for name in results.unknown_fields:
        yield gettext(
            "“%(name)s” is not a field that can be searched. The fields are: %(fields)s."
        ) % {"name": name, "fields": join(choose_names(catalogue).values())}
    for unknown in results.unknown_values:
        message = gettext("%(field)s: no publication has the value “%(value)s”.")
        label = catalogue.by_name[unknown.field].label
        yield message % {"field": label, "value": unknown.value}


def interpretation_notes(
    results: Results, state: SearchState, catalogue: Catalogue, *, has_texts: bool
) -> Iterable[QueryNote]:
    """Yield the interpretations of the query, each with a link to another one.

    `has_texts`: the index has full texts.
    """
    as_typed, as_words = (
        gettext("Search for “%(query)s” as typed"),
        gettext("Search for “%(words)s” as words"),
    )
    if results.corrected:
        line = gettext("No publication has “%(query)s”. These results are for “%(corrected)s”.")
        line %= {"query": state.text, "corrected": results.corrected}
        yield _switch_exact(line, as_typed % {"query": state.text}, results, state)
    if results.identifier_fields:
        fields = join(catalogue.by_name[name].label for name in results.identifier_fields)
        line = gettext("Only publications with exactly this identifier are shown (%(fields)s).")
        link = as_words % {"words": state.text}
        yield _switch_exact(line % {"fields": fields}, link, results, state)
    if results.years and catalogue.year_facet:
        names = choose_names(catalogue)
        name = names[catalogue.year_facet.name]
        years = [
            msgspec.structs.replace(each, typed=replace_names(each.typed, names, name))
            for each in results.years
        ]
        words = " ".join(expression.typed for expression in years)
        line = join_sentences(dict.fromkeys(map(_describe_years, years)))
        yield _switch_exact(line, as_words % {"words": words}, results, state)
    if results.all_words_total:
        line = ngettext(
            "Only %(number)s publication has all of these words.",
            "Only %(number)s publications have all of these words.",
            results.all_words_total,
        ) % {"number": format_number(results.all_words_total)}
        note = join_sentences([line, *_describe_hits(results)])
        link = gettext("Show only those with all words")
        yield QueryNote(note, link, state.change(match="all").make_url())
    if results.any_word_total:
        line = ngettext(
            "Only %(number)s publication matches this query.",
            "Only %(number)s publications match this query.",
            results.total,
        ) % {"number": format_number(results.total)}
        url = state.change(match="any").make_url()
        yield QueryNote(line, gettext("Search for any of the words"), url, results.any_word_total)
    if results.semantic_total:
        url = state.change(semantic=False).make_url()
        yield QueryNote(_describe_semantic(results), gettext("Search by the words alone"), url)
    if results.suggestion:
        url = state.with_text(results.suggestion).make_url()
        link = gettext("Did you mean “%(query)s”?") % {"query": results.suggestion}
        yield QueryNote("", link, url)
    if results.entities:
        link = gettext("Search only for the words typed")
        yield _switch_exact(_list_names(results.entities, catalogue), link, results, state)
    if state.exact:
        line = gettext("Only the words as typed are searched for.")
        yield _switch_exact(line, gettext("Also search for other names"), results, state)
    # A query that names the field of full texts searches them in any case.
    is_inside = any(hit.files for hit in results.hits)
    if has_texts and state.text and not state.inside and not is_inside:
        line = gettext("The text inside the documents is not searched.")
        link = gettext("Also search inside the documents")
        yield _link_switch(line, link, "inside", state.change(inside=True), results)


def _switch_exact(line: str, link: str, results: Results, state: SearchState) -> QueryNote:
    """Return a note that links to the words as typed, or if `exact` is on, to other names too."""
    return _link_switch(line, link, "exact", state.change(exact=not state.exact), results)


def _link_switch(
    line: str, link: str, name: str, state: SearchState, results: Results
) -> QueryNote:
    """Return a note that links to a state with a switch of the search changed.

    Results without hits say how many hits that state has.
    """
    if results.total or results.diagnosis is None:
        return QueryNote(line, link, state.make_url())
    total = results.diagnosis.switched.get(name, 0)
    return QueryNote(line, link, state.make_url() if total else "", total)


def _list_names(entities: Sequence[ExpandedEntity], catalogue: Catalogue) -> Markup:
    """Return the synonyms and narrower concepts that were searched for, as sentences."""
    limit = max(1, MAX_NAMES // len(entities))
    names = dict.fromkeys(
        name_concept(name, catalogue, typed=entity.text)
        for entity in entities
        for name in entity.synonyms[:limit]
    )
    narrower = dict.fromkeys(name for entity in entities for name in entity.narrower)
    subjects = [name_concept(name, catalogue, is_searched=False) for name in narrower]
    shown, more = html_join_long(subjects[:MAX_NARROWER]), len(subjects) - MAX_NARROWER
    sentences = []
    if names:
        sentences.append(html_gettext("Also searching: %(names)s.", names=html_join_long(names)))
    if more > 0:
        sentences.append(
            html_ngettext(
                "Also searching narrower subjects: %(subjects)s; %(number)s more.",
                "Also searching narrower subjects: %(subjects)s; %(number)s more.",
                more,
                subjects=shown,
                number=format_number(more),
            )
        )
    elif subjects:
        sentences.append(
            html_gettext("Also searching narrower subjects: %(subjects)s.", subjects=shown)
        )
    return html_join_sentences(sentences)


def describe_names(entities: Sequence[ExpandedEntity], catalogue: Catalogue) -> Iterator[Markup]:
    """Yield sentences with all names that were searched for, and all narrower concepts."""
    for entity in entities:
        if entity.synonyms:
            names = [name_concept(each, catalogue, typed=entity.text) for each in entity.synonyms]
            yield html_gettext(
                "Other names of “%(term)s”: %(names)s.",
                term=entity.text,
                names=html_join_long(names),
            )
    for entity in entities:
        if entity.narrower:
            names = [name_concept(each, catalogue) for each in entity.narrower]
            yield html_gettext(
                "Narrower subjects of “%(term)s”: %(names)s.",
                term=entity.text,
                names=html_join_long(names),
            )


def describe_relaxed(results: Results) -> str:
    """Return a line that no publication has all words, if the hits have only some of them."""
    if not results.relaxed or results.all_words_total or not results.total:
        return ""
    line = gettext("No publication has all of these words.")
    return join_sentences([line, *_describe_hits(results)])


def _describe_hits(results: Results) -> Iterator[str]:
    """Yield sentences that say what the hits of a relaxed query match, or what they lack."""
    if results.all_words_total == results.total:
        return  # the filters leave only publications with all words
    if results.unmatched:
        unmatched = [(word.text.strip('"'), word.total) for word in results.unmatched]
        nowhere = [text for text, hits in unmatched if hits == results.total]
        if nowhere:
            yield gettext("Words that no result has: %(words)s.") % {"words": join_quoted(nowhere)}
        elsewhere = [
            add_count(quote(text), hits) for text, hits in unmatched if hits < results.total
        ]
        if elsewhere:
            message = gettext("Words that some results lack: %(words)s.")
            yield message % {"words": join(elsewhere)}
    elif results.required:
        message = gettext("These results have %(terms)s, with or without the other words.")
        yield message % {"terms": join_quoted(results.required)}
    else:
        yield gettext("These results have at least one of the words.")


def _describe_years(expression: YearExpression) -> str:
    """Return how a year expression was read, as a sentence."""
    first, last = expression.first, expression.last
    if first is None and last is None:
        message = gettext("“%(words)s” puts the newest of the best matches first.")
    elif first == last:
        message = gettext("“%(words)s” means published in %(first)s.")
    elif last is None:
        message = gettext("“%(words)s” means published in %(first)s or later.")
    elif first is None:
        message = gettext("“%(words)s” means published in %(last)s or earlier.")
    else:
        message = gettext("“%(words)s” means published from %(first)s to %(last)s.")
    return message % {"words": expression.typed, "first": first, "last": last}


def _describe_semantic(results: Results) -> str:
    """Return how many hits match by similar meaning only, as a sentence."""
    if results.semantic_total == results.total:
        message = ngettext(
            "No publication has these words. %(number)s publication has a similar meaning.",
            "No publication has these words. %(number)s publications have a similar meaning.",
            results.semantic_total,
        )
    else:
        message = ngettext(
            "%(number)s of these results has other words with a similar meaning.",
            "%(number)s of these results have other words with a similar meaning.",
            results.semantic_total,
        )
    return message % {"number": format_number(results.semantic_total)}
