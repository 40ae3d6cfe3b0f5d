"""A snapshot: the arrays and caches of one generation of the index, open for reading.

Threads may share a snapshot. Its arrays are never written to, except a scratch array of each
thread. Cache entries (masks, expansions, clauses) are complete before they are inserted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from threading import Lock, local
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from indexer.analysis import stemming, tokenizer
from indexer.analysis.folding import as_written
from indexer.catalogue import schema
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication
from indexer.codec.segment import array_file
from indexer.codec.segment.array_file import Array, Damaged
from indexer.codec.segment.facet_columns import Column
from indexer.codec.segment.reader import Postings, Segment, Terms
from indexer.codec.segment.term_dictionary import STEM_MARK, written_of
from indexer.generations.manifest import Generation, IndexOutdated
from search_app.engine.query.nodes import Leaf
from search_app.engine.snapshot.editions import Editions
from search_app.engine.snapshot.facet_table import Table
from search_app.engine.snapshot.prefix_index import Labels, Titles

Mask = NDArray[np.bool_]
"""A boolean for each document of a snapshot: True for those that are selected."""
Documents = NDArray[np.int32]
"""Document numbers (int32), ascending."""
_CHANGING = Lock()
Key = TypeVar("Key")
Made = TypeVar("Made")

MOST_REMEMBERED = 512
"""Limit on cached masks, and on each cache without a limit of its own. A mask has one byte per
document."""
MOST_WORDS = 2048
"""Limit on cached clauses of words, about 1.5 kB each."""
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
        read: Callable[[Path], Mapping[str, Array]] = array_file.read,
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
        self._stems: dict[str, tuple[str, ...]] = {}
        self._masks: dict[object, Mask] = {}
        self._expanded: dict[object, Any] = {}
        self._derived: dict[str, Any] = {}
        self._labelled: dict[object, Postings] = {}
        self._read: dict[object, Leaf] = {}
        self._of_thread = local()

    def prepare(self) -> None:
        """Compute all cached properties, so that no search waits for them."""
        segment = self.segment
        texts = (segment.words.texts, segment.stems.texts)
        holders = (self, self.table, segment, segment.spoken, *self.columns.values(), *texts)
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

    def terms_of(self, text: str) -> Terms:
        """Return the dictionary that a term belongs to: words as written, or stems."""
        is_written = text.startswith(tokenizer.WRITTEN)
        return self.segment.words if is_written else self.segment.stems

    @cached_property
    def _stem_numbers(self) -> dict[str, int]:
        """The number of each stem. A dict, because parsing looks up several stems per word."""
        return {stem: number for number, stem in enumerate(self.stem_texts)}

    def term(self, text: str) -> int | None:
        """Return the number of a term in its dictionary, or None if the index does not have it."""
        if text.startswith(tokenizer.WRITTEN):
            return self.segment.words.texts.number(text.removeprefix(tokenizer.WRITTEN))
        return self._stem_numbers.get(text)

    def words_written(self, written: str) -> Array:
        """Return the numbers of all words with this spelling, ascending, one for each stem."""
        first, last = self.segment.words.texts.beginning(written + STEM_MARK)
        alone = self.term(tokenizer.WRITTEN + written)
        numbers = np.arange(first, last)
        return numbers if alone is None else np.insert(numbers, 0, alone)

    def is_written(self, written: str) -> bool:
        """Return whether any word has this spelling."""
        if self.term(tokenizer.WRITTEN + written) is not None:
            return True
        first, last = self.segment.words.texts.beginning(written + STEM_MARK)
        return first < last

    def numbers_of(self, text: str) -> list[int]:
        """Return the numbers that a term matches in its dictionary."""
        if text.startswith(tokenizer.WRITTEN):
            numbers: list[int] = self.words_written(text.removeprefix(tokenizer.WRITTEN)).tolist()
            return numbers
        number = self.term(text)
        return [] if number is None else [number]

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages of the publications, the catalogue's own first."""
        spoken = (each.partition("-")[0] for each in self.segment.spoken.values[:-1])
        own = self.catalogue.language.partition("-")[0]
        return tuple(dict.fromkeys([own, *spoken]))

    def frequency(self, stem: str) -> int:
        """Return the document frequency of a stem."""
        number = self.term(stem)
        return 0 if number is None else self.segment.stems.frequency(number)

    def at_home(self, stem: str) -> int:
        """Return the document frequency of a stem among those in the catalogue's language."""
        number = self.term(stem)
        if number is None:
            return 0
        documents = self.segment.stems.postings(number, number + 1).documents
        return int(np.count_nonzero(self._is_at_home.take(documents)))

    @cached_property
    def _is_at_home(self) -> Mask:
        """The mask of the documents in the catalogue's language."""
        spoken = self.segment.spoken
        own = [value.partition("-")[0] == self.languages[0] for value in spoken.values]
        return np.array(own, np.bool_).take(spoken.firsts)

    def stems(self, raw: str) -> tuple[str, ...]:
        """Return the stems of a word in the languages of the index, the catalogue's own first.

        The other stems are those that a document has. They include the stems of all words with this
        folded spelling, as a stemmer may need accents that were not typed.
        """
        return _remembered(self._stems, raw, lambda: self._all_stems(raw))

    def _all_stems(self, raw: str) -> tuple[str, ...]:
        own, *others = self.languages
        first = stemming.stem(raw, own)
        if not others and raw.isascii():
            return (first,)
        found = dict.fromkeys(stemming.stem(raw, each) for each in others)
        for word in self.words_written(as_written(raw)).tolist():
            found[self.segment.stems.texts.text(int(self.segment.stem_of[word]))] = None
        found.pop(first, None)
        return first, *(each for each in found if self.term(each) is not None)

    def mask(self, key: object, make: Callable[[], Mask]) -> Mask:
        """Return the cached mask of a key; make it if there is none."""
        return _remembered(self._masks, key, make)

    def expanded(self, key: object, make: Callable[[], Any]) -> Any:  # noqa: ANN401
        """Return the cached terms of a prefix, wildcard or fuzzy term; make them if missing."""
        return _remembered(self._expanded, key, make, MOST_EXPANDED)

    def read(self, key: object, make: Callable[[], Leaf]) -> Leaf:
        """Return the cached clause of a key; make it if there is none."""
        return _remembered(self._read, key, make, MOST_WORDS)

    def labelled(self, of: object, make: Callable[[], Postings]) -> Postings:
        """Return the cached postings of the labels of an entity; make them if there are none."""
        return _remembered(self._labelled, of, make, MOST_LABELLED)

    def once(self, key: str, make: Callable[[], Made]) -> Made:
        """Return an object derived from the whole snapshot; make it on the first call."""
        found: Made = _remembered(self._derived, key, make)
        return found

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

    @cached_property
    def surface_texts(self) -> list[str]:
        """The spelling of each word, by number."""
        return [written_of(each) for each in self.segment.words.texts.all()]

    @cached_property
    def stem_texts(self) -> list[str]:
        """All stems, by number."""
        return self.segment.stems.texts.all()


def places(documents: Documents) -> NDArray[np.intp]:
    """Return documents as `intp`, because NumPy assigns faster at indices of that type."""
    return documents.astype(np.intp)


def _remembered(
    known: dict[Key, Made], key: Key, make: Callable[[], Made], most: int = MOST_REMEMBERED
) -> Made:
    """Return the cached object of a key, or make it. A full cache evicts its oldest entry."""
    found = known.get(key)
    if found is None:
        found = make()
        with _CHANGING:  # `next(iter(known))` raises if another thread inserts
            while len(known) >= most:
                del known[next(iter(known))]
            known[key] = found
    return found
