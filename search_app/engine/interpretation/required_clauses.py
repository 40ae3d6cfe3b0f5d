"""Required clauses: keep places, languages and years mandatory when a query is relaxed to OR.

All hits for *materials in Portuguese* are in Portuguese, but not all contain *materials*.
"""

from __future__ import annotations

from collections.abc import Iterator

from whoosh import query

from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.schema import parse_exact_name
from search_app.engine.query.nodes import Clause


def require_facts(tree: query.Query, catalogue: Catalogue) -> tuple[query.Query, tuple[str, ...]]:
    """Return an OR tree with its facts made mandatory, and the typed texts of these facts.

    The other clauses only affect the ranking. Return the tree unchanged if it is not an OR, has no
    facts, or has nothing but facts.
    """
    words = tree.subqueries if type(tree) is query.Or else []
    required = [
        clause for clause in words if isinstance(clause, Clause) and _is_fact(clause, catalogue)
    ]
    optional = [clause for clause in words if clause not in required]
    if not required or not optional:
        return tree, ()
    texts = tuple(clause.text for clause in required)
    return query.And([*required, query.Or([*optional, query.Every()])]), texts


def _is_fact(clause: Clause, catalogue: Catalogue) -> bool:
    """Return whether a clause names a place, a language or a year."""
    return any(map(_is_of_the_world, _list_rows(clause, catalogue)))


def _list_rows(clause: Clause, catalogue: Catalogue) -> Iterator[tuple[Field, Field | None]]:
    """Yield the rows whose values a clause asks for, each with its child row or None."""
    for part in clause.subqueries:
        name = parse_exact_name(part.fieldname) if isinstance(part, query.Term) else None
        if name is not None:
            yield catalogue.by_name[name], catalogue.children.get(name)


def _is_of_the_world(rows: tuple[Field, Field | None]) -> bool:
    """Return whether the values of a row are countries, languages, years, or regions."""
    row, child = rows
    return row.kind in ("country", "language", "year") or (
        child is not None and child.kind == "country"
    )
