"""The reply of the local store: the hits of one search, computed as far as they are asked for.

The steps are the words, semantic hits, the typed filters, the selected filters, the page, and the
facet counts. Each step is computed once, when its result is first needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from whoosh import query

from indexer.catalogue.records import Publication
from indexer.codec.segment.term_dictionary import STEM_MARK
from search_app.engine.arrays import facets, semantic, term_expansion
from search_app.engine.arrays.bm25f import Ranking, ranked
from search_app.engine.arrays.cost import bounded
from search_app.engine.arrays.explain import Explainer
from search_app.engine.arrays.facets import Sifted
from search_app.engine.arrays.matcher import matches
from search_app.engine.arrays.semantic import Meant
from search_app.engine.arrays.toggle_counts import Selection
from search_app.engine.arrays.top_hits import best, folded, leveled
from search_app.engine.deadline import Stopwatch
from search_app.engine.query.nodes import leaves
from search_app.engine.results import Bucket, Why
from search_app.engine.snapshot.facet_table import Counts
from search_app.engine.snapshot.prefix_index import Range
from search_app.engine.snapshot.snapshot import Documents, Mask, Snapshot
from search_app.engine.store import Ask, RankedHit

NO_SCORES, NONE = np.zeros(0, np.float32), np.zeros(0, np.int32)
MOST_REASONS = 10_000
"""Limit on explained matches: clauses times hits. With more than 100 clauses, only the first hits
of a page of 100 have explanations."""


Page = tuple[Documents, NDArray[np.float32] | None]
"""Documents in order, and the scores or the sort keys of each; None without words."""


class Retrieved(NamedTuple):
    """The documents of a search after each step.

    `meant` has the semantic scores, if the search uses them. `ranking` has the documents before any
    filter, or is None without words. `selections` has the selection of each facet with a selected
    value. `sifted` has the documents that pass the typed filters, and the hits. `keys` (float32)
    are the sort keys of the hits by relevance, or None without words.
    """

    meant: Meant | None
    ranking: Ranking | None
    selections: Mapping[str, Selection]
    sifted: Sifted
    keys: NDArray[np.float32] | None


class ArrayReply:
    """The `Reply` to a search of a snapshot.

    The constructor evaluates the words only. `words` has the documents that match them, before all
    filters, or is None without words.
    """

    def __init__(self, ask: Ask, snapshot: Snapshot, watch: Stopwatch) -> None:
        self._ask, self._snapshot, self._watch = ask, snapshot, watch
        self.tree: query.Query | None = None
        self.dropped: tuple[str, ...] = ()
        self.words: Ranking | None = None
        # No `cached_property`: until Python 3.12, all threads wait while one computes it.
        self._retrieved: Retrieved | None = None
        self._page: Page | None = None
        self._counts: Counts | None = None
        if ask.tree is None:
            return
        self.tree, self.dropped = bounded(ask.tree, snapshot)
        if self.tree is None:
            self.words = Ranking(NONE, NO_SCORES)
        else:
            for boost in ask.boosts:
                self.tree = query.AndMaybe(self.tree, boost)
            self.words = ranked(self.tree, snapshot, lambda: watch.lap("match"))
        watch.lap("match")

    @property
    def by_words(self) -> int:
        """The number of publications that match the words, before all filters."""
        return 0 if self.words is None else len(self.words.documents)

    @property
    def retrieved(self) -> Retrieved:
        """The documents after semantic search and filters."""
        if self._retrieved is None:
            self._retrieved = self._retrieve()
        return self._retrieved

    def _retrieve(self) -> Retrieved:
        meant = semantic.meant(self._ask, self.words, self._snapshot)
        if meant:
            self._watch.lap("meaning")
        ranking = meant.ranking if meant else self.words
        documents, keys = (
            (ranking.documents, ranking.keys) if ranking else (self._snapshot.everything, None)
        )
        for node in self._ask.filters:
            kept = matches(node, self._snapshot).take(documents)
            documents, keys = documents[kept], None if keys is None else keys[kept]
        selections = facets.ticked(self._ask.request.filters, self._snapshot)
        sifted = Sifted(documents, selections)
        if keys is not None and sifted.at is not None:
            keys = keys.take(sifted.at)
        self._watch.lap("match")
        return Retrieved(meant, ranking, selections, sifted, keys)

    @property
    def documents(self) -> Documents:
        """The documents of all hits, ascending."""
        return self.retrieved.sifted.documents

    @property
    def matched(self) -> int:
        """The number of publications that pass the typed filters too, with semantic hits."""
        return len(self.retrieved.sifted.given)

    @property
    def total(self) -> int:
        """The number of hits."""
        return len(self.documents)

    @property
    def titles(self) -> int:
        """The number of hits, with the editions of one title counted once."""
        return self._snapshot.editions.titles(self.documents)

    @property
    def by_meaning(self) -> int:
        """The number of hits by semantic similarity alone."""
        meant = self.retrieved.meant
        return self._among(meant.added) if meant else 0

    @property
    def has_words(self) -> bool:
        """Whether a publication that passes the typed filters matches the words."""
        meant = self.retrieved.meant
        return self.matched > (len(meant.added) if meant else 0)

    def overlap(self, other: Self) -> int:
        """Return the number of hits that match the words of another reply too."""
        return 0 if other.words is None else self._among(other.words.documents)

    def _among(self, documents: Documents) -> int:
        return len(self._snapshot.common(documents, self.documents)[0])

    def _ordered(self, page: slice) -> Page:
        """Return the documents of a part of the list, in order, and their sort keys by relevance.

        With folding, only the first edition of each title is in the list.
        """
        ask, snapshot, keys = self._ask, self._snapshot, self.retrieved.keys
        documents, order = self.documents, keys
        if ask.newest_first and ask.request.sort is None and keys is not None:
            order = leveled(keys)
        if ask.request.fold:
            stays = folded(documents, order, snapshot.ranks, ask.sort, snapshot.editions.family)
            documents = documents.take(stays)
            keys, order = [None if one is None else one.take(stays) for one in (keys, order)]
        at = best(documents, order, snapshot.ranks, ask.sort, page)
        return documents.take(at), None if keys is None else keys.take(at)

    @property
    def page(self) -> Page:
        """The documents of the page, in order, and their scores, or None without words."""
        if self._page is None:
            self._page = self._rank()
        return self._page

    def _rank(self) -> Page:
        request, ranking = self._ask.request, self.retrieved.ranking
        first = (request.page - 1) * request.size
        documents, keys = self._ordered(slice(first, first + request.size))
        scores = None if ranking is None or keys is None else ranking.scores(keys)
        self._watch.lap("score")
        return documents, scores

    def ids(self) -> list[str]:
        """Return the ids of the hits of the page, in order."""
        ids = self._snapshot.segment.stored.ids
        return [ids.text(number) for number in self.page[0].tolist()]

    def hits(self) -> Iterator[RankedHit]:
        """Yield the hits of the page, in order."""
        documents, scores = self.page
        numbers = documents.tolist()
        for number, score in zip(
            numbers, [None] * len(numbers) if scores is None else scores.tolist(), strict=True
        ):
            editions = len(self._snapshot.editions.others(number))
            yield RankedHit(self._snapshot.publication(number), score, editions)

    def all_hits(self) -> Iterator[Publication]:
        """Yield all hits in order, whatever the page."""
        for number in self._ordered(slice(0, self.total))[0].tolist():
            yield self._snapshot.publication(number)

    def explanations(self) -> list[Why | None]:
        """Return the explanation of each hit of the page; None beyond MOST_REASONS."""
        explainer = Explainer(self._ask, self.tree, self._snapshot, self.retrieved.meant)
        words = sum(1 for _ in leaves(self.tree)) or 1
        numbers = self.page[0].tolist()
        explained: list[Why | None] = []
        for number in numbers[: max(MOST_REASONS // words, 1)]:
            explained.append(explainer.why(number, self._snapshot.publication(number)))
            self._watch.lap("explain")
        return explained + [None] * (len(numbers) - len(explained))

    @property
    def counts(self) -> Counts:
        """The facet counts. A facet with a selected value is counted without its own selection."""
        if self._counts is None:
            self._counts = self._count()
        return self._counts

    def _count(self) -> Counts:
        counts = self._snapshot.table.counts(self.documents, dict(self._but_for_their_own()))
        self._watch.lap("facets")
        return counts

    def _but_for_their_own(self) -> Iterator[tuple[str, Documents]]:
        """Yield each field with a selected value, and the documents that pass all other facets."""
        for facet, selection in self.retrieved.selections.items():
            others = self.retrieved.sifted.but_for(facet)
            for row in selection.rows:
                yield row.name, others

    def facets(self) -> tuple[dict[str, tuple[Bucket, ...]], dict[str, int]]:
        """Return the buckets of each facet in display order, and how many values have none."""
        buckets, left_out = {}, {}
        for field in self._snapshot.catalogue.facets:
            name = field.name
            selection = self.retrieved.selections.get(name) or Selection(field, {}, self._snapshot)
            base = self.retrieved.sifted.but_for(name)
            buckets[name] = facets.buckets(base, self.counts, selection, self._ask.request.values)
            left_out[name] = facets.left_out(buckets[name], self.counts, selection)
        self._watch.lap("facets")
        return buckets, left_out

    def value_counts(self, field: str) -> dict[str, int]:
        """Return the number of hits with each value of a field, in the order of the index."""
        counts = self._snapshot.table.counts_of(field, self.documents).tolist()
        return dict(zip(self._snapshot.columns[field].values, counts, strict=True))

    def _within(self) -> Mask | None:
        """Return the mask of the hits; None if all documents are hits."""
        if self.total == self._snapshot.size:
            return None
        mask = np.zeros(self._snapshot.size, np.bool_)
        mask[self.documents] = True
        return mask

    def completions(self, prefix: str, limit: int) -> list[str]:
        """Return up to `limit` words with a prefix, as written, most frequent in the hits first."""
        return term_expansion.completions(prefix, self._within(), limit, self._snapshot)

    def titles_with(
        self, words: Sequence[str], limit: int, *, is_open: bool
    ) -> list[tuple[str, str]]:
        """Return the ids and titles of up to `limit` hits with all words in their title.

        If `is_open`, the last word is a prefix.
        """
        snapshot = self._snapshot
        ranges = list(self._ranges(words))
        if is_open:
            ranges[-1] = snapshot.segment.words.texts.beginning(words[-1])
        documents = snapshot.titles.holding(ranges)
        if (within := self._within()) is not None:
            documents = documents[within.take(documents)]
        numbers = snapshot.titles.best(documents, ranges, limit)
        ids = snapshot.segment.stored.ids
        return [(ids.text(number), snapshot.title(number)) for number in numbers]

    def _ranges(self, words: Iterable[str]) -> Iterator[Range]:
        """Yield the range of the entries of each written word, whatever their stems."""
        texts = self._snapshot.segment.words.texts
        for word in words:
            yield texts.beginning(word)[0], texts.beginning(word + STEM_MARK)[1]
