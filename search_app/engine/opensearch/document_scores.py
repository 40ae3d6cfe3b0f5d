"""Searches for the scores of some publications, given by their ids."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from indexer.cluster.mapping import Json
from search_app.engine.opensearch.client import Response


def make_scoring(query: Json, ids: Sequence[str]) -> Json:
    """Return the body of a search for the scores of a query in publications that it matches."""
    return {
        "query": {"bool": {"must": [query], "filter": [{"terms": {"id": ids}}]}},
        "size": len(ids),
        "sort": ["id"],
        "track_scores": True,
        "track_total_hits": False,
        "stored_fields": "_none_",
    }


def read_scores(response: Response, ids: Sequence[str]) -> NDArray[np.float32]:
    """Return the score of each publication; 0 if the query does not match it."""
    scores = {hit["sort"][0]: hit["_score"] for hit in response["hits"]["hits"]}
    return np.array([scores.get(identity, 0.0) for identity in ids], np.float32)
