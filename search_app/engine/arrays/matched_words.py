"""The documents that match the words of a search, in fields and in full texts."""

from __future__ import annotations

import numpy as np
from whoosh import query

from search_app.engine.arrays.bm25f import Ranking, rank
from search_app.engine.arrays.clause import Checkpoint
from search_app.engine.arrays.fulltext import FullTextMatcher
from search_app.engine.arrays.matcher import make_fetch
from search_app.engine.deadline import Deadline
from search_app.engine.query.cost import limit_cost
from search_app.engine.query.nodes import clauses, drop_boosts
from search_app.engine.snapshot.snapshot import Snapshot
from search_app.engine.store import StoreRequest

NOTHING = Ranking(np.zeros(0, np.int32), np.zeros(0, np.float32))


class MatchedWords:
    """The words of a search, evaluated on all documents.

    `tree` is the evaluated tree with its boosts, without the clauses that cost too much: `dropped`
    has their texts. `ranking` has the documents before all filters, or is None without words.
    `fetch` returns the postings of a clause. `texts` are the searched full texts, or None. Raise
    BudgetExceeded.
    """

    def __init__(
        self, ask: StoreRequest, snapshot: Snapshot, deadline: Deadline,
        texts: FullTextMatcher | None,
    ) -> None:  # fmt: skip
        self._snapshot, self.texts = snapshot, texts
        self._check: Checkpoint = lambda: deadline.checkpoint("match")
        self.fetch = make_fetch(snapshot, self._check, texts)
        self.tree: query.Query | None = None
        self.dropped = tuple[str, ...]()
        self.ranking: Ranking | None = None
        self._by_fields: int | None = None
        if ask.tree is None:
            return
        only_named = texts is not None and texts.only_named
        self.tree, self.dropped = limit_cost(ask.tree, snapshot.vocabulary, only_named=only_named)
        if self.tree is None:
            self.ranking = NOTHING
        else:
            for boost in ask.boosts:
                self.tree = query.AndMaybe(self.tree, boost)
            self.ranking = rank(self.tree, snapshot, self.fetch)
        self._check()

    def count_by_fields(self) -> int:
        """Return the number of documents whose fields alone match the words."""
        if self._by_fields is None:
            fetch = make_fetch(self._snapshot, self._check)
            tree = self.tree
            ranking = NOTHING if tree is None else rank(tree, self._snapshot, fetch)
            self._by_fields = len(ranking.documents)
        return self._by_fields

    def count_truncated(self, texts: FullTextMatcher) -> tuple[tuple[str, int], ...]:
        """Return the texts of the clauses that match fewer words of full texts, and how many.

        Raise BudgetExceeded.
        """
        counted = []
        for clause in clauses(drop_boosts(self.tree)):
            counted.append((clause.text, texts.count_dropped(clause)))
            self._check()  # an expansion that is no longer cached is made again
        return tuple(each for each in counted if each[1])
