"""What a query costs before it is asked, and what of it is too much.

The cost of a leaf is told in postings: how many there are to be visited. A query whose leaves
have more than MOST together keeps its rarest ones; which were left out is told. Leaves that are
equal cost as much as one, as their postings are fetched once.
"""

from __future__ import annotations

from typing import NamedTuple

from whoosh import query

from indexer.analysis import tokenizer
from indexer.catalogue.schema import row_of
from search_app.engine.arrays import term_expansion
from search_app.engine.arrays.matcher import said
from search_app.engine.query.nodes import Leaf, first_of_equals, parts
from search_app.engine.snapshot.snapshot import Snapshot

MOST = 3_000_000
"""How many postings a query may visit."""
FREE = 3
"""So few words, in phrases or not, are never too much."""
PLACE = 4
"""A place that is looked up costs so many postings; for a phrase, each further word one more."""
PLAIN = (query.Term, query.Phrase)


class Bounded(NamedTuple):
    """A tree within the bounds; what was typed for the leaves that are left out of it."""

    tree: query.Query | None
    left_out: tuple[str, ...]


def bounded(tree: query.Query, snapshot: Snapshot) -> Bounded:
    """The tree without the costliest of its leaves, if all together are too much."""
    found = list(_all_leaves(tree))
    is_plain = len(found) <= FREE and all(isinstance(leaf.subqueries[0], PLAIN) for leaf in found)
    if is_plain and sum(len(tokenizer.words(leaf.said)) for leaf in found) <= FREE:
        return Bounded(tree, ())
    first = first_of_equals(found)
    different = list({id(leaf): leaf for leaf in first.values()}.values())
    costs = sorted((cost(leaf, snapshot), at) for at, leaf in enumerate(different))
    total, beyond = 0, set()
    for each, at in costs:
        total += each
        if total > MOST:
            beyond.add(id(different[at]))
    if not beyond:
        return Bounded(tree, ())
    dropped = {each for each, leaf in first.items() if id(leaf) in beyond}
    left_out = tuple(leaf.said for leaf in found if id(leaf) in dropped)
    return Bounded(_without(tree, dropped), left_out)


def cost(leaf: Leaf, snapshot: Snapshot) -> int:
    """About how many postings a leaf visits."""
    told: dict[object, tuple[query.Query, set[str]]] = {}
    for part in parts(leaf):
        told.setdefault(said(part), (part, set()))[1].add(part.fieldname)
    return sum(_cost(part, fields, snapshot) for part, fields in told.values())


def _cost(part: query.Query, fields: set[str], snapshot: Snapshot) -> int:
    if isinstance(part, query.Phrase):
        places = [stands(word, snapshot) for word in part.words]
        return min(places) * (PLACE + len(places))
    if row_of(part.fieldname):
        return 0  # a mask, which is remembered
    if not isinstance(part, query.Term):
        return term_expansion.size(part, snapshot)
    if len(fields) < len(snapshot.segment.fields):
        return stands(part.text, snapshot) * PLACE
    terms = snapshot.terms_of(part.text)
    return sum(map(terms.frequency, snapshot.numbers_of(part.text)))


def stands(term: str, snapshot: Snapshot) -> int:
    """Return how often a term stands anywhere. Those of a word as written count for its stem."""
    segment, numbers = snapshot.segment, snapshot.numbers_of(term)
    if term.startswith(tokenizer.WRITTEN):
        numbers = [int(segment.stem_of[number]) for number in numbers]
    return sum(map(segment.stands, numbers))


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
