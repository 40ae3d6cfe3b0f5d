"""Test doubles: a vocabulary without an index, and names without entities."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType

from indexer.analysis import stemming, tokenizer
from indexer.catalogue.fields import Catalogue, Field
from indexer.codec.segment.string_table import StringTable, compute_offsets
from indexer.codec.segment.term_dictionary import Dictionary
from search_app.engine.cache import Cache
from search_app.engine.query.clause_builder import EntitySpan
from search_app.engine.query.vocabulary import Vocabulary

NO_WORDS: Mapping[str, int] = MappingProxyType({})


class WordList(Vocabulary):
    """A vocabulary of stems and their document frequencies, without facet values.

    A stem that `frequencies` lacks has the frequency `other`.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        frequencies: Mapping[str, int] = NO_WORDS,
        other: int = 0,
        languages: tuple[str, ...] = ("en",),
    ) -> None:
        self.catalogue, self._languages, self.texts = catalogue, languages, None
        self._frequencies, self._other = frequencies, other
        self.size = max([other, *frequencies.values()])
        stems = sorted(frequencies)
        offsets = compute_offsets([frequencies[stem] for stem in stems])
        self.words = Dictionary(StringTable.from_texts([]), compute_offsets([]))
        self.stems = Dictionary(StringTable.from_texts(stems), offsets)
        self.clauses, self.expansions = Cache(100), Cache(100)

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages of the publications, the catalogue's own first."""
        return self._languages

    def list_stems(self, word: str) -> tuple[str, ...]:
        """Return the stem of a word in each language."""
        return tuple(stemming.stem(word, language) for language in self._languages)

    def get_frequency(self, stem: str) -> int:
        """Return the document frequency of a stem."""
        return self._frequencies.get(stem, self._other)

    def default_language_frequency(self, stem: str) -> int:
        """Return 0: no document is in the catalogue's language."""
        return 0

    def find_numbers(self, term: str) -> list[int]:
        """Return the number of a stem that has a frequency of its own."""
        number = self.stems.texts.find(term)
        return [] if number is None else [number]

    def count_occurrences(self, term: str) -> int:
        """Return the document frequency: a stem occurs once in each document."""
        return self.get_frequency(term)

    def has_term(self, term: str) -> bool:
        """Return whether a stem has a frequency. No word as written has one."""
        return not term.startswith(tokenizer.SURFACE_PREFIX) and self.get_frequency(term) > 0

    def find_words_with(self, stem: str) -> set[str]:
        """Return no words: only stems are known."""
        return set()

    def count_surfaces(self) -> Mapping[str, int]:
        """Return no frequencies: only stems are known."""
        return NO_WORDS

    def list_values(self, field: str) -> Sequence[str]:
        """Return no values."""
        return ()

    def has_value(self, field: str, value: str) -> bool:
        """Return False: there are no values."""
        return False


class Names:
    """Recognizes no entity in a text. `values` maps a field and a text to facet values."""

    def __init__(self, values: Callable[[Field, str], list[str]]) -> None:
        self._values = values

    def values_named(self, field: Field, text: str) -> list[str]:
        """Return the values of a facet that a text names."""
        return self._values(field, text)

    def cut(self, piece: str) -> list[str]:
        """Return the piece: it has no name."""
        return [piece]

    def link(self, pieces: Sequence[str], *, shouted: bool) -> list[EntitySpan]:
        """Return no entity."""
        return []
