"""Query matching: find the documents that a query tree matches.

The result is a boolean mask over all documents. Each node type has one function. Any other node
type raises UnknownNode.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np
from whoosh import query

from indexer.catalogue.schema import parse_exact_name
from indexer.codec.segment.reader import Postings
from search_app.engine.arrays.clause import Checkpoint, UnknownNode, clause_postings, ignore
from search_app.engine.query.nodes import Clause
from search_app.engine.snapshot.snapshot import Mask, Snapshot

Fetch = Callable[[Clause], Postings]
"""Function from a clause to its postings."""


def make_fetch(snapshot: Snapshot, check: Checkpoint = ignore) -> Fetch:
    """Return a function that fetches postings for one search.

    It caches them, so equal clauses are evaluated once.
    """
    by_text: dict[str, list[tuple[Clause, Postings]]] = {}

    def fetch(clause: Clause) -> Postings:
        same_text = by_text.setdefault(clause.text, [])
        for cached_clause, postings in same_text:
            if cached_clause == clause:
                return postings
        same_text.append((clause, clause_postings(clause, snapshot, check)))
        return same_text[-1][1]

    return fetch


def match_mask(node: query.Query, snapshot: Snapshot, fetch: Fetch | None = None) -> Mask:
    """Return the documents that a tree matches, as a boolean mask of the size of the snapshot.

    Raise UnknownNode if a node has an unknown type.
    """
    fetch = fetch or make_fetch(snapshot)
    for kind in type(node).__mro__:
        if kind in _RULES:
            return _RULES[kind](node, snapshot, fetch)
    raise UnknownNode(node)


def _match_clause(node: Clause, snapshot: Snapshot, fetch: Fetch) -> Mask:
    mask = np.zeros(snapshot.size, np.bool_)
    mask[fetch(node).documents] = True
    return mask


def _match_and(node: query.And, snapshot: Snapshot, fetch: Fetch) -> Mask:
    return reduce(np.logical_and, (match_mask(child, snapshot, fetch) for child in node.subqueries))


def _match_or(node: query.Or, snapshot: Snapshot, fetch: Fetch) -> Mask:
    return reduce(np.logical_or, (match_mask(child, snapshot, fetch) for child in node.subqueries))


def _match_and_maybe(node: query.AndMaybe, snapshot: Snapshot, fetch: Fetch) -> Mask:
    return match_mask(node.a, snapshot, fetch)


def _match_not(node: query.Not, snapshot: Snapshot, fetch: Fetch) -> Mask:
    return ~match_mask(node.query, snapshot, fetch)


def _match_every(node: query.Every, snapshot: Snapshot, _: Fetch) -> Mask:
    return np.ones(snapshot.size, np.bool_)


def _match_value(node: query.Term, snapshot: Snapshot, _: Fetch | None = None) -> Mask:
    row = str(parse_exact_name(node.fieldname))
    ordinal = snapshot.columns[row].ordinal_by_value.get(node.text)
    return snapshot.docs_with_values(row, () if ordinal is None else (ordinal,))


def _range(node: query.TermRange, snapshot: Snapshot, _: Fetch) -> Mask:
    row = str(parse_exact_name(node.fieldname))
    between = snapshot.columns[row].find_between(node.start or "", node.end or "\U0010ffff")
    return snapshot.docs_with_values(row, between)


_RULES: dict[type[query.Query], Callable[..., Mask]] = {
    Clause: _match_clause,
    query.And: _match_and,
    query.AndMaybe: _match_and_maybe,
    query.Or: _match_or,
    query.Not: _match_not,
    query.Every: _match_every,
    query.Term: _match_value,
    query.TermRange: _range,
}
