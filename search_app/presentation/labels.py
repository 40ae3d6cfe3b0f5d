"""What a publication's values are called, and the line of them under a title in a list."""

from __future__ import annotations

from collections.abc import Sequence

from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import Publication, Value
from search_app.presentation.facet_panel import label


class Facts:
    """What a list tells of publications, each in one line.

    Which rows qualify the values of which is looked up once for all of them.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._rows = [(field, qualifying_rows(field, catalogue)) for field in catalogue.facts]

    def of(self, publication: Publication) -> tuple[str, ...]:
        """The facts of one, as text."""
        return tuple([
            ", ".join([
                shown(publication, field, value, qualifying, self._catalogue) for value in values
            ])
            for field, qualifying in self._rows
            if (values := publication.values.get(field.name))
        ])  # fmt: skip


def qualifying_rows(field: Field, catalogue: Catalogue) -> list[Field]:
    """The rows that say more precisely what values of a field are."""
    return [row for row in catalogue.fields if row.qualifies == field.name]


def shown(
    publication: Publication,
    field: Field,
    value: Value,
    qualifying: Sequence[Field],
    catalogue: Catalogue,
) -> str:
    """What a publication's value is called, with what another row says to qualify it."""
    name = label(field, value, catalogue)
    told = [row.qualifier for row in qualifying if value in publication.values.get(row.name, ())]
    return f"{name} ({', '.join(told)})" if told else name
