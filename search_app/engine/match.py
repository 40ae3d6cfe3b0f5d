"""A query tree to the publications that it matches.

Each kind of node has one function; a node that none handles is an error that names it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from whoosh import query

from indexer.schema import row_of
from search_app.engine.columns import Column, Mask
from search_app.engine.nodes import Leaf, fits
from search_app.engine.snapshot import Snapshot

Answer = TypeVar("Answer")


class UnknownNode(TypeError):
    """A query tree has a node that the engine can't evaluate."""

    def __init__(self, node: query.Query) -> None:
        super().__init__(f"no rule evaluates {type(node).__name__}: {node!r}")


class Occurrences(NamedTuple):
    """Where a part of a leaf stands: `documents` (int32, ascending), and how often there."""

    documents: NDArray[np.int32]
    frequencies: NDArray[np.int64]


def matches(node: query.Query, snapshot: Snapshot) -> Mask:
    """The publications that a tree matches, as a boolean of the size of the snapshot.

    Raises UnknownNode.
    """
    return _rule(_RULES, node)(node, snapshot)


def occurrences(node: query.Query, snapshot: Snapshot) -> Occurrences:
    """Where a part of a leaf (a term, phrase, prefix or wildcard of one field) stands.

    Raises UnknownNode.
    """
    return _rule(_PARTS, node)(node, snapshot)


def _rule(
    rules: Mapping[type[query.Query], Callable[..., Answer]], node: query.Query
) -> Callable[..., Answer]:
    for kind in type(node).__mro__:
        if kind in rules:
            return rules[kind]
    raise UnknownNode(node)


def _leaf(node: Leaf, snapshot: Snapshot) -> Mask:
    mask = np.zeros(snapshot.size, np.bool_)
    for part in node.subqueries:
        mask[occurrences(part, snapshot).documents] = True
    return mask


def _and(node: query.And, snapshot: Snapshot) -> Mask:
    return reduce(np.logical_and, (matches(child, snapshot) for child in node.subqueries))


def _or(node: query.Or, snapshot: Snapshot) -> Mask:
    return reduce(np.logical_or, (matches(child, snapshot) for child in node.subqueries))


def _not(node: query.Not, snapshot: Snapshot) -> Mask:
    return ~matches(node.query, snapshot)


def _every(node: query.Every, snapshot: Snapshot) -> Mask:
    return np.ones(snapshot.size, np.bool_)


def _column(node: query.Term | query.TermRange, snapshot: Snapshot) -> Column:
    return snapshot.columns[str(row_of(node.fieldname))]


def _value(node: query.Term, snapshot: Snapshot) -> Mask:
    column = _column(node, snapshot)
    ordinal = column.ordinal.get(node.text)
    return column.holds([] if ordinal is None else [ordinal])


def _range(node: query.TermRange, snapshot: Snapshot) -> Mask:
    column = _column(node, snapshot)
    return column.holds(column.between(node.start or "", node.end or "\U0010ffff"))


def _term(node: query.Term, snapshot: Snapshot) -> Occurrences:
    postings = snapshot.postings(node.fieldname, node.text)
    return Occurrences(postings.documents, postings.frequencies.astype(np.int64))


def _phrase(node: query.Phrase, snapshot: Snapshot) -> Occurrences:
    """Words side by side: the positions of the first where each next one follows."""
    first, *others = (snapshot.postings(node.fieldname, word).positions for word in node.words)
    for distance, positions in enumerate(others, start=1):
        first = first[np.isin(first + distance, positions, assume_unique=True)]
    documents, frequencies = np.unique(first >> 32, return_counts=True)
    return Occurrences(documents.astype(np.int32), frequencies)


def _prefix(node: query.Prefix, snapshot: Snapshot) -> Occurrences:
    return _any_of(snapshot.terms_beginning(node.fieldname, node.text), node.fieldname, snapshot)


def _wildcard(node: query.Wildcard, snapshot: Snapshot) -> Occurrences:
    begun = snapshot.terms_beginning(node.fieldname, node.text.partition("*")[0])
    terms = [term for term in begun if fits(node.text, term)]
    return _any_of(terms, node.fieldname, snapshot)


def _any_of(terms: list[str], field: str, snapshot: Snapshot) -> Occurrences:
    """Several terms of a field as one: their frequencies add up."""
    frequencies = np.zeros(snapshot.size, np.int64)
    for term in terms:
        postings = snapshot.postings(field, term)
        frequencies[postings.documents] += postings.frequencies
    documents = np.flatnonzero(frequencies).astype(np.int32)
    return Occurrences(documents, frequencies[documents])


_RULES: dict[type[query.Query], Callable[..., Mask]] = {
    Leaf: _leaf,
    query.And: _and,
    query.Or: _or,
    query.Not: _not,
    query.Every: _every,
    query.Term: _value,
    query.TermRange: _range,
}
_PARTS: dict[type[query.Query], Callable[..., Occurrences]] = {
    query.Term: _term,
    query.Phrase: _phrase,
    query.Prefix: _prefix,
    query.Wildcard: _wildcard,
}
