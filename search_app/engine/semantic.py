"""Publications that mean what was typed, whatever words they have.

Where the index has vectors of publications (`indexer.analysis.embeddings`), the cosine between
theirs and that of the query is part of their score: a cosine of 1 is worth SHARE of the best score
that words gave. Where words find few, the publications that mean the like are found too.
Who types operators, fields or quotes means the letter: nothing is added then.
"""

from __future__ import annotations

import logging
from typing import NamedTuple

import numpy as np

from indexer.analysis import embeddings
from indexer.analysis.embeddings import Encoder, Vector
from search_app.engine.arrays.bm25f import Ranking
from search_app.engine.interpretation.interpreter import FEW, Understood
from search_app.engine.query.grammar import OPERATORS
from search_app.engine.query.lexer import tokens
from search_app.engine.request import SearchRequest
from search_app.engine.snapshot.snapshot import Documents, Snapshot

log = logging.getLogger(__name__)

SHARE = 0.5
LEAST, MOST = 0.3, 50
"""If words find fewer than FEW, at most so many more are added, none with a smaller cosine."""


class Meant(NamedTuple):
    """What is found once meaning counts.

    `ranking` has all publications with their whole scores, `shares` (float32) what of each score
    is for its meaning. The publications `added` have not been found by their words.
    """

    ranking: Ranking
    shares: Vector
    added: Documents

    def share(self, number: int) -> float:
        """What of the score of a publication, which was found, is for its meaning."""
        return float(self.shares[self.ranking.documents.searchsorted(number)])


def meant(request: SearchRequest, read: Understood, snapshot: Snapshot) -> Meant | None:
    """What a search finds once meaning counts; None where it does not."""
    vectors = snapshot.segment.vectors
    if vectors is None or read.base is None or not _is_open(request):
        return None
    encoder = _encoder(snapshot)
    if encoder is None:
        return None
    wanted = encoder.text(read.corrected or request.text)
    documents, scores = read.base.documents, read.base.scores(read.base.keys)
    unit = np.float32(SHARE * (scores.max() if len(scores) else 1))
    if request.match == "all" or len(documents) >= FEW:
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
    """Reads the model that a snapshot's vectors are of; tells if it can't be had."""
    model, encoder = snapshot.generation.manifest.meaning, _encoder(snapshot)
    if encoder:
        encoder.text("")
    elif model:
        what = "%s was built with %s, which is not installed: nothing is found by its meaning"
        log.warning(what, snapshot.name, model)


def _encoder(snapshot: Snapshot) -> Encoder | None:
    """What makes vectors like those of a snapshot, if it has any and that is installed."""
    model = snapshot.generation.manifest.meaning
    encoder = embeddings.encoder() if model else None
    return encoder if encoder and encoder.model == model else None


def _is_open(request: SearchRequest) -> bool:
    """Whether a search is not meant to the letter."""
    if request.exact or not request.semantic:
        return False
    return all(each.is_plain and each.text not in OPERATORS for each in tokens(request.text))


def _alike(cosines: Vector, found: Documents) -> Documents:
    """The publications, ascending, that mean what was typed most, none of those found."""
    enough = cosines >= LEAST
    enough[found] = False
    among = enough.nonzero()[0]
    if len(among) > MOST:
        among = among[np.argpartition(-cosines.take(among), MOST)[:MOST]]
    return np.sort(among).astype(np.int32)
