"""Matches of a clause in the words of one publication.

They have the same weights as the postings of the clause in an index (`arrays.clause`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from indexer.analysis import tokenizer
from search_app.engine.document_words import ClauseMatch, DocumentWords
from search_app.engine.query.nodes import (
    Fuzzy,
    Names,
    Part,
    Pattern,
    Phrase,
    Prefix,
    Term,
    Together,
    Value,
)
from search_app.engine.query.term_expansion import expand
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.results import How

_HOW: dict[type, How] = {Prefix: "beginning", Pattern: "pattern", Fuzzy: "likeness"}


def match_parts(
    parts: Iterable[Part], words: DocumentWords, vocabulary: Vocabulary
) -> list[ClauseMatch]:
    """Return the matches of parts of a clause in a publication, none if no part matches it."""
    return [
        match.scale(part.boost)
        for part in parts
        for match in _match_part(part, words, vocabulary)
        if match.weights
    ]


def _match_part(part: Part, words: DocumentWords, vocabulary: Vocabulary) -> Iterable[ClauseMatch]:
    match part:
        case Value():
            if words.has_value(part.row, part.value):
                yield ClauseMatch("value", {part.row: 1.0}, value=(part.row, part.value))
        case Together():
            yield from _match_together(part, words, vocabulary)
        case Names():
            for match in match_parts(part.parts, words, vocabulary):
                yield match._replace(how=part.how)
        case Phrase():
            stems = [number for stem in part.stems for number in vocabulary.find_numbers(stem)]
            if len(stems) == len(part.stems) and (starts := _find_phrase(stems, words)):
                yield words.collect("word", starts, part.fields, len(stems))
        case Term():
            is_written = part.text.startswith(tokenizer.SURFACE_PREFIX)
            positions = words.word_positions if is_written else words.stem_positions
            numbers = vocabulary.find_numbers(part.text)
            if starts := sorted(start for each in numbers for start in positions.get(each, ())):
                yield words.collect("word", starts, part.fields, 1)
        case _:
            numbers_of_words = expand(part, vocabulary).number_set
            if starts := _find_words(numbers_of_words, words):
                yield words.collect(_HOW[type(part)], starts, part.fields, 1)


def _find_words(numbers: Set[int], words: DocumentWords) -> list[int]:
    positions = words.word_positions
    return sorted(start for each in positions.keys() & numbers for start in positions[each])


def _find_phrase(stems: list[int], words: DocumentWords) -> list[int]:
    return [
        start
        for start in words.stem_positions.get(stems[0], ())
        if words.stems[start : start + len(stems)] == stems
    ]


def _match_together(
    part: Together, words: DocumentWords, vocabulary: Vocabulary
) -> Iterator[ClauseMatch]:
    """Yield the matches in a publication. Their weights add up to the lowest weight."""
    by_clause = [match_parts(clause.parts, words, vocabulary) for clause in part.clauses]
    weights = [sum(match.weight for match in matches) for matches in by_clause]
    if all(weights):
        share = min(weights) / sum(weights)
        yield from (match.scale(share) for matches in by_clause for match in matches)
