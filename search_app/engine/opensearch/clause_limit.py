"""Keep the query of a search within the number of clauses that Lucene allows.

First, concepts match fewer synonyms and narrower concepts. If that is not enough, the longest
clauses of the tree are dropped.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
from whoosh import query

from search_app.engine.opensearch.queries import QueryCompiler
from search_app.engine.query.cost import drop_expensive
from search_app.engine.query.nodes import (
    Clause,
    NamePart,
    Names,
    Phrase,
    clauses,
    map_to_first,
    replace_clauses,
    without_field,
)
from search_app.engine.query.vocabulary import Vocabulary

MAX_LEAVES = 960
"""Limit on the clauses of the query of a search, with its filters and boosts. Lucene allows 1,024
(`indices.query.bool.max_clause_count`), and some searches add a few, such as one for ids."""
_LEAVES = frozenset({"match", "match_phrase", "terms", "match_all", "match_none"})
"""The kinds of query that Lucene counts as one clause, whatever the number of their terms."""


class FittedTree(NamedTuple):
    """A tree within the limit, or None if no clause is left.

    `dropped` has the texts of the clauses that were dropped. `truncated` has the texts of those
    that match fewer synonyms and narrower concepts, with the number of names left out.
    """

    tree: query.Query | None
    dropped: tuple[str, ...] = ()
    truncated: tuple[tuple[str, int], ...] = ()


def count_leaves(part: object) -> int:
    """Return the number of clauses that Lucene counts in a part of a query."""
    if isinstance(part, list):
        return sum(map(count_leaves, part))
    if not isinstance(part, dict):
        return 0
    # OpenSearch adds a `match_all` to what has only exclusions.
    own = "must_not" in part and len(part) == 1
    return own + sum(
        1 if name in _LEAVES else 0 if name == "script" else count_leaves(inner)
        for name, inner in part.items()
    )


def fit_tree(
    tree: query.Query, compiler: QueryCompiler, vocabulary: Vocabulary, most: int
) -> FittedTree:
    """Return a tree whose query has at most `most` leaves.

    Facet values in the tree are never dropped, and the rarest names are left out first.
    """
    total = count_leaves(compiler.match(tree))
    if total <= most:
        return FittedTree(tree)
    uses = _Uses(tree, compiler)
    most += sum(uses.leaves.values()) - total
    cuts = _cut_names(uses, compiler, vocabulary, most)
    cut_tree = replace_clauses(
        tree, lambda clause: cuts[id(clause)].clause if id(clause) in cuts else clause
    )
    assert cut_tree is not None
    leaves = _Uses(cut_tree, compiler).leaves
    kept, dropped = drop_expensive(cut_tree, lambda clause: leaves[id(clause)], most)
    truncated = {cut.clause.text: cut.left_out for cut in cuts.values() if cut.left_out}
    return FittedTree(
        kept, dropped, tuple(item for item in truncated.items() if item[0] not in dropped)
    )


class _Uses:
    """The clauses of a tree in its query. Equal ones are one clause, the first of them.

    `first` has this clause by the `id()` of each. `times` has the number of queries that have a
    clause, and `leaves` the leaves of all of them, by the `id()` of the first.
    """

    def __init__(self, tree: query.Query, compiler: QueryCompiler) -> None:
        self.first = map_to_first(clauses(tree, excluded=True))
        self.times = Counter(id(self.first[id(clause)]) for clause in _list_sent(tree))
        self.leaves = {
            id(clause): self.times[id(clause)] * count_leaves(compiler.weigh(clause))
            for clause in self.first.values()
        }


def _list_sent(tree: query.Query) -> Iterator[Clause]:
    """Yield the clauses of a tree. A node sends a clause once that it has several times."""
    if isinstance(tree, Clause):
        yield tree
        return
    seen = set[Clause]()
    for child in tree.children():
        if isinstance(child, Clause) and child.text:
            if child in seen:
                continue
            seen.add(child)
        yield from _list_sent(child)


class _Cut(NamedTuple):
    """A clause that replaces one with more names, and the number of names left out."""

    clause: Clause
    left_out: int


def _cut_names(
    uses: _Uses, compiler: QueryCompiler, vocabulary: Vocabulary, most: int
) -> dict[int, _Cut]:
    """Return what replaces the clauses with names of a tree, by the `id()` of each clause.

    Each may have equally many leaves, so that all clauses have `most` together.
    """
    share = bisect_right(
        range(1, most + 1),
        most,
        key=lambda share: sum(min(leaves, share) for leaves in uses.leaves.values()),
    )
    cuts = {
        id(clause): _cut_clause(clause, compiler, vocabulary, share // uses.times[id(clause)])
        for clause in uses.first.values()
        if any(isinstance(part, Names) for part in clause.parts)
    }
    return {
        identity: cuts[id(clause)] for identity, clause in uses.first.items() if id(clause) in cuts
    }


def _cut_clause(clause: Clause, compiler: QueryCompiler, vocabulary: Vocabulary, most: int) -> _Cut:
    """Return a clause with as many names as `most` leaves allow. Its other parts stay.

    Synonyms are kept before narrower concepts, and of both the most frequent ones.
    """
    own = [part for part in clause.parts if not isinstance(part, Names)]
    synonyms = [part for part in clause.parts if isinstance(part, Names)]
    names = [
        (part, name)
        for part in sorted(synonyms, key=lambda part: part.how == "kin")
        for name in sorted(
            part.parts, key=lambda name: _estimate_frequency(name, vocabulary), reverse=True
        )
    ]

    def count_with(number: int) -> int:
        return count_leaves(compiler.weigh(Clause([*own, *_join(names[:number])])))

    least = 0 if own else 1  # a clause must not be empty
    kept = max(least, bisect_right(range(len(names) + 1), most, key=count_with) - 1)
    left_out = {without_field(name) for _, name in names[kept:]}
    left_out -= {without_field(name) for _, name in names[:kept]}
    parts = [*own, *_join(names[:kept])]
    return _Cut(
        Clause(parts, clause.text, clause.synonyms, clause.entity_id, clause.narrower),
        len(left_out),
    )


def _join(names: Sequence[tuple[Names, NamePart]]) -> list[Names]:
    """Return names as parts of a clause. Each comes with the part that it is from."""
    grouped: dict[int, tuple[Names, list[NamePart]]] = {}
    for part, name in names:
        grouped.setdefault(id(part), (part, []))[1].append(name)
    return [msgspec.structs.replace(part, parts=tuple(kept)) for part, kept in grouped.values()]


def _estimate_frequency(name: NamePart, vocabulary: Vocabulary) -> int:
    """Return a number of occurrences that a name does not exceed."""
    words = name.stems if isinstance(name, Phrase) else [name.text]
    return min(map(vocabulary.count_occurrences, words))
