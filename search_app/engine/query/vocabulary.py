"""The vocabulary of an index: its words, stems and facet values, and how frequent they are.

`Vocabulary` is a protocol. The vocabulary is always in this process, because each word of a query
needs several look-ups. It has no postings, which may be on another machine. Its abstract methods
are the look-ups; the others derive from them.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

from indexer.analysis import stemming, tokenizer
from indexer.analysis.folding import surface_form
from indexer.catalogue.fields import Catalogue
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.term_dictionary import Dictionary
from search_app.engine.query.nodes import Clause, Fields


@dataclass(frozen=True, eq=False)
class TermExpansion:
    """The words as written that an expansion matches, as ascending numbers.

    `is_range` is True if the numbers are contiguous. `dropped` is the number of words above the
    limit.
    """

    numbers: Array
    is_range: bool
    dropped: int = 0

    @cached_property
    def number_set(self) -> frozenset[int]:
        """The numbers as a set."""
        return frozenset(self.numbers.tolist())


class TextCounts(NamedTuple):
    """The frequency of a term in full texts.

    `postings` counts each word of the term once for each part of a text that has it, and
    `positions` counts its occurrences.
    """

    postings: int
    positions: int


class Vocabulary(Protocol):
    """The words and the facet values of one generation of an index.

    A term is a stem, or a word as written after `tokenizer.SURFACE_PREFIX`. Frequencies count
    documents. `words` and `stems` are the dictionaries of the two.
    """

    words: Dictionary
    stems: Dictionary

    @property
    @abstractmethod
    def catalogue(self) -> Catalogue:
        """The fields of the publications."""

    @property
    @abstractmethod
    def size(self) -> int:
        """The number of documents."""

    @property
    @abstractmethod
    def languages(self) -> tuple[str, ...]:
        """The languages of the publications, the catalogue's own first."""

    @abstractmethod
    def list_stems(self, word: str) -> tuple[str, ...]:
        """Return the stems of a word in `languages`, that of the catalogue's language first."""

    @abstractmethod
    def get_frequency(self, stem: str) -> int:
        """Return the document frequency of a stem."""

    @abstractmethod
    def default_language_frequency(self, stem: str) -> int:
        """Return the document frequency of a stem among those in the catalogue's language."""

    @abstractmethod
    def find_numbers(self, term: str) -> list[int]:
        """Return the numbers that a term matches in its dictionary: see `get_dictionary`."""

    @abstractmethod
    def count_occurrences(self, term: str) -> int:
        """Return the number of occurrences of a term. An unstemmed word counts as its stem."""

    @abstractmethod
    def has_term(self, term: str) -> bool:
        """Return whether any document has a term."""

    @abstractmethod
    def find_words_with(self, stem: str) -> set[str]:
        """Return the words with a stem, as written."""

    @abstractmethod
    def count_surfaces(self) -> Mapping[str, int]:
        """Return the document frequency of each word, as written, summed over its stems."""

    @abstractmethod
    def list_values(self, field: str) -> Sequence[str]:
        """Return the values of a facet or of a field with a parent, in the order of the index.

        Other fields have none.
        """

    @abstractmethod
    def has_value(self, field: str, value: str) -> bool:
        """Return whether any document has a value."""

    @abstractmethod
    def cached_clause(self, key: object, make: Callable[[], Clause]) -> Clause:
        """Return the cached clause of a key; make it if there is none."""

    @abstractmethod
    def cached_expansion(self, key: object, make: Callable[[], TermExpansion]) -> TermExpansion:
        """Return the cached expansion of a key; make it if there is none."""

    def get_dictionary(self, term: str) -> Dictionary:
        """Return the dictionary that a term belongs to."""
        return self.words if term.startswith(tokenizer.SURFACE_PREFIX) else self.stems

    def count(self, word: str) -> int:
        """Return the document frequency of the most frequent stem of a word."""
        return max(map(self.get_frequency, self.list_stems(word)))

    def has_word(self, word: str) -> bool:
        """Return whether any document has a word, in some inflection."""
        return self.count(word) > 0

    def knows(self, word: str) -> bool:
        """Return whether any document or full text has a word, in some inflection."""
        return any(map(self.occurs, self.list_stems(word)))

    def occurs(self, term: str) -> bool:
        """Return whether any document or full text has a term."""
        return self.has_term(term)

    @property
    def text_dictionaries(self) -> Sequence[Dictionary]:
        """The words of each segment of full texts."""
        return ()

    def count_term_in_texts(self, term: str) -> TextCounts:
        """Return how often full texts have a term."""
        return TextCounts(0, 0)

    def count_in_texts(self, word: str) -> int:
        """Return the approximate number of full texts with the most frequent stem of a word."""
        if not self.text_dictionaries:
            return 0
        return max(self.count_term_in_texts(stem).postings for stem in self.list_stems(word))

    @cached_property
    def searchable(self) -> list[str]:
        """The names of the fields whose words are in the index of publications."""
        return [field.name for field in self.catalogue.searchable]

    @cached_property
    def word_fields(self) -> Fields:
        """The names of the fields that a word without a field is searched for in.

        They are `searchable`, and the full text if the catalogue has one.
        """
        fulltext = self.catalogue.fulltext
        return frozenset([*self.searchable, fulltext.name] if fulltext else self.searchable)

    def drops_stop_word(self, word: str, *, shouted: bool, languages: Collection[str] = ()) -> bool:
        """Return whether a word is a stop word, and not a name in capitals such as IT, WHO or UN.

        Capitals are ignored if all words are in capitals (`shouted`).
        """
        is_name = len(word) > 1 and word.isupper() and not shouted
        return not is_name and self.is_stop_word(word, languages)

    def is_stop_word(self, word: str, languages: Collection[str] = ()) -> bool:
        """Return whether a word is a stop word.

        A stop word of the catalogue's language or of `languages` always is one. A stop word of any
        other language is one if at most half of its documents are in the catalogue's language.
        """
        surface = surface_form(word)
        if surface not in stemming.ALL_STOP_WORDS:
            return False
        if any(
            surface in stemming.get_stop_words(language)
            for language in (self.catalogue.language, *languages)
        ):
            return True
        return max(map(self.default_language_frequency, self.list_stems(word))) * 2 <= self.count(
            word
        )
