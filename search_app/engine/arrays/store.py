"""The store of a local index: it evaluates searches on the arrays of a snapshot with NumPy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from indexer.catalogue.records import Publication
from search_app.engine.arrays import cost, semantic, term_expansion
from search_app.engine.arrays.clause import postings
from search_app.engine.arrays.matcher import matches
from search_app.engine.arrays.more_like_this import similar
from search_app.engine.arrays.reply import ArrayReply
from search_app.engine.deadline import Stopwatch
from search_app.engine.query.nodes import Leaf
from search_app.engine.request import SearchRequest
from search_app.engine.snapshot.prefix_index import folded
from search_app.engine.snapshot.snapshot import Documents, Snapshot
from search_app.engine.store import Ask, LabeledValue, Related


class ArrayStore:
    """The `Store` of a snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    def ask(self, ask: Ask, watch: Stopwatch) -> ArrayReply:
        """Return the reply to a search. Raise OverBudget."""
        return ArrayReply(ask, self.snapshot, watch)

    def estimate(self, request: SearchRequest) -> int:
        """Return the approximate cost of a search, in postings."""
        return cost.estimate(request, self.snapshot)

    def count(self, clause: Leaf) -> int:
        """Return the number of publications that match a clause."""
        return len(postings(clause, self.snapshot).documents)

    def count_together(self, clauses: Sequence[Leaf], others: Sequence[Leaf]) -> list[int]:
        """Return for each clause the number of publications that match it and all others."""
        mask = np.ones(self.snapshot.size, np.bool_)
        for other in others:
            mask &= matches(other, self.snapshot)
        if not mask.any():
            return [0] * len(clauses)
        return [int(np.count_nonzero(matches(clause, self.snapshot) & mask)) for clause in clauses]

    def truncated(self, clause: Leaf) -> int:
        """Return how many terms of a prefix, wildcard or fuzzy term are beyond the limit."""
        return term_expansion.left_out(clause, self.snapshot)

    def values_beginning(self, text: str, limit: int) -> Iterator[LabeledValue]:
        """Yield up to `limit` facet values with a prefix of their label, or of a word in it."""
        labels = self.snapshot.labels
        for number in labels.beginning(folded(text), limit):
            yield LabeledValue(*labels.values[number], labels.labels[number], labels.counts[number])

    def publication(self, identity: str) -> Publication | None:
        """Return the publication with an id, or None."""
        number = self.snapshot.number(identity)
        return None if number is None else self.snapshot.publication(number)

    def related(self, identity: str) -> Related:
        """Return the publications related to one. Raise KeyError if there is none with this id."""
        number = self.snapshot.number(identity)
        if number is None:
            raise KeyError(identity)
        others = self.snapshot.editions.others(number)
        newest_first = others[np.argsort(self.snapshot.ranks["newest"].take(others))]
        return Related(
            self._publications(newest_first), self._publications(similar(number, self.snapshot))
        )

    def _publications(self, documents: Documents) -> list[Publication]:
        return [self.snapshot.publication(number) for number in documents.tolist()]

    def prepare(self) -> None:
        """Compute all caches that searches share."""
        self.snapshot.prepare()
        semantic.prepare(self.snapshot)
