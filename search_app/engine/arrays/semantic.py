"""Semantic search: re-score hits by embedding similarity, and add similar publications.

It needs an index with vectors (`indexer.analysis.embeddings`). The cosine between the vectors of
query and publication is added to the score: a cosine of 1 adds SHARE of the best word score. If the
words have few hits, similar publications are added as hits. A query with operators, fields, quotes
or wildcards is taken literally, without semantic search.
"""

from __future__ import annotations

import logging
from typing import NamedTuple

import numpy as np

from indexer.analysis import embeddings
from indexer.analysis.embeddings import Encoder, Vector
from search_app.engine.arrays.bm25f import Ranking
from search_app.engine.interpretation.interpreter import FEW
from search_app.engine.query.grammar import OPERATORS
from search_app.engine.query.lexer import tokens
from search_app.engine.request import SearchRequest
from search_app.engine.snapshot.snapshot import Documents, Snapshot
from search_app.engine.store import Ask

log = logging.getLogger(__name__)

SHARE = 0.5
"""Weight of a cosine of 1, as a share of the best word score."""
LEAST, MOST = 0.3, 50
"""The least cosine of an added hit, and the limit on added hits. If the words have FEW hits or
more, none is added."""


class Meant(NamedTuple):
    """The documents of a search with semantic scores.

    `ranking` has all documents with their total scores, and `shares` (float32) the semantic part of
    each. `added` has the documents that do not match the words.
    """

    ranking: Ranking
    shares: Vector
    added: Documents

    def share(self, number: int) -> float:
        """Return the semantic part of the score of a document in `ranking`."""
        return float(self.shares[self.ranking.documents.searchsorted(number)])


def meant(ask: Ask, words: Ranking | None, snapshot: Snapshot) -> Meant | None:
    """Return the documents of a search with semantic scores, given those that match its words.

    Return None if the index has no vectors, the model is not installed, or the query is literal or
    empty.
    """
    vectors = snapshot.segment.vectors
    if vectors is None or words is None or not _is_open(ask.request):
        return None
    encoder = _encoder(snapshot)
    if encoder is None:
        return None
    wanted = encoder.text(ask.text)
    documents, scores = words.documents, words.scores(words.keys)
    unit = np.float32(SHARE * (scores.max() if len(scores) else 1))
    if ask.request.match == "all" or len(documents) >= FEW:
        shares = unit * vectors.cosines(wanted, documents).clip(0)
        return Meant(Ranking(documents, scores + shares), shares, documents[:0])
    cosines = vectors.cosines(wanted)
    added = _alike(cosines, documents)
    every = np.union1d(documents, added).astype(np.int32)
    shares = unit * cosines.take(every).clip(0)
    keys = shares.copy()
    keys[every.searchsorted(documents)] += scores
    return Meant(Ranking(every, keys), shares, added)


def prepare(snapshot: Snapshot) -> None:
    """Load the embedding model of a snapshot. Log a warning if it is not installed."""
    model, encoder = snapshot.generation.manifest.meaning, _encoder(snapshot)
    if encoder:
        encoder.text("")
    elif model:
        what = "%s was built with %s, which is not installed: nothing is found by its meaning"
        log.warning(what, snapshot.name, model)


def _encoder(snapshot: Snapshot) -> Encoder | None:
    """Return the encoder that made the vectors of a snapshot, or None if it is not available."""
    model = snapshot.generation.manifest.meaning
    encoder = embeddings.encoder() if model else None
    return encoder if encoder and encoder.model == model else None


def _is_open(request: SearchRequest) -> bool:
    """Return whether a query has plain words only and allows semantic search."""
    if request.exact or not request.semantic:
        return False
    return all(each.is_plain and each.text not in OPERATORS for each in tokens(request.text))


def _alike(cosines: Vector, found: Documents) -> Documents:
    """Return the most similar documents that are not in `found`, in ascending order."""
    enough = cosines >= LEAST
    enough[found] = False
    among = enough.nonzero()[0]
    if len(among) > MOST:
        among = among[np.argpartition(-cosines.take(among), MOST)[:MOST]]
    return np.sort(among).astype(np.int32)
