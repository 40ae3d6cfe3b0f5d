"""Ranking of the publications of a snapshot that a query tree matches, with BM25F.

The frequency of a clause in each field is weighted, normalized by length, summed over the fields,
and saturated once. Its document frequency counts the documents that it matches in any field:

    tf  = sum over fields of  weight * frequency / (1 - b + b * length / mean length)
    idf = ln(1 + (N - df + 0.5) / (df + 0.5))
    score = idf * tf * (k1 + 1) / (k1 + tf)

Source: S. Robertson, H. Zaragoza and M. Taylor, "Simple BM25 Extension to Multiple Weighted Fields"
(CIKM 2004). `search_app.engine.query.evaluation` combines the scores of clauses. The build computes
the first line (`indexer.codec.segment.postings`).

The hits of one page are selected without sorting the whole list. The editions of one title can be
folded into the best one.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple, assert_never

import numpy as np
from numpy.typing import NDArray

from indexer.codec.segment.array_file import Array
from indexer.codec.segment.editions import NO_FAMILY
from indexer.codec.segment.reader import Postings
from search_app.engine.arrays.clause import (
    NO_POSTINGS,
    Checkpoint,
    clause_postings,
    ignore,
    sum_all,
)
from search_app.engine.arrays.fulltext import FullTextMatcher
from search_app.engine.query import nodes
from search_app.engine.query.evaluation import Hits, evaluate
from search_app.engine.ranking import compute_idf, saturate
from search_app.engine.request import Sort
from search_app.engine.snapshot.snapshot import DocNumbers, Snapshot


class ClausePostings(NamedTuple):
    """The documents that match a clause (int32), ascending, with their weighted frequencies.

    `inside` contains the documents whose full text matches, with what it adds to their frequencies.
    `idf` is the inverse document frequency.
    """

    documents: DocNumbers
    weights: NDArray[np.float32]
    idf: float
    inside: Postings | None = None


Fetch = Callable[[nodes.Clause], ClausePostings]
"""Function from a clause to its postings."""


def make_fetch(
    snapshot: Snapshot, check: Checkpoint = ignore, texts: FullTextMatcher | None = None
) -> Fetch:
    """Return a function that fetches postings for one search, also of full texts if there are any.

    It caches them, so equal clauses are evaluated once.
    """
    cached: dict[nodes.Clause, ClausePostings] = {}

    def fetch(clause: nodes.Clause) -> ClausePostings:
        postings = cached.get(clause)
        if postings is None:
            found, size = clause_postings(clause, snapshot, check), snapshot.size
            postings = ClausePostings(*found, compute_idf(len(found.documents), size))
            inside = texts.find_postings(clause, check) if texts else NO_POSTINGS
            if texts and (count := len(inside.documents)):
                # The idf of a clause that fields contain stays that of the fields, so full texts
                # never change what these decide. Words that are frequent in full texts add little:
                # the weight is multiplied by the ratio of the two idfs, of which the greater is at
                # most that of the fields.
                idf = compute_idf(len(found.documents) or count, size)
                weight = texts.weight * min(1.0, compute_idf(count, size) / idf)
                added = inside._replace(weights=inside.weights * np.float32(weight))
                postings = ClausePostings(*sum_all([found, added], size), idf, added)
            cached[clause] = postings
        return postings

    return fetch


class Ranking(NamedTuple):
    """Matching documents and their sort keys, of which the greater rank first.

    For a single clause, `sort_keys` are its weighted frequencies and `idf` is its idf. The score
    grows with the frequency, so only the hits that are shown need a score. For any other tree,
    `sort_keys` are scores and `idf` is None.
    """

    documents: DocNumbers
    sort_keys: NDArray[np.float32]
    idf: float | None = None

    def to_scores(self, sort_keys: NDArray[np.float32]) -> NDArray[np.float32]:
        return sort_keys if self.idf is None else saturate(sort_keys, self.idf)


def find_leaf(leaf: nodes.Leaf, snapshot: Snapshot, fetch: Fetch) -> Hits:
    """Return the documents that a leaf matches, with their scores."""
    match leaf:
        case nodes.Clause():
            postings = fetch(leaf)
            return Hits(postings.documents, saturate(postings.weights, postings.idf))
        case nodes.Filter():
            column = snapshot.columns[leaf.field]
            if leaf.values:
                found = map(column.find, leaf.values)
                ordinals = tuple(ordinal for ordinal in found if ordinal is not None)
            else:
                ordinals = column.find_between(leaf.low or "", leaf.high or "\U0010ffff")
            mask = snapshot.docs_with_values(leaf.field, ordinals)
            return Hits(mask.nonzero()[0].astype(np.int32), None)
        case nodes.Every():
            return Hits(snapshot.everything, None)
        case _:
            assert_never(leaf)


def find_hits(tree: nodes.Tree, snapshot: Snapshot, fetch: Fetch | None = None) -> Hits:
    """Return the documents that a tree matches, with their scores if it has a clause."""
    leaf = partial(find_leaf, snapshot=snapshot, fetch=fetch or make_fetch(snapshot))
    return evaluate(tree, leaf, snapshot.size, snapshot.find_common)


def rank(tree: nodes.Tree, snapshot: Snapshot, fetch: Fetch) -> Ranking:
    """Return the documents that a tree matches, with their sort keys."""
    if isinstance(tree, nodes.Clause):
        postings = fetch(tree)
        return Ranking(postings.documents, postings.weights, postings.idf)
    documents, scores = find_hits(tree, snapshot, fetch)
    return Ranking(documents, np.zeros(len(documents), np.float32) if scores is None else scores)


def top_hits(
    documents: DocNumbers,
    scores: NDArray[np.float32] | None,
    ranks: Mapping[str, Array],
    sort: Sort,
    page: slice,
) -> NDArray[np.intp]:
    """Return the indexes in `documents` of the hits of a page, in order.

    By relevance, higher scores come first and equal scores are ordered by date, newest first. The
    order is total, so no page repeats or skips a hit. Without scores, only `ranks` decide.
    """
    first, last = page.start, min(page.stop, len(documents))
    if first >= last:
        return np.zeros(0, np.intp)
    candidates = np.arange(len(documents))
    if sort != "relevance" or scores is None:
        keys = ranks[sort][documents]
        if last < len(documents):
            candidates = np.argpartition(keys, last)[:last]
        return candidates[np.argsort(keys[candidates])][first:]
    if last < len(documents):
        partitioned, index = scores.copy(), len(scores) - last
        partitioned.partition(index)
        candidates = (scores >= partitioned[index]).nonzero()[0]
    tie_ranks = ranks["newest"].take(documents.take(candidates))
    order = np.lexsort((tie_ranks, -scores.take(candidates)))
    return candidates.take(order[first:last])


def collapse_editions(
    documents: DocNumbers,
    scores: NDArray[np.float32] | None,
    ranks: Mapping[str, Array],
    sort: Sort,
    family: NDArray[np.int32],
) -> NDArray[np.intp]:
    """Return the indexes in `documents` of the hits that stay after editions are folded, ascending.

    Of each family, only the first edition in the order of `top_hits` stays. `family` gives the
    edition family of every document of the snapshot, or `editions.NO_FAMILY` if it has no other
    edition.
    """
    families = family.take(documents)
    indexes = (families != NO_FAMILY).nonzero()[0]
    scores_of_editions = None if scores is None else scores.take(indexes)
    order = top_hits(
        documents.take(indexes), scores_of_editions, ranks, sort, slice(0, len(indexes))
    )
    ordered = indexes[order]
    _, firsts = np.unique(families[ordered], return_index=True)
    is_kept = families == NO_FAMILY
    is_kept[ordered[firsts]] = True
    kept_indexes: NDArray[np.intp] = is_kept.nonzero()[0]
    return kept_indexes
