"""The words of publications, and which of them the parts of a clause match.

Marks, passages, title matches, nearness, feedback, and explanations all read the same `Words`: the
rows of word numbers and stem numbers of some publications. A local index takes them from its
forward index. `split_words` makes them of stored publications, and `read_words` of any text. So no
text is stemmed to be shown, and what is marked is what matched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, partial
from typing import NamedTuple, assert_never

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from indexer.analysis import stemming, tokenizer
from indexer.analysis.cleaning import surface_form
from indexer.catalogue.fields import MISSING
from indexer.catalogue.records import Publication
from indexer.codec.segment.array_file import Array, expand_ranges
from indexer.codec.segment.postings import make_norms
from indexer.codec.segment.term_dictionary import FIELD_END, GAP, WordNumbers, collect_texts
from search_app.engine.query import nodes
from search_app.engine.query.vocabulary import Vocabulary, expand
from search_app.engine.results import How

NOWHERE: Array = np.zeros(0, np.int64)
"""No positions."""
Mask = NDArray[np.bool_]
HaveValues = Callable[[nodes.Values], Mask]


class Terms(NamedTuple):
    """The numbers of the terms of some words.

    `find` returns the numbers of a stem, or of a word as written after `tokenizer.SURFACE_PREFIX`.
    `expand` returns those of the words that a prefix, wildcard or fuzzy term matches, ascending.
    """

    find: Callable[[str], Sequence[int]]
    expand: Callable[[nodes.Expansion], Array]


class Words:
    """The words of some publications, one publication after the other, field by field.

    `words` gives the word number at each position, and `stems` the stem number. Both are negative
    at the end of a field, and at a gap between two of its texts. `lengths` gives the number of
    positions of each field (a column) of each publication (a row), and `norms` (float32) the weight
    of one occurrence there. A cell is a field of a publication: cell `i * len(fields) + j` is field
    j of publication i, and covers the positions from `begins[cell]` to `begins[cell + 1]`.
    `have_values(part)` returns which publications have any of the values of a part.
    """

    def __init__(
        self,
        words: Array,
        stems: Array,
        lengths: Array,
        norms: Array,
        fields: Sequence[str],
        terms: Terms,
        have_values: HaveValues | None = None,
    ) -> None:
        self.words, self.stems, self.lengths, self.fields = words, stems, lengths, fields
        self.size, self.norms, self.terms = len(lengths), norms, terms
        self._have_values = have_values
        self.begins = np.concatenate([np.zeros(1, np.int64), lengths.reshape(-1).cumsum()])

    @classmethod
    def number(
        cls,
        words: Array,
        lengths: Array,
        norms: Array,
        vocabulary: Vocabulary,
        have_values: HaveValues,
    ) -> Words:
        """Return the words of publications, given their numbers in the vocabulary of an index."""
        terms = Terms(vocabulary.find_numbers, lambda part: expand(part, vocabulary).numbers)
        stems = vocabulary.stem_or_none.take(words, mode="wrap")
        return cls(words, stems, lengths, norms, vocabulary.searchable, terms, have_values)

    @classmethod
    def split(
        cls, words: Array, mean_lengths: Array, vocabulary: Vocabulary, have_values: HaveValues
    ) -> Words:
        """Return the words of publications, given their numbers with FIELD_END after each field.

        `mean_lengths` gives the mean length of each searchable field: see `postings.compute_means`.
        """
        first, fields = np.zeros(1, np.int64), len(vocabulary.searchable)
        begins = np.concatenate([first, (words == FIELD_END).nonzero()[0] + 1])
        counts = np.concatenate([first, (words >= 0).cumsum()])
        norms = make_norms(
            vocabulary.catalogue, np.diff(counts.take(begins)).reshape(-1, fields), mean_lengths
        )
        lengths = np.diff(begins).reshape(-1, fields)
        return cls.number(words, lengths, norms, vocabulary, have_values)

    def have_values(self, part: nodes.Values) -> Mask:
        """Return which publications have any of the values of a part."""
        return self._have_values(part) if self._have_values else np.zeros(self.size, np.bool_)

    def drop(self, field: str | None) -> Words:
        """Return the words without those of a field. All others keep their positions."""
        if field is None:
            return self
        is_dropped = self.cells % len(self.fields) == self.fields.index(field)
        words, stems = (np.where(is_dropped, FIELD_END, row) for row in (self.words, self.stems))
        return Words(
            words, stems, self.lengths, self.norms, self.fields, self.terms, self._have_values
        )

    def take(self, rows: slice | Array) -> Words:
        """Return the words of some of the publications."""
        numbers, width = np.arange(self.size)[rows], len(self.fields)
        begins = self.begins[numbers * width]
        positions = expand_ranges(begins, self.begins[(numbers + 1) * width] - begins)
        return Words(
            self.words.take(positions), self.stems.take(positions), self.lengths[numbers],
            self.norms[numbers], self.fields, self.terms,
            lambda part: self.have_values(part)[numbers],
        )  # fmt: skip

    @cached_property
    def cells(self) -> Array:
        return np.arange(self.lengths.size).repeat(self.lengths.reshape(-1))

    @cached_property
    def ordinals(self) -> Array:
        """How many words come before each position, over all publications."""
        return (self.words >= 0).cumsum() - (self.words >= 0)

    # An entity may have a thousand names, of which few occur.
    @cached_property
    def _own_words(self) -> frozenset[int]:
        return frozenset(self.words.tolist())

    @cached_property
    def _own_stems(self) -> frozenset[int]:
        return frozenset(self.stems.tolist())

    def find_term(self, term: str) -> Array:
        """Return the positions of a stem, or of a word as written, ascending."""
        numbers = self.terms.find(term)
        if term.startswith(tokenizer.SURFACE_PREFIX):
            return _find_any(self.words, [each for each in numbers if each in self._own_words])
        return _find_any(self.stems, [each for each in numbers if each in self._own_stems])

    def find_stems(self, numbers: Sequence[int]) -> Array:
        """Return the positions of any of some stems, ascending."""
        return _find_any(self.stems, numbers)

    def find_phrase(self, stems: Sequence[int]) -> Array:
        """Return the positions at which some stems follow each other, ascending."""
        if not self._own_stems.issuperset(stems):
            return NOWHERE
        starts: Array = (self.stems == stems[0]).nonzero()[0]
        for distance, stem in enumerate(stems[1:], start=1):
            starts = starts[self.stems.take(starts + distance, mode="clip") == stem]
        return starts

    def find_words(self, numbers: Array) -> Array:
        """Return the positions of any of these words as written, which ascend."""
        if not len(numbers):
            return NOWHERE
        places = numbers.searchsorted(self.words)
        found: Array = (numbers.take(places, mode="clip") == self.words).nonzero()[0]
        return found

    def select(self, positions: Array, fields: nodes.Fields) -> Array:
        if not len(positions) or fields.issuperset(self.fields):
            return positions
        is_selected = np.array([field in fields for field in self.fields], np.bool_)
        return positions[is_selected.take(self.cells.take(positions) % len(self.fields))]

    def bound(self, publication: int, field: str) -> tuple[int, int]:
        """Return the first position of a field of a publication, and that after its last."""
        cell = publication * len(self.fields) + self.fields.index(field)
        begin, end = self.begins[cell : cell + 2].tolist()
        return begin, end

    def get_field(self, position: int) -> str:
        return self.fields[int(self.cells[position]) % len(self.fields)]

    def get_owners(self, positions: Array) -> Array:
        """Return the publication of each position, counted from 0."""
        owners: Array = self.cells.take(positions) // len(self.fields)
        return owners

    def count_by_cell(self, positions: Array, *, weighted: bool) -> Array:
        """Return how often the positions are in each field of each publication (float64).

        If `weighted`, an occurrence counts with its norm.
        """
        cells = self.cells.take(positions)
        weights = self.norms.reshape(-1).take(cells) if weighted else None
        return np.bincount(cells, weights, self.lengths.size).reshape(self.lengths.shape)

    def weigh_stems(self) -> tuple[Array, NDArray[np.float32]]:
        """Return the stems, ascending, and their weighted frequencies over all fields.

        There is a row for each publication, and a column for each stem.
        """
        positions = (self.stems >= 0).nonzero()[0]
        stems, columns = np.unique(self.stems.take(positions), return_inverse=True)
        cells = self.cells.take(positions)
        places = cells // len(self.fields) * len(stems) + columns
        weights = self.norms.reshape(-1).take(cells)
        sums = np.bincount(places, weights, self.size * len(stems))
        return stems, sums.astype(np.float32).reshape(self.size, len(stems))


def _find_any(row: Array, numbers: Sequence[int]) -> Array:
    masks = [row == number for number in numbers]
    if not masks:
        return NOWHERE
    is_found = masks[0] if len(masks) == 1 else np.logical_or.reduce(masks)
    positions: Array = is_found.nonzero()[0]
    return positions


class Match(NamedTuple):
    """The match of a part of a clause in some publications.

    `starts` contains the positions of its first words, ascending. It is `length` words long.
    `scale` is what its weight is multiplied by, in each publication. `values` is the field and the
    facet values, if the part matches those. It then has no positions, and `scale` is 0 where it
    does not match.
    """

    how: How
    starts: Array
    scale: NDArray[np.float64]
    length: int = 1
    values: tuple[str, tuple[str, ...]] | None = None

    def weigh(self, words: Words) -> Array:
        """Return the weighted frequency by publication and field; in one column for a value."""
        weights = (
            np.ones((words.size, 1))
            if self.values
            else words.count_by_cell(self.starts, weighted=True)
        )
        return weights * self.scale[:, np.newaxis]


class Spans(NamedTuple):
    """Adjacent words: the positions of the first and of the last ones, and the cell of each span.

    The cells ascend with the positions. The spans are in no order.
    """

    firsts: Array
    lasts: Array
    cells: Array

    @classmethod
    def make(cls, starts: Array, length: int, cells: Array) -> Spans:
        """Return the spans of some length, given the cell of each position."""
        return cls(starts, starts + (length - 1), cells.take(starts))

    @classmethod
    def join(cls, several: Sequence[Spans]) -> Spans:
        return cls(*map(np.concatenate, zip((NOWHERE,) * 3, *several, strict=True)))

    def are_near(self, others: Spans, distance: int) -> Mask:
        """Return a mask of the spans with another one in their cell, within a number of words.

        The distance of adjacent spans is 1. Spans that overlap are not near each other.
        """
        is_near = np.zeros(len(self.firsts), np.bool_)
        if not len(others.firsts):
            return is_near
        by_first, by_last = (
            others.firsts.argsort(kind="stable"),
            others.lasts.argsort(kind="stable"),
        )
        after = others.firsts.take(by_first).searchsorted(self.lasts, side="right")
        before = others.lasts.take(by_last).searchsorted(self.firsts) - 1
        following, preceding = by_first.take(after, mode="clip"), by_last.take(before, mode="clip")
        for neighbor, steps in (
            (following, others.firsts.take(following) - self.lasts),
            (preceding, self.firsts - others.lasts.take(preceding)),
        ):
            is_within = (steps > 0) & (steps <= distance)
            is_near |= is_within & (others.cells.take(neighbor) == self.cells)
        return is_near


def match_parts(parts: Iterable[nodes.Part], words: Words) -> list[Match]:
    """Return the matches of parts of a clause in some publications.

    They have the same weights as the postings of the clause in an index (`arrays.scoring`).
    """
    return [
        found._replace(scale=found.scale * part.boost) if part.boost != 1 else found
        for part in parts
        for found in _match_part(part, words)
    ]


def _match_part(part: nodes.Part, words: Words) -> Iterator[Match]:
    match part:
        case nodes.Values():
            holders = words.have_values(part)
            if holders.any():
                scale = holders.astype(np.float64)
                yield Match("value", NOWHERE, scale, values=(part.field, part.values))
        case nodes.Together():
            yield from _match_together(part, words)
        case nodes.Names():
            for found in match_parts(part.parts, words):
                yield found._replace(how=part.how)
        case _:
            yield from _find_words(part, words)


def _find_words(part: nodes.WordPart, words: Words) -> Iterator[Match]:
    how: How = "word"
    match part:
        case _ if part.fields.isdisjoint(words.fields):
            return  # as that of a full text: its words are not expanded here
        case nodes.Near():
            yield from _find_near(part, words)
            return
        case nodes.Term():
            starts = words.find_term(part.text)
        case nodes.Phrase():
            stems = [number for stem in part.stems for number in words.terms.find(stem)]
            is_known = len(stems) == len(part.stems)
            starts = words.find_phrase(stems) if is_known else NOWHERE
        case nodes.Prefix():
            how, starts = "prefix", words.find_words(words.terms.expand(part))
        case nodes.Wildcard():
            how, starts = "wildcard", words.find_words(words.terms.expand(part))
        case nodes.Fuzzy():
            how, starts = "fuzzy", words.find_words(words.terms.expand(part))
        case _:
            assert_never(part)
    starts = words.select(starts, part.fields)
    if len(starts):
        length = len(part.stems) if isinstance(part, nodes.Phrase) else 1
        yield Match(how, starts, np.ones(words.size), length)


def _find_near(part: nodes.Near, words: Words) -> Iterator[Match]:
    """Yield the matches of the parts on either side, where they are near one of the other side."""
    first, second, distance, _ = part
    left, right = (
        [found for each in side for found in _find_words(each, words)] for side in (first, second)
    )
    for ours, others in ((left, right), (right, left)):
        around = Spans.join([Spans.make(each.starts, each.length, words.cells) for each in others])
        for found in ours:
            spans = Spans.make(found.starts, found.length, words.cells)
            starts = found.starts[spans.are_near(around, distance)]
            if len(starts):
                yield found._replace(starts=starts)


def _match_together(part: nodes.Together, words: Words) -> Iterator[Match]:
    """Yield the matches of a compound. Their weights add up to the lowest weight of a word."""
    by_clause = [match_parts(clause.parts, words) for clause in part.clauses]
    totals = np.array([weigh_matches(matches, words) for matches in by_clause])
    has_all = totals.all(axis=0)
    share = np.where(has_all, totals.min(axis=0) / totals.sum(axis=0).clip(min=1e-300), 0.0)
    for found in (found for matches in by_clause for found in matches) if has_all.any() else ():
        starts = found.starts[has_all.take(words.get_owners(found.starts))]
        if len(starts) or found.values:
            yield found._replace(starts=starts, scale=found.scale * share)


def weigh_matches(matches: Iterable[Match], words: Words) -> Array:
    """Return the total weight of some matches in each publication."""
    return sum((found.weigh(words).sum(axis=1) for found in matches), np.zeros(words.size))


def mark_words(clauses: Iterable[nodes.Clause], words: Words) -> Mask:
    """Return the mask of the positions to mark for some clauses.

    The words of a compound are marked even where it does not match as a whole.
    """
    is_marked = np.zeros(len(words.words), np.bool_)
    for part in dict.fromkeys(
        part for clause in clauses for part in nodes.list_words(clause.parts)
    ):
        for found in _find_words(part, words):
            for distance in range(found.length):
                is_marked[found.starts + distance] = True
    return is_marked


def split_words(
    publications: Sequence[Publication], vocabulary: Vocabulary, mean_lengths: Array
) -> Words:
    """Return the words of stored publications, as the forward index of a segment has them.

    `mean_lengths` gives the mean length of each searchable field: see `postings.compute_means`.
    Raise KeyError if the vocabulary does not have a word.
    """
    catalogue = vocabulary.catalogue
    numbers = WordNumbers(catalogue.language)
    stream = numbers.encode(collect_texts(publications, catalogue))
    final = [GAP, FIELD_END, *map(vocabulary.get_word_number, numbers.words)]
    words = np.array(final, np.int32).take(stream)

    def have_values(part: nodes.Values) -> Mask:
        field, among = part.field, frozenset(part.values)
        if field == nodes.ID:
            return np.array([each.id in among for each in publications], np.bool_)
        make_key = catalogue.by_name[field].make_key
        keys = ([*map(make_key, each.values.get(field, ()))] or [MISSING] for each in publications)
        return np.array(
            [not among.isdisjoint(each[:1] if part.first else each) for each in keys], np.bool_
        )

    return Words.split(words, mean_lengths, vocabulary, have_values)


def read_words(text: str, language: str, field: str) -> Words:
    """Return the words of a text that no index has as a field of a publication: a page of a file.

    `field` is the name of its field. Its numbers are its own. Occurrences have no weight.
    """
    spans = tokenizer.find_spans(text)
    typed = [text[start:end] for start, end in spans]
    stems, surfaces = stemming.stem_words(typed, language), [*map(surface_form, typed)]
    of_word = {word: number for number, word in enumerate(sorted({*surfaces}))}
    of_stem = {stem: number for number, stem in enumerate(dict.fromkeys(stems))}
    rows = np.array([
        [of_word[word] for word in surfaces], [of_stem[stem] for stem in stems]
    ], np.int64).reshape(2, -1)  # fmt: skip
    ends = [0, *(end for _, end in spans)]
    gaps = [
        index
        for index, (start, _) in enumerate(spans)
        if index and tokenizer.PARAGRAPH_BREAK in text[ends[index] : start]
    ]
    rows = np.insert(rows, [*gaps, rows.shape[1]], [*[GAP] * len(gaps), FIELD_END], axis=1)

    def find(term: str) -> Sequence[int]:
        surface = term.removeprefix(tokenizer.SURFACE_PREFIX)
        number = (of_stem if surface == term else of_word).get(surface)
        return () if number is None else (number,)

    def expand_here(part: nodes.Expansion) -> Array:
        fits = _make_test(part)
        return np.array([number for word, number in of_word.items() if fits(word)], np.int64)

    shape = np.array([[rows.shape[1]]])
    return Words(rows[0], rows[1], shape, np.zeros((1, 1)), [field], Terms(find, expand_here))


def _make_test(part: nodes.Expansion) -> Callable[[str], object]:
    """Return a function that says whether a part matches a word as written."""
    match part:
        case nodes.Prefix():
            return lambda word: word.startswith(part.text)
        case nodes.Wildcard():
            return nodes.compile_wildcard(part.text).fullmatch
        case nodes.Fuzzy():
            measure = partial(Levenshtein.distance, part.text, score_cutoff=part.edits)
            return lambda word: measure(word) <= part.edits
        case _:
            assert_never(part)
