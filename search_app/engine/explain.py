"""Score explanation: split the score of a hit by clause and field.

The score of a clause is split over the fields in proportion to the weighted frequency of its
matches there. The parts of a hit add up to its score. All matches are found in the words of the
publication, so a store gives only the idf of each clause, and what it added to the score.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
from whoosh import query

from indexer.analysis import tokenizer
from indexer.analysis.folding import surface_form
from indexer.catalogue.fields import MISSING, Field
from indexer.catalogue.records import Publication
from search_app.engine.clause_matches import match_parts
from search_app.engine.document_words import ClauseMatch, DocumentWords
from search_app.engine.matched_texts import MatchedTexts, list_children
from search_app.engine.query.nodes import (
    Clause,
    Filter,
    Several,
    UnknownNode,
    clauses,
    drop_boosts,
    map_to_first,
)
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.ranking.term_scores import saturate
from search_app.engine.request import parse_year_range
from search_app.engine.results import (
    ClauseScore,
    Explanation,
    FieldScore,
    MatchedText,
    PassedFilter,
)
from search_app.engine.store import FoundFile, StoreRequest

MAX_EXPLANATIONS = 10_000
"""Limit on explained matches: clauses times hits. With more than 100 clauses, only the first hits
of a page of 100 have explanations."""


class AddedToHit(NamedTuple):
    """The parts of the score of a hit, apart from its clauses. `title` is the title match."""

    semantic: float = 0.0
    title: float = 0.0
    nearness: float = 0.0
    feedback: float = 0.0


class _MatchedHit(NamedTuple):
    """A hit, its words, and the matches of each clause by its key."""

    publication: Publication
    words: DocumentWords
    matches: Mapping[int, Sequence[ClauseMatch]]


class Explainer:
    """Explain the hits of one search.

    `tree` is the evaluated tree of the search, and `get_idf` returns the idf of a clause of it.
    `expansion_terms` has the stem numbers of feedback, greatest weight first. Raise UnknownNode if
    a part of a clause has an unknown type.
    """

    def __init__(
        self,
        ask: StoreRequest,
        tree: query.Query | None,
        vocabulary: Vocabulary,
        get_idf: Callable[[Clause], float],
        expansion_terms: Sequence[int] = (),
    ) -> None:
        self._ask, self._tree, self._catalogue = ask, tree, vocabulary.catalogue
        self._get_idf, self._expansion_terms = get_idf, expansion_terms
        self._instead_of = _map_corrections(ask.request.text, ask.text)
        self._first = map_to_first(clauses(tree, excluded=True))
        self._distinct = {id(clause): clause for clause in self._first.values()}
        self._vocabulary = vocabulary
        self._idfs = dict[int, float]()

    def explain(
        self, publication: Publication, words: DocumentWords, added: AddedToHit,
        weigh_inside: Callable[[Clause], float] = lambda _: 0.0,
        find_inside: Callable[[Clause], Iterable[FoundFile]] = lambda _: (),
    ) -> Explanation:  # fmt: skip
        """Return the explanation of a hit: score parts, words it lacks, and filters it passes.

        `weigh_inside` returns what the full text adds to the weighted frequency of a clause, and
        `find_inside` the files with words of it. Raise UnknownNode if a node of the tree has an
        unknown type.
        """
        texts = MatchedTexts(publication, words, self._catalogue)
        matches = {
            key: [
                *match_parts(clause.parts, words, self._vocabulary),
                *self._match_inside(key, weigh_inside),
            ]
            for key, clause in self._distinct.items()
        }
        hit = _MatchedHit(publication, words, matches)
        scoring = None if self._tree is None else self._list_scoring(self._tree, hit)
        parts = [
            self._explain_clause(key, times, matches[key], texts, find_inside)
            for key, times in Counter(scoring).items()
        ]
        missing = [
            clause.text
            for clause in clauses(drop_boosts(self._tree))
            if not matches[self._get_key(clause)]
        ]
        return Explanation(
            tuple(_join_equal(parts)),
            tuple(dict.fromkeys(missing)),
            tuple(self._list_filters(publication)),
            *added,
            tuple(texts.list_words(self._expansion_terms)),
        )

    def _match_inside(
        self, key: int, weigh_inside: Callable[[Clause], float]
    ) -> Iterator[ClauseMatch]:
        """Yield the match of a clause in the full text, if there is one."""
        row = self._catalogue.fulltext
        if row and (weight := weigh_inside(self._distinct[key])):
            yield ClauseMatch("word", {row.name: weight})

    def _get_key(self, clause: Clause) -> int:
        return id(self._first[id(clause)])

    def _list_scoring(self, node: query.Query, hit: _MatchedHit) -> list[int] | None:
        """Return the keys of the clauses that score for a hit; None if the node does not match it.

        The clauses of an AND score only if all of them match. NOT and filters score nothing.
        """
        match node:
            case Clause():
                key = self._get_key(node)
                return [key] if hit.matches[key] else None
            case query.AndMaybe():
                base = self._list_scoring(node.a, hit)
                return None if base is None else base + (self._list_scoring(node.b, hit) or [])
            case Several() if node.least > sum(
                node.weigh(child)
                for child in node.subqueries
                if self._list_scoring(child, hit) is not None
            ):
                return None
            case query.And() | query.Or():
                by_child = [self._list_scoring(child, hit) for child in node.subqueries]
                parts = [child for child in by_child if child is not None]
                min_count = len(by_child) if isinstance(node, query.And) else 1
                return None if len(parts) < min_count else [key for child in parts for key in child]
            case query.Not():
                return [] if self._list_scoring(node.query, hit) is None else None
            case _:
                return [] if _passes(node, hit) else None

    def _explain_clause(
        self, key: int, times: int, matches: Sequence[ClauseMatch], texts: MatchedTexts,
        find_inside: Callable[[Clause], Iterable[FoundFile]],
    ) -> ClauseScore:  # fmt: skip
        """Return what a clause that occurs several times adds to the score, split by field."""
        clause, weights = self._distinct[key], Counter[str]()
        inside = self._catalogue.fulltext.name if self._catalogue.fulltext else None
        for match in matches:
            weights.update(match.weights)
        total_weight = sum(match.weight for match in matches)
        if key not in self._idfs:
            self._idfs[key] = self._get_idf(clause)
        score = times * float(saturate(np.array([total_weight]), self._idfs[key])[0])
        typed_words = tokenizer.split_words(clause.text)
        typed_forms = set(map(surface_form, typed_words))
        fields = [
            FieldScore(
                name,
                score * weight / total_weight,
                (
                    tuple(_make_matched(clause, each) for each in find_inside(clause))
                    if name == inside
                    else tuple(texts.list_matched(name, matches, typed_forms))
                )
                or (MatchedText(clause.text, "word"),),
            )
            for name, weight in weights.most_common()
        ]
        original = [self._instead_of.get(surface_form(word), word) for word in typed_words]
        return ClauseScore(
            clause.text, score, tuple(fields), " ".join(original) if original != typed_words else ""
        )

    def _list_filters(self, publication: Publication) -> Iterator[PassedFilter]:
        """Yield the filters that a publication passes, whether typed or selected."""
        typed = [pair for node in self._ask.filters for pair in _list_values(node)]
        selected = [
            (row, value) for row, values in self._ask.request.filters.items() for value in values
        ]
        for row, value in dict.fromkeys([*typed, *selected]):
            for passing in _list_passing(publication, self._catalogue.by_name[row], value):
                through = list_children(publication, row, passing, self._catalogue)
                yield PassedFilter(row, passing, through)


def _join_equal(parts: Iterable[ClauseScore]) -> Iterator[ClauseScore]:
    """Yield the parts of a score with those of the same text joined: a clause and its boost."""
    by_text: dict[str, list[ClauseScore]] = {}
    for part in parts:
        by_text.setdefault(part.text, []).append(part)
    for text, equal in by_text.items():
        by_field: dict[str, list[FieldScore]] = {}
        for field in chain.from_iterable(part.fields for part in equal):
            by_field.setdefault(field.field, []).append(field)
        fields = [
            FieldScore(
                name,
                sum(field.score for field in same),
                tuple(dict.fromkeys(chain.from_iterable(field.matched for field in same))),
            )
            for name, same in by_field.items()
        ]
        fields.sort(key=lambda field: -field.score)
        score = sum(part.score for part in equal)
        yield ClauseScore(text, score, tuple(fields), equal[0].instead_of)


def _make_matched(clause: Clause, found: FoundFile) -> MatchedText:
    """Return the match of a clause in a file."""
    pages = found.pages if found.file.pages else ()
    return MatchedText(clause.text, "word", found.times, file=found.file.name, pages=pages)


def limit_explained(tree: query.Query | None) -> int:
    """Return the maximum number of hits of a tree that are explained: at least 1."""
    clause_count = sum(1 for _ in clauses(tree)) or 1
    return max(MAX_EXPLANATIONS // clause_count, 1)


def _map_corrections(text: str, searched: str) -> dict[str, str]:
    """Return the typed word for each corrected word; {} if the numbers of words differ."""
    typed_words, corrected_words = tokenizer.split_words(text), tokenizer.split_words(searched)
    if len(typed_words) != len(corrected_words):
        return {}
    return {
        surface_form(corrected_word): typed_word
        for typed_word, corrected_word in zip(typed_words, corrected_words, strict=True)
        if surface_form(corrected_word) != surface_form(typed_word)
    }


def _passes(node: query.Query, hit: _MatchedHit) -> bool:
    """Return whether a hit passes a node that is a filter. Raise UnknownNode."""
    match node:
        case query.Every():
            return True
        case Filter() if node.values:
            return any(hit.words.has_value(node.row, value) for value in node.values)
        case Filter():
            values = hit.publication.values.get(node.row, ())
            low, high = node.low or "", node.high or "\U0010ffff"
            return any(low <= str(value) <= high for value in values)
        case _:
            raise UnknownNode(node)


def _list_values(node: query.Query) -> Iterator[tuple[str, str]]:
    """Yield the rows and values of a filter. A range is written `start..end`, as it is typed."""
    if isinstance(node, Filter):
        values = node.values or [f"{node.low or ''}..{node.high or ''}"]
        yield from ((node.row, value) for value in values)
    elif isinstance(node, query.CompoundQuery) and not isinstance(node, query.Not):
        for child in node.subqueries:
            yield from _list_values(child)


def _list_passing(publication: Publication, row: Field, value: str) -> Iterable[str]:
    """Return the values of a publication that match a value or a year range."""
    values = [str(item) for item in publication.values.get(row.name, ())]
    if value == MISSING and not values:
        return [MISSING]
    if equal := [each for each in values if row.make_key(each) == value]:
        return equal
    ends = parse_year_range(value)
    return [year for year in values if ends and ends[0] <= year <= (ends[1] or "9999")]
