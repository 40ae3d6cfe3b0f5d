"""Required clauses: keep places, languages and years mandatory when a query is relaxed to OR.

All hits for *materials in Portuguese* are in Portuguese, but not all contain *materials*.
"""

from __future__ import annotations

from collections.abc import Iterator

from whoosh import query

from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.schema import row_of
from search_app.engine.query.nodes import Leaf


def facts_kept(tree: query.Query, catalogue: Catalogue) -> tuple[query.Query, tuple[str, ...]]:
    """Return an OR tree with its facts made mandatory, and the typed texts of these facts.

    The other clauses only affect the ranking. Return the tree unchanged if it is not an OR, has no
    facts, or has nothing but facts.
    """
    words = tree.subqueries if type(tree) is query.Or else []
    kept = [each for each in words if isinstance(each, Leaf) and _is_fact(each, catalogue)]
    others = [each for each in words if each not in kept]
    if not kept or not others:
        return tree, ()
    said = tuple(each.said for each in kept)
    return query.And([*kept, query.Or([*others, query.Every()])]), said


def _is_fact(leaf: Leaf, catalogue: Catalogue) -> bool:
    """Return whether a clause names a place, a language or a year."""
    return any(map(_is_of_the_world, _rows(leaf, catalogue)))


def _rows(leaf: Leaf, catalogue: Catalogue) -> Iterator[tuple[Field, Field | None]]:
    """Yield the rows whose values a clause asks for, each with its child row or None."""
    for part in leaf.subqueries:
        name = row_of(part.fieldname) if isinstance(part, query.Term) else None
        if name is not None:
            yield catalogue.by_name[name], catalogue.children.get(name)


def _is_of_the_world(rows: tuple[Field, Field | None]) -> bool:
    """Return whether the values of a row are countries, languages, years, or regions."""
    row, within = rows
    return row.kind in ("country", "language", "year") or (
        within is not None and within.kind == "country"
    )
