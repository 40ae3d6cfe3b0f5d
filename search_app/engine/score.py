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

import numpy as np
from numpy.typing import NDArray
from whoosh import query

from search_app.engine.match import matches, occurrences
from search_app.engine.nodes import Leaf
from search_app.engine.snapshot import Snapshot

K1 = 1.2
B = 0.75
B_SHORT = 0.5
"""How much a field's length counts: in the summary, and in all others, which are short."""

Scores = NDArray[np.float32]


def scores(node: query.Query | None, snapshot: Snapshot) -> Scores:
    """Each publication's score (float32, of the size of the snapshot), 0 without a match."""
    if isinstance(node, Leaf):
        return _leaf(node, snapshot)
    total = np.zeros(snapshot.size, np.float32)
    if isinstance(node, query.And | query.Or):
        for child in node.subqueries:
            total += scores(child, snapshot)
        if isinstance(node, query.And):
            total[~matches(node, snapshot)] = 0
    return total


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
