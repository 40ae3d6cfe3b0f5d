"""The sentences above a list: how the query was interpreted, with links to other readings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from indexer.catalogue.fields import Catalogue
from search_app.engine.query.grammar import MOST_WORDS
from search_app.engine.query.rewriting import YearExpression, choose_names
from search_app.engine.results import ExpandedEntity, Results
from search_app.i18n.translation import format_number, gettext, join, join_long, ngettext, quote
from search_app.search_state import SearchState

MAX_NARROWER = 6
"""Maximum number of narrower concepts named above a list."""
MAX_NAMES = 4
"""Number of synonyms named above a list. The concepts of a query share it, but each shows at least
one."""


class QueryNote(msgspec.Struct, frozen=True):
    """An interpretation of the typed text: a line, the text of a link, and its URL.

    `line` is empty if the link says it all. `total` is the number of hits behind the link, or 0 if
    it is not counted. `href` is empty if there are none.
    """

    line: str
    link: str
    href: str
    total: int = 0

    @property
    def number(self) -> str:
        """The total, formatted for display."""
        return format_number(self.total)

    @property
    def alone(self) -> str:
        """The note as plain text. The link's text is left out unless it says more than the line."""
        if self.total:
            return f"{self.line} {self.link}: {self.number}"
        return self.line or self.link


def search_notes(results: Results, state: SearchState, catalogue: Catalogue) -> Iterable[str]:
    """Yield a sentence for each part of the query that was dropped or not understood."""
    if results.ignored_words:
        yield ngettext(
            "A search can have at most %(limit)s words. The last %(number)s word was ignored.",
            "A search can have at most %(limit)s words. The last %(number)s words were ignored.",
            results.ignored_words,
        ) % {"limit": MOST_WORDS, "number": format_number(results.ignored_words)}
    for text in results.dropped_clauses:
        yield gettext("“%(term)s” was ignored because it occurs too often to search in time.") % {
            "term": text
        }
    for truncated in results.truncated:
        yield ngettext(
            "“%(term)s” matches too many words. The rarest %(number)s word was ignored.",
            "“%(term)s” matches too many words. The rarest %(number)s words were ignored.",
            truncated.words,
        ) % {"term": truncated.text, "number": format_number(truncated.words)}
    if not results.has_query:
        yield gettext("“%(query)s” has no words to search for, so all publications are shown.") % {
            "query": state.text
        }
    for name in results.unknown_fields:
        yield gettext(
            "“%(name)s” is not a field that can be searched. The fields are: %(fields)s."
        ) % {"name": name, "fields": join(choose_names(catalogue).values())}
    for unknown in results.unknown_values:
        yield gettext("%(field)s: no publication has the value “%(value)s”.") % {
            "field": catalogue.by_name[unknown.field].label, "value": unknown.value,
        }  # fmt: skip


def interpretation_notes(
    results: Results, state: SearchState, catalogue: Catalogue, *, has_texts: bool
) -> Iterable[QueryNote]:
    """Yield the interpretations of the query, each with a link to another one.

    `has_texts`: the index has full texts.
    """
    yield from _replaced(results, state, catalogue)
    yield from _relaxed(results, state)
    if results.semantic_hits:
        url = state.with_semantic(semantic=False).make_url()
        yield QueryNote(_describe_semantic(results), gettext("Search by the words alone"), url)
    if results.suggestion:
        url = state.with_text(results.suggestion).make_url()
        link = gettext("Did you mean “%(query)s”?") % {"query": results.suggestion}
        yield QueryNote("", link, url)
    if results.entities:
        link = gettext("Search only for the words typed")
        yield _switch_exact(_list_names(results.entities), link, results, state)
    if state.exact:
        line = gettext("Only the words as typed are searched for.")
        yield _switch_exact(line, gettext("Also search for other names"), results, state)
    # A query that names the row of full texts searches them in any case.
    is_inside = any(hit.files for hit in results.hits)
    if has_texts and state.text and not state.inside and not is_inside:
        line = gettext("The text inside the documents is not searched.")
        link = gettext("Also search inside the documents")
        yield _link_switch(line, link, "inside", state.with_inside(inside=True), results)


def _replaced(results: Results, state: SearchState, catalogue: Catalogue) -> Iterable[QueryNote]:
    """Yield the interpretations that replaced words: corrected spelling, identifiers, and years."""
    if results.corrected:
        line = gettext("No publication has “%(query)s”. These results are for “%(corrected)s”.") % {
            "query": state.text,
            "corrected": results.corrected,
        }
        link = gettext("Search for “%(query)s” as typed") % {"query": state.text}
        yield _switch_exact(line, link, results, state)
    if results.identifies:
        fields = join(catalogue.by_name[name].label for name in results.identifies)
        line = gettext("Only publications with exactly this identifier are shown (%(fields)s).")
        link = gettext("Search for “%(words)s” as words") % {"words": state.text}
        yield _switch_exact(line % {"fields": fields}, link, results, state)
    if results.years:
        words = " ".join(expression.typed for expression in results.years)
        line = " ".join(dict.fromkeys(map(_describe_years, results.years)))
        link = gettext("Search for “%(words)s” as words") % {"words": words}
        yield _switch_exact(line, link, results, state)


def _switch_exact(line: str, link: str, results: Results, state: SearchState) -> QueryNote:
    """Return a note that links to the words as typed, or if `exact` is on, to other names too."""
    return _link_switch(line, link, "exact", state.with_exact(exact=not state.exact), results)


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


def _relaxed(results: Results, state: SearchState) -> Iterable[QueryNote]:
    """Yield how the query was relaxed, or how it can be, if few publications match all of it."""
    if results.all_words:
        line = ngettext(
            "Only %(number)s publication has all of these words.",
            "Only %(number)s publications have all of these words.",
            results.all_words,
        ) % {"number": format_number(results.all_words)}
        link = gettext("Show only those with all words")
        note = f"{line} {note_relaxed(results)}".rstrip()
        yield QueryNote(note, link, state.with_match("all").make_url())
    if results.any_word:
        line = ngettext(
            "Only %(number)s publication matches this query.",
            "Only %(number)s publications match this query.",
            results.total,
        ) % {"number": format_number(results.total)}
        url = state.with_match("any").make_url()
        yield QueryNote(line, gettext("Search for any of the words"), url, results.any_word)


def _list_names(entities: Sequence[ExpandedEntity]) -> str:
    """Return the synonyms and narrower concepts that were searched for, as sentences."""
    limit = max(1, MAX_NAMES // len(entities))
    names = dict.fromkeys(name for entity in entities for name in entity.synonyms[:limit])
    narrower = [*dict.fromkeys(name for entity in entities for name in entity.narrower)]
    sentences = []
    if names:
        sentences.append(gettext("Also searching: %(names)s.") % {"names": join_long(names)})
    more = len(narrower) - MAX_NARROWER
    message = gettext("Also searching narrower subjects: %(subjects)s.")
    if more > 0:
        message = ngettext(
            "Also searching narrower subjects: %(subjects)s; %(number)s more.",
            "Also searching narrower subjects: %(subjects)s; %(number)s more.",
            more,
        )
    if narrower:
        subjects = join_long(narrower[:MAX_NARROWER])
        sentences.append(message % {"subjects": subjects, "number": format_number(more)})
    return " ".join(sentences)


def note_relaxed(results: Results) -> str:
    """Return sentences that say what the hits of a relaxed query match, or what they lack."""
    if results.all_words == results.total:
        return ""  # the filters leave only publications with all words
    if results.lacks:
        return " ".join(_describe_lacks(results))
    if not results.required:
        return gettext("These results have any of them.")
    message = gettext("These results have %(terms)s, with or without the other words.")
    return message % {"terms": join(map(quote, results.required))}


def _describe_lacks(results: Results) -> Iterable[str]:
    """Yield the words that no hit has, and those that some hits lack, with their number."""
    lacks = [(quote(lack.text.strip('"')), lack.hits) for lack in results.lacks]
    nowhere = [text for text, hits in lacks if hits == results.total]
    elsewhere = [f"{text} ({format_number(hits)})" for text, hits in lacks if hits < results.total]
    if nowhere:
        yield gettext("Words that no result has: %(words)s.") % {"words": join(nowhere)}
    if elsewhere:
        yield gettext("Words that some results lack: %(words)s.") % {"words": join(elsewhere)}


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
    number = {"number": format_number(results.semantic_hits)}
    if results.semantic_hits == results.total:
        return (
            ngettext(
                "No publication has these words. %(number)s publication has a similar meaning.",
                "No publication has these words. %(number)s publications have a similar meaning.",
                results.semantic_hits,
            )
            % number
        )
    return (
        ngettext(
            "%(number)s of these results has other words with a similar meaning.",
            "%(number)s of these results have other words with a similar meaning.",
            results.semantic_hits,
        )
        % number
    )
