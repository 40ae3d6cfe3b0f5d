"""Evaluation of a clause: the documents that match it, and the weighted frequency in each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from indexer.codec.segment.reader import Positions, Postings
from search_app.engine.arrays.posting_sums import NO_POSTINGS, sum_all, sum_in_fields, sum_postings
from search_app.engine.compiled_clauses import (
    AllPart,
    ClausePart,
    CompiledClause,
    LabelsPart,
    PhrasePart,
    TermsPart,
    ValuePart,
    compile_clause,
)
from search_app.engine.query.nodes import Clause
from search_app.engine.query.vocabulary import TermExpansion
from search_app.engine.snapshot.snapshot import Snapshot

Checkpoint = Callable[[], object]
"""Callback that checks the deadline between two steps. It ends the search by raising."""


def ignore() -> None:
    """Check no deadline."""


def clause_postings(clause: Clause, snapshot: Snapshot, check: Checkpoint = ignore) -> Postings:
    """Return the documents that match a clause, ascending, with their weighted frequencies.

    `check` is called before each part and before each further word of a phrase. Raise UnknownNode
    if a part has an unknown type.
    """
    return _evaluate(compile_clause(clause, snapshot.vocabulary), snapshot, check)


def _evaluate(clause: CompiledClause, snapshot: Snapshot, check: Checkpoint) -> Postings:
    parts = []
    for boost, part in clause.parts:
        check()
        postings = _evaluate_part(part, snapshot, check)
        if boost != 1:
            postings = Postings(postings.documents, postings.weights * np.float32(boost))
        parts.append(postings)
    if not parts:
        return NO_POSTINGS
    return parts[0] if len(parts) == 1 else sum_all(parts, snapshot)


def _evaluate_part(part: ClausePart, snapshot: Snapshot, check: Checkpoint) -> Postings:
    match part:
        case TermsPart():
            return _evaluate_terms(part, snapshot)
        case PhrasePart():
            return _evaluate_phrase(part, snapshot, check)
        case ValuePart():
            return _evaluate_value(part, snapshot)
        case AllPart():
            return _evaluate_all(part, snapshot, check)
        case LabelsPart():
            return snapshot.synonyms.get(part.key, lambda: _evaluate(part.clause, snapshot, ignore))


def _evaluate_terms(part: TermsPart, snapshot: Snapshot) -> Postings:
    parts = [_evaluate_expansion(each, part, snapshot) for each in part.expansions]
    if len(parts) == 1:
        return parts[0]
    return sum_all(parts, snapshot) if parts else NO_POSTINGS


def _evaluate_expansion(expansion: TermExpansion, part: TermsPart, snapshot: Snapshot) -> Postings:
    are_words, numbers, is_range, _ = expansion
    segment, size = snapshot.segment, len(numbers)
    terms = segment.words if are_words else segment.stems
    if len(part.fields) < len(segment.fields):
        if size == 1 and not are_words:
            return sum_in_fields(segment.find_positions(int(numbers[0])), part.fields, snapshot)
        words = numbers if are_words else np.flatnonzero(np.isin(segment.stem_of, numbers))
        positions = segment.find_word_positions(np.asarray(words))
        return sum_in_fields(positions, part.fields, snapshot)
    first = int(numbers[0])
    if size == 1:
        return terms.get_postings(first, first + 1)
    if is_range:
        all_postings = terms.get_postings(first, int(numbers[-1]) + 1)
    else:
        all_postings = terms.get_postings_of(np.asarray(numbers))
    return sum_postings(*all_postings, snapshot)


def _evaluate_phrase(part: PhrasePart, snapshot: Snapshot, check: Checkpoint) -> Postings:
    """Start from the positions of the rarest word, and check the other words next to them."""
    stems, segment = part.stems, snapshot.segment
    by_rarity = sorted(
        range(len(stems)), key=lambda index: segment.stems.doc_frequency(stems[index])
    )
    rarest, *other_indexes = by_rarity
    documents, starts = segment.find_positions(stems[rarest])
    starts = starts - rarest
    if len(starts) and starts[0] < 0:
        documents, starts = documents[starts >= 0], starts[starts >= 0]
    for index in other_indexes:
        if not len(starts):
            return NO_POSTINGS
        check()
        follows = (segment.get_stems(starts + index) == stems[index]).nonzero()[0]
        documents, starts = documents.take(follows), starts.take(follows)
    return sum_in_fields(Positions(documents, starts), part.fields, snapshot)


def _evaluate_value(part: ValuePart, snapshot: Snapshot) -> Postings:
    ordinal = snapshot.columns[part.row].find(part.value)
    ordinals = () if ordinal is None else (ordinal,)
    mask = snapshot.docs_with_values(part.row, ordinals)
    documents = np.flatnonzero(mask).astype(np.int32)
    return Postings(documents, np.ones(len(documents), np.float32))


def _evaluate_all(part: AllPart, snapshot: Snapshot, check: Checkpoint) -> Postings:
    hits = sorted(
        (_evaluate(clause, snapshot, check) for clause in part.clauses),
        key=lambda postings: len(postings.documents),
    )
    documents, weights = hits[0]
    for postings in hits[1:]:
        indexes_a, indexes_b = snapshot.find_common(documents, postings.documents)
        documents = documents.take(indexes_a)
        weights = np.minimum(weights.take(indexes_a), postings.weights.take(indexes_b))
    return Postings(documents, weights)
