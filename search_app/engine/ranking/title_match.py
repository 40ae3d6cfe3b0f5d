"""Title match: raise the hits whose title the query covers.

A reader who types a title, or some words of it with an author or a year, looks for one publication.
BM25F alone may rank an abstract higher that repeats these words. A hit rises only if every clause
matches it outside its abstract, all but one in its title.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from whoosh import query

from search_app.engine.clause_matches import match_parts
from search_app.engine.document_words import DocumentWords
from search_app.engine.query.nodes import Clause, clauses, drop_boosts
from search_app.engine.query.vocabulary import Vocabulary

DEPTH = 10
"""Number of best hits that may rise. More would cost time: the words of each are read."""
MAX_GAIN = 0.3
"""Gain of a hit whose whole title matches, as a share of its score. With 0.4, the judged queries of
the catalogue lose."""
MAX_ELSEWHERE = 1
"""Number of clauses that may match in other fields: an author or a year."""
MIN_CLAUSES, MAX_CLAUSES = 3, 40
"""Limits on the clauses of a query that may be a title. Two words are more often a subject."""


class TitleQuery(NamedTuple):
    """A query that may be a title: its distinct clauses, and the fields with two roles.

    `abstract` is None if no searchable field has this role.
    """

    clauses: Sequence[Clause]
    vocabulary: Vocabulary
    title: str
    abstract: str | None


def read_title_query(tree: query.Query | None, vocabulary: Vocabulary) -> TitleQuery | None:
    """Return the clauses of an evaluated tree; None if the query raises no titles.

    It raises none if it has fewer than MIN_CLAUSES or more than MAX_CLAUSES, or if titles are not
    searchable.
    """
    title, abstract = _find_field("title", vocabulary), _find_field("abstract", vocabulary)
    distinct = {clause.text: clause for clause in clauses(drop_boosts(tree))}
    if title is None or not MIN_CLAUSES <= len(distinct) <= MAX_CLAUSES:
        return None
    return TitleQuery([*distinct.values()], vocabulary, title, abstract)


def compute_title_gain(title_query: TitleQuery, words: DocumentWords, score: float) -> float:
    """Return what a hit with this score gains: 0 if the query does not cover its title.

    `words` has the words of the hit without those of its abstract.
    """
    return MAX_GAIN * _measure_cover(title_query, words) * score


def _find_field(role: Literal["title", "abstract"], vocabulary: Vocabulary) -> str | None:
    """Return the name of the searchable field with a role, or None."""
    row = vocabulary.catalogue.find_by_role(role)
    return row.name if row and row.name in vocabulary.searchable else None


def _measure_cover(title_query: TitleQuery, words: DocumentWords) -> float:
    """Return the share of the words of a title that the clauses match.

    The share is 0 if a clause matches none of the words, or if more than MAX_ELSEWHERE match
    outside the title only.
    """
    positions = words.list_positions(title_query.title)
    within = range(positions[0], positions[-1] + 1) if positions else range(0)
    covered, elsewhere = set[int](), 0
    for clause in title_query.clauses:
        matches = match_parts(clause.parts, words, title_query.vocabulary)
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
