"""What a query costs before it is asked, and what of it is too much.

The cost of a leaf is told in postings: how many there are to be visited. A query whose leaves
have more than MOST together keeps its rarest ones; which were left out is told.
"""

from __future__ import annotations

from typing import NamedTuple

from whoosh import query

from indexer.schema import row_of
from search_app.engine import expand
from search_app.engine.nodes import Leaf, parts
from search_app.engine.snapshot import Snapshot

MOST = 3_000_000
"""How many postings a query may visit."""
FREE = 3
"""So few words and phrases are never too much."""
PLACE = 4
"""A place that is looked up for a phrase costs so many postings, each further word one more."""
PLAIN = (query.Term, query.Phrase)


class Bounded(NamedTuple):
    """A tree within the bounds; what was typed for the leaves that are left out of it."""

    tree: query.Query | None
    left_out: tuple[str, ...]


def bounded(tree: query.Query, snapshot: Snapshot) -> Bounded:
    """The tree without the costliest of its leaves, if all together are too much."""
    found = list(_all_leaves(tree))
    if len(found) <= FREE and all(isinstance(leaf.subqueries[0], PLAIN) for leaf in found):
        return Bounded(tree, ())
    costs = sorted(((cost(leaf, snapshot), place) for place, leaf in enumerate(found)))
    total, dropped = 0, set()
    for each, place in costs:
        total += each
        if total > MOST:
            dropped.add(id(found[place]))
    if not dropped:
        return Bounded(tree, ())
    left_out = tuple(leaf.said for leaf in found if id(leaf) in dropped)
    return Bounded(_without(tree, dropped), left_out)


def cost(leaf: Leaf, snapshot: Snapshot) -> int:
    """About how many postings a leaf visits."""
    told = {_key(part): part for part in parts(leaf)}
    return sum(_cost(part, snapshot) for part in told.values())


def _key(part: query.Query) -> object:
    """What parts that only differ in their field have in common."""
    return tuple(part.words) if isinstance(part, query.Phrase) else getattr(part, "text", id(part))


def _cost(part: query.Query, snapshot: Snapshot) -> int:
    if isinstance(part, query.Phrase):
        numbers = [snapshot.term(word) for word in part.words]
        places = [0 if each is None else snapshot.segment.stands(each) for each in numbers]
        return min(places) * (PLACE + len(places))
    if row_of(part.fieldname):
        return 0  # a mask, which is remembered
    if isinstance(part, query.Term):
        terms = snapshot.terms_of(part.text)
        return sum(map(terms.frequency, snapshot.numbers_of(part.text)))
    return expand.size(part, snapshot)


def _all_leaves(tree: query.Query) -> list[Leaf]:
    """The leaves of a tree, those under a NOT too."""
    if isinstance(tree, Leaf):
        return [tree]
    return [leaf for child in tree.children() for leaf in _all_leaves(child)]


def _without(tree: query.Query, dropped: set[int]) -> query.Query | None:
    """The tree without some leaves, and without what has nothing left in it."""
    if isinstance(tree, Leaf):
        return None if id(tree) in dropped else tree
    if isinstance(tree, query.Not):
        inner = _without(tree.query, dropped)
        return None if inner is None else query.Not(inner)
    if not isinstance(tree, query.And | query.Or):
        return tree
    kept = [each for child in tree.subqueries if (each := _without(child, dropped)) is not None]
    return type(tree)(kept) if len(kept) > 1 else kept[0] if kept else None
