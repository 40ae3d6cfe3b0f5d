"""The vocabulary of a segment: look-ups of words and stems in its dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np

from indexer.analysis import stemming, tokenizer
from indexer.analysis.folding import as_written
from indexer.catalogue.fields import Catalogue
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.reader import Segment, Terms
from indexer.codec.segment.term_dictionary import STEM_MARK, written_of
from search_app.engine.query.nodes import Leaf
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.snapshot.cache import Cache

MOST_WORDS = 2048
"""Limit on cached clauses of words, about 1.5 kB each."""
MOST_STEMS = 512
"""Limit on words whose stems are cached."""


class SegmentVocabulary(Vocabulary):
    """The words and facet values of a segment. Threads may share it.

    `Vocabulary` describes the methods that return text. The others return numbers of terms.
    """

    def __init__(self, segment: Segment, catalogue: Catalogue) -> None:
        self._segment, self._catalogue = segment, catalogue
        self._stems: Cache[str, tuple[str, ...]] = Cache(MOST_STEMS)
        self._clauses: Cache[object, Leaf] = Cache(MOST_WORDS)

    @property
    def catalogue(self) -> Catalogue:
        """The fields of the publications."""
        return self._catalogue

    @property
    def size(self) -> int:
        """The number of documents."""
        return self._segment.size

    def terms_of(self, text: str) -> Terms:
        """Return the dictionary that a term belongs to: words as written, or stems."""
        is_written = text.startswith(tokenizer.WRITTEN)
        return self._segment.words if is_written else self._segment.stems

    @cached_property
    def _stem_numbers(self) -> dict[str, int]:
        """The number of each stem. A dict, because parsing looks up several stems per word."""
        return {stem: number for number, stem in enumerate(self.stem_texts)}

    def term(self, text: str) -> int | None:
        """Return the number of a term in its dictionary, or None if the index does not have it."""
        if text.startswith(tokenizer.WRITTEN):
            return self._segment.words.texts.number(text.removeprefix(tokenizer.WRITTEN))
        return self._stem_numbers.get(text)

    def words_written(self, written: str) -> Array:
        """Return the numbers of all words with this spelling, ascending, one for each stem."""
        first, last = self._segment.words.texts.beginning(written + STEM_MARK)
        alone = self.term(tokenizer.WRITTEN + written)
        numbers = np.arange(first, last)
        return numbers if alone is None else np.insert(numbers, 0, alone)

    def numbers_of(self, text: str) -> list[int]:
        """Return the numbers that a term matches in its dictionary."""
        if text.startswith(tokenizer.WRITTEN):
            numbers: list[int] = self.words_written(text.removeprefix(tokenizer.WRITTEN)).tolist()
            return numbers
        number = self.term(text)
        return [] if number is None else [number]

    def has_term(self, term: str) -> bool:
        """Return whether any document has a term."""
        if self.term(term) is not None:
            return True
        if not term.startswith(tokenizer.WRITTEN):
            return False
        written = term.removeprefix(tokenizer.WRITTEN)
        first, last = self._segment.words.texts.beginning(written + STEM_MARK)
        return first < last

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages of the publications, the catalogue's own first."""
        spoken = (each.partition("-")[0] for each in self._segment.spoken.values[:-1])
        own = self.catalogue.language.partition("-")[0]
        return tuple(dict.fromkeys([own, *spoken]))

    def frequency(self, stem: str) -> int:
        """Return the document frequency of a stem."""
        number = self.term(stem)
        return 0 if number is None else self._segment.stems.frequency(number)

    def at_home(self, stem: str) -> int:
        """Return the document frequency of a stem among those in the catalogue's language."""
        number = self.term(stem)
        if number is None:
            return 0
        documents = self._segment.stems.postings(number, number + 1).documents
        return int(np.count_nonzero(self._is_at_home.take(documents)))

    @cached_property
    def _is_at_home(self) -> Array:
        """The mask of the documents in the catalogue's language."""
        spoken = self._segment.spoken
        own = [value.partition("-")[0] == self.languages[0] for value in spoken.values]
        return np.array(own, np.bool_).take(spoken.firsts)

    def stems(self, raw: str) -> tuple[str, ...]:
        """Return the stems of a word in the languages of the index, the catalogue's own first.

        The other stems are those that a document has. They include the stems of all words with this
        folded spelling, as a stemmer may need accents that were not typed.
        """
        return self._stems.get(raw, lambda: self._all_stems(raw))

    def _all_stems(self, raw: str) -> tuple[str, ...]:
        own, *others = self.languages
        first = stemming.stem(raw, own)
        if not others and raw.isascii():
            return (first,)
        known = dict.fromkeys(stemming.stem(raw, language) for language in others)
        for word in self.words_written(as_written(raw)).tolist():
            known[self._segment.stems.texts.text(int(self._segment.stem_of[word]))] = None
        known.pop(first, None)
        return first, *(stem for stem in known if self.term(stem) is not None)

    def words_with(self, stem: str) -> set[str]:
        """Return the words with a stem, as written."""
        number, segment = self.term(stem), self._segment
        words = () if number is None else np.flatnonzero(segment.stem_of == number).tolist()
        return {written_of(segment.words.texts.text(word)) for word in words}

    def written_frequencies(self) -> Mapping[str, int]:
        """Return the document frequency of each word, as written, summed over its stems."""
        frequencies = np.diff(self._segment.words.offsets).tolist()
        known: dict[str, int] = {}
        for written, frequency in zip(self.surface_texts, frequencies, strict=True):
            known[written] = known.get(written, 0) + frequency
        return known

    def values(self, field: str) -> Sequence[str]:
        """Return the values of a facet or of a field with a parent, in the order of the index."""
        return self._segment.columns[field].values

    def has_value(self, field: str, value: str) -> bool:
        """Return whether any document has a value."""
        return value in self._segment.columns[field].ordinal

    def cached_clause(self, key: object, make: Callable[[], Leaf]) -> Leaf:
        """Return the cached clause of a key; make it if there is none."""
        return self._clauses.get(key, make)

    @cached_property
    def surface_texts(self) -> list[str]:
        """The spelling of each word, by number."""
        return [written_of(text) for text in self._segment.words.texts.all()]

    @cached_property
    def stem_texts(self) -> list[str]:
        """All stems, by number."""
        return self._segment.stems.texts.all()
