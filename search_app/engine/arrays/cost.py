"""Estimated cost of a query, and the limit on it.

The cost of a clause is the number of postings to visit. If the clauses of a query exceed MOST
together, the cheapest ones within the limit are kept and the others are reported. Equal clauses
count once, because their postings are fetched once.
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
"""Maximum number of postings that a query may visit."""
FREE = 3
"""A query of up to this many words, in phrases or not, is never cut. Prefixes, wildcards and fuzzy
terms are not exempt."""
PLACE = 4
"""Cost of checking one position, in postings. In a phrase, each word adds 1 per position."""


class Bounded(NamedTuple):
    """A tree within the limit, and the typed text of each dropped clause.

    `tree` is None if no clause is left.
    """

    tree: query.Query | None
    left_out: tuple[str, ...]


def bounded(tree: query.Query, snapshot: Snapshot) -> Bounded:
    """Return the tree without its most expensive clauses, if all together exceed the limit."""
    found = list(_all_leaves(tree))
    if len(found) <= FREE and sum(map(_plain_words, found)) <= FREE:
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


def _plain_words(leaf: Leaf) -> int:
    """Return the number of words of a plain clause; of another one, more than are exempt."""
    part = leaf.subqueries[0]
    if isinstance(part, query.Term):
        return 1
    return len(part.words) if isinstance(part, query.Phrase) else FREE + 1


def cost(leaf: Leaf, snapshot: Snapshot) -> int:
    """Return the estimated number of postings that a clause visits."""
    told: dict[object, tuple[query.Query, set[str]]] = {}
    for part in parts(leaf):
        told.setdefault(said(part), (part, set()))[1].add(part.fieldname)
    return sum(_cost(part, fields, snapshot) for part, fields in told.values())


def _cost(part: query.Query, fields: set[str], snapshot: Snapshot) -> int:
    if isinstance(part, query.Phrase):
        places = [stands(word, snapshot) for word in part.words]
        return min(places) * (PLACE + len(places))
    if row_of(part.fieldname):
        return 0  # a cached mask
    if not isinstance(part, query.Term):
        return term_expansion.size(part, snapshot)
    if len(fields) < len(snapshot.segment.fields):
        return stands(part.text, snapshot) * PLACE
    terms = snapshot.terms_of(part.text)
    return sum(map(terms.frequency, snapshot.numbers_of(part.text)))


def stands(term: str, snapshot: Snapshot) -> int:
    """Return the number of occurrences of a term. An unstemmed word counts those of its stem."""
    segment, numbers = snapshot.segment, snapshot.numbers_of(term)
    if term.startswith(tokenizer.WRITTEN):
        numbers = [int(segment.stem_of[number]) for number in numbers]
    return sum(map(segment.stands, numbers))


def _all_leaves(tree: query.Query) -> list[Leaf]:
    """Return the clauses of a tree, including those under a NOT."""
    if isinstance(tree, Leaf):
        return [tree]
    return [leaf for child in tree.children() for leaf in _all_leaves(child)]


def _without(tree: query.Query, dropped: set[int]) -> query.Query | None:
    """Return the tree without some clauses and without nodes that become empty; None if all do."""
    if isinstance(tree, Leaf):
        return None if id(tree) in dropped else tree
    if isinstance(tree, query.Not):
        inner = _without(tree.query, dropped)
        return None if inner is None else query.Not(inner)
    if not isinstance(tree, query.And | query.Or):
        return tree
    kept = [each for child in tree.subqueries if (each := _without(child, dropped)) is not None]
    return type(tree)(kept) if len(kept) > 1 else kept[0] if kept else None
