"""Title match: raise the hits whose title the query covers.

A reader who types a title, or some words of it with an author or a year, looks for one publication.
BM25F alone may rank an abstract higher that repeats these words. A hit rises only if every clause
matches it outside its abstract, all but one in its title.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from whoosh import query

from search_app.engine.arrays.bm25f import Ranking
from search_app.engine.arrays.top_hits import top_hits
from search_app.engine.clause_matches import match_clause
from search_app.engine.compiled_clauses import CompiledClause, compile_clause
from search_app.engine.document_words import DocumentWords
from search_app.engine.query.nodes import clauses, drop_boosts
from search_app.engine.snapshot.snapshot import Snapshot

DEPTH = 10
"""Number of best hits that may rise. More would cost time: the words of each are read."""
MAX_GAIN = 0.3
"""Gain of a hit whose whole title matches, as a share of its score. With 0.4, the judged queries of
the catalogue lose."""
MAX_ELSEWHERE = 1
"""Number of clauses that may match in other fields: an author or a year."""
MIN_CLAUSES, MAX_CLAUSES = 3, 40
"""Limits on the clauses of a query that may be a title. Two words are more often a subject."""


def find_title_gains(
    ranking: Ranking, tree: query.Query | None, snapshot: Snapshot
) -> dict[int, float]:
    """Return what the first DEPTH hits gain in score by their title, by document number.

    A query with fewer than MIN_CLAUSES raises none.
    """
    title, abstract = _find_field("title", snapshot), _find_field("abstract", snapshot)
    distinct = {clause.text: clause for clause in clauses(drop_boosts(tree))}
    if title is None or not MIN_CLAUSES <= len(distinct) <= MAX_CLAUSES:
        return {}
    compiled = [compile_clause(clause, snapshot.vocabulary) for clause in distinct.values()]
    best = top_hits(
        ranking.documents, ranking.sort_keys, snapshot.ranks, "relevance", slice(0, DEPTH)
    )
    gains = dict[int, float]()
    scores = ranking.sort_keys.take(best).tolist()
    for number, score in zip(ranking.documents.take(best).tolist(), scores, strict=True):
        if share := _measure_cover(snapshot.get_words(number, without=abstract), compiled, title):
            gains[number] = MAX_GAIN * share * score
    return gains


def _find_field(role: Literal["title", "abstract"], snapshot: Snapshot) -> str | None:
    """Return the name of the searchable field with a role, or None."""
    row = snapshot.catalogue.find_by_role(role)
    return row.name if row and row.name in snapshot.segment.fields else None


def _measure_cover(words: DocumentWords, compiled: Sequence[CompiledClause], title: str) -> float:
    """Return the share of the words of a title that the clauses match.

    `words` does not have those of the abstract. The share is 0 if a clause matches none of them, or
    if more than MAX_ELSEWHERE match outside the title only.
    """
    positions = words.list_positions(title)
    within = range(positions[0], positions[-1] + 1) if positions else range(0)
    covered, elsewhere = set[int](), 0
    for clause in compiled:
        matches = match_clause(clause, words)
        in_title = [
            position
            for match in matches if match.how == "word"
            for span in match.spans if span.position in within
            for position in range(span.position, span.end)
        ]  # fmt: skip
        elsewhere += not in_title
        if not matches or elsewhere > MAX_ELSEWHERE:
            return 0.0
        covered.update(in_title)
    return len(covered) / len(positions)
