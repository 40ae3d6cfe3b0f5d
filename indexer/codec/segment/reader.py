"""A segment, open for reading: the arrays of a generation, and lookups in them."""

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer.catalogue.fields import Catalogue
from indexer.codec.segment import array_file, postings
from indexer.codec.segment.array_file import Array, StringTable, expand_ranges
from indexer.codec.segment.docstore import DocStore
from indexer.codec.segment.facet_columns import FacetColumn
from indexer.codec.segment.postings import ForwardIndex
from indexer.codec.segment.term_dictionary import Dictionary, VocabularyArrays
from indexer.codec.segment.vectors import Vectors

PUBLICATIONS, FACETS, WORDS = "publications.seg", "facets.seg", "words.seg"
POSTINGS, MEANING = "postings.seg", "meaning.seg"
LANGUAGE_COLUMN = "@language"
"""The name of the column with the language of each document. No field has this name."""


class Postings(NamedTuple):
    """The documents that contain some terms (int32), with their weights (float32).

    The documents of one term ascend. Those of several terms follow each other, term by term. A
    weight is a frequency weighted by field, normalized by length, and summed over the fields.
    """

    documents: Array
    weights: Array


class Positions(NamedTuple):
    """Positions in the word stream (int64), and the document of each (int32)."""

    documents: Array
    offsets: Array


class Terms(Dictionary):
    """A dictionary, and the postings of each term over all fields.

    `arrays` contains the stored arrays of `postings.SortedRun`, by name.
    """

    def __init__(self, texts: StringTable, arrays: Mapping[str, Array]) -> None:
        super().__init__(texts, arrays["offsets"])
        self.arrays = arrays
        self.documents: Array = arrays["documents"]
        self.weights: Array = arrays["weights"]

    def get_postings(self, first: int, last: int) -> Postings:
        """Return the postings of the terms from `first` up to `last`."""
        begin, end = self.offsets[first], self.offsets[last]
        return Postings(self.documents[begin:end], self.weights[begin:end])

    def get_postings_of(self, numbers: Array) -> Postings:
        """Return the postings of several terms, one term after the other."""
        indexes = _expand_ranges(self.offsets, numbers)
        return Postings(self.documents.take(indexes), self.weights.take(indexes))

    def count_documents(self, first: int, last: int, within: NDArray[np.bool_]) -> Array:
        """Return how many documents `within` have each term from `first` up to `last` (int64)."""
        offsets = self.offsets[first : last + 1].astype(np.int64)
        documents = self.documents[offsets[0] : offsets[-1]]
        is_within = within.view(np.uint8).take(documents)
        return np.add.reduceat(is_within, offsets[:-1] - offsets[0], dtype=np.int64)


def _expand_ranges(offsets: Array, numbers: Array) -> Array:
    """Return the indices of all items of these numbers, one after the other."""
    begins = offsets[numbers].astype(np.int64)
    return expand_ranges(begins, offsets[numbers + 1] - begins)


class Segment:
    """The arrays of one segment. `columns` contains all exact values, and `facets` those to select.

    `read_arrays` returns the arrays of a file. Raise CorruptSegment or OSError if a file cannot be
    read.
    """

    def __init__(
        self,
        folder: Path,
        catalogue: Catalogue,
        read_arrays: Callable[[Path], Mapping[str, Array]] = array_file.open_arrays,
    ) -> None:
        words, facets = read_arrays(folder / WORDS), read_arrays(folder / FACETS)
        self.catalogue = catalogue
        self.fields = [field.name for field in catalogue.searchable]
        self.docstore = DocStore(read_arrays(folder / PUBLICATIONS))
        self.columns = {field.name: FacetColumn(facets, field.name) for field in catalogue.exact}
        self.facets = {field.name: self.columns[field.name] for field in catalogue.selectable}
        self.languages = FacetColumn(facets, LANGUAGE_COLUMN)
        self.forward_index = ForwardIndex(words["stream"], words["starts"], words["lengths"])
        by_kind: dict[str, dict[str, Array]] = {"word": {}, "stem": {}}
        for name, array in read_arrays(folder / POSTINGS).items():
            kind, _, name_in_kind = name.partition(".")
            by_kind[kind][name_in_kind] = array
        self.terms = {
            kind: Terms(StringTable.read(words, f"{kind}s"), arrays)
            for kind, arrays in by_kind.items()
        }
        self.words, self.stems = self.terms["word"], self.terms["stem"]
        self.stem_of: Array = words["stem_of"]
        self.name_shares: Array = words["name_shares"]
        self.frequencies: Array = self.stems.arrays["frequencies"]
        self.positions: Array = self.stems.arrays["positions"]
        self.position_offsets: Array = self.stems.arrays["position_offsets"]
        vectors_file = folder / MEANING
        self.vectors = Vectors(read_arrays(vectors_file)) if vectors_file.exists() else None

    @property
    def size(self) -> int:
        """The number of documents. They are numbered from 0."""
        return len(self.docstore)

    @cached_property
    def norms(self) -> Array:
        """The weight of one occurrence in each field of each document (float32)."""
        return postings.make_norms(self.catalogue, self.forward_index.lengths, self.mean_lengths)

    @cached_property
    def mean_lengths(self) -> Array:
        """The mean length of each field (float64): see `postings.compute_means`."""
        return postings.compute_means(self.forward_index.lengths)

    @cached_property
    def _begins(self) -> Array:
        return np.ascontiguousarray(self.forward_index.starts[:-1, 0], np.int64)

    def locate_titles(self) -> tuple[Array, Array]:
        """Return the start of each title in the stream, and its length in words (both int64)."""
        title = self.catalogue.find_by_role("title")
        if title is None or title.name not in self.fields:
            zeros = np.zeros(self.size, np.int64)
            return zeros, zeros
        number = self.fields.index(title.name)
        starts, lengths = self.forward_index.starts, self.forward_index.lengths
        return starts[:-1, number].astype(np.int64), lengths[:, number].astype(np.int64)

    def find_positions(self, stem: int) -> Positions:
        """Return all positions of a stem, in the order of the stream."""
        first, last = self.stems.offsets[stem], self.stems.offsets[stem + 1]
        documents = np.repeat(self.stems.documents[first:last], self.frequencies[first:last])
        positions = self.positions[self.position_offsets[stem] : self.position_offsets[stem + 1]]
        return Positions(documents, self._begins.take(documents) + positions)

    def find_word_positions(self, words: Array) -> Positions:
        """Return all positions of any of these words, stem by stem."""
        is_selected = np.zeros(len(self.stem_of) + 2, np.bool_)
        is_selected[words] = True
        stems = np.unique(self.stem_of[words])
        indexes = _expand_ranges(self.stems.offsets, stems)
        documents = np.repeat(self.stems.documents.take(indexes), self.frequencies.take(indexes))
        positions = self.positions.take(_expand_ranges(self.position_offsets, stems))
        offsets = self._begins.take(documents) + positions
        matches = is_selected.take(self.forward_index.stream.take(offsets)).nonzero()[0]
        return Positions(documents.take(matches), offsets.take(matches))

    @cached_property
    def stem_or_none(self) -> Array:
        """The stem of each word, then -1 twice: GAP and FIELD_END index from the end."""
        return np.concatenate([self.stem_of, np.full(2, -1, np.int32)])

    def get_stems(self, offsets: Array) -> Array:
        """Return the stem number at each position (int32), or -1 where there is no word."""
        words = self.forward_index.stream.take(offsets, mode="clip")
        return self.stem_or_none.take(words, mode="wrap")

    def get_fields(self, positions: Positions) -> Array:
        """Return the field of each position, as an index into `fields`."""
        starts = self.forward_index.starts
        fields = np.zeros(len(positions.offsets), np.int8)
        for number in range(1, len(self.fields)):
            fields += positions.offsets >= starts[positions.documents, number]
        return fields


def take_vocabulary(segment: Segment) -> VocabularyArrays:
    return VocabularyArrays(
        size=segment.size,
        words=Dictionary(segment.words.texts, segment.words.offsets),
        stems=Dictionary(segment.stems.texts, segment.stems.offsets),
        stem_of=segment.stem_of,
        name_shares=segment.name_shares,
        occurrence_offsets=segment.position_offsets,
        default_language_frequencies=_count_in_default_language(segment),
        languages=segment.languages.values[:-1],
        values={name: column.values for name, column in segment.facets.items()},
        identifiers={
            field.name: segment.columns[field.name].table for field in segment.catalogue.unlisted
        },
    )


def _count_in_default_language(segment: Segment) -> Array:
    """Return the number of documents in the catalogue's language that contain each stem."""
    default = segment.catalogue.language.partition("-")[0]
    are_default = [value.partition("-")[0] == default for value in segment.languages.values]
    is_default = np.array(are_default).take(segment.languages.first_ordinals)
    stems = segment.stems
    # Postings may be mapped from a large file. They are not read if the answer is known.
    if is_default.all():
        return np.diff(stems.offsets)
    return stems.count_documents(0, len(stems), is_default).astype(np.int32)
