"""Our own nodes of a query tree, and functions to walk a tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from whoosh import query

from indexer.catalogue.schema import row_of


class Leaf(query.Or):  # type: ignore[misc]
    """A clause: one word, phrase or prefix of a query, as an OR over all fields.

    It scores as one pseudo-term. Its frequency in a field sums all its matches there, and its
    document frequency counts the documents that it matches in any field. Never `normalize()` a
    tree with clauses, because Whoosh would flatten them into their parents.
    `said` is the text as typed, and `also` has the synonyms that it matches. `of` is the id of
    the entity that it names, or empty. `narrower` has the names of narrower concepts that it
    matches.
    """

    def __init__(
        self,
        subqueries: list[query.Query],
        said: str = "",
        also: tuple[str, ...] = (),
        of: str = "",
        narrower: tuple[str, ...] = (),
    ) -> None:
        super().__init__(subqueries)
        self.said, self.also, self.of, self.narrower = said, also, of, narrower


class Labels(query.Or):  # type: ignore[misc]
    """A part of a clause: the synonyms of an entity (`name`), or its narrower concepts (`kin`).

    `how` says which of the two. Its matches are cached by `how` and `of`, the id of the entity.
    """

    def __init__(
        self,
        subqueries: list[query.Query],
        of: str,
        how: Literal["name", "kin"] = "name",
        boost: float = 1.0,
    ) -> None:
        super().__init__(subqueries, boost=boost)
        self.of, self.how = of, how


def fits(pattern: str, word: str) -> bool:
    """Return whether a word matches a wildcard, in which `*` stands for any characters.

    The time is proportional to the lengths, regardless of the number of stars.
    """
    first, *others = pattern.split("*")
    if not others:
        return word == first
    *inner, last = others
    end = len(word) - len(last)
    if end < len(first) or not word.startswith(first) or not word.endswith(last):
        return False
    at = len(first)
    for piece in inner:
        at = word.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


def leaves(tree: query.Query | None) -> Iterator[Leaf]:
    """Yield the clauses of a tree, except those under a NOT."""
    if isinstance(tree, Leaf):
        yield tree
    elif tree is not None and not isinstance(tree, query.Not):
        for child in tree.children():
            yield from leaves(child)


def first_of_equals(found: Iterable[Leaf]) -> dict[int, Leaf]:
    """Return a mapping from the `id()` of each clause to the first clause that is equal to it."""
    first: dict[int, Leaf] = {}
    known: dict[str, list[Leaf]] = {}
    for leaf in found:
        alike = known.setdefault(leaf.said, [])
        equal = next((each for each in alike if each == leaf), None)
        if equal is None:
            alike.append(leaf)
        first[id(leaf)] = leaf if equal is None else equal
    return first


def wanted(tree: query.Query | None) -> query.Query | None:
    """Return a tree without the boosts that only change the order of its hits."""
    return wanted(tree.a) if isinstance(tree, query.AndMaybe) else tree


def parts(tree: query.Query | None) -> Iterator[query.Query]:
    """Yield the parts of all clauses of a tree, each of which is about one field."""
    for leaf in leaves(tree):
        yield from _parts(leaf)


def _parts(node: query.Query) -> Iterator[query.Query]:
    for part in node.subqueries:
        if isinstance(part, query.CompoundQuery):
            yield from _parts(part)
        else:
            yield part


def parted(nodes: list[query.Query]) -> tuple[list[query.Query], list[query.Query]]:
    """Return the nodes about words, and the nodes about facet values only."""
    words: list[query.Query] = []
    filters: list[query.Query] = []
    for node in nodes:
        (filters if _is_filter(node) else words).append(node)
    return words, filters


def _is_filter(node: query.Query) -> bool:
    """Return whether a node, or the node that it negates, is about facet values only."""
    if isinstance(node, Leaf):
        return False
    if isinstance(node, query.Not):
        return _is_filter(node.query)
    if isinstance(node, query.CompoundQuery):
        return bool(node.subqueries) and all(_is_filter(child) for child in node.subqueries)
    return isinstance(node, query.Term | query.TermRange) and row_of(node.fieldname) is not None
