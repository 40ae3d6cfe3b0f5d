"""A snapshot: the arrays and caches of one generation of the index, open for reading.

Threads may share a snapshot. Its arrays are never written to, except a scratch array of each
thread. Cache entries (masks, postings of synonyms) are complete before they are inserted.
"""

import logging
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from threading import local

import numpy as np
from numpy.typing import NDArray

from indexer.analysis import embeddings, tokenizer
from indexer.analysis.embeddings import Encoder, EncoderError
from indexer.catalogue import schema
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication
from indexer.codec.segment import array_file, docstore
from indexer.codec.segment.array_file import Array, CorruptSegment, expand_ranges
from indexer.codec.segment.editions import Editions
from indexer.codec.segment.facet_columns import FacetColumn
from indexer.codec.segment.fulltext import open_texts
from indexer.codec.segment.reader import Postings, Segment, take_vocabulary
from indexer.generations.manifest import Generation, IndexOutdated
from search_app.engine.cache import Cache
from search_app.engine.matching import Words
from search_app.engine.query import nodes
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.snapshot.facet_counts import FacetTable, count_selected
from search_app.engine.snapshot.label_index import LabelPrefixIndex
from search_app.engine.snapshot.title_index import TitlePrefixIndex

log = logging.getLogger(__name__)

ReadArrays = Callable[[Path], Mapping[str, Array]]
"""Function from a file to its arrays, by name."""
Mask = NDArray[np.bool_]
"""A boolean for each document of a snapshot: True for those that are selected."""
DocNumbers = NDArray[np.int32]
"""Document numbers (int32), ascending."""

MAX_CACHED_MASKS = 512
"""Limit on cached masks. A mask has one byte per document."""
BINARY_SEARCH_RATIO = 16
"""Use a binary search to intersect two lists if one is over 16 times shorter, otherwise a table."""
MAX_CACHED_SYNONYMS = 1024
"""Limit on entities whose label matches are cached. A thesaurus has hundreds."""


class Snapshot:
    """A generation open for reading. `read_arrays` returns the arrays of a file.

    `encoder` is the encoder of the settings, whether or not it made the vectors of the generation.
    `masks` and `synonyms` are caches: of masks of documents, and of the postings of the labels of
    entities. `texts` contains the full texts, or is None if the catalogue has none.

    Raise IndexOutdated if the generation has another format or is damaged.
    """

    def __init__(
        self,
        generation: Generation,
        read_arrays: ReadArrays = array_file.open_arrays,
        encoder: Encoder | None = None,
    ) -> None:
        manifest = generation.manifest
        if (manifest.format, manifest.analysis) != (schema.FORMAT, tokenizer.VERSION):
            message = f"the index {generation.name} was built by another version of this program"
            raise IndexOutdated(message, "Run: pubsearch build")
        self.generation = generation
        self.name = generation.name
        self._encoder = encoder
        self.catalogue: Catalogue = manifest.catalogue
        try:
            self.segment = Segment(generation.segment, self.catalogue, read_arrays)
            self.texts = open_texts(generation.segment, self.catalogue, read_arrays)
        except (CorruptSegment, KeyError) as error:
            message = f"the generation {generation.name} cannot be read: {error}"
            raise IndexOutdated(message, "Run: pubsearch build --force") from error
        self.columns: Mapping[str, FacetColumn] = self.segment.columns
        self.dates = generation.read_dates()
        self.ranks: Mapping[str, Array] = self._rank()
        self.vocabulary = Vocabulary(take_vocabulary(self.segment), self.catalogue, self.texts)
        self.masks: Cache[object, Mask] = Cache(MAX_CACHED_MASKS)
        self.synonyms: Cache[object, Postings] = Cache(MAX_CACHED_SYNONYMS)
        self._thread_local = local()

    def _rank(self) -> Mapping[str, Array]:
        """Return the position of each document in each sort order except that by relevance."""
        ranks = self.segment.docstore.ranks
        added_last = np.lexsort((ranks["newest"], -self.dates[0]))
        return {**ranks, "added": docstore.make_ranks(added_last)}

    def prepare(self) -> None:
        """Compute all cached properties, so that no search waits for them."""
        vocabulary = self.vocabulary
        dictionaries = vocabulary.words, vocabulary.stems
        texts = [dictionary.texts for dictionary in dictionaries]
        of_texts = [self.texts.words] if self.texts else []
        words = (vocabulary, *dictionaries, *texts, *of_texts)
        facets = self.segment.facets.values()
        tables = [column.table for column in self.columns.values()]
        holders = (self, self.table, self.segment, *words, *facets, *tables)
        for holder in holders:
            for name, attribute in vars(type(holder)).items():
                if isinstance(attribute, cached_property):
                    getattr(holder, name)

    @cached_property
    def query_encoder(self) -> Encoder | None:
        """The encoder that made the vectors, ready for queries, or None if there is none.

        If it is missing or does not work, a warning is logged.
        """
        model = self.generation.manifest.meaning
        if not model:
            return None
        for encoder in (self._encoder, embeddings.load_encoder()):
            if encoder and encoder.model == model:
                try:
                    encoder.prepare()
                except EncoderError as error:
                    log.warning("semantic search is off: %s", error)
                return encoder
        message = "the index %s was built with %s, which is not installed: semantic search is off"
        log.warning(message, self.name, model)
        return None

    @property
    def size(self) -> int:
        """The number of documents, which are numbered from 0."""
        return self.segment.size

    def get_publication(self, doc_number: int) -> Publication:
        return self.segment.docstore.get_publication(
            doc_number, *self.dates[:, doc_number].tolist()
        )

    def gather(self, documents: Array) -> Words:
        """Return the words of some documents, in their order."""
        segment, starts = self.segment, self.segment.forward_index.starts
        begins = starts[documents].astype(np.int64)
        ends = starts[documents + 1, :1].astype(np.int64)
        lengths = np.diff(begins, append=ends, axis=1)
        positions = expand_ranges(begins[:, 0], lengths.sum(axis=1))
        return Words.number(
            segment.forward_index.stream.take(positions), lengths, segment.norms[documents],
            self.vocabulary,
            lambda part: np.isin(documents, self.find_values(part)),
        )  # fmt: skip

    def find_values(self, part: nodes.Values) -> DocNumbers:
        """Return the documents with any of some exact values or IDs, ascending."""
        column = None if part.field == nodes.ID else self.columns[part.field]
        find = column.find if column else self.find_doc_number
        known = (number for value in part.values if (number := find(value)) is not None)
        numbers = tuple(sorted(known))
        if column is None:
            return np.array(numbers, np.int32)
        if part.first:
            are_selected = np.zeros(len(column.table) + 1, np.bool_)
            are_selected[np.array(numbers, np.int64)] = True
            mask = are_selected.take(column.first_ordinals)
        else:
            mask = self.docs_with_values(part.field, numbers)
        return np.flatnonzero(mask).astype(np.int32)

    def get_title(self, doc_number: int) -> str:
        return self.segment.docstore.titles.get_text(doc_number)

    def find_doc_number(self, identity: str) -> int | None:
        """Return the document number of the publication with an id, or None."""
        return self.segment.docstore.find_doc_number(identity)

    def docs_with_values(self, field: str, ordinals: tuple[int, ...]) -> Mask:
        """Return the mask of the documents that have at least one of these values of a field."""
        return self.masks.get((field, ordinals), lambda: _find_docs(self.columns[field], ordinals))

    @cached_property
    def everything(self) -> DocNumbers:
        return np.arange(self.size, dtype=np.int32)

    def find_common(self, few: DocNumbers, many: DocNumbers) -> tuple[Array, Array]:
        """Return the indices in each of two lists of the documents that are in both."""
        if len(many) < len(few):
            indexes_b, indexes_a = self.find_common(many, few)
            return indexes_a, indexes_b
        indexes: Array
        if len(few) * BINARY_SEARCH_RATIO < len(many):
            indexes = many.searchsorted(few)
        else:
            table = self._scratch
            # NumPy assigns faster at indexes of this type.
            table[many.astype(np.intp)] = self.everything[: len(many)]
            indexes = table.take(few)
        indexes_a = (many.take(indexes, mode="clip") == few).nonzero()[0]
        return indexes_a, indexes.take(indexes_a)

    @property
    def _scratch(self) -> NDArray[np.int32]:
        """An array of one number per document, for this thread. It may contain old numbers."""
        try:
            scratch: NDArray[np.int32] = self._thread_local.scratch
        except AttributeError:
            scratch = self._thread_local.scratch = np.zeros(self.size, np.int32)
        return scratch

    @cached_property
    def by_change(self) -> DocNumbers:
        """The documents in the order in which their records last changed, ties by id."""
        by_id = self.segment.docstore.by_id
        order: DocNumbers = by_id[np.argsort(self.dates[1].take(by_id), kind="stable")]
        return order

    @cached_property
    def table(self) -> FacetTable:
        return FacetTable(self.segment.facets, self.size)

    @cached_property
    def editions(self) -> Editions:
        """The publications that are editions of one title."""
        return Editions(self.segment)

    @cached_property
    def labels(self) -> LabelPrefixIndex:
        totals = self.table.count(self.everything)
        values = {name: column.values for name, column in self.segment.facets.items()}
        counts = {name: totals[name] for name in values}
        return LabelPrefixIndex(values, counts, self.catalogue)

    @cached_property
    def titles(self) -> TitlePrefixIndex:
        return TitlePrefixIndex(self.segment, self.ranks["newest"])


def _find_docs(column: FacetColumn, ordinals: tuple[int, ...]) -> Mask:
    if len(ordinals) != 1:
        return count_selected(column, ordinals) > 0
    has_value: Mask = column.ordinals == ordinals[0]
    if len(has_value) == column.size:
        return has_value
    mask = np.zeros(column.size, np.bool_)
    mask[column.documents[has_value]] = True
    return mask
