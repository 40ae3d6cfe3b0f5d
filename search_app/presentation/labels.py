"""Labels and links: the names of values and filters, and the URLs that `search_state` lacks."""

from itertools import chain
from urllib.parse import quote, quote_plus

import msgspec
from markupsafe import Markup

from indexer.analysis.cleaning import surface_form
from indexer.catalogue.access import is_restricted
from indexer.catalogue.fields import MISSING, NOT_STATED, Catalogue, Field
from indexer.catalogue.records import Publication, Value
from indexer.codec.segment.fulltext import File
from search_app.engine.request import parse_year_range
from search_app.i18n.translation import format_range, gettext, join, pgettext
from search_app.presentation.html import html_gettext, isolate_language
from search_app.search_state import SearchState

FULL_TEXT = "full-text"
"""The id of the part of a publication's page that searches its files."""


def facet_label(field: Field, value: Value, catalogue: Catalogue) -> str:
    """Return the display name of a facet value, of a missing value, or of a range of years."""
    if field.kind == "year" and ".." in str(value) and (ends := parse_year_range(str(value))):
        low, high = ends
        if not high:
            return gettext("from %(year)s") % {"year": low}
        return format_range(low, high) if low else gettext("up to %(year)s") % {"year": high}
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
        # Translators: An active filter, as in “Region: any value”. It leaves out the publications
        # without a value.
        return gettext("any value")
    # Translators: An active filter, as in “Region: not Africa”. The label can be any noun.
    return gettext("not %(value)s") % {"value": facet_label(field, value, catalogue)}


def selection_label(field: Field, state: SearchState) -> str:
    """Return the label of a field for its selected values. It says if a hit needs all of them."""
    if not state.needs_all_of(field.name):
        return field.label
    # Translators: An active filter with several values, all of which a publication needs, as in
    # “Topic (all values): law”.
    return gettext("%(field)s (all values)") % {"field": field.label}


def list_filters(state: SearchState, catalogue: Catalogue) -> list[tuple[str, list[str]]]:
    """Return the labels of the selected values, and those of the excluded ones, by field."""
    fields = catalogue.by_name
    selected = [
        (
            selection_label(fields[name], state),
            [facet_label(fields[name], each, catalogue) for each in values],
        )
        for name, values in state.filters.items()
    ]
    excluded = [
        (fields[name].label, [exclusion_label(fields[name], each, catalogue) for each in values])
        for name, values in state.excluded.items()
    ]
    return selected + excluded


def describe_search(state: SearchState, catalogue: Catalogue) -> str:
    """Return the query and its filters as one line, or "" for all publications.

    Values of which all are needed have a plus sign between them.
    """
    selected, excluded = [
        {
            name: [label(catalogue.by_name[name], value, catalogue) for value in values]
            for name, values in filters.items()
        }
        for filters, label in ((state.filters, facet_label), (state.excluded, exclusion_label))
    ]
    all_of = [
        pgettext("between values of which all are needed", " + ").join(
            label for field in fields for label in selected.pop(field, ())
        )
        for fields in state.all_of.values()
    ]
    others = chain.from_iterable((*selected.values(), *excluded.values()))
    return join(filter(None, [state.text, *all_of, *others]))


class Name(msgspec.Struct, frozen=True):
    """The name of a concept on a page, and in brackets the one that is searched, if it is another.

    `lang` is the language of the searched one, or without brackets that of the name. It is None if
    that is the language of the page.
    """

    text: str
    searched: str = ""
    lang: str | None = None

    def __str__(self) -> str:
        if not self.searched:
            return self.text
        return gettext("%(value)s (%(qualifiers)s)") % {
            "value": self.text, "qualifiers": self.searched
        }  # fmt: skip

    def __html__(self) -> Markup:
        if not self.searched:
            return isolate_language(self.text, self.lang)
        searched = isolate_language(self.searched, self.lang)
        return html_gettext("%(value)s (%(qualifiers)s)", value=self.text, qualifiers=searched)


def name_concept(
    name: str, catalogue: Catalogue, *, typed: str = "", is_searched: bool = True
) -> Name:
    """Return the name of a concept for a page. `name` is the one in the catalogue's language.

    The page's own name stands alone if the other is not searched. It is left out if it was typed.
    """
    translated = catalogue.translate_name(name)
    if translated == name:
        return Name(name, lang=catalogue.find_name_language(name))
    if surface_form(translated) == surface_form(typed):
        return Name(name, lang=catalogue.language)
    return Name(translated, name, catalogue.language) if is_searched else Name(translated)


# Links


class Link(msgspec.Struct, frozen=True):
    """A link: its label, and its URL, which is empty if there is nothing behind it.

    `is_current`: it is the choice in effect. `note` says more about what is behind it.
    """

    label: str
    href: str
    is_current: bool = False
    note: str = ""


def make_publication_url(identity: str, prefix: str) -> str:
    """Return the URL of a publication's page below a path prefix."""
    return f"{prefix}/publication/{quote(identity, safe='/')}"


def make_export_url(name: str, identity: str, prefix: str) -> str:
    """Return the URL of a publication in the format with this name, below a path prefix."""
    return f"{prefix}/export/{name}/{quote(identity, safe='/')}"


def make_hit_url(state: SearchState, identity: str, position: int | None) -> str:
    """Return the URL of a publication with a search, so that its page can lead back.

    `position` counts the hits of the search from 1. It is None if the publication is not a hit.
    """
    url = state.make_url(make_publication_url(identity, ""), page=1)
    return url if position is None else f"{url}{'&' if '?' in url else '?'}hit={position}"


def make_file_url(file: File, publication: Publication, catalogue: Catalogue, prefix: str) -> str:
    """Return the URL of a file of a publication, or "" if the site does not serve it."""
    if catalogue.files != "serve" or is_restricted(publication, catalogue):
        return ""
    return f"{prefix}/file/{file.digest}/{quote(file.name, safe='')}"


def make_file_page_url(file: File, file_url: str, page: int) -> str:
    """Return the URL of a page of a file, which viewers of PDFs open, or "".

    `file_url` is the URL of the file. Sections of a text have no URL.
    """
    return f"{file_url}#page={page}" if file_url and file.page_count else ""


def make_find_url(page_url: str, text: str) -> str:
    """Return the URL of a search for a text inside the files of a publication.

    `page_url` is the URL of the publication, which may have a search.
    """
    return f"{page_url}{'&' if '?' in page_url else '?'}find={quote_plus(text)}#{FULL_TEXT}"
