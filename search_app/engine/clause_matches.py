"""Matches of a compiled clause in the words of one publication."""

from __future__ import annotations

from search_app.engine.compiled_clauses import (
    AllPart,
    ClausePart,
    CompiledClause,
    LabelsPart,
    PhrasePart,
    TermsPart,
    ValuePart,
)
from search_app.engine.document_words import ClauseMatch, DocumentWords


def match_clause(clause: CompiledClause, words: DocumentWords) -> list[ClauseMatch]:
    """Return the matches in a publication, none if the clause does not match it."""
    return [
        match.scale(boost)
        for boost, part in clause.parts
        for match in _match_part(part, words)
        if match.weights
    ]


def _match_part(part: ClausePart, words: DocumentWords) -> list[ClauseMatch]:
    match part:
        case TermsPart():
            return _match_terms(part, words)
        case PhrasePart():
            return _match_phrase(part, words)
        case ValuePart(row, value):
            if not words.has_value(row, value):
                return []
            return [ClauseMatch("value", {row: 1.0}, value=(row, value))]
        case AllPart():
            return _match_all(part, words)
        case LabelsPart():
            _, how = part.key
            return [match._replace(how=how) for match in match_clause(part.clause, words)]


def _match_terms(part: TermsPart, words: DocumentWords) -> list[ClauseMatch]:
    matches = []
    for are_words, numbers in part.numbers:
        index = words.word_positions if are_words else words.stem_positions
        starts = sorted(start for number in index.keys() & numbers for start in index[number])
        if starts:
            matches.append(words.collect(part.how, starts, part.fields, 1))
    return matches


def _match_phrase(part: PhrasePart, words: DocumentWords) -> list[ClauseMatch]:
    stems, length = list(part.stems), len(part.stems)
    starts = [
        start
        for start in words.stem_positions.get(stems[0], ())
        if words.stems[start : start + length] == stems
    ]
    return [words.collect("word", starts, part.fields, length)] if starts else []


def _match_all(part: AllPart, words: DocumentWords) -> list[ClauseMatch]:
    """Return the matches in a publication. Their weights add up to the lowest weight."""
    matches_by_clause = [match_clause(clause, words) for clause in part.clauses]
    weights = [sum(match.weight for match in matches) for matches in matches_by_clause]
    if not all(weights):
        return []
    share = min(weights) / sum(weights)
    return [match.scale(share) for matches in matches_by_clause for match in matches]
