"""The query for the score of several stems."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from indexer.cluster.mapping import Json
from search_app.engine.opensearch.bm25f import saturate
from search_app.engine.opensearch.clause_limit import MAX_LEAVES
from search_app.engine.opensearch.combining import any_of
from search_app.engine.opensearch.field_queries import FieldQueries
from search_app.engine.query.nodes import Clause, Term


def score_stems(
    stems: Iterable[tuple[str, float]], fields: list[str], queries: FieldQueries
) -> Json:
    """Return the query of the publications with any of some stems in some fields.

    The score is the sum of the saturated frequencies, each multiplied by the weight of its stem.
    `stems` have the most important first. With very many fields, the last ones are left out.
    """
    allowed = islice(stems, max(1, MAX_LEAVES // len(fields)))
    return any_of([
        saturate(queries.weigh(Clause([Term(stem, frozenset(fields))])), weight)
        for stem, weight in allowed
    ])  # fmt: skip
