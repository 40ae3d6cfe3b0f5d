"""More like this in a local index: score the key terms of a publication on postings."""

from __future__ import annotations

import numpy as np
from whoosh import query

from search_app.engine.arrays.bm25f import score
from search_app.engine.arrays.top_hits import collapse_editions, top_hits
from search_app.engine.query.nodes import Clause, Term
from search_app.engine.ranking import MAX_SIMILAR, MIN_SIMILARITY, choose_key_terms
from search_app.engine.snapshot.snapshot import DocNumbers, Snapshot


def more_like_this(doc_number: int, snapshot: Snapshot) -> DocNumbers:
    """Return up to MAX_SIMILAR similar documents, most similar first, ties by newest.

    The document itself and its editions are left out. Of the editions of another title, only the
    most similar one is returned.
    """
    key_terms = choose_key_terms(snapshot.gather(np.array([doc_number])), snapshot.vocabulary)
    if not key_terms:
        return snapshot.everything[:0]
    fields = frozenset(snapshot.segment.fields)
    clauses = [Clause([Term(term.stem, fields)], term.stem) for term in key_terms]
    documents, scores = score(query.Or(clauses), snapshot)
    own_index = documents.searchsorted(doc_number)
    is_similar = scores >= scores[own_index] * np.float32(MIN_SIMILARITY)
    is_similar[own_index] = False
    documents, scores = documents[is_similar], scores[is_similar]
    editions = snapshot.editions
    if len(other_editions := editions.find_others(doc_number)):
        is_other_title = ~np.isin(documents, other_editions)
        documents, scores = documents[is_other_title], scores[is_other_title]
    kept_indexes = collapse_editions(
        documents, scores, snapshot.ranks, "relevance", editions.family
    )
    documents, scores = documents.take(kept_indexes), scores.take(kept_indexes)
    order = top_hits(documents, scores, snapshot.ranks, "relevance", slice(0, MAX_SIMILAR))
    similar: DocNumbers = documents.take(order)
    return similar
