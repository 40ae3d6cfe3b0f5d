"""A snapshot: the arrays and caches of one generation of the index, open for reading.

Threads may share a snapshot. Its arrays are never written to, except a scratch array of each
thread. Cache entries (masks, expansions, clauses) are complete before they are inserted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from threading import local
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.analysis import tokenizer
from indexer.catalogue import schema
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication
from indexer.codec.segment import array_file
from indexer.codec.segment.array_file import Array, Damaged
from indexer.codec.segment.facet_columns import Column
from indexer.codec.segment.reader import Postings, Segment
from indexer.generations.manifest import Generation, IndexOutdated
from search_app.engine.snapshot.cache import Cache
from search_app.engine.snapshot.editions import Editions
from search_app.engine.snapshot.facet_table import Table
from search_app.engine.snapshot.prefix_index import Labels, Titles
from search_app.engine.snapshot.vocabulary import SegmentVocabulary

ReadArrays = Callable[[Path], Mapping[str, Array]]
"""Function from a file to its arrays, by name."""
Mask = NDArray[np.bool_]
"""A boolean for each document of a snapshot: True for those that are selected."""
Documents = NDArray[np.int32]
"""Document numbers (int32), ascending."""

MOST_MASKS = 512
"""Limit on cached masks. A mask has one byte per document."""
SEARCHED_TIMES = 16
"""Use a binary search to intersect two lists if one is over 16 times shorter, otherwise a table."""
MOST_LABELLED = 1024
"""Limit on entities whose label matches are cached. A thesaurus has hundreds."""
MOST_EXPANDED = 32
"""Limit on cached expansions. Each may have every word of the index."""


class Snapshot:
    """A generation open for reading. `read` returns the arrays of a file.

    Raise IndexOutdated if the generation has another format or is damaged.
    """

    def __init__(
        self,
        generation: Generation,
        read: ReadArrays = array_file.read,
    ) -> None:
        manifest = generation.manifest
        if (manifest.format, manifest.analysis) != (schema.FORMAT, tokenizer.VERSION):
            what = f"the index {generation.name} was built by another version of this program"
            raise IndexOutdated(what, "Run: pubsearch build")
        self.generation = generation
        self.name = generation.name
        self.catalogue: Catalogue = manifest.catalogue
        try:
            self.segment = Segment(generation.segment, self.catalogue, read)
        except (Damaged, KeyError) as error:
            what = f"the generation {generation.name} can't be read: {error}"
            raise IndexOutdated(what, "Run: pubsearch build --force") from error
        self.columns: Mapping[str, Column] = self.segment.columns
        self.ranks: Mapping[str, Array] = self.segment.stored.ranks
        self.vocabulary = SegmentVocabulary(self.segment, self.catalogue)
        self._masks: Cache[object, Mask] = Cache(MOST_MASKS)
        self._expanded: Cache[object, Any] = Cache(MOST_EXPANDED)
        self._labelled: Cache[object, Postings] = Cache(MOST_LABELLED)
        self._of_thread = local()

    def prepare(self) -> None:
        """Compute all cached properties, so that no search waits for them."""
        segment = self.segment
        words = (self.vocabulary, segment.words.texts, segment.stems.texts, segment.spoken)
        holders = (self, self.table, segment, *words, *self.columns.values())
        for holder in holders:
            for name, each in vars(type(holder)).items():
                if isinstance(each, cached_property):
                    getattr(holder, name)

    @property
    def size(self) -> int:
        """The number of documents, which are numbered from 0."""
        return self.segment.size

    def publication(self, number: int) -> Publication:
        """Return the publication with a document number."""
        return self.segment.stored.publication(number)

    def title(self, number: int) -> str:
        """Return the title of a document."""
        return self.segment.stored.titles.text(number)

    def number(self, identity: str) -> int | None:
        """Return the document number of the publication with an id, or None."""
        return self.segment.stored.number(identity)

    def mask(self, key: object, make: Callable[[], Mask]) -> Mask:
        """Return the cached mask of a key; make it if there is none."""
        return self._masks.get(key, make)

    def holding(self, row: str, ordinals: tuple[int, ...]) -> Mask:
        """Return the mask of the documents that have at least one of these values of a row."""
        return self.mask((row, ordinals), lambda: _holding(self.columns[row], ordinals))

    def expanded(self, key: object, make: Callable[[], Any]) -> Any:  # noqa: ANN401
        """Return the cached terms of a prefix, wildcard or fuzzy term; make them if missing."""
        return self._expanded.get(key, make)

    def labelled(self, of: object, make: Callable[[], Postings]) -> Postings:
        """Return the cached postings of the labels of an entity; make them if there are none."""
        return self._labelled.get(of, make)

    @cached_property
    def everything(self) -> Documents:
        """The numbers of all documents."""
        return np.arange(self.size, dtype=np.int32)

    def common(self, few: Documents, many: Documents) -> tuple[Array, Array]:
        """Return the indices in each of two lists of the documents that are in both."""
        if len(many) < len(few):
            there, here = self.common(many, few)
            return here, there
        at: Array
        if len(few) * SEARCHED_TIMES < len(many):
            at = many.searchsorted(few)
        else:
            table = self._scratch
            table[places(many)] = self.everything[: len(many)]
            at = table.take(few)
        here = (many.take(at, mode="clip") == few).nonzero()[0]
        return here, at.take(here)

    @property
    def _scratch(self) -> NDArray[np.int32]:
        """An array of one number per document, for this thread, with leftovers of earlier use."""
        try:
            found: NDArray[np.int32] = self._of_thread.scratch
        except AttributeError:
            found = self._of_thread.scratch = np.zeros(self.size, np.int32)
        return found

    @cached_property
    def table(self) -> Table:
        """The values of all facets, for counting."""
        return Table(self.columns, self.size)

    @cached_property
    def editions(self) -> Editions:
        """The publications that are editions of one title."""
        return Editions(self.segment)

    @cached_property
    def labels(self) -> Labels:
        """The labels of facet values, by prefix."""
        return Labels(self.columns, self.catalogue, self.table.counts(self.everything))

    @cached_property
    def titles(self) -> Titles:
        """The words of titles, by prefix."""
        return Titles(self.segment, self.ranks["newest"])


def places(documents: Documents) -> NDArray[np.intp]:
    """Return documents as `intp`, because NumPy assigns faster at indices of that type."""
    return documents.astype(np.intp)


def _holding(column: Column, ordinals: tuple[int, ...]) -> Mask:
    if len(ordinals) == 1:
        held: Mask = column.ordinals == ordinals[0]
    else:
        wanted = np.zeros(len(column.values), np.bool_)
        wanted[list(ordinals)] = True
        held = wanted.take(column.ordinals)
    if len(held) == column.size:
        return held
    mask = np.zeros(column.size, np.bool_)
    mask[column.documents[held]] = True
    return mask
