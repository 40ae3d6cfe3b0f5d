"""Boosts: rank documents in the query's language, or with a facet value of its name, first."""

from __future__ import annotations

from collections.abc import Iterator

from whoosh import query

from indexer.analysis import tokenizer
from indexer.analysis.folding import fold
from indexer.catalogue.fields import MISSING, Field
from indexer.catalogue.schema import exact
from search_app.engine.interpretation import entities
from search_app.engine.query.nodes import Leaf
from search_app.engine.snapshot.snapshot import Snapshot


def preferring(
    tree: query.Query, text: str, spoken: frozenset[str], snapshot: Snapshot
) -> query.Query:
    """Return the tree with boosts that rank some of its hits first.

    Boost documents in a language of `spoken`, except the catalogue's own. Boost documents with a
    facet value whose name is the whole text, such as a series or a venue.
    """
    if spoken:
        others = spoken - set(snapshot.languages[:1])
        terms = [
            query.Term(exact(row), language)
            for row in snapshot.catalogue.facets
            if row.kind == "language"
            for language in sorted(others)
            if language in snapshot.columns[row.name].ordinal
        ]
        tree = query.AndMaybe(tree, Leaf(terms)) if terms else tree
    called = _called(text, snapshot)
    return query.AndMaybe(tree, Leaf(called, text)) if called else tree


def _called(text: str, snapshot: Snapshot) -> list[query.Query] | None:
    """Return terms for the values whose name is the whole text; None if it is a single word."""
    first, _, others = text.partition(" ")
    known = snapshot.once("first words", lambda: _first_words(snapshot)) if others else ()
    if fold(first) not in known:
        return None
    return snapshot.once("open values", lambda: _by_name(snapshot)).get(_name(text, snapshot))


def _first_words(snapshot: Snapshot) -> frozenset[str]:
    """Return the first words of all open values, to reject most texts without stemming them."""
    return frozenset(fold(value).partition(" ")[0] for _, value in _open_values(snapshot))


def _name(text: str, snapshot: Snapshot) -> tuple[str, ...]:
    """Return the stems of a name in the catalogue's language: a key without case or inflection."""
    raws = (raw for piece in text.split() for raw in tokenizer.words(piece))
    return tuple([snapshot.stems(raw)[0] for raw in raws])


def _open_values(snapshot: Snapshot) -> Iterator[tuple[Field, str]]:
    """Yield the values of open facets, which are not recognized as a part of a text."""
    for row in snapshot.catalogue.facets:
        if not entities.is_told(row):
            values = snapshot.columns[row.name].values
            yield from ((row, value) for value in values if value != MISSING)


def _by_name(snapshot: Snapshot) -> dict[tuple[str, ...], list[query.Query]]:
    called: dict[tuple[str, ...], list[query.Query]] = {}
    for row, value in _open_values(snapshot):
        called.setdefault(_name(value, snapshot), []).append(query.Term(exact(row), value))
    return called
