"""One generation of the index, opened for reading: the arrays that queries are answered by.

Whoosh keeps the postings; they are decoded into arrays once and kept for the generation's
life. A snapshot is safe to share between threads: Whoosh's files, which have a position, are
read under a lock.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property, lru_cache
from threading import Lock
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from whoosh import index as whoosh_index
from whoosh.reading import TermNotFound

from indexer import analysis, schema
from indexer.fields import Catalogue
from indexer.generations import Generation, IndexOutdated
from indexer.record import Publication
from search_app.engine.columns import Column

Documents = NDArray[np.int32]


class Postings(NamedTuple):
    """Where a term stands in a field.

    `documents` (int32, ascending), how often in each (`frequencies`, int32), and its
    `positions` (int64) one document after the other, each as `document << 32 | position`.
    """

    documents: Documents
    frequencies: NDArray[np.int32]
    positions: NDArray[np.int64]


NOWHERE = Postings(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int64))
_CACHED_TERMS = 20_000


class Snapshot:
    """A generation, open. Raises IndexOutdated if this program can't read it."""

    def __init__(self, generation: Generation) -> None:
        manifest = generation.manifest
        if (manifest.format, manifest.analysis) != (schema.FORMAT, analysis.VERSION):
            what = f"the index {generation.name} was built by another version of this program"
            raise IndexOutdated(what, "Run: pubsearch build")
        self.generation = generation
        self.name = generation.name
        self.catalogue: Catalogue = manifest.catalogue
        self._reader = whoosh_index.open_dir(str(generation.segment), readonly=True).reader()
        self._lock = Lock()
        records = [fields["record"] for fields in self._reader.all_stored_fields()]
        self._records: list[bytes] = records
        publications = [self.publication(number) for number in range(self.size)]
        self._numbers = {each.id: number for number, each in enumerate(publications)}
        self.columns = {
            field.name: Column(
                [[str(value) for value in each.values.get(field.name, ())] for each in publications]
            )
            for field in schema.exact_fields(self.catalogue)
        }
        self._sort_columns(publications)
        self.postings = lru_cache(maxsize=_CACHED_TERMS)(self._postings)
        self.terms = lru_cache(maxsize=None)(self._terms)
        self.lengths = lru_cache(maxsize=None)(self._lengths)

    @property
    def size(self) -> int:
        """The number of publications; they are numbered from 0."""
        return len(self._records)

    def publication(self, number: int) -> Publication:
        """A publication by its number."""
        return msgspec.json.decode(self._records[number], type=Publication)

    def number(self, identity: str) -> int | None:
        """The number of the publication with an id, or None."""
        return self._numbers.get(identity)

    def _sort_columns(self, publications: list[Publication]) -> None:
        """Ranks (int64, a number for each publication, the lowest first) to sort by."""
        date_row = self.catalogue.role("date")
        years = [
            int(str(each.values[date_row.name][0])) if date_row and date_row.name in each.values
            else None
            for each in publications
        ]  # fmt: skip
        numbers = range(self.size)
        latest = 10_000
        by_newest = sorted(numbers, key=lambda n: (-(years[n] or -latest), publications[n].id))
        by_oldest = sorted(numbers, key=lambda n: (years[n] or latest, publications[n].id))
        by_title = sorted(
            numbers, key=lambda n: (title_key(publications[n].title), publications[n].id)
        )
        self.ranks = {
            name: np.argsort(np.array(order, np.int64))
            for name, order in (
                ("newest", by_newest), ("oldest", by_oldest), ("title", by_title),
            )
        }  # fmt: skip

    def _postings(self, field: str, term: str) -> Postings:
        documents: list[int] = []
        found: list[list[int]] = []
        with self._lock:
            try:
                matcher = self._reader.postings(field, term)
            except TermNotFound:
                return NOWHERE
            while matcher.is_active():
                documents.append(matcher.id())
                found.append(matcher.value_as("positions"))
                matcher.next()
        frequencies = np.fromiter((len(each) for each in found), np.int32, len(found))
        total = int(frequencies.sum())
        positions = np.fromiter((at for each in found for at in each), np.int64, total)
        numbers = np.array(documents, np.int32)
        keys = (np.repeat(numbers.astype(np.int64), frequencies) << 32) | positions
        return Postings(numbers, frequencies, keys)

    def _terms(self, field: str) -> list[str]:
        with self._lock:
            return [term.decode("utf-8") for term in self._reader.lexicon(field)]

    def terms_beginning(self, field: str, prefix: str) -> list[str]:
        """The terms of a field that begin with a prefix, ascending."""
        terms = self.terms(field)
        low = bisect_left(terms, prefix)
        return terms[low : bisect_left(terms, prefix + "\U0010ffff", low)]

    def _lengths(self, field: str) -> NDArray[np.float32]:
        """The length of a field in each publication, over the mean of those that have it."""
        with self._lock:
            lengths = np.fromiter(
                (self._reader.doc_field_length(n, field) or 0 for n in range(self.size)),
                np.float32, self.size,
            )  # fmt: skip
        held = lengths[lengths > 0]
        return lengths / held.mean() if len(held) else lengths

    @cached_property
    def weights(self) -> dict[str, float]:
        """How much each searchable field counts."""
        return {field.name: field.weight for field in self.catalogue.searchable}


_ARTICLES = frozenset({"a", "an", "the", "el", "la", "los", "las", "le", "les", "un", "une"})


def title_key(title: str) -> tuple[str, ...]:
    """What titles are sorted by: folded words, without a leading article."""
    words = [token.written for token in analysis.tokens(title)]
    return tuple(words[1:] if len(words) > 1 and words[0] in _ARTICLES else words)
