"""The arrays of a vocabulary: dictionaries, frequencies and facet values, without any postings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self

import numpy as np

from indexer.codec.segment.array_file import Array, ArrayFileWriter
from indexer.codec.segment.string_table import StringTable
from indexer.codec.segment.term_dictionary import Dictionary


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
