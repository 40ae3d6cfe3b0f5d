"""The suggestions of the API: their types, and how they are made.

`openapi` publishes the docstrings of the types as descriptions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from indexer.catalogue.fields import Catalogue
from search_app.engine.results import Suggestion, SuggestionKind
from search_app.i18n.translation import format_number, gettext, ngettext
from search_app.presentation.facet_rows import facet_label
from search_app.presentation.urls import make_publication_url
from search_app.search_state import SearchState


class SuggestionBody(TypedDict):
    """A suggestion: its kind, text, and label, and how many publications `href` leads to.

    `number` is this count as text, and `description` is the name of the suggestion for a screen
    reader.
    """

    kind: SuggestionKind
    text: str
    label: str
    count: int
    number: str
    description: str
    href: str


class Suggestions(TypedDict):
    """Suggestions for a text that is being typed. `summary` has their number, in words."""

    query: str
    summary: str
    suggestions: Sequence[SuggestionBody]


def serialize_suggestions(
    text: str, state: SearchState, suggestions: Sequence[Suggestion], catalogue: Catalogue
) -> Suggestions:
    """Return the response of `/api/suggest` for a text that is being typed.

    `label` is the displayed text of a suggestion. `count` is the number of publications that
    `href` leads to, and `number` is it as text. `description` and `summary` are for screen readers.
    """
    count = len(suggestions)
    summary = ngettext("%(number)s suggestion", "%(number)s suggestions", count)
    return {
        "query": text,
        "summary": summary % {"number": format_number(count)},
        "suggestions": [
            {
                "kind": suggestion.kind,
                "text": _get_suggestion_text(suggestion, catalogue),
                "label": _get_suggestion_label(suggestion, catalogue),
                "count": suggestion.count,
                "number": format_number(suggestion.count),
                "description": _describe_suggestion(suggestion, catalogue),
                "href": _make_href(suggestion, state),
            }
            for suggestion in suggestions
        ],
    }


def _get_suggestion_label(suggestion: Suggestion, catalogue: Catalogue) -> str:
    """Return the label of a suggestion. The label of a facet value includes its facet."""
    text = _get_suggestion_text(suggestion, catalogue)
    if suggestion.kind != "facet":
        return text
    field = catalogue.by_name[suggestion.field].label
    return gettext("%(field)s: %(value)s") % {"field": field, "value": text}


def _get_suggestion_text(suggestion: Suggestion, catalogue: Catalogue) -> str:
    """Return the text of a suggestion. A facet value has its display name."""
    if suggestion.kind != "facet":
        return suggestion.text
    return facet_label(catalogue.by_name[suggestion.field], suggestion.value, catalogue)


def _describe_suggestion(suggestion: Suggestion, catalogue: Catalogue) -> str:
    """Return the label and the number of publications, or that it is the title of one."""
    values = {
        "value": _get_suggestion_label(suggestion, catalogue),
        "number": format_number(suggestion.count),
    }
    if suggestion.kind == "title":
        return gettext("%(value)s, a publication") % values
    return (
        ngettext(
            "%(value)s, %(number)s publication", "%(value)s, %(number)s publications",
            suggestion.count,
        )
        % values
    )  # fmt: skip


def _make_href(suggestion: Suggestion, state: SearchState) -> str:
    """Return the URL of a suggestion: a publication, a search, or the list of a facet value."""
    if suggestion.kind == "title":
        return make_publication_url(suggestion.value, state.prefix)
    new_search = state.with_match("auto")
    if suggestion.kind == "word":
        return new_search.with_text(suggestion.text).make_url()
    return new_search.with_text("").with_filter(suggestion.field, suggestion.value).make_url()
