"""The store of a local index: it evaluates searches on the arrays of a snapshot with NumPy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np
from whoosh import query

from indexer.catalogue.records import Publication
from search_app.engine.arrays import semantic
from search_app.engine.arrays.evaluation import make_fetch, match_mask, score
from search_app.engine.arrays.fulltext import FullTextMatcher
from search_app.engine.arrays.reply import ArrayReply
from search_app.engine.arrays.top_hits import collapse_editions, top_hits
from search_app.engine.deadline import Deadline
from search_app.engine.query.nodes import Clause, Term
from search_app.engine.ranking import MAX_SIMILAR, MIN_SIMILARITY, choose_key_terms
from search_app.engine.results import File
from search_app.engine.snapshot.label_index import fold_typed
from search_app.engine.snapshot.snapshot import DocNumbers, Snapshot
from search_app.engine.store import LabeledValue, Related, StoredFile, StoreRequest


class ArrayStore:
    """The `Store` of a snapshot. It searches `texts` too, unless it is None."""

    def __init__(self, snapshot: Snapshot, texts: FullTextMatcher | None = None) -> None:
        self.snapshot, self._texts = snapshot, texts

    def ask(self, ask: StoreRequest, deadline: Deadline) -> ArrayReply:
        """Return the reply to a search. Raise BudgetExceeded."""
        return ArrayReply(ask, self.snapshot, deadline, self._texts)

    def answer(
        self, groups: Sequence[Iterable[StoreRequest]], deadline: Deadline
    ) -> list[Iterator[ArrayReply]]:
        """Return the replies to the searches of a round. Each is evaluated when it is taken."""
        return [map(partial(self.ask, deadline=deadline), group) for group in groups]

    def count_all(self, clauses: Sequence[Clause], deadline: Deadline) -> list[int]:
        """Return the number of publications that match each clause. Raise BudgetExceeded."""
        fetch = make_fetch(self.snapshot, partial(deadline.checkpoint, "match"), self._texts)
        return [len(fetch(clause).documents) for clause in clauses]

    def count_together(
        self, clauses: Sequence[Clause], others: Sequence[Clause], deadline: Deadline
    ) -> list[int]:
        """Return for each clause the number of publications that match it and all others.

        Raise BudgetExceeded.
        """
        mask = np.ones(self.snapshot.size, np.bool_)
        fetch = make_fetch(self.snapshot, partial(deadline.checkpoint, "match"), self._texts)
        for other_clause in others:
            mask &= match_mask(other_clause, self.snapshot, fetch)
        if not mask.any():
            return [0] * len(clauses)
        return [int(np.count_nonzero(mask.take(fetch(clause).documents))) for clause in clauses]

    def count_texts(self, word: str) -> int:
        """Return the approximate number of the searched full texts with a word as written."""
        return self._texts.count_texts(word) if self._texts else 0

    def list_text_words(self, prefix: str, least: int) -> Mapping[str, int]:
        """Return the words with a prefix that at least `least` of the searched full texts have."""
        return self._texts.list_words(prefix, least) if self._texts else {}

    def find_values(self, text: str, limit: int, language: str) -> Iterator[LabeledValue]:
        """Yield up to `limit` facet values with a prefix of their label, or of a word in it."""
        labels = self.snapshot.labels
        for number in labels.find_prefix(fold_typed(text), limit, language):
            yield LabeledValue(*labels.values[number], labels.labels[number], labels.counts[number])

    def get_publication(self, identity: str) -> Publication | None:
        """Return the publication with an id, or None."""
        number = self.snapshot.find_doc_number(identity)
        return None if number is None else self.snapshot.get_publication(number)

    def list_files(self, identity: str) -> list[File]:
        """Return the files of a publication, also those that can't be read."""
        number, texts = self.snapshot.find_doc_number(identity), self._texts
        if number is None or texts is None:
            return []
        return [texts.get_file(each) for each in texts.attached.find_attachments(number)]

    def find_file(self, digest: str) -> StoredFile | None:
        """Return the file with a digest (SHA-256, hexadecimal), or None."""
        texts = self.snapshot.texts
        number = texts.by_digest.get(digest) if texts else None
        if texts is None or number is None:
            return None
        attached, ids = texts.get_attached(number), self.snapshot.segment.docstore.ids
        return StoredFile(
            attached.file, texts.get_info(number).media_type,
            tuple(map(ids.get_text, texts.find_documents(number))),
        )  # fmt: skip

    def find_related(self, identity: str) -> Related:
        """Return the publications related to one. Raise KeyError if there is none with this id."""
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
        """Compute all caches that searches share."""
        self.snapshot.prepare()
        semantic.prepare(self.snapshot)


def more_like_this(doc_number: int, snapshot: Snapshot) -> DocNumbers:
    """Return up to MAX_SIMILAR similar documents, most similar first, ties by newest.

    The document itself and its editions are left out. Of the editions of another title, only the
    most similar one is returned.
    """
    key_terms = choose_key_terms(snapshot.gather(np.array([doc_number])), snapshot.vocabulary)
    if not key_terms:
        return snapshot.everything[:0]
    fields = frozenset(snapshot.segment.fields)
    clauses = [Clause([Term(term.stem, fields)], term.stem) for term in key_terms]
    documents, scores = score(query.Or(clauses), snapshot)
    own_index = documents.searchsorted(doc_number)
    is_similar = scores >= scores[own_index] * np.float32(MIN_SIMILARITY)
    is_similar[own_index] = False
    documents, scores = documents[is_similar], scores[is_similar]
    editions = snapshot.editions
    if len(other_editions := editions.find_others(doc_number)):
        is_other_title = ~np.isin(documents, other_editions)
        documents, scores = documents[is_other_title], scores[is_other_title]
    kept_indexes = collapse_editions(
        documents, scores, snapshot.ranks, "relevance", editions.family
    )
    documents, scores = documents.take(kept_indexes), scores.take(kept_indexes)
    order = top_hits(documents, scores, snapshot.ranks, "relevance", slice(0, MAX_SIMILAR))
    similar: DocNumbers = documents.take(order)
    return similar
