"""What of a query is kept to where any of its words is enough: places, languages and years.

*Materials in Portuguese* are in Portuguese, whether or not a publication says *materials*.
"""

from __future__ import annotations

from collections.abc import Iterator

from whoosh import query

from indexer.catalogue.fields import Field
from indexer.catalogue.schema import row_of
from search_app.engine.query.nodes import Leaf
from search_app.engine.snapshot.snapshot import Snapshot


def facts_kept(tree: query.Query, snapshot: Snapshot) -> tuple[query.Query, tuple[str, ...]]:
    """A tree of words any of which is enough, and what was typed for the facts that are kept to.

    The other words put in order what has these; without facts, or with nothing else, the tree
    stays as it is.
    """
    words = tree.subqueries if type(tree) is query.Or else []
    kept = [each for each in words if isinstance(each, Leaf) and _is_fact(each, snapshot)]
    others = [each for each in words if each not in kept]
    if not kept or not others:
        return tree, ()
    said = tuple(each.said for each in kept)
    return query.And([*kept, query.Or([*others, query.Every()])]), said


def _is_fact(leaf: Leaf, snapshot: Snapshot) -> bool:
    """Whether a leaf is a place, a language or a year."""
    return any(map(_is_of_the_world, _rows(leaf, snapshot)))


def _rows(leaf: Leaf, snapshot: Snapshot) -> Iterator[tuple[Field, Field | None]]:
    """The rows that a leaf asks for a value of, each with the row of what lies within these."""
    catalogue = snapshot.catalogue
    for part in leaf.subqueries:
        name = row_of(part.fieldname) if isinstance(part, query.Term) else None
        if name is not None:
            yield catalogue.by_name[name], catalogue.children.get(name)


def _is_of_the_world(rows: tuple[Field, Field | None]) -> bool:
    """Return whether a row has countries, languages, years, or regions of countries."""
    row, within = rows
    return row.kind in ("country", "language", "year") or (
        within is not None and within.kind == "country"
    )
