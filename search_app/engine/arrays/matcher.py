"""Query matching: a query tree to the documents that it matches.

The result is a boolean mask over all documents. Each node type has one function. A node type
without one raises UnknownNode.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np
from whoosh import query

from indexer.catalogue.schema import row_of
from indexer.codec.segment.reader import Postings
from search_app.engine.arrays.clause import Look, UnknownNode, never, postings
from search_app.engine.query.nodes import Leaf
from search_app.engine.snapshot.snapshot import Mask, Snapshot

Fetch = Callable[[Leaf], Postings]
"""Function from a clause to its postings."""


def fetching(snapshot: Snapshot, look: Look = never) -> Fetch:
    """Return a function that fetches postings for one search.

    It caches them, so equal clauses are evaluated once.
    """
    known: dict[str, list[tuple[Leaf, Postings]]] = {}

    def fetch(leaf: Leaf) -> Postings:
        alike = known.setdefault(leaf.said, [])
        for each, held in alike:
            if each == leaf:
                return held
        alike.append((leaf, postings(leaf, snapshot, look)))
        return alike[-1][1]

    return fetch


def matches(node: query.Query, snapshot: Snapshot, fetch: Fetch | None = None) -> Mask:
    """Return the documents that a tree matches, as a boolean mask of the size of the snapshot.

    Raise UnknownNode if no rule evaluates a node.
    """
    fetch = fetch or fetching(snapshot)
    for kind in type(node).__mro__:
        if kind in _RULES:
            return _RULES[kind](node, snapshot, fetch)
    raise UnknownNode(node)


def _leaf(node: Leaf, snapshot: Snapshot, fetch: Fetch) -> Mask:
    mask = np.zeros(snapshot.size, np.bool_)
    mask[fetch(node).documents] = True
    return mask


def _and(node: query.And, snapshot: Snapshot, fetch: Fetch) -> Mask:
    return reduce(np.logical_and, (matches(child, snapshot, fetch) for child in node.subqueries))


def _or(node: query.Or, snapshot: Snapshot, fetch: Fetch) -> Mask:
    return reduce(np.logical_or, (matches(child, snapshot, fetch) for child in node.subqueries))


def _and_maybe(node: query.AndMaybe, snapshot: Snapshot, fetch: Fetch) -> Mask:
    return matches(node.a, snapshot, fetch)


def _not(node: query.Not, snapshot: Snapshot, fetch: Fetch) -> Mask:
    return ~matches(node.query, snapshot, fetch)


def _every(node: query.Every, snapshot: Snapshot, _: Fetch) -> Mask:
    return np.ones(snapshot.size, np.bool_)


def _value(node: query.Term, snapshot: Snapshot, _: Fetch | None = None) -> Mask:
    row = str(row_of(node.fieldname))
    ordinal = snapshot.columns[row].ordinal.get(node.text)
    return snapshot.holding(row, () if ordinal is None else (ordinal,))


def _range(node: query.TermRange, snapshot: Snapshot, _: Fetch) -> Mask:
    row = str(row_of(node.fieldname))
    between = snapshot.columns[row].between(node.start or "", node.end or "\U0010ffff")
    return snapshot.holding(row, between)


_RULES: dict[type[query.Query], Callable[..., Mask]] = {
    Leaf: _leaf,
    query.And: _and,
    query.AndMaybe: _and_maybe,
    query.Or: _or,
    query.Not: _not,
    query.Every: _every,
    query.Term: _value,
    query.TermRange: _range,
}
