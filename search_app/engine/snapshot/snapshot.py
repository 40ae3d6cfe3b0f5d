"""One generation of the index, opened for reading: the arrays that queries are answered by.

A snapshot is safe to share between threads: its arrays are never written to but for a scratch
of each thread, and what it remembers (where terms are, which publications have a value) is put
into dictionaries whole.
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
"""Of the size of a snapshot: True for the publications that are meant."""
Documents = NDArray[np.int32]
"""Numbers of publications, ascending."""
_CHANGING = Lock()
Key = TypeVar("Key")
Made = TypeVar("Made")

MOST_REMEMBERED = 512
"""How many masks a snapshot caches: a mask has a byte per publication."""
MOST_WORDS = 2048
"""How many clauses of words a snapshot caches, some 1.5 kB each."""
SEARCHED_TIMES = 16
"""Search a list for the documents of another if that is 16 times shorter; else use a table."""
MOST_LABELLED = 1024
"""How many things' labels it remembers: a thesaurus has hundreds."""
MOST_EXPANDED = 32
"""How many expansions it remembers: each may have every word of the index."""


class Snapshot:
    """A generation, open, its files as `read` gives them.

    Raises IndexOutdated if this program can't read it.
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
        """Derive all cached properties, which a search would otherwise wait for."""
        segment = self.segment
        texts = (segment.words.texts, segment.stems.texts)
        holders = (self, self.table, segment, segment.spoken, *self.columns.values(), *texts)
        for holder in holders:
            for name, each in vars(type(holder)).items():
                if isinstance(each, cached_property):
                    getattr(holder, name)

    @property
    def size(self) -> int:
        """The number of publications; they are numbered from 0."""
        return self.segment.size

    def publication(self, number: int) -> Publication:
        """A publication by its number."""
        return self.segment.stored.publication(number)

    def title(self, number: int) -> str:
        """A publication's title."""
        return self.segment.stored.titles.text(number)

    def number(self, identity: str) -> int | None:
        """The number of the publication with an id, or None."""
        return self.segment.stored.number(identity)

    def terms_of(self, text: str) -> Terms:
        """The terms among which one is found: words as written, or stems."""
        is_written = text.startswith(tokenizer.WRITTEN)
        return self.segment.words if is_written else self.segment.stems

    @cached_property
    def _stem_numbers(self) -> dict[str, int]:
        """The numbers of all stems: reading a query asks for several a word."""
        return {stem: number for number, stem in enumerate(self.stem_texts)}

    def term(self, text: str) -> int | None:
        """The number of a term among its kind; None if nothing has it."""
        if text.startswith(tokenizer.WRITTEN):
            return self.segment.words.texts.number(text.removeprefix(tokenizer.WRITTEN))
        return self._stem_numbers.get(text)

    def words_written(self, written: str) -> Array:
        """The numbers of all words that are written so, ascending: one, or one for each stem."""
        first, last = self.segment.words.texts.beginning(written + STEM_MARK)
        alone = self.term(tokenizer.WRITTEN + written)
        numbers = np.arange(first, last)
        return numbers if alone is None else np.insert(numbers, 0, alone)

    def is_written(self, written: str) -> bool:
        """Return whether any word is written so."""
        if self.term(tokenizer.WRITTEN + written) is not None:
            return True
        first, last = self.segment.words.texts.beginning(written + STEM_MARK)
        return first < last

    def numbers_of(self, text: str) -> list[int]:
        """The numbers of all that a term stands for, among its kind."""
        if text.startswith(tokenizer.WRITTEN):
            numbers: list[int] = self.words_written(text.removeprefix(tokenizer.WRITTEN)).tolist()
            return numbers
        number = self.term(text)
        return [] if number is None else [number]

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages that publications are in, the catalogue's own first."""
        spoken = (each.partition("-")[0] for each in self.segment.spoken.values[:-1])
        own = self.catalogue.language.partition("-")[0]
        return tuple(dict.fromkeys([own, *spoken]))

    def frequency(self, stem: str) -> int:
        """How many publications have a stem."""
        number = self.term(stem)
        return 0 if number is None else self.segment.stems.frequency(number)

    def at_home(self, stem: str) -> int:
        """How many publications in the catalogue's language have a stem."""
        number = self.term(stem)
        if number is None:
            return 0
        documents = self.segment.stems.postings(number, number + 1).documents
        return int(np.count_nonzero(self._is_at_home.take(documents)))

    @cached_property
    def _is_at_home(self) -> Mask:
        """Which publications are in the catalogue's language."""
        spoken = self.segment.spoken
        own = [value.partition("-")[0] == self.languages[0] for value in spoken.values]
        return np.array(own, np.bool_).take(spoken.firsts)

    def stems(self, raw: str) -> tuple[str, ...]:
        """The stems of a word in the languages of the index, its own language's first.

        Of the others those that some publication has; among them the stems of all words that
        are written so, as accents that were not typed would have told a stemmer more.
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
        """The mask that is remembered under a key; made, if there is none."""
        return _remembered(self._masks, key, make)

    def expanded(self, key: object, make: Callable[[], Any]) -> Any:  # noqa: ANN401
        """The terms that are remembered for a beginning, a pattern or a likeness; or made."""
        return _remembered(self._expanded, key, make, MOST_EXPANDED)

    def read(self, key: object, make: Callable[[], Leaf]) -> Leaf:
        """Return the cached leaf of a key; make it if there is none."""
        return _remembered(self._read, key, make, MOST_WORDS)

    def labelled(self, of: object, make: Callable[[], Postings]) -> Postings:
        """What the labels of a thing match; made, if it is not remembered."""
        return _remembered(self._labelled, of, make, MOST_LABELLED)

    def once(self, key: str, make: Callable[[], Made]) -> Made:
        """What is derived from the whole snapshot, and kept as long as it; made, if it is not."""
        found: Made = _remembered(self._derived, key, make)
        return found

    @cached_property
    def everything(self) -> Documents:
        """The numbers of all publications."""
        return np.arange(self.size, dtype=np.int32)

    def common(self, few: Documents, many: Documents) -> tuple[Array, Array]:
        """Where in each of two lists the publications stand that are in both."""
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
        """A number for each publication, left behind by whatever this thread did before."""
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
        """Which publications are editions of one title."""
        return Editions(self.segment)

    @cached_property
    def labels(self) -> Labels:
        """The labels of facet values, by their beginnings."""
        return Labels(self.columns, self.catalogue, self.table.counts(self.everything))

    @cached_property
    def titles(self) -> Titles:
        """The words of titles, by their beginnings."""
        return Titles(self.segment, self.ranks["newest"])

    @cached_property
    def surface_texts(self) -> list[str]:
        """All words as they are written, by number."""
        return [written_of(each) for each in self.segment.words.texts.all()]

    @cached_property
    def stem_texts(self) -> list[str]:
        """All stems, by number."""
        return self.segment.stems.texts.all()


def places(documents: Documents) -> NDArray[np.intp]:
    """Publications as NumPy counts places: it takes longer to assign at any others."""
    return documents.astype(np.intp)


def _remembered(
    known: dict[Key, Made], key: Key, make: Callable[[], Made], most: int = MOST_REMEMBERED
) -> Made:
    """What is known under a key, made if it is not; what was known first makes room for it."""
    found = known.get(key)
    if found is None:
        found = make()
        with _CHANGING:  # what is first can't be told while another thread adds
            while len(known) >= most:
                del known[next(iter(known))]
            known[key] = found
    return found
