"""Evaluation of a query tree: the documents that it matches, and the score of each.

The tree says how to combine what its leaves match. What they match comes from a callback, so the
same rules apply to the publications of an index, and to the hits of a page when they are explained.
AND and OR add the scores of their children. NOT, filters and ranges score nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, assert_never

import numpy as np

from indexer.codec.segment.array_file import Array
from search_app.engine.query import nodes


class Hits(NamedTuple):
    """Documents (int32, ascending), and the score of each (float32).

    A score is one number or, to tell which clauses it comes from, a row of numbers. `scores` is
    None if nothing scores, because no clause is among the leaves.
    """

    documents: Array
    scores: Array | None

    def take(self, indexes: Array) -> Hits:
        scores = None if self.scores is None else self.scores.take(indexes, axis=0)
        return Hits(self.documents.take(indexes), scores)

    def drop(self, indexes: Array) -> Hits:
        """Return the hits without those with some indexes."""
        is_left = np.ones(len(self.documents), np.bool_)
        is_left[indexes] = False
        return self.take(is_left.nonzero()[0])

    def fill(self, like: Array) -> Array:
        """Return the scores, or zeros of the shape of others in their place."""
        if self.scores is None:
            return np.zeros((len(self.documents), *like.shape[1:]), np.float32)
        return self.scores


def find_common(few: Array, many: Array) -> tuple[Array, Array]:
    """Return the indexes in each of two ascending lists of the documents that are in both."""
    indexes = many.searchsorted(few)
    in_few = (many.take(indexes, mode="clip") == few).nonzero()[0] if len(many) else indexes[:0]
    return in_few, indexes.take(in_few)


def evaluate(
    tree: nodes.Tree,
    find_leaf: Callable[[nodes.Leaf], Hits],
    size: int,
    find_common: Callable[[Array, Array], tuple[Array, Array]] = find_common,
) -> Hits:
    """Return what a tree matches of the documents 0 to `size` - 1.

    `find_leaf` returns what a leaf matches. A faster `find_common` may be given.
    """

    def find(node: nodes.Tree) -> Hits:
        match node:
            case nodes.Clause() | nodes.Filter() | nodes.Every():
                return find_leaf(node)
            case nodes.And():
                return find_all(node)
            case nodes.Or():
                return find_enough(node)
            case nodes.Not():
                return Hits(np.arange(size, dtype=np.int32), None).drop(find(node.child).documents)
            case nodes.Boosted():
                base, boost = find(node.base), find(node.boost)
                in_base, in_boost = find_common(base.documents, boost.documents)
                added = boost.fill(boost.documents).take(in_boost, axis=0)
                scores = base.fill(added).copy()
                scores[in_base] += added
                return Hits(base.documents, scores)
            case nodes.Added():
                base, added_hits = find(node.base), find(node.added)
                known = find_common(base.documents, added_hits.documents)[1]
                new = added_hits.drop(known)
                scores = new.fill(new.documents)
                documents = np.concatenate([base.documents, new.documents])
                either = Hits(documents, np.concatenate([base.fill(scores), scores]))
                return either.take(documents.argsort(kind="stable"))
            case _:
                assert_never(node)

    def find_all(node: nodes.And) -> Hits:
        """Return what all children match, from the rarest on. The first without hits ends it."""
        found = []
        for child in node.children:
            if not isinstance(child, nodes.Not):
                found.append(find(child))
                if not len(found[-1].documents):
                    return found[-1]
        first, *others = sorted(found, key=lambda each: len(each.documents)) or [
            find(nodes.Every())
        ]
        for other in others:
            in_first, in_other = find_common(first.documents, other.documents)
            first = first.take(in_first)
            if other.scores is not None:
                scores = other.scores.take(in_other, axis=0)
                first = Hits(first.documents, first.fill(scores) + scores)
        for child in node.children:
            if isinstance(child, nodes.Not) and len(first.documents):
                first = first.drop(find_common(first.documents, find(child.child).documents)[0])
        return first

    def find_enough(node: nodes.Or) -> Hits:
        """Return what at least `node.least` children match."""
        counts, total = np.zeros(size, np.int32), None
        for child in node.children:
            documents, scores = find(child)
            places = documents.astype(np.intp)  # NumPy assigns faster at indexes of this type
            counts[places] += node.weigh(child)
            if scores is not None:
                total = np.zeros((size, *scores.shape[1:]), np.float32) if total is None else total
                total[places] += scores
        hits = (counts >= node.least).nonzero()[0].astype(np.int32)
        return Hits(hits, None if total is None else total.take(hits, axis=0))

    return find(tree)
