"""A generation of a cluster as searches need it: its index, vocabulary, and queries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication
from indexer.cluster.fulltext_file import FullTextFile
from indexer.cluster.vocabulary_file import VocabularyFile
from indexer.codec.segment.array_file import Array
from search_app.engine.matching import Words, split_words
from search_app.engine.opensearch.client import ClusterClient
from search_app.engine.opensearch.counts import CountCache
from search_app.engine.opensearch.field_queries import FieldQueries
from search_app.engine.opensearch.frequencies import DocumentFrequencies
from search_app.engine.opensearch.fulltext import FullTextQueries
from search_app.engine.opensearch.queries import QueryCompiler
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.snapshot.label_index import LabelPrefixIndex


class ClusterGeneration(NamedTuple):
    """A generation that is open for searching. Threads may share it.

    `mean_lengths` has the mean length of each searchable field, and `labels` the labels of facet
    values.
    """

    client: ClusterClient
    vocabulary: Vocabulary
    mean_lengths: Array
    labels: LabelPrefixIndex
    compiler: QueryCompiler
    counts: CountCache
    frequencies: DocumentFrequencies

    def match_only_named(self) -> Self:
        """Return this generation with full texts that match only where a query names them."""
        texts = self.compiler.texts and self.compiler.texts.match_only_named()
        compiler = QueryCompiler(self.vocabulary, self.compiler.fields, texts)
        frequencies = DocumentFrequencies(self.vocabulary, compiler, self.counts)
        return self._replace(compiler=compiler, frequencies=frequencies)

    def split_words(self, publications: Sequence[Publication]) -> Words:
        """Return the words of some publications."""
        return split_words(publications, self.vocabulary, self.mean_lengths)


def open_generation(
    client: ClusterClient, file: VocabularyFile, catalogue: Catalogue,
    words: FullTextFile | None = None,
) -> ClusterGeneration:  # fmt: skip
    """Return a generation, given a client of its index, its vocabulary, and its fields.

    `words` has those of the full texts, if there are any.
    """
    arrays, mean_lengths, value_counts = file
    vocabulary = Vocabulary(arrays, catalogue, words.dictionary if words else None)
    fields = FieldQueries(vocabulary, mean_lengths.tolist())
    texts = FullTextQueries(words, catalogue) if words else None
    compiler = QueryCompiler(vocabulary, fields, texts)
    counts = CountCache(client)
    return ClusterGeneration(
        client,
        vocabulary,
        mean_lengths,
        LabelPrefixIndex(arrays.values, value_counts, catalogue),
        compiler,
        counts,
        DocumentFrequencies(vocabulary, compiler, counts),
    )
