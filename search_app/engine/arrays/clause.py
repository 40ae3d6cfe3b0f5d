"""Evaluation of a clause: the documents that match it, and the weighted frequency in each."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from indexer.analysis import tokenizer
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.reader import Positions, Postings
from search_app.engine.arrays.posting_sums import NO_POSTINGS, sum_all, sum_in_fields, sum_postings
from search_app.engine.query import term_expansion
from search_app.engine.query.nodes import (
    Clause,
    Fields,
    Names,
    Part,
    Phrase,
    Term,
    Together,
    Value,
)
from search_app.engine.snapshot.snapshot import Snapshot

Checkpoint = Callable[[], object]
"""Callback that checks the deadline between two steps. It ends the search by raising."""


def ignore() -> None:
    """Check no deadline."""


def clause_postings(clause: Clause, snapshot: Snapshot, check: Checkpoint = ignore) -> Postings:
    """Return the documents that match a clause, ascending, with their weighted frequencies.

    `check` is called before each part and before each further word of a phrase. Parts for the full
    text match nothing here, because it has a vocabulary of its own.
    """
    return _evaluate(clause.parts, snapshot, check)


def _evaluate(parts: Iterable[Part], snapshot: Snapshot, check: Checkpoint) -> Postings:
    found = []
    for part in parts:
        check()
        postings = _evaluate_part(part, snapshot, check)
        if part.boost != 1:
            postings = Postings(postings.documents, postings.weights * np.float32(part.boost))
        if len(postings.documents):
            found.append(postings)
    if not found:
        return NO_POSTINGS
    return found[0] if len(found) == 1 else sum_all(found, snapshot)


def _evaluate_part(part: Part, snapshot: Snapshot, check: Checkpoint) -> Postings:
    match part:
        case Value():
            return _evaluate_value(part, snapshot)
        case Together():
            return _evaluate_together(part, snapshot, check)
        case Names():
            key = part.entity_id, part.how
            return snapshot.synonyms.get(key, lambda: _evaluate(part.parts, snapshot, ignore))
    fields = part.fields.intersection(snapshot.segment.fields)
    match part:
        case _ if not fields:
            return NO_POSTINGS
        case Term():
            numbers = np.array(snapshot.vocabulary.find_numbers(part.text), np.int64)
            are_words = part.text.startswith(tokenizer.SURFACE_PREFIX)
            return _read_terms(numbers, fields, snapshot, are_words=are_words)
        case Phrase():
            return _evaluate_phrase(part, fields, snapshot, check)
        case _:
            expansion = term_expansion.expand(part, snapshot.vocabulary)
            return _read_terms(expansion.numbers, fields, snapshot, is_range=expansion.is_range)


def _read_terms(
    numbers: Array, fields: Fields, snapshot: Snapshot, *,
    are_words: bool = True, is_range: bool = False,
) -> Postings:  # fmt: skip
    """Return the postings of words as written, or of stems, in some fields.

    If `is_range`, their numbers are contiguous.
    """
    segment, size = snapshot.segment, len(numbers)
    terms = segment.words if are_words else segment.stems
    if not size:
        return NO_POSTINGS
    if len(fields) < len(segment.fields):
        if size == 1 and not are_words:
            return sum_in_fields(segment.find_positions(int(numbers[0])), fields, snapshot)
        words = numbers if are_words else np.flatnonzero(np.isin(segment.stem_of, numbers))
        return sum_in_fields(segment.find_word_positions(words), fields, snapshot)
    first = int(numbers[0])
    if size == 1:
        return terms.get_postings(first, first + 1)
    if is_range:
        postings = terms.get_postings(first, int(numbers[-1]) + 1)
    else:
        postings = terms.get_postings_of(numbers)
    return sum_postings(*postings, snapshot)


def _evaluate_phrase(
    phrase: Phrase, fields: Fields, snapshot: Snapshot, check: Checkpoint
) -> Postings:
    """Start from the positions of the rarest word, and check the other words next to them."""
    segment = snapshot.segment
    stems = [number for word in phrase.stems for number in snapshot.vocabulary.find_numbers(word)]
    if len(stems) < len(phrase.stems):
        return NO_POSTINGS
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
    return sum_in_fields(Positions(documents, starts), fields, snapshot)


def _evaluate_value(part: Value, snapshot: Snapshot) -> Postings:
    ordinal = snapshot.columns[part.row].find(part.value)
    ordinals = () if ordinal is None else (ordinal,)
    mask = snapshot.docs_with_values(part.row, ordinals)
    documents = np.flatnonzero(mask).astype(np.int32)
    return Postings(documents, np.ones(len(documents), np.float32))


def _evaluate_together(part: Together, snapshot: Snapshot, check: Checkpoint) -> Postings:
    hits = sorted(
        (_evaluate(clause.parts, snapshot, check) for clause in part.clauses),
        key=lambda postings: len(postings.documents),
    )
    documents, weights = hits[0]
    for postings in hits[1:]:
        indexes_a, indexes_b = snapshot.find_common(documents, postings.documents)
        documents = documents.take(indexes_a)
        weights = np.minimum(weights.take(indexes_a), postings.weights.take(indexes_b))
    return Postings(documents, weights)
