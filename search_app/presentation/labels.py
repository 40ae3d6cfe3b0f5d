"""Display names of the values of a publication, and the line of facts below its title."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from urllib.parse import urlsplit

from markupsafe import Markup

from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import Link, Publication, Value
from search_app.i18n.translation import current, format_number, gettext, join, ngettext
from search_app.presentation.facet_rows import (
    exclusion_label,
    facet_label,
    find_facet_language,
)
from search_app.presentation.html import Html, escape_html
from search_app.search_state import SearchState

MAX_FACT_NAMES = 3
"""Number of names in the metadata line if there are more, and one more would not do. A paper may
have hundreds of authors."""
MAX_FACT_CHARS = 100
"""Maximum characters of a value in the metadata line: about one line of text."""
MAX_URL_CHARS = 60
"""Maximum characters of a URL that is shown in full: it fits into a line."""
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")


class MetadataLine:
    """The facts that a list shows of each publication, one text for each of the fields.

    The qualifying rows of each field are looked up once for all publications.
    """

    def __init__(self, catalogue: Catalogue, fields: Iterable[Field]) -> None:
        self._catalogue = catalogue
        self._rows = [(field, list_qualifying_rows(field, catalogue)) for field in fields]

    def format(self, publication: Publication) -> tuple[Markup, ...]:
        """Return the facts of a publication as HTML. A value in another language states it."""
        return tuple(
            [
                self._format_field(publication, field, values, qualifying)
                for field, qualifying in self._rows
                if (values := publication.values.get(field.name))
            ]
        )

    def _format_field(
        self,
        publication: Publication,
        field: Field,
        values: Sequence[Value],
        qualifying: Sequence[Field],
    ) -> Markup:
        is_long = field.kind == "name" and len(values) > MAX_FACT_NAMES + 1
        shown_values = values[:MAX_FACT_NAMES] if is_long else values
        texts = [self._make_html(publication, field, value, qualifying) for value in shown_values]
        html, more = join(texts), len(values) - len(shown_values)
        if more:
            message = ngettext(
                "%(names)s and %(number)s more", "%(names)s and %(number)s more", more
            )
            html = escape_html(message) % {"names": html, "number": format_number(more)}
        return Markup(html)  # nosec B704  # noqa: S704 - each text is escaped

    def _make_html(
        self, publication: Publication, field: Field, value: Value, qualifying: Sequence[Field]
    ) -> Html:
        name = display_value(publication, field, value, qualifying, self._catalogue)
        text = escape_html(_isolate(name))
        language = find_facet_language(field, value, self._catalogue)
        return Html(f'<span lang="{escape_html(language)}">{text}</span>') if language else text


class HitLines:
    """The two lines below a title in a list: its authors, and the other facts."""

    def __init__(self, catalogue: Catalogue) -> None:
        rows = catalogue.facts
        authors = [row for row in rows if row.kind == "name" and row.role == "author"]
        self._authors = MetadataLine(catalogue, authors)
        self._facts = MetadataLine(catalogue, [row for row in rows if row not in authors])

    def format(self, publication: Publication) -> tuple[Markup, Markup]:
        """Return both lines of a publication as HTML. A line without values is empty."""
        authors, facts = self._authors.format(publication), self._facts.format(publication)
        lines = (join(authors), " · ".join(facts))
        return Markup(lines[0]), Markup(lines[1])  # nosec B704  # noqa: S704 - both are HTML


def format_day(time: datetime) -> str:
    """Return the day of a time as a reader writes it: `3 May 2026`."""
    return current().format_date(time)


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
