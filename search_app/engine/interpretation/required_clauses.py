"""Required clauses: keep places, languages and years mandatory when a query is relaxed to OR.

All hits for *materials in Portuguese* are in Portuguese, but not all contain *materials*.
"""

from __future__ import annotations

from whoosh import query

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.schema import parse_exact_name
from search_app.engine.query.nodes import Clause


def require_facts(tree: query.Query, catalogue: Catalogue) -> tuple[query.Query, tuple[str, ...]]:
    """Return an OR tree with its facts made mandatory, and the typed texts of these facts.

    The other clauses only affect the ranking. Return the tree unchanged if it is not an OR, has no
    facts, or has nothing but facts.
    """
    words = tree.subqueries if type(tree) is query.Or else []
    required = [
        clause for clause in words if isinstance(clause, Clause) and is_fact(clause, catalogue)
    ]
    optional = [clause for clause in words if clause not in required]
    if not required or not optional:
        return tree, ()
    texts = tuple(clause.text for clause in required)
    return query.And([*required, query.Or([*optional, query.Every()])]), texts


def is_fact(clause: Clause, catalogue: Catalogue) -> bool:
    """Return whether a clause names a place, a language or a year."""
    rows = _list_fact_rows(catalogue)
    return any(
        isinstance(part, query.Term) and parse_exact_name(part.fieldname) in rows
        for part in clause.subqueries
    )


def _list_fact_rows(catalogue: Catalogue) -> set[str]:
    """Return the names of the rows of places, languages and years.

    A row of regions has a child row of countries.
    """
    facts = {row.name for row in catalogue.fields if row.kind in ("country", "language", "year")}
    return facts | {name for name, child in catalogue.children.items() if child.kind == "country"}
