"""The formula of BM25F as scripts, which compute the score of a query from another score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from indexer.catalogue.fields import Catalogue
from indexer.cluster.mapping import Json
from indexer.codec.segment.postings import B_SHORT, K1, B
from search_app.engine.opensearch.combining import script_score

NORM = "_score * params.weight / (params.a + params.b * doc[params.field].value / params.mean)"
"""Weights the frequency in one field: see `arrays.evaluation`. `a` is 1 - b."""
SATURATE = "params.limit * _score / (params.k1 + _score)"
"""Saturates a weighted frequency. `limit` is idf * (k1 + 1)."""
STRENGTH = (
    "params.weight * _score"
    " / (_score + params.k1 * (params.a + params.b * doc[params.field].value / params.mean))"
)
"""The strength of a clause in a full text, given its frequency: see `arrays.fulltext`."""


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
    return script_score(frequencies, NORM, _make_parameters(f"len_{field}", norm))


def strengthen(frequencies: Json, field: str, norm: FieldNorm) -> Json:
    """Return a query whose scores are frequencies in full texts, with their weighted strengths.

    `field` has the length of a text.
    """
    parameters = {**_make_parameters(field, norm), "k1": K1}
    return script_score(frequencies, STRENGTH, parameters)


def _make_parameters(field: str, norm: FieldNorm) -> Json:
    return {
        "weight": norm.weight, "a": 1 - norm.b, "b": norm.b, "mean": norm.mean, "field": field,
    }  # fmt: skip


def saturate(weighted: Json, idf: float) -> Json:
    """Return the query with the score of a clause, given that of its weighted frequency."""
    return script_score(weighted, SATURATE, {"limit": idf * (K1 + 1), "k1": K1})
