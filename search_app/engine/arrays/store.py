"""The store of a local index: it evaluates searches on the arrays of a snapshot with NumPy.

A reply computes the hits of one search on demand. The steps are the words, semantic hits, the query
filters, the selected filters, title matches and feedback, the page, and the facet counts. Each step
is computed once, when its result is first needed.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from indexer.catalogue.records import Publication
from indexer.codec.segment.fulltext import File
from indexer.codec.segment.term_dictionary import STEM_MARK, decode_surface
from search_app.engine.arrays import semantic
from search_app.engine.arrays.facets import FilteredDocs
from search_app.engine.arrays.fulltext import FullTextMatcher
from search_app.engine.arrays.scoring import (
    Fetch,
    Ranking,
    collapse_editions,
    find_hits,
    make_fetch,
    rank,
    top_hits,
)
from search_app.engine.arrays.semantic import SemanticHits
from search_app.engine.deadline import Deadline
from search_app.engine.explain import AddedToHit, Explainer, limit_explained
from search_app.engine.facets import FacetSelection, count_hidden, facet_buckets
from search_app.engine.matching import Words
from search_app.engine.query import nodes
from search_app.engine.query.cost import limit_cost
from search_app.engine.query.vocabulary import count_dropped
from search_app.engine.ranking import (
    KIN,
    KIN_DEPTH,
    MAX_SIMILAR,
    SIMILAR_DEPTH,
    AddedScores,
    Candidates,
    Rescoring,
    choose_affordable,
    choose_key_terms,
    compute_kin_shares,
    compute_similarities,
    level_scores,
)
from search_app.engine.request import EVERYTHING
from search_app.engine.results import Bucket, Explanation
from search_app.engine.snapshot.facet_counts import FacetCounts
from search_app.engine.snapshot.label_index import fold_typed
from search_app.engine.snapshot.snapshot import DocNumbers, Mask, Snapshot
from search_app.engine.store import (
    ChangePeriod,
    CountGroup,
    FoundFile,
    LabeledValue,
    RankedHit,
    Related,
    StoredFile,
    StoreRequest,
)

NOTHING = Ranking(np.zeros(0, np.int32), np.zeros(0, np.float32))
Page = tuple[DocNumbers, NDArray[np.float32] | None]
"""Documents in order, and the scores or the sort keys of each; None without words."""


class Retrieved(NamedTuple):
    """The documents of a search after each step.

    `semantic` contains the semantic scores, if any. `ranking` contains the documents before any
    filter. `filtered` contains the documents that pass the query filters, and the hits. `sort_keys`
    (float32) are the sort keys of the former by relevance. Without words there are no ranking and
    no keys.
    """

    semantic: SemanticHits | None
    ranking: Ranking | None
    filtered: FilteredDocs
    sort_keys: NDArray[np.float32] | None


class Raised(NamedTuple):
    """Documents, best first by their words, and what is added to the score of each."""

    documents: list[int]
    added: AddedScores

    def get_of(self, number: int) -> dict[str, float]:
        """Return the gains of a document by signal, if it has any."""
        return self.added.get_of(self.documents.index(number)) if number in self.documents else {}


class ArrayReply:
    """The `Reply` to a search of a snapshot. The constructor evaluates the words only.

    `words` contains the documents that match the words, before all filters. It is None without
    words.
    """

    def __init__(
        self, store_request: StoreRequest, snapshot: Snapshot, deadline: Deadline,
        texts: FullTextMatcher | None = None,
    ) -> None:  # fmt: skip
        self._store_request, self._snapshot = store_request, snapshot
        self._deadline, self._texts = deadline, texts
        # No `cached_property`: until Python 3.12, all threads wait while one computes it.
        self._retrieved: Retrieved | None = None
        self._page: Page | None = None
        self._raised: Raised | None = None
        self._by_fields: int | None = None
        self.tree: nodes.Tree | None = None
        self.dropped = tuple[str, ...]()
        self.words: Ranking | None = None
        self._check = partial(deadline.checkpoint, "match")
        self._fetch = make_fetch(snapshot, self._check, texts)
        if store_request.tree is None:
            return
        self.tree, self.dropped = limit_cost(store_request.tree, snapshot.vocabulary)
        if self.tree is not None:
            self.tree = nodes.add_boosts(self.tree, store_request.boosts, store_request.added)
        self.words = self._rank(self._fetch)
        self._check()

    def _rank(self, fetch: Fetch) -> Ranking:
        """Return the documents that match the words."""
        return NOTHING if self.tree is None else rank(self.tree, self._snapshot, fetch)

    @property
    def truncated(self) -> tuple[tuple[str, int], ...]:
        """The texts of the clauses that match fewer words of full texts, and how many fewer."""
        if self._texts is None:
            return ()
        counted = []
        for clause in nodes.clauses(nodes.drop_boosts(self.tree)):
            dropped = count_dropped(clause, self._snapshot.vocabulary, in_texts=True)
            counted.append((clause.text, dropped))
            self._check()  # an expansion that is no longer cached is made again
        return tuple(each for each in counted if each[1])

    @property
    def by_words(self) -> int:
        return 0 if self.words is None else len(self.words.documents)

    @property
    def by_fields(self) -> int:
        if not self._texts:
            return self.by_words
        if self._by_fields is None:
            self._by_fields = len(self._rank(make_fetch(self._snapshot, self._check)).documents)
        return self._by_fields

    @property
    def retrieved(self) -> Retrieved:
        """The documents after semantic search and filters."""
        if self._retrieved is not None:
            return self._retrieved
        semantic_hits = semantic.add_semantic_hits(self._store_request, self.words, self._snapshot)
        if semantic_hits:
            self._deadline.checkpoint("meaning")
        ranking = semantic_hits.ranking if semantic_hits else self.words
        documents, keys = (
            (ranking.documents, ranking.sort_keys) if ranking else (self._snapshot.everything, None)
        )
        for node in self._store_request.filters:
            passing = find_hits(node, self._snapshot).documents
            passed = self._snapshot.find_common(documents, passing)[0]
            documents, keys = documents.take(passed), None if keys is None else keys.take(passed)
        filtered = FilteredDocs(documents, self._store_request.request, self._snapshot)
        self._deadline.checkpoint("match")
        self._retrieved = Retrieved(semantic_hits, ranking, filtered, keys)
        return self._retrieved

    @property
    def documents(self) -> DocNumbers:
        return self.retrieved.filtered.documents

    @property
    def matched(self) -> int:
        return len(self.retrieved.filtered.unfiltered)

    @property
    def total(self) -> int:
        return len(self.documents)

    @property
    def title_count(self) -> int:
        return self._snapshot.editions.count_titles(self.documents)

    @property
    def semantic_total(self) -> int:
        semantic_hits = self.retrieved.semantic
        return self._count_among(semantic_hits.added) if semantic_hits else 0

    @property
    def has_words(self) -> bool:
        semantic_hits = self.retrieved.semantic
        return self.matched > (len(semantic_hits.added) if semantic_hits else 0)

    def count_overlap(self, other: Self) -> int:
        return 0 if other.words is None else self._count_among(other.words.documents)

    def count_with(self, clauses: Sequence[nodes.Clause]) -> list[int]:
        return [self._count_among(self._fetch(clause).documents) for clause in clauses]

    def _count_among(self, documents: DocNumbers) -> int:
        return len(self._snapshot.find_common(documents, self.documents)[0])

    def _rescore(
        self, ranking: Ranking, matched: DocNumbers, keys: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Return the sort keys of the documents that pass the query filters, with added scores.

        These do not depend on the selected filters, so filters never change the order of hits.
        """
        store_request, snapshot = self._store_request, self._snapshot
        rescoring, newest = (
            Rescoring(store_request, self.tree, snapshot.vocabulary),
            snapshot.ranks["newest"],
        )
        depth = max(rescoring.depth, 0 if store_request.filters else rescoring.matched_depth)
        best = top_hits(*ranking[:2], snapshot.ranks, "relevance", slice(0, depth))
        if store_request.filters and rescoring.matched_depth:
            first = slice(0, rescoring.matched_depth)
            further = matched.take(top_hits(matched, keys, snapshot.ranks, "relevance", first))
            best = np.union1d(best, ranking.documents.searchsorted(further))
            ties = newest.take(ranking.documents.take(best))
            best = best.take(np.lexsort((ties, -ranking.sort_keys.take(best))))
        if not len(best):
            return keys
        documents = ranking.documents.take(best)
        indexes = matched.searchsorted(documents)
        are_matched = matched.take(indexes, mode="clip") == documents if len(matched) else best < 0
        candidates = Candidates(
            ranking.sort_keys.take(best), newest.take(documents),
            snapshot.editions.family.take(documents), are_matched,
        )  # fmt: skip
        added = rescoring.compute(candidates, snapshot.gather(documents))
        if added.terms:
            self._deadline.checkpoint("feedback")
        self._raised = Raised(documents.tolist(), added)
        keys, indexes = keys.copy(), indexes[are_matched]
        for gains in added.gains.values():
            keys[indexes] += gains[are_matched].astype(np.float32)
        return keys

    def _order(self, page: slice) -> Page:
        """Return the documents of a part of the list, in order, and their sort keys by relevance.

        With folding, only the first edition of each title is in the list.
        """
        store_request, snapshot = self._store_request, self._snapshot
        _, ranking, filtered, keys = self.retrieved
        if ranking is not None and keys is not None:
            keys = self._rescore(ranking, filtered.unfiltered, keys)
            keys = keys if filtered.indexes is None else keys.take(filtered.indexes)
        documents, order = filtered.documents, keys
        if store_request.newest_first and store_request.request.sort is None and keys is not None:
            order = level_scores(keys)
        if store_request.request.fold:
            kept_indexes = collapse_editions(
                documents, order, snapshot.ranks, store_request.sort, snapshot.editions.family
            )
            documents = documents.take(kept_indexes)
            keys, order = [
                None if values is None else values.take(kept_indexes) for values in (keys, order)
            ]
        indexes = top_hits(documents, order, snapshot.ranks, store_request.sort, page)
        return documents.take(indexes), None if keys is None else keys.take(indexes)

    def rank(self) -> Page:
        """Return the documents of the page, in order, and their scores, or None without words."""
        if self._page is None:
            request, ranking = self._store_request.request, self.retrieved.ranking
            first = (request.page - 1) * request.size
            documents, keys = self._order(slice(first, first + request.size))
            scores = None if ranking is None or keys is None else ranking.to_scores(keys)
            self._page = documents, scores
            self._deadline.checkpoint("score")
        return self._page

    def list_ids(self) -> list[str]:
        ids = self._snapshot.segment.docstore.ids
        return [ids.get_text(number) for number in self.rank()[0].tolist()]

    def list_dated_ids(self) -> list[tuple[str, int]]:
        changed = self._snapshot.dates[1].take(self.rank()[0])
        return [*zip(self.list_ids(), changed.tolist(), strict=True)]

    def rank_hits(self) -> Iterator[RankedHit]:
        documents, scores = self.rank()
        values = [None] * len(documents) if scores is None else scores.tolist()
        for number, value in zip(documents.tolist(), values, strict=True):
            editions = len(self._snapshot.editions.find_others(number))
            yield RankedHit(self._snapshot.get_publication(number), value, editions)

    def find_files(self, identity: str, most: int) -> list[FoundFile]:
        number = self._snapshot.find_doc_number(identity) if self._texts else None
        if number is None or self._texts is None:
            return []
        check = partial(self._deadline.checkpoint, "passages")
        return [*self._texts.find_files(number, [*nodes.clauses(self.tree)], most, check)]

    def scan(self) -> Iterator[Publication]:
        numbers = self._order(slice(0, self.total))[0].tolist()
        self._deadline.checkpoint("score")
        return map(self._snapshot.get_publication, numbers)

    def gather(self) -> Words:
        return self._snapshot.gather(self.rank()[0])

    def explain(self) -> list[Explanation | None]:
        documents = self.rank()[0]  # ranking adds scores
        explained, semantic = documents[: limit_explained(self.tree)], self.retrieved.semantic
        numbers: list[int] = explained.tolist()

        def weigh_inside(index: int, clause: nodes.Clause) -> float:
            inside = self._fetch(clause).inside
            if inside is None:
                return 0.0
            place = int(inside.documents.searchsorted(explained[index]))
            is_inside = bool((inside.documents[place : place + 1] == explained[index]).any())
            return float(inside.weights[place]) if is_inside else 0.0

        def find_inside(index: int, clause: nodes.Clause) -> list[FoundFile]:
            check = partial(self._deadline.checkpoint, "explain")
            texts = self._texts
            return [*texts.find_files(numbers[index], [clause], 0, check)] if texts else []

        raised = self._raised
        explainer = Explainer(
            self._store_request, self.tree, self._snapshot.vocabulary,
            [*map(self._snapshot.get_publication, numbers)], self._snapshot.gather(explained),
            lambda clause: self._fetch(clause).idf,
            raised.added.terms if raised else (), weigh_inside, find_inside,
        )  # fmt: skip
        explanations: list[Explanation | None] = []
        for index, number in enumerate(numbers):
            share = semantic.get_share(number) if semantic else 0.0
            added = AddedToHit(share, **(raised.get_of(number) if raised else {}))
            explanations.append(explainer.explain(index, added))
            self._deadline.checkpoint("explain")
        return explanations + [None] * (len(documents) - len(numbers))

    def count(self) -> FacetCounts:
        """Return the facet counts. A selection of any value does not count in its own facet."""
        documents_by_field: dict[str, DocNumbers] = {}
        filtered = self.retrieved.filtered
        for facet, selection in filtered.selections.items():
            if not selection.needs_all:
                documents = filtered.without_facet(facet)
                documents_by_field |= {field.name: documents for field in selection.fields}
        counts = self._snapshot.table.count(self.documents, documents_by_field)
        self._deadline.checkpoint("facets")
        return counts

    def count_facets(self) -> tuple[dict[str, tuple[Bucket, ...]], dict[str, int]]:
        self.rank()  # before counting, so that stages are reported in this order
        counts, catalogue = self.count(), self._snapshot.catalogue
        buckets, hidden_values = {}, {}
        filtered, most = self.retrieved.filtered, self._store_request.request.values
        restricted = filtered.list_restricted()
        for field in catalogue.facets:
            selection = filtered.selections.get(field.name)
            selection = selection or FacetSelection(field, EVERYTHING, catalogue)
            buckets[field.name] = facet_buckets(selection, counts, restricted, most)
            hidden_values[field.name] = count_hidden(buckets[field.name], counts, selection)
        self._deadline.checkpoint("facets")
        return buckets, hidden_values

    def count_values(self, field: str) -> dict[str, int]:
        counts = self._snapshot.table.count_field(field, self.documents).tolist()
        return dict(zip(self._snapshot.columns[field].values, counts, strict=True))

    def complete(self, prefix: str, limit: int) -> list[str]:
        words = self._snapshot.segment.words
        first, last = words.texts.find_prefix(prefix)
        if first == last:
            return []
        frequencies = (
            np.diff(words.offsets[first : last + 1])
            if len(self.documents) == self._snapshot.size
            else words.count_documents(first, last, self._make_mask())
        )
        candidates = frequencies.nonzero()[0]
        if limit < len(candidates):
            best = frequencies[candidates].argpartition(len(candidates) - limit)[-limit:]
            candidates = candidates[best]
        order = candidates[np.lexsort((candidates, -frequencies[candidates]))] + first
        return list(dict.fromkeys(decode_surface(words.texts.get_text(number)) for number in order))

    def find_titles(
        self, words: Sequence[str], limit: int, *, is_open: bool
    ) -> list[tuple[str, str]]:
        snapshot = self._snapshot
        texts = snapshot.segment.words.texts
        # The entries of a word as written, whatever their stems, are one range.
        ranges = [
            (texts.find_prefix(word)[0], texts.find_prefix(word + STEM_MARK)[1]) for word in words
        ]
        if is_open:
            ranges[-1] = texts.find_prefix(words[-1])
        documents = snapshot.titles.find_titles(ranges)
        if len(self.documents) < snapshot.size:
            documents = documents[self._make_mask().take(documents)]
        numbers = snapshot.titles.select_best(documents, ranges, limit)
        ids = snapshot.segment.docstore.ids
        return [(ids.get_text(number), snapshot.get_title(number)) for number in numbers]

    def _make_mask(self) -> Mask:
        mask = np.zeros(self._snapshot.size, np.bool_)
        mask[self.documents] = True
        return mask


class ArrayStore:
    """The `Store` of a snapshot. It searches `texts` too, unless it is None."""

    def __init__(self, snapshot: Snapshot, texts: FullTextMatcher | None = None) -> None:
        self.snapshot, self._texts = snapshot, texts

    def ask(self, store_request: StoreRequest, deadline: Deadline) -> ArrayReply:
        return ArrayReply(store_request, self.snapshot, deadline, self._texts)

    def ask_each(
        self, store_requests: Iterable[StoreRequest], deadline: Deadline
    ) -> Iterator[ArrayReply]:
        return map(partial(self.ask, deadline=deadline), store_requests)

    def count_all(self, clauses: Sequence[nodes.Clause], deadline: Deadline) -> list[int]:
        fetch = make_fetch(self.snapshot, partial(deadline.checkpoint, "match"), self._texts)
        return [len(fetch(clause).documents) for clause in clauses]

    def count_together(self, groups: Sequence[CountGroup], deadline: Deadline) -> list[list[int]]:
        fetch = make_fetch(self.snapshot, partial(deadline.checkpoint, "match"), self._texts)
        counts: list[list[int]] = []
        for counted, others in groups:
            documents = find_hits(
                nodes.And([nodes.Every(), *others]), self.snapshot, fetch
            ).documents
            find = partial(self.snapshot.find_common, documents)
            counts.append(
                [len(find(fetch(each).documents)[0]) if len(documents) else 0 for each in counted]
            )
        return counts

    def find_values(self, text: str, limit: int, language: str) -> Iterator[LabeledValue]:
        labels = self.snapshot.labels
        for number in labels.find_prefix(fold_typed(text), limit, language):
            yield LabeledValue(*labels.values[number], labels.labels[number], labels.counts[number])

    def get_publication(self, identity: str) -> Publication | None:
        number = self.snapshot.find_doc_number(identity)
        return None if number is None else self.snapshot.get_publication(number)

    def list_changed(self, period: ChangePeriod, most: int) -> list[Publication]:
        snapshot, order = self.snapshot, self.snapshot.by_change
        get_id = snapshot.segment.docstore.ids.get_text
        changed = snapshot.dates[1].take(order)
        first, others = changed.searchsorted((period.since, period.since + 1)).tolist()
        end = int(changed.searchsorted(period.until, "right"))
        first = bisect_right(order, period.after, first, others, key=get_id)
        documents = order[first:end]
        if period.field:
            ordinal = snapshot.columns[period.field].find(period.value)
            mask = snapshot.docs_with_values(period.field, () if ordinal is None else (ordinal,))
            documents = documents[mask.take(documents)]
        return self._get_publications(documents[:most])

    def list_files(self, identity: str) -> list[File]:
        number, texts = self.snapshot.find_doc_number(identity), self._texts
        if number is None or texts is None:
            return []
        attached = texts.attached
        return [*map(attached.get_file, attached.find_attachments(number))]

    def find_file(self, digest: str) -> StoredFile | None:
        texts = self.snapshot.texts
        number = texts.by_digest.get(digest) if texts else None
        if texts is None or number is None:
            return None
        ids = map(self.snapshot.segment.docstore.ids.get_text, texts.find_documents(number))
        return StoredFile(texts.get_file(number), tuple(ids))

    def keep_ids(self, ids: Iterable[str]) -> list[str]:
        return [each for each in ids if self.snapshot.find_doc_number(each) is not None]

    def find_related(self, identity: str) -> Related:
        number = self.snapshot.find_doc_number(identity)
        if number is None:
            raise KeyError(identity)
        editions = self.snapshot.editions.find_others(number)
        newest_first = editions[np.argsort(self.snapshot.ranks["newest"].take(editions))]
        return Related(
            self._get_publications(newest_first),
            self._get_publications(more_like_this(number, self.snapshot)),
        )

    def _get_publications(self, documents: DocNumbers) -> list[Publication]:
        return [self.snapshot.get_publication(number) for number in documents.tolist()]

    def prepare(self) -> None:
        self.snapshot.prepare()


def more_like_this(doc_number: int, snapshot: Snapshot) -> DocNumbers:
    """Return up to MAX_SIMILAR similar documents, most similar first, ties by newest.

    Its most telling words retrieve documents, and all of its key terms order the best
    SIMILAR_DEPTH. The document itself and its editions are left out. Of the editions of another
    title, only the most similar one is returned.
    """
    vocabulary, editions, ranks = snapshot.vocabulary, snapshot.editions, snapshot.ranks
    key_terms = choose_key_terms(snapshot.gather(np.array([doc_number])), vocabulary)
    retrieving = choose_affordable(key_terms, vocabulary)
    if not retrieving:
        return snapshot.everything[:0]
    fields = frozenset(snapshot.segment.fields)
    clauses = [nodes.Clause([nodes.Term(stem, fields)], stem) for stem in retrieving]
    documents, scores = find_hits(nodes.Or([*clauses]), snapshot)
    own = [doc_number, *editions.find_others(doc_number).tolist()]
    best = top_hits(documents, scores, ranks, "relevance", slice(0, SIMILAR_DEPTH + len(own)))
    documents = np.setdiff1d(documents.take(best), own)

    def order(documents: DocNumbers, most: int) -> tuple[DocNumbers, NDArray[np.float32]]:
        scores = compute_similarities(key_terms, snapshot.gather(documents), vocabulary)
        kept = collapse_editions(documents, scores, ranks, "relevance", editions.family)
        documents, scores = documents.take(kept), scores.take(kept)
        hits = top_hits(documents, scores, ranks, "relevance", slice(0, most))
        return documents.take(hits), scores.take(hits)

    documents, scores = order(documents, KIN_DEPTH)
    if len(documents):
        kin = snapshot.gather(np.concatenate([[doc_number], documents[:KIN]]))
        key_terms = choose_key_terms(kin, vocabulary, compute_kin_shares(scores[:KIN]))
        documents = order(np.sort(documents), MAX_SIMILAR)[0]
    return documents
