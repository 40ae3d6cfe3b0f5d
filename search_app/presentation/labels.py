"""Labels: the names of values and filters, and the lines that name a publication in a list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Literal
from urllib.parse import urlsplit

import msgspec
from markupsafe import Markup

from indexer.catalogue.fields import MISSING, NOT_STATED, Catalogue, Field
from indexer.catalogue.records import Link, Publication, Value
from indexer.catalogue.translations import find_translation
from search_app.engine.request import parse_year_range
from search_app.i18n.translation import current, format_number, gettext, join, ngettext
from search_app.presentation.html import Html, escape_html, language_attribute, safe
from search_app.search_state import SearchState

MAX_FACT_NAMES = 3
"""Number of names in the metadata line if there are more, and one more would not do. A paper may
have hundreds of authors."""
MAX_FACT_CHARS = 100
"""Maximum characters of a value in the metadata line: about one line of text."""
MAX_URL_CHARS = 60
"""Maximum characters of a URL that is shown in full: it fits into a line."""
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")


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


def list_filters(state: SearchState, catalogue: Catalogue) -> list[tuple[str, list[str]]]:
    """Return the labels of the selected values, and those of the excluded ones, by field."""
    rows = catalogue.by_name
    selected = [
        (
            selection_label(rows[name], state),
            [facet_label(rows[name], each, catalogue) for each in values],
        )
        for name, values in state.filters.items()
    ]
    excluded = [
        (rows[name].label, [exclusion_label(rows[name], each, catalogue) for each in values])
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
        " + ".join(label for row in rows for label in selected.pop(row, ()))
        for rows in state.all_of.values()
    ]
    others = chain.from_iterable((*selected.values(), *excluded.values()))
    return join(filter(None, [state.text, *all_of, *others]))


class DisplayedText(msgspec.Struct, frozen=True):
    """A title or an abstract in the language of the page, if the publication has it in that.

    `lang` is its language if that is not the one of the page. `row` is the row with the
    translation, or "" for the original. `original` is the original below a translation, or "", and
    `original_lang` its language.
    """

    text: str
    lang: str | None
    row: str = ""
    original: str = ""
    original_lang: str | None = None


def find_title(publication: Publication, catalogue: Catalogue) -> DisplayedText:
    """Return the title of a publication for a page."""
    return _find_text(publication, "title", publication.title, catalogue)


def find_abstract(publication: Publication, catalogue: Catalogue) -> DisplayedText:
    """Return the abstract of a publication for a page."""
    return _find_text(publication, "abstract", publication.summary or "", catalogue)


def _find_text(
    publication: Publication, role: Literal["title", "abstract"], text: str, catalogue: Catalogue
) -> DisplayedText:
    row = find_translation(publication, role, catalogue)
    if row is None:
        return DisplayedText(text, catalogue.find_publication_language(publication))
    original_lang = publication.lang or catalogue.language
    return DisplayedText(str(publication.values[row.name][0]), None, row.name, text, original_lang)


class MetadataLine:
    """The facts that a list shows of each publication, one text for each of the fields.

    The qualifying rows of each field are looked up once for all publications.
    """

    def __init__(self, catalogue: Catalogue, fields: Iterable[Field]) -> None:
        self._catalogue = catalogue
        self._rows = [(field, list_qualifying_rows(field, catalogue)) for field in fields]

    def format(self, publication: Publication) -> list[Markup]:
        """Return the facts of a publication as HTML. A value in another language states it."""
        return [
            safe(self._format_field(publication, field, values, qualifying))
            for field, qualifying in self._rows
            if (values := publication.values.get(field.name))
        ]

    def _format_field(
        self,
        publication: Publication,
        field: Field,
        values: Sequence[Value],
        qualifying: Sequence[Field],
    ) -> str:
        is_long = field.kind == "name" and len(values) > MAX_FACT_NAMES + 1
        texts = []
        for value in values[:MAX_FACT_NAMES] if is_long else values:
            name = display_value(publication, field, value, qualifying, self._catalogue)
            text = escape_html(_isolate(name))
            language = find_facet_language(field, value, self._catalogue)
            if language:
                text = Html(f"<span{language_attribute(language)}>{text}</span>")
            texts.append(text)
        if not is_long:
            return join(texts)
        more = len(values) - len(texts)
        message = ngettext("%(names)s and %(number)s more", "%(names)s and %(number)s more", more)
        return escape_html(message) % {"names": join(texts), "number": format_number(more)}


class HitLines:
    """The two lines below a title in a list: its authors, and the other facts."""

    def __init__(self, catalogue: Catalogue) -> None:
        rows = catalogue.facts
        authors = [row for row in rows if row.kind == "name" and row.role == "author"]
        self._authors = MetadataLine(catalogue, authors)
        self._facts = MetadataLine(catalogue, [row for row in rows if row not in authors])

    def format(self, publication: Publication) -> Markup:
        """Return the lines of a publication as HTML. A line without values is left out."""
        authors = join(self._authors.format(publication))
        facts = " · ".join(self._facts.format(publication))
        return safe(
            (f'<p class="authors">{authors}</p>\n' if authors else "")
            + (f'<p class="facts">{facts}</p>\n' if facts else "")
        )


def _isolate(text: str) -> str:
    """Return a truncated value. Isolate a value that may have the other direction (Unicode UAX 9).

    Otherwise, it would change the order of the values around it.
    """
    if len(text) > MAX_FACT_CHARS:
        start = text[:MAX_FACT_CHARS]
        # A text without spaces, such as a Chinese title, is truncated at any character.
        text = f"{start.rpartition(' ')[0] or start} …"
    is_other = current().direction == "rtl" or (not text.isascii() and _RIGHT_TO_LEFT.search(text))
    return f"\u2068{text}\u2069" if is_other else text


def list_qualifying_rows(field: Field, catalogue: Catalogue) -> list[Field]:
    """Return the rows that qualify the values of a field."""
    return [row for row in catalogue.fields if row.qualifies == field.name]


def display_value(
    publication: Publication,
    field: Field,
    value: Value,
    qualifying: Sequence[Field],
    catalogue: Catalogue,
) -> str:
    """Return the label of a publication's value, with its qualifiers from other rows."""
    if isinstance(value, Link):
        name = value.label or shorten_url(value.url)
    else:
        name = facet_label(field, value, catalogue)
    qualifiers = [
        row.qualifier for row in qualifying if value in publication.values.get(row.name, ())
    ]
    if not qualifiers:
        return name
    return gettext("%(value)s (%(qualifiers)s)") % {"value": name, "qualifiers": join(qualifiers)}


def shorten_url(url: str) -> str:
    """Return a short label for a long URL: its host, and the last part of its path if it fits."""
    if len(url) <= MAX_URL_CHARS:
        return url
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    label = f"{host}/…/{parts.path.rstrip('/').rpartition('/')[2]}"
    return label if len(label) <= MAX_URL_CHARS and not label.endswith("/") else f"{host}/…"
