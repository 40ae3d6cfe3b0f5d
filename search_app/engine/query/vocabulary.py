"""The vocabulary of an index: its words, stems and facet values, and how frequent they are.

`Vocabulary` is a protocol. The vocabulary is always in this process, because each word of a query
needs several look-ups. Its abstract methods are the look-ups; the others derive from them.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import Protocol

from indexer.analysis import stemming
from indexer.analysis.folding import as_written
from indexer.catalogue.fields import Catalogue
from search_app.engine.query.nodes import Leaf


class Vocabulary(Protocol):
    """The words and the facet values of one generation of an index.

    A term is a stem, or a word as written after `tokenizer.WRITTEN`. Frequencies count documents.
    """

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
    def stems(self, raw: str) -> tuple[str, ...]:
        """Return the stems of a word in `languages`, that of the catalogue's language first."""

    @abstractmethod
    def frequency(self, stem: str) -> int:
        """Return the document frequency of a stem."""

    @abstractmethod
    def at_home(self, stem: str) -> int:
        """Return the document frequency of a stem among those in the catalogue's language."""

    @abstractmethod
    def has_term(self, term: str) -> bool:
        """Return whether any document has a term."""

    @abstractmethod
    def words_with(self, stem: str) -> set[str]:
        """Return the words with a stem, as written."""

    @abstractmethod
    def written_frequencies(self) -> Mapping[str, int]:
        """Return the document frequency of each word, as written, summed over its stems."""

    @abstractmethod
    def values(self, field: str) -> Sequence[str]:
        """Return the values of a facet or of a field with a parent, in the order of the index."""

    @abstractmethod
    def has_value(self, field: str, value: str) -> bool:
        """Return whether any document has a value."""

    @abstractmethod
    def cached_clause(self, key: object, make: Callable[[], Leaf]) -> Leaf:
        """Return the cached clause of a key; make it if there is none."""

    def count(self, raw: str) -> int:
        """Return the document frequency of the most frequent stem of a word."""
        return max(map(self.frequency, self.stems(raw)))

    def has(self, raw: str) -> bool:
        """Return whether any document has a word, in some inflection."""
        return self.count(raw) > 0

    @cached_property
    def searchable(self) -> list[str]:
        """The names of the fields that words are searched for in."""
        return [field.name for field in self.catalogue.searchable]

    def leaves_out(self, raw: str, *, shouted: bool, spoken: Collection[str] = ()) -> bool:
        """Return whether a word is a stop word, and not a name in capitals such as IT, WHO or UN.

        Capitals are ignored if all words are in capitals (`shouted`).
        """
        if not self.is_stop_word(raw, spoken):
            return False
        return len(raw) == 1 or not raw.isupper() or shouted

    def is_stop_word(self, raw: str, spoken: Collection[str] = ()) -> bool:
        """Return whether a word is a stop word.

        Stop words of the catalogue's language and of the `spoken` languages always are. A stop word
        of another language is not if most documents with it are in the catalogue's language.
        """
        written = as_written(raw)
        if written not in stemming.EVERY_STOP_WORD:
            return False
        if any(written in stemming.stop_words(each) for each in (self.catalogue.language, *spoken)):
            return True
        return max(map(self.at_home, self.stems(raw))) * 2 <= self.count(raw)
