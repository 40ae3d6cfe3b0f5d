"""Query matching: find the documents that a query tree matches.

The result is a boolean mask over all documents.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from whoosh import query

from indexer.codec.segment.reader import Postings
from search_app.engine.arrays.clause import Checkpoint, clause_postings, ignore
from search_app.engine.arrays.fulltext import FullTextMatcher
from search_app.engine.arrays.posting_sums import sum_all
from search_app.engine.query.nodes import Clause, Filter, Several, UnknownNode
from search_app.engine.ranking import compute_idf
from search_app.engine.snapshot.snapshot import DocNumbers, Mask, Snapshot


class ClausePostings(NamedTuple):
    """The documents that match a clause (int32), ascending, with their weighted frequencies.

    `inside` has the documents whose full text matches, with what it adds to their frequencies.
    `doc_frequency` is the number of documents that decides the idf.
    """

    documents: DocNumbers
    weights: NDArray[np.float32]
    doc_frequency: int
    inside: Postings | None = None


Fetch = Callable[[Clause], ClausePostings]
"""Function from a clause to its postings."""


def make_fetch(
    snapshot: Snapshot, check: Checkpoint = ignore, texts: FullTextMatcher | None = None
) -> Fetch:
    """Return a function that fetches postings for one search, also of full texts if there are any.

    It caches them, so equal clauses are evaluated once.
    """
    cached: dict[Clause, ClausePostings] = {}

    def fetch(clause: Clause) -> ClausePostings:
        postings = cached.get(clause)
        if postings is None:
            found = clause_postings(clause, snapshot, check)
            postings = ClausePostings(*found, len(found.documents))
            if texts:
                inside = texts.find_postings(clause, check)
                postings = _add_inside(postings, inside, texts.weight, snapshot)
            cached[clause] = postings
        return postings

    return fetch


def _add_inside(
    postings: ClausePostings, inside: Postings, weight: float, snapshot: Snapshot
) -> ClausePostings:
    """Return postings with those of full texts added.

    The idf of a clause that fields contain stays that of the fields, so full texts never change
    what these decide. Words that are frequent in full texts add little: the weight is multiplied by
    the ratio of the two idfs, of which the greater is at most that of the fields.
    """
    count = len(inside.documents)
    if not count:
        return postings
    doc_frequency = len(postings.documents) or count
    ratio = compute_idf(count, snapshot.size) / compute_idf(doc_frequency, snapshot.size)
    added = inside._replace(weights=inside.weights * np.float32(weight * min(1.0, ratio)))
    fields = Postings(postings.documents, postings.weights)
    return ClausePostings(*sum_all([fields, added], snapshot.size), doc_frequency, added)


def match_mask(node: query.Query, snapshot: Snapshot, fetch: Fetch | None = None) -> Mask:
    """Return the documents that a tree matches, as a boolean mask of the size of the snapshot.

    Raise UnknownNode if a node has an unknown type.
    """
    fetch = fetch or make_fetch(snapshot)
    match node:
        case Clause():
            mask = np.zeros(snapshot.size, np.bool_)
            mask[fetch(node).documents] = True
        case Several():  # before Or, its base class
            counts = np.zeros(snapshot.size, np.int32)
            for child in node.subqueries:
                counts[match_mask(child, snapshot, fetch)] += node.weigh(child)
            mask = counts >= node.least
        case query.And() | query.Or():
            join = np.logical_and if isinstance(node, query.And) else np.logical_or
            mask = reduce(join, (match_mask(child, snapshot, fetch) for child in node.subqueries))
        case query.AndMaybe():
            mask = match_mask(node.a, snapshot, fetch)
        case query.Not():
            mask = ~match_mask(node.query, snapshot, fetch)
        case query.Every():
            mask = np.ones(snapshot.size, np.bool_)
        case Filter():
            column = snapshot.columns[node.row]
            if node.values:
                found = map(column.find, node.values)
                ordinals = tuple(ordinal for ordinal in found if ordinal is not None)
            else:
                ordinals = column.find_between(node.low or "", node.high or "\U0010ffff")
            mask = snapshot.docs_with_values(node.row, ordinals)
        case _:
            raise UnknownNode(node)
    return mask
