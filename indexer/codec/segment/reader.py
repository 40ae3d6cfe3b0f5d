"""A segment, open for reading: the arrays of a generation, and lookups in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from indexer.catalogue import schema
from indexer.catalogue.fields import Catalogue
from indexer.codec.segment import array_file, postings
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.docstore import Stored
from indexer.codec.segment.facet_columns import Column
from indexer.codec.segment.postings import Layout
from indexer.codec.segment.string_table import Texts
from indexer.codec.segment.vectors import Vectors

PUBLICATIONS, FACETS, WORDS, POSTINGS, MEANING = (
    "publications.seg", "facets.seg", "words.seg", "postings.seg", "meaning.seg",
)  # fmt: skip


SPOKEN = "@language"
"""The name of the column with the language of each document. No catalogue row has this name."""


class Postings(NamedTuple):
    """The documents that contain some terms (int32), with their weights (float32).

    The documents of one term ascend. Those of several terms follow each other, term by term. A
    weight is a frequency weighted by field, normalized by length, and summed over the fields.
    """

    documents: Array
    weights: Array


class Places(NamedTuple):
    """Positions in the word stream (int64), and the document of each (int32)."""

    documents: Array
    places: Array


class Terms:
    """The terms of one kind, sorted, and the postings of each over all fields.

    `arrays` has the stored arrays of `postings.Stretch`, by name.
    """

    def __init__(self, texts: Texts, arrays: Mapping[str, Array]) -> None:
        self.texts, self.arrays = texts, arrays
        self.offsets: Array = arrays["offsets"]
        self.documents: Array = arrays["documents"]
        self.weights: Array = arrays["weights"]

    def postings(self, first: int, last: int) -> Postings:
        """Return the postings of the terms from `first` up to `last`."""
        begin, end = self.offsets[first], self.offsets[last]
        return Postings(self.documents[begin:end], self.weights[begin:end])

    def postings_of(self, numbers: Array) -> Postings:
        """Return the postings of several terms, one term after the other."""
        taken = _ranges(self.offsets, numbers)
        return Postings(self.documents.take(taken), self.weights.take(taken))

    def frequency(self, number: int) -> int:
        """Return the number of documents that contain a term."""
        return int(self.offsets[number + 1]) - int(self.offsets[number])


def _ranges(offsets: Array, numbers: Array) -> Array:
    """Return the indices of all items of these numbers, end to end."""
    begins = offsets[numbers].astype(np.int64)
    return postings.ranges(begins, offsets[numbers + 1] - begins)


class Segment:
    """The arrays of one segment.

    `read` returns the arrays of a file. Raise Damaged or OSError if a file cannot be read.
    """

    def __init__(
        self,
        folder: Path,
        catalogue: Catalogue,
        read: Callable[[Path], Mapping[str, Array]] = array_file.read,
    ) -> None:
        words, facets = read(folder / WORDS), read(folder / FACETS)
        self.catalogue = catalogue
        self.fields = [field.name for field in catalogue.searchable]
        self.stored = Stored(read(folder / PUBLICATIONS))
        self.columns = {
            field.name: Column(facets, field.name) for field in schema.exact_fields(catalogue)
        }
        self.spoken = Column(facets, SPOKEN)
        self.layout = Layout(words["stream"], words["starts"], words["lengths"])
        inverted = read(folder / POSTINGS)
        self.terms = {
            kind: Terms(Texts.read(words, f"{kind}s"), _named(inverted, kind))
            for kind in ("word", "stem")
        }
        self.words, self.stems = self.terms["word"], self.terms["stem"]
        self.stem_of: Array = words["stem_of"]
        self.frequencies: Array = self.stems.arrays["frequencies"]
        self.positions: Array = self.stems.arrays["positions"]
        self.position_offsets: Array = self.stems.arrays["position_offsets"]
        meaning = folder / MEANING
        self.vectors = Vectors(read(meaning)) if meaning.exists() else None

    @property
    def size(self) -> int:
        """The number of documents. They are numbered from 0."""
        return len(self.stored)

    @cached_property
    def scale(self) -> Array:
        """The weight of one occurrence in each field of each document (float32)."""
        return scale_of(self.catalogue, self.layout.lengths)

    @cached_property
    def _begins(self) -> Array:
        return np.ascontiguousarray(self.layout.starts[:-1, 0], np.int64)

    def stands(self, stem: int) -> int:
        """Return the number of occurrences of a stem."""
        return int(self.position_offsets[stem + 1]) - int(self.position_offsets[stem])

    def places(self, stem: int) -> Places:
        """Return all positions of a stem, in the order of the stream."""
        first, last = self.stems.offsets[stem], self.stems.offsets[stem + 1]
        documents = np.repeat(self.stems.documents[first:last], self.frequencies[first:last])
        positions = self.positions[self.position_offsets[stem] : self.position_offsets[stem + 1]]
        return Places(documents, self._begins.take(documents) + positions)

    def places_of_words(self, words: Array) -> Places:
        """Return all positions of any of these words, stem by stem."""
        wanted = np.zeros(len(self.stem_of) + 2, np.bool_)
        wanted[words] = True
        stems = np.unique(self.stem_of[words])
        held = _ranges(self.stems.offsets, stems)
        documents = np.repeat(self.stems.documents.take(held), self.frequencies.take(held))
        positions = self.positions.take(_ranges(self.position_offsets, stems))
        places = self._begins.take(documents) + positions
        here = wanted.take(self.layout.stream.take(places)).nonzero()[0]
        return Places(documents.take(here), places.take(here))

    @cached_property
    def _stem_or_none(self) -> Array:
        """The stem of each word, then -1 twice: GAP and FIELD_END index from the end."""
        return np.concatenate([self.stem_of, np.full(2, -1, np.int32)])

    def stems_at(self, places: Array) -> Array:
        """Return the stem number at each position (int32), or -1 where there is no word."""
        return self._stem_or_none.take(self.layout.stream.take(places, mode="clip"), mode="wrap")

    def fields_at(self, found: Places) -> Array:
        """Return the field of each position, as an index into `fields`."""
        starts = self.layout.starts
        fields = np.zeros(len(found.places), np.int8)
        for number in range(1, len(self.fields)):
            fields += found.places >= starts[found.documents, number]
        return fields


def _named(arrays: Mapping[str, Array], kind: str) -> dict[str, Array]:
    """Return the arrays written under the name of a kind."""
    return {
        name.removeprefix(f"{kind}."): array
        for name, array in arrays.items()
        if name.startswith(f"{kind}.")
    }


def scale_of(catalogue: Catalogue, lengths: Array) -> Array:
    """Return the weight of one occurrence in each field of each document.

    See `postings.scales`.
    """
    rows = catalogue.searchable
    return postings.scales(
        lengths, [row.weight for row in rows], [row.role != "summary" for row in rows]
    )
