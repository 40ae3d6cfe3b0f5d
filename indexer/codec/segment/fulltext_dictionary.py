"""The words of a full-text segment and their stems, without postings and pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np

from indexer.codec.segment.array_file import Array, ArrayFileWriter
from indexer.codec.segment.string_table import StringTable
from indexer.codec.segment.term_dictionary import STEM_MARK, Dictionary, decode_surface


class FullTextDictionary:
    """The words of the texts of one full-text segment. Threads may share it.

    `arrays` has those of the segment, by name after `prefix`. `words` has the number of parts with
    each word: see `segment.fulltext`. `languages` are those of the texts, if they are known.

    A text may no longer belong to any publication. Counts exclude its words, and a word that only
    such texts have is unknown.
    """

    def __init__(
        self, arrays: Mapping[str, Array], languages: Iterable[str], prefix: str = ""
    ) -> None:
        self.languages = tuple(dict.fromkeys(languages))
        self.words = Dictionary(
            StringTable.read(arrays, f"{prefix}words"), arrays[f"{prefix}offsets"]
        )
        self.stems = StringTable.read(arrays, f"{prefix}stems")
        self._stem_offsets = arrays[f"{prefix}stem_offsets"]
        self._stem_words = arrays[f"{prefix}stem_words"]
        self._position_offsets = arrays[f"{prefix}position_offsets"]

    def write(self, writer: ArrayFileWriter, prefix: str) -> None:
        """Write the arrays as the constructor reads them."""
        self.words.texts.write(writer, f"{prefix}words")
        writer.add(f"{prefix}offsets", self.words.offsets)
        self.stems.write(writer, f"{prefix}stems")
        writer.add(f"{prefix}stem_offsets", self._stem_offsets)
        writer.add(f"{prefix}stem_words", self._stem_words)
        writer.add(f"{prefix}position_offsets", self._position_offsets)

    def find_stem(self, stem: str) -> Array:
        """Return the numbers of the words with a stem (int32), ascending; none if it is unknown."""
        number = self.stems.find(stem)
        if number is None:
            return self._stem_words[:0]
        first, last = self._stem_offsets[number : number + 2].tolist()
        return self._keep_used(self._stem_words[first:last])

    def find_surface(self, surface: str) -> Array:
        """Return the numbers of the words with this spelling (int64), ascending."""
        first, last = self.words.texts.find_prefix(surface + STEM_MARK)
        plain = self.words.texts.find(surface)
        numbers = np.arange(first, last)
        return self._keep_used(numbers if plain is None else np.insert(numbers, 0, plain))

    def _keep_used(self, numbers: Array) -> Array:
        offsets = self.words.offsets
        used: Array = numbers[offsets[numbers + 1] > offsets[numbers]]
        return used

    def count_positions(self, word: int) -> int:
        """Return the number of occurrences of a word, also in texts of no publication."""
        return int(self._position_offsets[word + 1]) - int(self._position_offsets[word])


def count_words(
    dictionaries: Iterable[FullTextDictionary], prefix: str, least: int
) -> dict[str, int]:
    """Return the words with a prefix that have at least some number of parts, as written."""
    totals = Counter[str]()
    for words in (dictionary.words for dictionary in dictionaries):
        first, last = words.texts.find_prefix(prefix)
        counts = np.diff(words.offsets[first : last + 1])
        for number in counts.nonzero()[0].tolist():
            surface = decode_surface(words.texts.get_text(first + number))
            totals[surface] += int(counts[number])
    return {surface: count for surface, count in totals.items() if count >= least}
