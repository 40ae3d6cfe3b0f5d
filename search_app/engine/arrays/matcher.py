"""Query matching: a query tree to the documents that it matches.

A clause yields postings: documents with their weighted frequencies. A filter yields a boolean mask
over all documents, which the snapshot caches. Each node type has one function. A node type without
one raises UnknownNode.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import TypeVar

import numpy as np
from whoosh import query

from indexer.analysis import tokenizer
from indexer.catalogue.schema import row_of
from indexer.codec.segment.facet_columns import Column
from indexer.codec.segment.reader import Places, Postings
from search_app.engine.arrays import term_expansion
from search_app.engine.arrays.posting_sums import NOWHERE, gathered, together
from search_app.engine.query.nodes import Labels, Leaf
from search_app.engine.snapshot.snapshot import Mask, Snapshot

Answer = TypeVar("Answer")
Look = Callable[[], object]
"""Callback that checks the deadline between two steps. It ends the search by raising."""
Fetch = Callable[[Leaf], Postings]
"""Function from a clause to its postings."""


class UnknownNode(TypeError):
    """A node of a query tree that the engine cannot evaluate."""

    def __init__(self, node: query.Query) -> None:
        super().__init__(f"no rule evaluates {type(node).__name__}: {node!r}")


def never() -> None:
    """Check no deadline."""


def fetching(snapshot: Snapshot, look: Look = never) -> Fetch:
    """Return a function that fetches postings for one search.

    It caches them, so equal clauses are evaluated once.
    """
    known: dict[str, list[tuple[Leaf, Postings]]] = {}

    def fetch(leaf: Leaf) -> Postings:
        alike = known.setdefault(leaf.said, [])
        for each, held in alike:
            if each == leaf:
                return held
        alike.append((leaf, postings(leaf, snapshot, look)))
        return alike[-1][1]

    return fetch


def matches(node: query.Query, snapshot: Snapshot, fetch: Fetch | None = None) -> Mask:
    """Return the documents that a tree matches, as a boolean mask of the size of the snapshot.

    Raise UnknownNode if no rule evaluates a node.
    """
    return _rule(_RULES, node)(node, snapshot, fetch or fetching(snapshot))


def _rule(
    rules: Mapping[type[query.Query], Callable[..., Answer]], node: query.Query
) -> Callable[..., Answer]:
    for kind in type(node).__mro__:
        if kind in rules:
            return rules[kind]
    raise UnknownNode(node)


def _leaf(node: Leaf, snapshot: Snapshot, fetch: Fetch) -> Mask:
    mask = np.zeros(snapshot.size, np.bool_)
    mask[fetch(node).documents] = True
    return mask


def _and(node: query.And, snapshot: Snapshot, fetch: Fetch) -> Mask:
    return reduce(np.logical_and, (matches(child, snapshot, fetch) for child in node.subqueries))


def _or(node: query.Or, snapshot: Snapshot, fetch: Fetch) -> Mask:
    return reduce(np.logical_or, (matches(child, snapshot, fetch) for child in node.subqueries))


def _and_maybe(node: query.AndMaybe, snapshot: Snapshot, fetch: Fetch) -> Mask:
    return matches(node.a, snapshot, fetch)


def _not(node: query.Not, snapshot: Snapshot, fetch: Fetch) -> Mask:
    return ~matches(node.query, snapshot, fetch)


def _every(node: query.Every, snapshot: Snapshot, _: Fetch) -> Mask:
    return np.ones(snapshot.size, np.bool_)


def _value(node: query.Term, snapshot: Snapshot, _: Fetch | None = None) -> Mask:
    row = str(row_of(node.fieldname))
    ordinal = snapshot.columns[row].ordinal.get(node.text)
    return holding(row, () if ordinal is None else (ordinal,), snapshot)


def _range(node: query.TermRange, snapshot: Snapshot, _: Fetch) -> Mask:
    row = str(row_of(node.fieldname))
    between = snapshot.columns[row].between(node.start or "", node.end or "\U0010ffff")
    return holding(row, between, snapshot)


def holding(row: str, ordinals: tuple[int, ...], snapshot: Snapshot) -> Mask:
    """Return the mask of the documents that have at least one of these values of a row."""
    return snapshot.mask((row, ordinals), lambda: _holding(snapshot.columns[row], ordinals))


def _holding(column: Column, ordinals: tuple[int, ...]) -> Mask:
    if len(ordinals) == 1:
        held: Mask = column.ordinals == ordinals[0]
    else:
        wanted = np.zeros(len(column.values), np.bool_)
        wanted[list(ordinals)] = True
        held = wanted.take(column.ordinals)
    if len(held) == column.size:
        return held
    mask = np.zeros(column.size, np.bool_)
    mask[column.documents[held]] = True
    return mask


def postings(leaf: Leaf, snapshot: Snapshot, look: Look = never) -> Postings:
    """Return the documents that match a clause, ascending, with their weighted frequencies.

    The frequencies of all parts are summed, and BM25F saturates the sum later. Parts that differ
    only in their field are evaluated together. `look` is called before each part and before each
    further word of a phrase. Raise UnknownNode if no rule evaluates a part.
    """
    same: dict[object, tuple[query.Query, set[str]]] = {}
    found = []
    for part in leaf.subqueries:
        if isinstance(part, query.And):
            look()
            found.append(_weighed(part, _apart(part, snapshot, look)))
        elif isinstance(part, Labels):
            look()
            found.append(_weighed(part, _labelled(part, snapshot)))
        elif row_of(part.fieldname):
            look()
            found.append(_weighed(part, _valued(part, snapshot)))
        else:
            same.setdefault(said(part), (part, set()))[1].add(part.fieldname)
    for part, fields in same.values():
        look()
        found.append(_weighed(part, _rule(_PARTS, part)(part, fields, snapshot, look)))
    return found[0] if len(found) == 1 else together(found, snapshot)


def _weighed(part: query.Query, held: Postings) -> Postings:
    if part.boost == 1:
        return held
    return Postings(held.documents, held.weights * np.float32(part.boost))


def _labelled(part: Labels, snapshot: Snapshot) -> Postings:
    """Return the postings of a concept's labels, evaluated as one clause and cached."""
    return snapshot.labelled((part.of, part.how), lambda: postings(Leaf(part.subqueries), snapshot))


def _valued(part: query.Term, snapshot: Snapshot) -> Postings:
    """Return the documents that have a value, each with the weight 1."""
    held = np.flatnonzero(_value(part, snapshot)).astype(np.int32)
    return Postings(held, np.ones(len(held), np.float32))


def _apart(part: query.And, snapshot: Snapshot, look: Look) -> Postings:
    """Return the documents that match every subclause.

    The weight of a document is the lowest weight of any subclause in it.
    """
    held = sorted(
        (postings(each, snapshot, look) for each in part.subqueries), key=lambda one: len(one[0])
    )
    documents, weights = held[0]
    for other in held[1:]:
        here, there = snapshot.common(documents, other.documents)
        documents = documents.take(here)
        weights = np.minimum(weights.take(here), other.weights.take(there))
    return Postings(documents, weights)


def said(part: query.Query) -> object:
    """Return a key of a part without its field. Parts with equal keys are evaluated together."""
    if isinstance(part, query.Phrase):
        return (part.boost, *part.words)
    if isinstance(part, query.FuzzyTerm):
        return (part.text, part.maxdist, part.prefixlength)
    return (type(part), getattr(part, "text", None), part.boost)


def _term(part: query.Term, fields: set[str], snapshot: Snapshot, _: Look) -> Postings:
    if part.text.startswith(tokenizer.WRITTEN):
        return _written(part.text.removeprefix(tokenizer.WRITTEN), fields, snapshot)
    number = snapshot.vocabulary.term(part.text)
    if number is None:
        return NOWHERE
    segment = snapshot.segment
    if len(fields) == len(segment.fields):
        return segment.stems.postings(number, number + 1)
    return _in_fields(segment.places(number), fields, snapshot)


def _written(text: str, fields: set[str], snapshot: Snapshot) -> Postings:
    numbers = snapshot.vocabulary.words_written(text)
    if not len(numbers):
        return NOWHERE
    segment = snapshot.segment
    if len(fields) < len(segment.fields):
        return _in_fields(segment.places_of_words(numbers), fields, snapshot)
    held = segment.words.postings_of(numbers)
    return held if len(numbers) == 1 else gathered(*held, snapshot)


def _in_fields(places: Places, fields: set[str], snapshot: Snapshot) -> Postings:
    """Return the postings of the occurrences that are in one of the fields."""
    segment = snapshot.segment
    documents, field_at = places.documents, segment.fields_at(places)
    if len(fields) < len(segment.fields):
        here = np.array([name in fields for name in segment.fields])[field_at]
        documents, field_at = documents[here], field_at[here]
    return gathered(documents, segment.scale[documents, field_at], snapshot)


def _phrase(part: query.Phrase, fields: set[str], snapshot: Snapshot, look: Look) -> Postings:
    """Return the postings of a phrase.

    It starts from the positions of the rarest word and checks the other words next to them.
    """
    numbers = [snapshot.vocabulary.term(word) for word in part.words]
    stems = [number for number in numbers if number is not None]
    if len(stems) < len(numbers):
        return NOWHERE
    segment = snapshot.segment
    by_rarity = sorted(range(len(stems)), key=lambda at: segment.stems.frequency(stems[at]))
    rarest, *others = by_rarity
    documents, begins = segment.places(stems[rarest])
    begins = begins - rarest
    if len(begins) and begins[0] < 0:
        documents, begins = documents[begins >= 0], begins[begins >= 0]
    for at in others:
        if not len(begins):
            return NOWHERE
        look()
        follows = (segment.stems_at(begins + at) == stems[at]).nonzero()[0]
        documents, begins = documents.take(follows), begins.take(follows)
    return _in_fields(Places(documents, begins), fields, snapshot)


def _expanded(part: query.Query, fields: set[str], snapshot: Snapshot, _look: Look) -> Postings:
    """Return the summed postings of all terms that a prefix, wildcard or fuzzy term matches."""
    segment = snapshot.segment
    found = []
    for are_words, numbers, is_range, _ in term_expansion.expansions(part, fields, snapshot):
        terms = segment.words if are_words else segment.stems
        if len(fields) < len(segment.fields):
            words = numbers if are_words else np.flatnonzero(np.isin(segment.stem_of, numbers))
            found.append(_in_fields(segment.places_of_words(words), fields, snapshot))
        elif is_range:
            held = terms.postings(int(numbers[0]), int(numbers[-1]) + 1)
            found.append(gathered(*held, snapshot))
        else:
            found.append(gathered(*terms.postings_of(numbers), snapshot))
    return found[0] if len(found) == 1 else together(found, snapshot) if found else NOWHERE


_RULES: dict[type[query.Query], Callable[..., Mask]] = {
    Leaf: _leaf,
    query.And: _and,
    query.AndMaybe: _and_maybe,
    query.Or: _or,
    query.Not: _not,
    query.Every: _every,
    query.Term: _value,
    query.TermRange: _range,
}
_PARTS: dict[type[query.Query], Callable[..., Postings]] = {
    query.Term: _term,
    query.Phrase: _phrase,
    query.Prefix: _expanded,
    query.Wildcard: _expanded,
    query.FuzzyTerm: _expanded,
}
