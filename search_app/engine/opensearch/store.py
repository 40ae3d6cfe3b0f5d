"""The store of an index in a cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, compress, islice

from indexer.catalogue.records import Publication
from indexer.cluster.fulltext_documents import FileInfo
from indexer.cluster.mapping import Json
from search_app.engine.deadline import Deadline
from search_app.engine.opensearch import hits
from search_app.engine.opensearch.clause_limit import MAX_LEAVES, count_leaves
from search_app.engine.opensearch.combining import filter_by
from search_app.engine.opensearch.counts import make_count
from search_app.engine.opensearch.found_pages import make_file, read_files
from search_app.engine.opensearch.generation import ClusterGeneration
from search_app.engine.opensearch.hits import RankedDoc
from search_app.engine.opensearch.more_like_this import make_similar_search, read_similar
from search_app.engine.opensearch.reply import OpenSearchReply
from search_app.engine.query.nodes import Clause
from search_app.engine.ranking import choose_key_terms
from search_app.engine.results import File
from search_app.engine.snapshot.label_index import fold_typed
from search_app.engine.store import (
    LabeledValue,
    Related,
    StoredFile,
    StoreRequest,
)

MAX_EDITIONS = 100
"""Number of other editions of a publication that are listed."""
MAX_OWNERS = 1000
"""Limit on the publications that a file is known to belong to."""


class OpenSearchStore:
    """The `Store` of a generation in a cluster."""

    def __init__(self, generation: ClusterGeneration) -> None:
        self._generation = generation

    def ask(self, ask: StoreRequest, deadline: Deadline) -> OpenSearchReply:
        """Return the reply to a search. Raise BudgetExceeded."""
        return OpenSearchReply(ask, self._generation, deadline)

    def answer(
        self, groups: Sequence[Iterable[StoreRequest]], deadline: Deadline
    ) -> list[Iterator[OpenSearchReply]]:
        """Return the replies to the searches of a round, counted in one request.

        A single group is asked one by one as long as the vocabulary has the counts. Raise
        BudgetExceeded.
        """
        if len(groups) == 1:
            return [self._ask_each(groups[0], deadline)]
        replies = [[self.ask(ask, deadline) for ask in group] for group in groups]
        self._count_each([*chain.from_iterable(replies)], deadline)
        return [*map(iter, replies)]

    def _ask_each(
        self, asks: Iterable[StoreRequest], deadline: Deadline
    ) -> Iterator[OpenSearchReply]:
        remaining = iter(asks)
        for ask in remaining:
            reply = self.ask(ask, deadline)
            if reply.find_by_words() is None:
                replies = [reply, *(self.ask(other, deadline) for other in remaining)]
                self._count_each(replies, deadline)
                yield from replies
            else:
                yield reply

    def _count_each(self, replies: Sequence[OpenSearchReply], deadline: Deadline) -> None:
        """Count the publications of several searches."""
        bodies = [reply.plan.make_counts() for reply in replies]
        counts = iter(self._generation.counts.count([*chain.from_iterable(bodies)], deadline))
        for reply, own in zip(replies, bodies, strict=True):
            reply.read_counts([*islice(counts, len(own))])

    def count_all(self, clauses: Sequence[Clause], deadline: Deadline) -> list[int]:
        """Return the number of publications that match each clause.

        It is that of all publications for a clause of over MAX_LEAVES, such as a concept with
        hundreds of narrower ones. No search has such a clause.
        """
        generation, counts = self._generation, self._generation.counts
        # Typed clauses are too many to know all, and a search would wait for them.
        labels = [clause for clause in clauses if not clause.text]
        generation.compiler.fields.learn_phrases(
            labels, lambda bodies: generation.client.msearch(bodies, deadline)
        )
        frequencies = generation.frequencies.look_up(clauses)
        is_short = [count_leaves(body["query"]) <= MAX_LEAVES for body in frequencies.bodies]
        counted = iter(counts.count([*compress(frequencies.bodies, is_short)], deadline))
        everything = (generation.vocabulary.size,)
        counts.add({
            key: everything
            for key, short in zip(frequencies.unknown, is_short, strict=True) if not short
        })  # fmt: skip
        frequencies.complete([next(counted) if short else everything for short in is_short])
        return [frequencies.get(clause).total for clause in clauses]

    def count_together(
        self, clauses: Sequence[Clause], others: Sequence[Clause], deadline: Deadline
    ) -> list[int]:
        """Return for each clause the number of publications that match it and all others."""
        match = self._generation.compiler.match
        shared = [match(clause) for clause in others]
        bodies = [make_count(filter_by([match(clause), *shared])) for clause in clauses]
        return [count for (count,) in self._generation.counts.count(bodies, deadline)]

    def count_texts(self, word: str) -> int:
        """Return the approximate number of the searched full texts with a word as written."""
        texts = self._generation.compiler.texts
        return texts.count_texts(word) if texts else 0

    def list_text_words(self, prefix: str, least: int) -> Mapping[str, int]:
        """Return the words with a prefix that at least `least` of the searched full texts have."""
        texts = self._generation.compiler.texts
        return texts.list_words(prefix, least) if texts else {}

    def find_values(self, text: str, limit: int, language: str) -> Iterator[LabeledValue]:
        """Yield up to `limit` facet values with a prefix of their label, or of a word in it."""
        labels = self._generation.labels
        for number in labels.find_prefix(fold_typed(text), limit, language):
            yield LabeledValue(*labels.values[number], labels.labels[number], labels.counts[number])

    def get_publication(self, identity: str) -> Publication | None:
        """Return the publication with an id, or None."""
        found = self._find(identity)
        return None if found is None else found.record

    def _find(self, identity: str) -> RankedDoc | None:
        query = filter_by([{"term": {"id": identity}}])
        [response] = self._generation.client.msearch(
            [hits.make_page(query, hits.ORDERS["newest"], slice(0, 1))], Deadline()
        )
        return next(iter(hits.read_page(response)), None)

    def list_files(self, identity: str) -> list[File]:
        """Return the files of a publication, also those that can't be read."""
        return [make_file(info) for _, info in self._list_files({"id": identity}, 1)]

    def find_file(self, digest: str) -> StoredFile | None:
        """Return the file with a digest (SHA-256, hexadecimal), or None."""
        found = self._list_files({"digest": digest}, MAX_OWNERS)
        files = [(identity, info) for identity, info in found if info.digest == digest]
        if not files:
            return None
        ids, (info, *_) = zip(*files, strict=True)
        return StoredFile(info.path, info.media_type, tuple(dict.fromkeys(ids)))

    def _list_files(self, term: Json, most: int) -> list[tuple[str, FileInfo]]:
        """Return the files of publications with a value, each with the id of its publication."""
        if not self._generation.compiler.texts:
            return []
        body: Json = {
            "query": filter_by([{"term": term}]), "size": most, "sort": ["id"],
            "stored_fields": ["files"], "track_total_hits": False,
        }  # fmt: skip
        [response] = self._generation.client.msearch([body], Deadline())
        hits = response["hits"]["hits"]
        return [(hit["sort"][0], info) for hit in hits for info in read_files(hit)]

    def find_related(self, identity: str) -> Related:
        """Return the publications related to one. Raise KeyError if there is none with this id."""
        found = self._find(identity)
        if found is None:
            raise KeyError(identity)
        generation = self._generation
        assert found.record is not None
        words = generation.split_words([found.record])
        key_terms = choose_key_terms(words, generation.vocabulary)
        bodies = [_make_editions_search(found)] if found.editions else []
        if key_terms:
            bodies.append(
                make_similar_search(
                    key_terms, found.group, generation.compiler.fields, generation.vocabulary
                )
            )
        responses = iter(generation.client.msearch(bodies, Deadline()) if bodies else ())
        editions = hits.read_page(next(responses)) if found.editions else []
        similar = read_similar(next(responses), key_terms) if key_terms else []
        return Related(_list_records(editions), _list_records(similar))

    def prepare(self) -> None:
        """Do nothing: the caches of a cluster are in its nodes."""


def _make_editions_search(hit: RankedDoc) -> Json:
    """Return the search for the other editions of a publication, newest first."""
    query: Json = {
        "bool": {
            "filter": [{"term": {"group": hit.group}}],
            "must_not": [{"term": {"id": hit.id}}],
        }
    }
    return hits.make_page(query, hits.ORDERS["newest"], slice(0, MAX_EDITIONS))


def _list_records(found: Sequence[RankedDoc]) -> list[Publication]:
    return [hit.record for hit in found if hit.record]
