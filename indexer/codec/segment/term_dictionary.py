"""The term dictionary: words, their stems, and their numbers; and vocabularies without postings.

A word is the pair of a surface form and its stem. For most words the stem is the one that the
catalogue's language gives, and the surface form alone identifies them. For other words, from texts
in other languages, the stem follows the surface form after a STEM_MARK.

A word gets a provisional number when it first occurs, and the texts of publications become a stream
of these numbers. After the last publication the words are sorted and get their final numbers.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple, Self

import numpy as np

from indexer.analysis import stemming, tokenizer
from indexer.analysis.cleaning import surface_form
from indexer.catalogue import schema
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication
from indexer.codec.segment.array_file import Array, ArrayFileWriter, StringTable, compute_offsets

FIELD_END, GAP = -1, -2
"""The marks in a stream: after each field, and between two texts of one field."""
FIRST_NUMBER = 2
"""The provisional number of the first word. 0 and 1 are those of GAP and FIELD_END."""

ALL_NAMES = 255
"""The name share of a word that occurs in names only: see `VocabularyArrays.name_shares`."""
STEM_MARK = "\x1d"
"""Separates the surface form of a word from its stem. It sorts before any character of either."""
MAX_CACHED_WORDS = 1 << 18
"""Words of one language that are cached as written. Most of the later ones occur only once."""

TextRuns = list[tuple[str, str]]
"""Pairs of language and text, in the order of the stream."""


def encode_word(word: str, language: str, default_language: str) -> str:
    """Return the word for a token in a text of `language`, given that of the catalogue."""
    if word.isascii() and language == default_language:
        return word.lower()  # its surface form
    surface = surface_form(word)
    stem = stemming.stem(word, language)
    has_default_stem = stem == stemming.stem(surface, default_language)
    return surface if has_default_stem else f"{surface}{STEM_MARK}{stem}"


def decode_surface(word: str) -> str:
    return word.partition(STEM_MARK)[0]


def decode_stem(word: str, default_language: str) -> str:
    surface, mark, stem = word.partition(STEM_MARK)
    return stem if mark else stemming.stem(surface, default_language)


class Dictionary:
    """The sorted words or stems of an index, by number, and their document frequencies.

    `offsets` contains the running totals of the document frequencies: that of term `n` is
    `offsets[n + 1] - offsets[n]`.
    """

    def __init__(self, texts: StringTable, offsets: Array) -> None:
        self.texts, self.offsets = texts, offsets

    def __len__(self) -> int:
        return len(self.texts)

    @cached_property
    def surfaces(self) -> list[str]:
        """The surface form of each word, or each stem, by number."""
        return [decode_surface(text) for text in self.texts.to_list()]

    def doc_frequency(self, number: int) -> int:
        return int(self.offsets[number + 1]) - int(self.offsets[number])


class WordNumbers:
    """Provisional word numbers, assigned at the first occurrence of a word.

    The `words` passed in have numbers from the start.
    """

    def __init__(self, default_language: str, words: Sequence[str] = ()) -> None:
        self.default_language = default_language
        self._new: list[str] = []
        self._numbers = {word: number for number, word in enumerate(words, start=FIRST_NUMBER)}
        self._by_language: dict[str, _LanguageNumbers] = {}

    def number_word(self, word: str, language: str) -> int:
        encoded = encode_word(word, language, self.default_language)
        next_number = len(self._numbers) + FIRST_NUMBER
        number = self._numbers.setdefault(encoded, next_number)
        if number == next_number:
            self._new.append(encoded)
        return number

    @property
    def words(self) -> list[str]:
        """All words in the order of their numbers."""
        return list(self._numbers)

    def take_new_words(self) -> list[str]:
        """Return the words that got a number since the last call, in the order of the numbers."""
        new, self._new = self._new, []
        return new

    def encode(self, texts: TextRuns) -> Array:
        """Return the provisional stream (int32) of marked texts."""
        return np.concatenate([np.zeros(0, np.int32), *map(self._encode_run, texts)])

    def _encode_run(self, run: tuple[str, str]) -> Array:
        language, text = run
        numbers_of = self._by_language.get(language)
        if numbers_of is None:
            numbers_of = self._by_language[language] = _LanguageNumbers(self, language)
        words = tokenizer.words_and_marks(text)
        numbers = np.fromiter(map(numbers_of.__getitem__, words), np.int32, len(words))
        unsegmented = np.flatnonzero(numbers < 0)
        if not len(unsegmented):
            return numbers
        slices = np.split(numbers, np.sort(np.concatenate([unsegmented, unsegmented + 1])))
        bigrams = numbers_of.bigrams
        parts = (bigrams[-1 - part[0]] if len(part) and part[0] < 0 else part for part in slices)
        return np.concatenate([*parts])


class _LanguageNumbers(dict[str, int]):
    """Cache from words of one language, as written, to their numbers. Frequent words come first.

    A run of text without spaces gets a negative number. `bigrams[-1 - number]` contains the word
    numbers of its bigrams.
    """

    def __init__(self, numbers: WordNumbers, language: str) -> None:
        super().__init__({tokenizer.GAP_MARK: 0, tokenizer.FIELD_MARK: 1})
        self._numbers, self._language = numbers, language
        self.bigrams: list[Array] = []

    def __missing__(self, word: str) -> int:
        if not word.isascii() and tokenizer.is_unsegmented(word):
            words = tokenizer.bigrams(word)
            numbers = [self._numbers.number_word(bigram, self._language) for bigram in words]
            self.bigrams.append(np.array(numbers, np.int32))
            self[word] = number = -len(self.bigrams)
            return number
        number = self._numbers.number_word(word, self._language)
        if len(self) < MAX_CACHED_WORDS:
            self[word] = number
        return number


def collect_texts(publications: Sequence[Publication], catalogue: Catalogue) -> TextRuns:
    """Return the searchable text of publications. Join adjacent texts in one language."""
    runs = (
        (
            schema.get_language(publication, field, catalogue),
            tokenizer.add_marks(schema.get_text(publication, field, catalogue)),
        )
        for publication in publications
        for field in catalogue.searchable
    )
    return [
        (language, "".join([text for _, text in texts]))
        for language, texts in groupby(runs, key=itemgetter(0))
    ]


class WordTable(NamedTuple):
    """The sorted words of an index. Other numbers of words that no longer occur are GAP."""

    words: list[str]
    numbers: Array
    """The final number of each provisional number."""
    previous_numbers: Array
    """The final number of each word of the previous segment."""


def number_words(words: Sequence[str], counts: Array, previous_count: int) -> WordTable:
    """Return the vocabulary of words with provisional numbers.

    The first `previous_count` words are those of the previous segment. `counts` gives the number of
    occurrences of each provisional number in the stream.
    """
    used = np.flatnonzero(counts[FIRST_NUMBER : FIRST_NUMBER + len(words)])
    order = sorted(used.tolist(), key=words.__getitem__)
    numbers = np.full(len(words) + FIRST_NUMBER, GAP, np.int32)
    numbers[:FIRST_NUMBER] = GAP, FIELD_END
    numbers[np.array(order, np.int64) + FIRST_NUMBER] = np.arange(len(order), dtype=np.int32)
    sorted_words = [words[number] for number in order]
    return WordTable(sorted_words, numbers, numbers[FIRST_NUMBER : FIRST_NUMBER + previous_count])


class StemTable(NamedTuple):
    """The distinct stems of a vocabulary, sorted."""

    texts: list[str]
    of_word: Array
    """The stem number of each word."""
    previous_numbers: Array
    """The new number of each stem of the previous segment, or GAP."""


def number_stems(
    word_table: WordTable,
    default_language: str,
    previous_stems: Sequence[str],
    previous_stem_of: Array,
) -> StemTable:
    """Return the stems of a vocabulary. `default_language` is the language of the catalogue.

    `previous_stems` are the stems of the previous segment, and `previous_stem_of` are the stem
    numbers of its words. No previous word is stemmed again.
    """
    words, _, previous_numbers = word_table
    is_kept = previous_numbers >= 0
    is_new = np.ones(len(words), np.bool_)
    is_new[previous_numbers[is_kept]] = False
    new = np.flatnonzero(is_new).tolist()
    stems = [decode_stem(words[number], default_language) for number in new]
    used = np.zeros(len(previous_stems), np.bool_)
    used[previous_stem_of[is_kept]] = True
    remaining = np.flatnonzero(used).tolist()
    texts = sorted({*(previous_stems[number] for number in remaining), *stems})
    number_of = {text: number for number, text in enumerate(texts)}
    previous_stem_numbers = np.full(len(previous_stems), GAP, np.int32)
    previous_stem_numbers[remaining] = [number_of[previous_stems[number]] for number in remaining]
    of_word = np.empty(len(words), np.int32)
    of_word[previous_numbers[is_kept]] = previous_stem_numbers[previous_stem_of[is_kept]]
    of_word[new] = [number_of[stem] for stem in stems]
    return StemTable(texts, of_word, previous_stem_numbers)


class VocabularyArrays(NamedTuple):
    """All that a vocabulary needs from an index."""

    size: int
    """The number of documents."""
    words: Dictionary
    stems: Dictionary
    stem_of: Array
    """The stem number of each word."""
    name_shares: Array
    """The share of the occurrences of each word that are in names (uint8), of ALL_NAMES."""
    occurrence_offsets: Array
    """The running totals of the occurrences, by stem number."""
    default_language_frequencies: Array
    """The number of documents in the catalogue's language, by stem number."""
    languages: Sequence[str]
    """Those of the documents."""
    values: Mapping[str, Sequence[str]]
    """The values of each facet and of each field with a parent: sorted, and `none` at the end."""
    identifiers: Mapping[str, StringTable]
    """The sorted values of each other field with exact values."""

    @classmethod
    def read(cls, arrays: Mapping[str, Array]) -> Self:
        """Return a vocabulary from the arrays of a file. Raise KeyError if one is missing."""
        words, stems = (
            Dictionary(StringTable.read(arrays, name), arrays[f"{name}.frequencies"])
            for name in ("words", "stems")
        )
        fields = StringTable.read(arrays, "fields").to_list()
        identified = StringTable.read(arrays, "identifiers").to_list()
        return cls(
            int(arrays["size"]),
            words,
            stems,
            arrays["stem_of"],
            arrays["name_shares"],
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
        writer.add("name_shares", self.name_shares)
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
        return int(self.offsets[word + 1]) - int(self.offsets[word])

    def count_positions(self, word: int) -> int:
        return int(self.position_offsets[word + 1]) - int(self.position_offsets[word])

    def count_words(self, prefix: str, least: int) -> dict[str, int]:
        """Return the words with a prefix that at least some number of texts have, as written."""
        first, last = self.words.texts.find_prefix(prefix)
        counts, totals = np.diff(self.words.offsets[first : last + 1]), Counter[str]()
        for number, count in enumerate(counts.tolist(), first):
            totals[decode_surface(self.words.texts.get_text(number))] += count
        return {surface: count for surface, count in totals.items() if count >= least}
