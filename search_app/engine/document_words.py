"""The words of one publication, and matches among them: positions, and weights by field.

`split_words` makes them of a stored publication. A local index reads them faster from its
forward index. Both give the same words.
"""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer.catalogue.fields import MISSING, Catalogue
from indexer.catalogue.records import Publication
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.reader import make_catalogue_norms
from indexer.codec.segment.string_table import StringTable
from indexer.codec.segment.term_dictionary import FIELD_END, GAP, decode_surface
from indexer.codec.segment.word_stream import WordNumbers, collect_texts
from search_app.engine.results import How

MAX_CACHED_WORDS = 1 << 17
"""Words whose numbers are cached, about 20 MB. A search for one takes 20 times as long."""


class Span(NamedTuple):
    """A run of adjacent words.

    `position` is the position of the first word, counted from the start of the publication.
    """

    position: int
    length: int

    @property
    def end(self) -> int:
        """The position after the last word."""
        return self.position + self.length

    def is_within(self, other: Span) -> bool:
        """Return whether another span covers this one."""
        return other.position <= self.position and self.end <= other.end


class ClauseMatch(NamedTuple):
    """The match of one part of a clause in a publication.

    `weights` has the weighted frequency by field, or by row for a facet value. `spans` has the
    positions of the match. `value` is the row and the facet value, if the part matches one.
    """

    how: How
    weights: Mapping[str, float]
    spans: tuple[Span, ...] = ()
    value: tuple[str, str] | None = None

    @property
    def weight(self) -> float:
        """The weighted frequency, summed over all fields."""
        return sum(self.weights.values())

    def scale(self, factor: float) -> ClauseMatch:
        """Return the same match with its weights multiplied by a factor."""
        return self._replace(
            weights={name: weight * factor for name, weight in self.weights.items()}
        )


class WordNumbering:
    """The words of an index by number, and its catalogue. Threads may share it.

    `texts` has the words as `term_dictionary.encode_word` returns them, sorted. `stem_or_none` has
    the stem number of each word, then -1 twice. `mean_lengths` has the mean length of each
    searchable field: see `postings.compute_means`.
    """

    def __init__(
        self, catalogue: Catalogue, texts: StringTable, stem_or_none: Array, mean_lengths: Array
    ) -> None:
        self.catalogue, self.texts = catalogue, texts
        self.stem_or_none, self.mean_lengths = stem_or_none, mean_lengths
        self._numbers: dict[str, int] = {}

    def get_number(self, word: str) -> int:
        """Return the number of a word. Raise KeyError if the index does not have it."""
        number = self._numbers.get(word)
        if number is None:
            number = self.texts.find(word)
            if number is None:
                raise KeyError(word)
            if len(self._numbers) < MAX_CACHED_WORDS:
                self._numbers[word] = number
        return number


class DocumentWords:
    """The words of one publication.

    `words` has the word number at each position. `stems` has the stem number, negative if there is
    none. Field number i covers the positions from `begins[i]` to `begins[i + 1]`, and one
    occurrence in it has the weight `norms[i]`. `has_value(row, value)` returns whether the
    publication has a facet value.
    """

    def __init__(
        self,
        words: Array,
        begins: Sequence[int],
        norms: Array,
        numbering: WordNumbering,
        has_value: Callable[[str, str], bool],
    ) -> None:
        self.begins, self._numbering, self.has_value = begins, numbering, has_value
        self.fields = [field.name for field in numbering.catalogue.searchable]
        stems = numbering.stem_or_none.take(words, mode="wrap")
        self._words, self._norms = words, norms
        self.words: list[int] = words.tolist()
        self.stems: list[int] = stems.tolist()
        self.norms: list[float] = norms.tolist()

    def drop(self, field: str | None) -> DocumentWords:
        """Return the words without those of a field."""
        if field is None:
            return self
        number, words = self.fields.index(field), self._words.copy()
        words[self.begins[number] : self.begins[number + 1]] = FIELD_END
        return DocumentWords(words, self.begins, self._norms, self._numbering, self.has_value)

    @cached_property
    def word_positions(self) -> Mapping[int, list[int]]:
        """The positions of each word number, ascending."""
        return _group_positions(self.words)

    @cached_property
    def stem_positions(self) -> Mapping[int, list[int]]:
        """The positions of each stem number, ascending."""
        return _group_positions(self.stems)

    def get_field(self, position: int) -> str:
        """Return the field of a position."""
        return self.fields[self._get_field_number(position)]

    def _get_field_number(self, position: int) -> int:
        return bisect(self.begins, position) - 1

    def get_surface(self, position: int) -> str:
        """Return the unstemmed, folded word at a position."""
        return decode_surface(self._numbering.texts.get_text(self.words[position]))

    def list_positions(self, field: str) -> list[int]:
        """Return the positions of the words in a field, ascending."""
        number = self.fields.index(field)
        begin, end = self.begins[number : number + 2]
        return [position for position in range(begin, end) if self.words[position] >= 0]

    def weigh_stems(self) -> tuple[Array, NDArray[np.float32]]:
        """Return the stems, ascending, and the weighted frequency of each over all fields."""
        stems, weights = np.array(self.stems, np.int32), np.repeat(self.norms, np.diff(self.begins))
        is_word = stems >= 0
        distinct, indexes = np.unique(stems[is_word], return_inverse=True)
        sums = np.bincount(indexes, weights[is_word], len(distinct))
        return distinct, sums.astype(np.float32)

    def collect(
        self, how: How, positions: Iterable[int], fields: Set[str], length: int
    ) -> ClauseMatch:
        """Return the match of words at some positions, each `length` words long, in some fields."""
        spans, weights = [], dict[str, float]()
        for position in positions:
            number = self._get_field_number(position)
            name = self.fields[number]
            if name in fields:
                spans.append(Span(position, length))
                weights[name] = weights.get(name, 0.0) + self.norms[number]
        return ClauseMatch(how, weights, tuple(spans))


def _group_positions(numbers: Sequence[int]) -> Mapping[int, list[int]]:
    positions_by_number: dict[int, list[int]] = defaultdict(list)
    for position, number in enumerate(numbers):
        if number >= 0:
            positions_by_number[number].append(position)
    return dict(positions_by_number)


def split_words(publication: Publication, numbering: WordNumbering) -> DocumentWords:
    """Return the words of a stored publication.

    Raise KeyError if the numbering does not have a word of it.
    """
    catalogue = numbering.catalogue
    numbers = WordNumbers(catalogue.language)
    stream = numbers.encode(collect_texts([publication], catalogue))
    final = [GAP, FIELD_END, *map(numbering.get_number, numbers.words)]
    words = np.array(final, np.int32).take(stream)
    ends = (words == FIELD_END).nonzero()[0] + 1
    begins = [0, *ends.tolist()]
    counts = np.concatenate([np.zeros(1, np.int64), (words >= 0).cumsum()])
    lengths = np.diff(counts.take(begins))
    norms = make_catalogue_norms(catalogue, lengths[np.newaxis], numbering.mean_lengths)[0]

    def has_value(row: str, value: str) -> bool:
        values = [*map(catalogue.by_name[row].make_key, publication.values.get(row, ()))]
        return value in values if values else value == MISSING

    return DocumentWords(words, begins, norms, numbering, has_value)
