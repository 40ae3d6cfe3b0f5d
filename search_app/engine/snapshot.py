"""One generation of the index, opened for reading: the arrays that queries are answered by.

Whoosh keeps the postings; they are decoded into arrays once and kept for the generation's
life. A snapshot is safe to share between threads: Whoosh's files, which have a position, are
read under a lock.
"""

from __future__ import annotations

import re
from bisect import bisect_left
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
        self.ranks = _ranks(publications, self.catalogue)
        self._postings: dict[tuple[str, str], Postings] = {}
        self._terms: dict[str, list[str]] = {}
        self._lengths: dict[str, NDArray[np.float32]] = {}

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

    def postings(self, field: str, term: str) -> Postings:
        """Where a term stands in a field; nowhere, if the field has no such term."""
        key = (field, term)
        if key not in self._postings:
            self._postings[key] = self._decoded(field, term)
        return self._postings[key]

    def _decoded(self, field: str, term: str) -> Postings:
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

    def terms(self, field: str) -> list[str]:
        """All terms of a field, ascending."""
        if field not in self._terms:
            with self._lock:
                terms = [term.decode("utf-8") for term in self._reader.lexicon(field)]
            self._terms[field] = sorted(terms)
        return self._terms[field]

    def terms_beginning(self, field: str, prefix: str) -> list[str]:
        """The terms of a field that begin with a prefix, ascending."""
        terms = self.terms(field)
        low = bisect_left(terms, prefix)
        return terms[low : bisect_left(terms, prefix + "\U0010ffff", low)]

    def lengths(self, field: str) -> NDArray[np.float32]:
        """The length of a field in each publication, over the mean of those that have it."""
        if field not in self._lengths:
            with self._lock:
                counts = (self._reader.doc_field_length(n, field) or 0 for n in range(self.size))
                lengths = np.fromiter(counts, np.float32, self.size)
            held = lengths[lengths > 0]
            self._lengths[field] = lengths / held.mean() if len(held) else lengths
        return self._lengths[field]


def _ranks(publications: list[Publication], catalogue: Catalogue) -> dict[str, NDArray[np.int64]]:
    """To each order, the publications' places in it; ties go by id, the undated are last."""
    date_row = catalogue.role("date")
    years = [each.values.get(date_row.name, (None,))[0] if date_row else None
             for each in publications]  # fmt: skip
    latest = 10_000
    keys: dict[str, list[tuple[object, str]]] = {"newest": [], "oldest": [], "title": []}
    for each, year in zip(publications, years, strict=True):
        keys["newest"].append((-int(str(year)) if year else latest, each.id))
        keys["oldest"].append((int(str(year)) if year else latest, each.id))
        keys["title"].append((title_key(each.title, each.lang or catalogue.language), each.id))
    orders = {name: sorted(range(len(each)), key=each.__getitem__) for name, each in keys.items()}
    return {name: np.argsort(np.array(order, np.int64)) for name, order in orders.items()}


_ARTICLES = {
    "de": frozenset({"das", "dem", "den", "der", "die", "ein", "eine"}),
    "en": frozenset({"a", "an", "the"}),
    "es": frozenset({"el", "la", "las", "los", "un", "una"}),
    "fr": frozenset({"la", "le", "les", "un", "une"}),
    "it": frozenset({"gli", "i", "il", "la", "le", "lo", "un", "una"}),
    "pt": frozenset({"a", "as", "o", "os", "um", "uma"}),
}
_WORD = re.compile(r"\w+")


def title_key(title: str, language: str) -> tuple[str, ...]:
    """What titles are sorted by: folded words, without a leading article of their language."""
    words = _WORD.findall(analysis.fold(title))
    articles = _ARTICLES.get(language.partition("-")[0], frozenset())
    return tuple(words[1:] if len(words) > 1 and words[0] in articles else words)
