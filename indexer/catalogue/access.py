"""Access to publications: which are given out on request only."""

from __future__ import annotations

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication


def states_access(publication: Publication, catalogue: Catalogue) -> bool:
    """Return whether a publication says how it is given out."""
    return any(row.restricted and row.name in publication.values for row in catalogue.valued)


def is_restricted(publication: Publication, catalogue: Catalogue) -> bool:
    """Return whether a publication is given out on request only."""
    return any(
        str(value) in row.restricted
        for row in catalogue.valued
        if row.restricted
        for value in publication.values.get(row.name, ())
    )
