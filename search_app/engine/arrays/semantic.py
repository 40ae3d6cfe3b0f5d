"""Semantic search: re-score hits by embedding similarity, and add similar publications.

It needs an index with vectors (`indexer.analysis.embeddings`). The cosine between the vectors of
query and publication is added to the score: a cosine of 1 adds SHARE of the best word score. If the
words have few hits, similar publications are added as hits. A query with operators, fields, quotes
or wildcards is taken literally, without semantic search.
"""

from typing import NamedTuple

import numpy as np

from indexer.analysis.embeddings import EncoderError, Vector
from search_app.engine.arrays.scoring import Ranking
from search_app.engine.snapshot.snapshot import DocNumbers, Snapshot
from search_app.engine.store import StoreRequest

SHARE = 0.5
"""Weight of a cosine of 1, as a share of the best word score."""
MIN_COSINE, MAX_ADDED = 0.3, 50
"""Minimum cosine of an added hit, and limit on added hits."""
FEW_HITS = 10
"""Similar publications are added only if fewer publications match the words."""


class SemanticHits(NamedTuple):
    """The documents of a search with semantic scores.

    `ranking` contains all documents with their total scores, and `shares` (float32) the semantic
    part of each. `added` contains the documents that do not match the words.
    """

    ranking: Ranking
    shares: Vector
    added: DocNumbers

    def get_share(self, doc_number: int) -> float:
        """Return the semantic part of the score of a document in `ranking`."""
        return float(self.shares[self.ranking.documents.searchsorted(doc_number)])


def add_semantic_hits(
    store_request: StoreRequest, words: Ranking | None, snapshot: Snapshot
) -> SemanticHits | None:
    """Return the documents of a search with semantic scores, given those that match its words.

    Return None if the index has no vectors, the model is not installed or fails, or the query is
    literal or empty.
    """
    vectors = snapshot.segment.vectors
    if (
        vectors is None
        or words is None
        or store_request.is_literal
        or not store_request.request.semantic
    ):
        return None
    query_vector = _encode(store_request.text, snapshot)
    if query_vector is None:
        return None
    documents, scores = words.documents, words.to_scores(words.sort_keys)
    unit = np.float32(SHARE * (scores.max() if len(scores) else 1))
    if store_request.request.match == "all" or len(documents) >= FEW_HITS:
        shares = unit * vectors.compute_cosines(query_vector, documents).clip(0)
        return SemanticHits(Ranking(documents, scores + shares), shares, documents[:0])
    cosines = vectors.compute_cosines(query_vector)
    is_similar = cosines >= MIN_COSINE
    is_similar[documents] = False
    added = is_similar.nonzero()[0].astype(np.int32)
    if len(added) > MAX_ADDED:
        added = np.sort(added[np.argpartition(-cosines.take(added), MAX_ADDED)[:MAX_ADDED]])
    all_documents = np.union1d(documents, added).astype(np.int32)
    shares = unit * cosines.take(all_documents).clip(0)
    sort_keys = shares.copy()
    sort_keys[all_documents.searchsorted(documents)] += scores
    return SemanticHits(Ranking(all_documents, sort_keys), shares, added)


def _encode(text: str, snapshot: Snapshot) -> Vector | None:
    encoder = snapshot.query_encoder
    try:
        return encoder.encode(text) if encoder else None
    except EncoderError:  # the encoder logs it
        return None
