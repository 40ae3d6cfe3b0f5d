"""Explanations: why a hit matched, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from indexer.catalogue.fields import Catalogue
from search_app.engine.results import ClauseScore, Explanation, FieldScore, How, MatchedText
from search_app.i18n.translation import (
    format_number,
    format_score,
    gettext,
    join,
    join_long,
    join_with_and,
    ngettext,
    quote,
)
from search_app.presentation.labels import facet_label

MAX_TEXTS = 5
"""Maximum number of texts listed for one field and one kind of match, of shared words, and of pages
of a file."""


def explain_in_sentences(explanation: Explanation, catalogue: Catalogue) -> Iterator[str]:
    """Yield a sentence for each clause, one for missing words, and one for each filter.

    A semantic match, a title that the query covers, words near each other, and the words shared
    with the best hits have a sentence each too.
    """
    total = format_score(explanation.score)
    for part in explanation.parts:
        yield _describe_clause(part, total, catalogue)
    words = join(map(quote, explanation.shared[:MAX_TEXTS]))
    if explanation.parts:
        similar = gettext("Its meaning is similar to theirs: adds %(score)s of %(total)s.")
    else:
        similar = gettext(
            "It has none of the words; its meaning is similar to theirs: "
            "adds %(score)s of %(total)s."
        )
    shared = gettext("Its place among the best hits adds %(score)s of %(total)s.")
    if words:
        shared = gettext(
            "It shares words with the best hits: %(words)s. They add %(score)s of %(total)s."
        )
    for score, message in (
        (explanation.semantic, similar),
        (
            explanation.title,
            gettext("Its title is close to the query: adds %(score)s of %(total)s."),
        ),
        (
            explanation.nearness,
            gettext("Words of the query are near each other in it: adds %(score)s of %(total)s."),
        ),
        (explanation.feedback, shared),
    ):
        if score:
            yield message % {"score": format_score(score), "total": total, "words": words}
    if explanation.lacks and explanation.parts:
        lacks = join(map(quote, explanation.lacks))
        yield gettext("It lacks %(terms)s. Not all of the words were needed.") % {"terms": lacks}
    for passed in explanation.filters:
        value = _describe_value(passed.field, passed.value, passed.through, catalogue)
        field = catalogue.by_name[passed.field].label
        yield gettext("Filter %(field)s: %(value)s.") % {"field": field, "value": value}


def _describe_clause(part: ClauseScore, total: str, catalogue: Catalogue) -> str:
    """Return what a clause adds to the score, and what it matches."""
    typed = part.text.strip('"')
    if not typed:
        message = gettext("The language of the words adds %(score)s of %(total)s: %(matches)s.")
    elif part.instead_of:
        message = gettext(
            "“%(term)s”, in place of “%(typed)s”, adds %(score)s of %(total)s: %(matches)s."
        )
    else:
        message = gettext("“%(term)s” adds %(score)s of %(total)s: %(matches)s.")
    matches = [match for field in part.fields for match in _describe_field(field, catalogue)]
    return message % {
        "term": typed,
        "typed": part.instead_of,
        "score": format_score(part.score),
        "total": total,
        "matches": join_long(matches),
    }


def _describe_field(field: FieldScore, catalogue: Catalogue) -> Iterable[str]:
    """Yield what matched in a field: its facet values if there are any, otherwise its words.

    For the full text, yield the pages of each file.
    """
    row = catalogue.by_name[field.field]
    if row.kind == "fulltext":
        yield from map(_describe_file, field.matched)
        return
    values = [
        _describe_value(field.field, match.text, match.through, catalogue)
        for match in field.matched
        if match.how == "value"
    ]
    if values:
        yield gettext("%(field)s is %(values)s") % {"field": row.label, "values": join(values)}
        return
    for how, matches in groupby(field.matched, key=lambda match: match.how):
        yield _describe_matches(how) % {"field": row.label, "texts": _list_texts([*matches])}


def _describe_file(match: MatchedText) -> str:
    """Return in which file a clause is, how often, and on which pages."""
    if not match.file:
        return gettext("it is in the full text")
    file = f"{quote(match.file)}{_describe_times(match)}"
    pages = [*map(format_number, match.pages[:MAX_TEXTS])]
    more = len(match.pages) - len(pages)
    if not pages:
        return gettext("it is in %(file)s") % {"file": file}
    if not more:
        message = ngettext(
            "it is in %(file)s, on page %(pages)s",
            "it is in %(file)s, on pages %(pages)s",
            len(pages),
        )
        return message % {"file": file, "pages": join_with_and(pages)}
    message = ngettext(
        "it is in %(file)s, on pages %(pages)s and %(number)s more",
        "it is in %(file)s, on pages %(pages)s and %(number)s more",
        more,
    )
    return message % {"file": file, "pages": join(pages), "number": format_number(more)}


def _describe_matches(how: How) -> str:
    """Return the message for the texts of a field that match in one way."""
    messages: dict[How, str] = {
        "stem": gettext("%(field)s has %(texts)s (by its stem)"),
        "beginning": gettext("%(field)s has %(texts)s (by its prefix)"),
        "pattern": gettext("%(field)s has %(texts)s (by a wildcard)"),
        "likeness": gettext("%(field)s has %(texts)s (by a similar spelling)"),
        "name": gettext("%(field)s has %(texts)s (another name for it)"),
        "kin": gettext("%(field)s has %(texts)s (narrower than it)"),
    }
    return messages.get(how, gettext("%(field)s has %(texts)s"))


def _list_texts(matches: Sequence[MatchedText]) -> str:
    """Return the first texts as a list, each with its number of occurrences, if it has several."""
    texts = join(f"{quote(match.text)}{_describe_times(match)}" for match in matches[:MAX_TEXTS])
    more = len(matches) - MAX_TEXTS
    if more <= 0:
        return texts
    message = ngettext("%(texts)s, %(number)s more", "%(texts)s, %(number)s more", more)
    return message % {"texts": texts, "number": format_number(more)}


def _describe_times(match: MatchedText) -> str:
    return f" ×{format_number(match.times)}" if match.times > 1 else ""


def _describe_value(row: str, value: str, through: Iterable[str], catalogue: Catalogue) -> str:
    """Return the label of a value, with the values below it that the publication has."""
    name = facet_label(catalogue.by_name[row], value, catalogue)
    child = catalogue.children.get(row)
    parts = [facet_label(child, child_value, catalogue) for child_value in through] if child else []
    if not parts:
        return name
    return gettext("%(value)s (includes %(parts)s)") % {"value": name, "parts": join(parts)}
