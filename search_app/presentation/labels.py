"""Display names of the values of a publication, and the line of facts below its title."""

from __future__ import annotations

from collections.abc import Sequence

from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import Publication, Value
from search_app.presentation.facet_panel import facet_label


class MetadataLine:
    """The facts that a list shows of each publication, one line for each field.

    The qualifying rows of each field are looked up once for all publications.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._rows = [(field, list_qualifying_rows(field, catalogue)) for field in catalogue.facts]

    def format(self, publication: Publication) -> tuple[str, ...]:
        """Return the facts of a publication, as text."""
        return tuple(
            [
                ", ".join(
                    [
                        display_value(publication, field, value, qualifying, self._catalogue)
                        for value in values
                    ]
                )
                for field, qualifying in self._rows
                if (values := publication.values.get(field.name))
            ]
        )


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
    name = facet_label(field, value, catalogue)
    qualifiers = [
        row.qualifier for row in qualifying if value in publication.values.get(row.name, ())
    ]
    return f"{name} ({', '.join(qualifiers)})" if qualifiers else name
