"""Query matching: find the documents that a query tree matches.

The result is a boolean mask over all documents.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np
from whoosh import query

from indexer.catalogue.schema import parse_exact_name
from indexer.codec.segment.reader import Postings
from search_app.engine.arrays.clause import Checkpoint, clause_postings, ignore
from search_app.engine.compiled_clauses import UnknownNode
from search_app.engine.query.nodes import Clause
from search_app.engine.snapshot.snapshot import Mask, Snapshot

Fetch = Callable[[Clause], Postings]
"""Function from a clause to its postings."""


def make_fetch(snapshot: Snapshot, check: Checkpoint = ignore) -> Fetch:
    """Return a function that fetches postings for one search.

    It caches them, so equal clauses are evaluated once.
    """
    cached: dict[tuple[str, Clause], Postings] = {}

    def fetch(clause: Clause) -> Postings:
        key = clause.text, clause
        postings = cached.get(key)
        if postings is None:
            postings = cached[key] = clause_postings(clause, snapshot, check)
        return postings

    return fetch


def match_mask(node: query.Query, snapshot: Snapshot, fetch: Fetch | None = None) -> Mask:
    """Return the documents that a tree matches, as a boolean mask of the size of the snapshot.

    Raise UnknownNode if a node has an unknown type.
    """
    fetch = fetch or make_fetch(snapshot)
    match node:
        case Clause():  # before Or, its base class
            mask = np.zeros(snapshot.size, np.bool_)
            mask[fetch(node).documents] = True
        case query.And() | query.Or():
            join = np.logical_and if isinstance(node, query.And) else np.logical_or
            mask = reduce(join, (match_mask(child, snapshot, fetch) for child in node.subqueries))
        case query.AndMaybe():
            mask = match_mask(node.a, snapshot, fetch)
        case query.Not():
            mask = ~match_mask(node.query, snapshot, fetch)
        case query.Every():
            mask = np.ones(snapshot.size, np.bool_)
        case query.Term():
            row = str(parse_exact_name(node.fieldname))
            ordinal = snapshot.columns[row].ordinal_by_value.get(node.text)
            mask = snapshot.docs_with_values(row, () if ordinal is None else (ordinal,))
        case query.TermRange():
            row = str(parse_exact_name(node.fieldname))
            between = snapshot.columns[row].find_between(node.start or "", node.end or "\U0010ffff")
            mask = snapshot.docs_with_values(row, between)
        case _:
            raise UnknownNode(node)
    return mask
