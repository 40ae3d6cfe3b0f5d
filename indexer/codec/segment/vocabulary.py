"""The vocabularies of publications and of full texts, without any postings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np

from indexer.codec.segment.array_file import Array, ArrayFileWriter, StringTable, compute_offsets
from indexer.codec.segment.term_dictionary import STEM_MARK, Dictionary, decode_surface


class VocabularyArrays(NamedTuple):
    """All that a vocabulary needs from an index. `size` is the number of documents.

    `stem_of` gives the stem number of each word. By stem number, `occurrence_offsets` contains the
    running totals of the occurrences, and `default_language_frequencies` the number of documents in
    the catalogue's language. `languages` contains the languages of the documents. `values` contains
    the values of each facet and of each field with a parent: sorted, and `none` at the end.
    `identifiers` gives the sorted values of each other field with exact values.
    """

    size: int
    words: Dictionary
    stems: Dictionary
    stem_of: Array
    occurrence_offsets: Array
    default_language_frequencies: Array
    languages: Sequence[str]
    values: Mapping[str, Sequence[str]]
    identifiers: Mapping[str, StringTable]

    @classmethod
    def read(cls, arrays: Mapping[str, Array]) -> Self:
        """Return a vocabulary from the arrays of a file. Raise KeyError if one is missing."""
        words, stems = (
            Dictionary(StringTable.read(arrays, name), arrays[f"{name}.frequencies"])
            for name in ("words", "stems")
        )
        fields, identified = (
            StringTable.read(arrays, name).to_list() for name in ("fields", "identifiers")
        )
        return cls(
            int(arrays["size"]),
            words,
            stems,
            arrays["stem_of"],
            arrays["occurrence_offsets"],
            arrays["default_language_frequencies"],
            StringTable.read(arrays, "languages").to_list(),
            {field: StringTable.read(arrays, f"values.{field}").to_list() for field in fields},
            {field: StringTable.read(arrays, f"values.{field}") for field in identified},
        )

    def write(self, writer: ArrayFileWriter) -> None:
        """Write the arrays as `read` reads them."""
        writer.add("size", np.array(self.size))
        for name, dictionary in ("words", self.words), ("stems", self.stems):
            dictionary.texts.write(writer, name)
            writer.add(f"{name}.frequencies", dictionary.offsets)
        writer.add("stem_of", self.stem_of)
        writer.add("occurrence_offsets", self.occurrence_offsets)
        writer.add("default_language_frequencies", self.default_language_frequencies)
        StringTable.from_texts(self.languages).write(writer, "languages")
        StringTable.from_texts(list(self.values)).write(writer, "fields")
        for field, values in self.values.items():
            StringTable.from_texts(values).write(writer, f"values.{field}")
        StringTable.from_texts(list(self.identifiers)).write(writer, "identifiers")
        for field, table in self.identifiers.items():
            table.write(writer, f"values.{field}")


class FullTextDictionary:
    """The words of full texts and their stems. Threads may share it.

    `arrays` contains those of `pages.seg`, by name after `prefix`: see `fulltext`. The frequencies
    of `words` are numbers of texts. `languages` are those of the texts, if they are known.
    """

    def __init__(
        self, arrays: Mapping[str, Array], languages: Iterable[str], prefix: str = ""
    ) -> None:
        self.languages = tuple(dict.fromkeys(languages))
        texts = StringTable.read(arrays, f"{prefix}words")
        self.words = Dictionary(texts, arrays[f"{prefix}text_offsets"])
        self.stems = StringTable.read(arrays, f"{prefix}stems")
        self.stem_of: Array = arrays[f"{prefix}stem_of"]
        self.offsets: Array = arrays[f"{prefix}page.offsets"]
        self.position_offsets: Array = arrays[f"{prefix}page.position_offsets"]

    def write(self, writer: ArrayFileWriter, prefix: str) -> None:
        """Write the arrays as the constructor reads them."""
        self.words.texts.write(writer, f"{prefix}words")
        writer.add(f"{prefix}text_offsets", self.words.offsets)
        self.stems.write(writer, f"{prefix}stems")
        writer.add(f"{prefix}stem_of", self.stem_of)
        writer.add(f"{prefix}page.offsets", self.offsets)
        writer.add(f"{prefix}page.position_offsets", self.position_offsets)

    @cached_property
    def _words_of_stems(self) -> tuple[Array, Array]:
        """The words in the order of their stems, and where those of each stem begin."""
        counts = np.bincount(self.stem_of, minlength=len(self.stems))
        return self.stem_of.argsort(kind="stable"), compute_offsets(counts)

    def find_stem(self, stem: str) -> Array:
        """Return the numbers of the words with a stem, ascending; none if it is unknown."""
        words, offsets = self._words_of_stems
        number = self.stems.find(stem)
        return words[:0] if number is None else words[offsets[number] : offsets[number + 1]]

    def find_surface(self, surface: str) -> Array:
        """Return the numbers of the words with this spelling, ascending."""
        first, last = self.words.texts.find_prefix(surface + STEM_MARK)
        plain = self.words.texts.find(surface)
        numbers = np.arange(first, last)
        return numbers if plain is None else np.insert(numbers, 0, plain)

    def count_pages_with(self, word: int) -> int:
        """Return the number of pages with a word."""
        return int(self.offsets[word + 1]) - int(self.offsets[word])

    def count_positions(self, word: int) -> int:
        """Return the number of occurrences of a word."""
        return int(self.position_offsets[word + 1]) - int(self.position_offsets[word])

    def count_words(self, prefix: str, least: int) -> dict[str, int]:
        """Return the words with a prefix that at least some number of texts have, as written."""
        first, last = self.words.texts.find_prefix(prefix)
        counts, totals = np.diff(self.words.offsets[first : last + 1]), Counter[str]()
        for number, count in enumerate(counts.tolist(), first):
            totals[decode_surface(self.words.texts.get_text(number))] += count
        return {surface: count for surface, count in totals.items() if count >= least}
