"""The nodes of a query tree that Whoosh has not, and what can be asked of a tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from whoosh import query

from indexer.catalogue.schema import row_of


class Leaf(query.Or):  # type: ignore[misc]
    """One thing typed (a word, a phrase, a beginning), as an OR of itself in each field.

    It scores as one pseudo-term: how often it stands in a field counts whatever it matches
    there, and the publications that it matches anywhere are its document frequency. Never
    `normalize()` a tree with leaves: Whoosh would flatten them into their surroundings.
    `said` is what was typed for it, `also` what else it is looked for by, if anything. `of` is
    the id of the thing that it names, if it does, and `narrower` has the names of narrower
    things that it matches too.
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
    """A part of a leaf: whatever else a thing is called, or what kinds of it are called.

    `how` says which of the two. What it matches is remembered by that and the thing's id, `of`.
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
    """Whether a word has the shape of a pattern, in which `*` stands for anything.

    Takes time in proportion to the lengths, however many stars there are.
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
    """The leaves of a tree that a match can hold: those under a NOT are left out."""
    if isinstance(tree, Leaf):
        yield tree
    elif tree is not None and not isinstance(tree, query.Not):
        for child in tree.children():
            yield from leaves(child)


def first_of_equals(found: Iterable[Leaf]) -> dict[int, Leaf]:
    """Return, by the identity of each leaf, the first leaf that is equal to it."""
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
    """A tree without what only puts some of its publications before others."""
    return wanted(tree.a) if isinstance(tree, query.AndMaybe) else tree


def parts(tree: query.Query | None) -> Iterator[query.Query]:
    """What the leaves of a tree ask of single fields."""
    for leaf in leaves(tree):
        yield from _parts(leaf)


def _parts(node: query.Query) -> Iterator[query.Query]:
    for part in node.subqueries:
        if isinstance(part, query.CompoundQuery):
            yield from _parts(part)
        else:
            yield part


def parted(nodes: list[query.Query]) -> tuple[list[query.Query], list[query.Query]]:
    """Those that are about words, and those about facet values only."""
    words: list[query.Query] = []
    filters: list[query.Query] = []
    for node in nodes:
        (filters if _is_filter(node) else words).append(node)
    return words, filters


def _is_filter(node: query.Query) -> bool:
    """Whether a node, or what it negates, is about facet values only."""
    if isinstance(node, Leaf):
        return False
    if isinstance(node, query.Not):
        return _is_filter(node.query)
    if isinstance(node, query.CompoundQuery):
        return bool(node.subqueries) and all(_is_filter(child) for child in node.subqueries)
    return isinstance(node, query.Term | query.TermRange) and row_of(node.fieldname) is not None
