"""Access to publications: which are given out on request only.

A value of a row with `restricted` counts as restricted if it differs from a restricted value only
in case, accents, spaces, invisible characters, or punctuation around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from indexer.analysis.folding import fold
from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import Publication, Value


def states_access(publication: Publication, catalogue: Catalogue) -> bool:
    """Return whether a publication says how it is given out."""
    return any(row.restricted and row.name in publication.values for row in catalogue.valued)


def is_restricted(publication: Publication, catalogue: Catalogue) -> bool:
    """Return whether a publication is given out on request only."""
    return bool(find_restricting(publication, catalogue))


def find_restricting(
    publication: Publication, catalogue: Catalogue
) -> dict[str, tuple[Value, ...]]:
    """Return the values of each row in which one of the values is restricted."""
    stated = publication.values
    return {
        row.name: stated[row.name]
        for row in catalogue.valued
        if row.restricted and any(find_restricted(value, row) for value in stated.get(row.name, ()))
    }


def find_restricted(value: Value, row: Field) -> str | None:
    """Return the restricted value of a row that a value means, or None."""
    return _fold_all(row.restricted).get(fold_value(str(value)))


@lru_cache(maxsize=100)
def _fold_all(restricted: tuple[str, ...]) -> Mapping[str, str]:
    return {fold_value(value): value for value in restricted}


@lru_cache(maxsize=10_000)
def fold_value(text: str) -> str:
    """Return a text without the differences that do not count."""
    words = " ".join(fold(text).split())
    return words.strip("".join({char for char in words if not char.isalnum()})) or words
