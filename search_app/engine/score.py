"""How well a publication answers the words: BM25F.

A leaf's frequency in each field is weighed and length-normalised, added over the fields, and
saturated once; its rarity is that of the publications which it matches in any field:

    tf  = sum over fields of  weight * frequency / (1 - b + b * length / mean length)
    idf = ln(1 + (N - df + 0.5) / (df + 0.5))
    score = idf * tf * (k1 + 1) / (k1 + tf)

after S. Robertson, H. Zaragoza and M. Taylor, "Simple BM25 Extension to Multiple Weighted
Fields" (CIKM 2004). Scores of AND and OR add up; NOT, filters and ranges give nothing.
"""

from __future__ import annotations

from functools import reduce

import numpy as np
from numpy.typing import NDArray
from whoosh import query

from search_app.engine.columns import Mask
from search_app.engine.match import matches, occurrences
from search_app.engine.nodes import Leaf
from search_app.engine.snapshot import Snapshot

K1 = 1.2
B = 0.75
B_SHORT = 0.5
"""How much a field's length counts: in the summary, and in all others, which are short."""

Scores = NDArray[np.float32]


def scores(node: query.Query, snapshot: Snapshot) -> Scores:
    """Each publication's score (float32, of the size of the snapshot), 0 without a match."""
    return _weighed(node, snapshot)[1]


def _weighed(node: query.Query, snapshot: Snapshot) -> tuple[Mask, Scores]:
    """What a tree matches, and how well: every node is evaluated once."""
    if isinstance(node, Leaf):
        found = _leaf(node, snapshot)
        return found > 0, found
    if not isinstance(node, query.And | query.Or):
        return matches(node, snapshot), np.zeros(snapshot.size, np.float32)
    masks, weights = zip(*(_weighed(child, snapshot) for child in node.subqueries), strict=True)
    together = np.logical_and if isinstance(node, query.And) else np.logical_or
    mask = reduce(together, masks)
    return mask, np.where(mask, reduce(np.add, weights), np.float32(0))


def _leaf(leaf: Leaf, snapshot: Snapshot) -> Scores:
    weighted = np.zeros(snapshot.size, np.float32)
    for part in leaf.subqueries:
        documents, frequencies = occurrences(part, snapshot)
        row = snapshot.catalogue.by_name[part.fieldname]
        b = B if row.role == "summary" else B_SHORT
        norms = 1 - b + b * snapshot.lengths(part.fieldname)[documents]
        weighted[documents] += row.weight * frequencies / norms
    held = np.count_nonzero(weighted)
    rarity = np.log(1 + (snapshot.size - held + 0.5) / (held + 0.5))
    found: Scores = (rarity * weighted * (K1 + 1) / (K1 + weighted)).astype(np.float32)
    return found
