"""The formula of BM25F as scripts, which compute the score of a query from another score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from indexer.catalogue.fields import Catalogue
from indexer.cluster.mapping import Json
from indexer.codec.segment.postings import B_SHORT, K1, B

NORM = "_score * params.weight / (params.a + params.b * doc[params.field].value / params.mean)"
"""Weights the frequency in one field: see `arrays.bm25f`. `a` is 1 - b."""
SATURATE = "params.limit * _score / (params.k1 + _score)"
"""Saturates a weighted frequency. `limit` is idf * (k1 + 1)."""
INVERT = "params.boost / _score"
"""Turns the greatest of inverted weights into the lowest weight."""


class FieldNorm(NamedTuple):
    """The parameters of BM25F of one searchable field: see `indexer.codec.segment.postings`."""

    weight: float
    b: float
    mean: float


def list_norms(catalogue: Catalogue, mean_lengths: Sequence[float]) -> dict[str, FieldNorm]:
    """Return the parameters of each searchable field. `mean_lengths` are in words."""
    return {
        row.name: FieldNorm(row.weight, B if row.role == "abstract" else B_SHORT, max(mean, 1e-9))
        for row, mean in zip(catalogue.searchable, mean_lengths, strict=True)
    }


def normalize(frequencies: Json, field: str, norm: FieldNorm) -> Json:
    """Return a query whose scores are frequencies in a field, with weighted frequencies."""
    parameters: Json = {
        "weight": norm.weight, "a": 1 - norm.b, "b": norm.b, "mean": norm.mean,
        "field": f"len_{field}",
    }  # fmt: skip
    return _script_score(frequencies, NORM, parameters)


def invert(weighted: Json, boost: float) -> Json:
    """Return the query with inverted scores, multiplied by a boost."""
    return _script_score(weighted, INVERT, {"boost": boost})


def saturate(weighted: Json, idf: float) -> Json:
    """Return the query with the score of a clause, given that of its weighted frequency."""
    return _script_score(weighted, SATURATE, {"limit": idf * (K1 + 1), "k1": K1})


def _script_score(scored: Json, source: str, parameters: Json) -> Json:
    """Return a query with another score, computed from its score."""
    script: Json = {"source": source, "params": parameters}
    return {"script_score": {"query": scored, "script": script}}
