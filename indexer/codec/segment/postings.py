"""Postings: the documents, weights, frequencies and positions of each term.

Postings depend on the forward index only, whether its texts were read or copied. The forward index
is sorted one run of documents at a time. The sorted runs are merged by copying.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer.catalogue.fields import Catalogue
from indexer.codec.segment.array_file import Array, compute_offsets, expand_ranges, pick_dtype

MAX_RUN_WORDS = 1 << 20
"""Approximate number of words sorted at a time. It bounds memory. A document is never split."""
_NORMS_AT_A_TIME = 1 << 16
"""Number of documents whose weights are computed at a time. It bounds memory."""
MAX_KEY_BITS = 63
"""Bits of a sort key: 64 without the sign."""

K1 = 1.5
B = 0.75
B_SHORT = 0.5
B_FULLTEXT = 0.4
"""Parameters of BM25F. K1 sets how fast the frequency saturates. B is the length normalization of
the summary, B_SHORT that of all other fields, which are short, and B_FULLTEXT that of full texts. A
long document is about more, so it is weaker there than in summaries."""


class ForwardIndex(NamedTuple):
    """The forward index: a stream of words, and the position of each field in it.

    `stream` gives the word number at each position (int32), negative where there is no word. Field
    `f` of document `d` starts at `starts[d, f]` and has `lengths[d, f]` words. An extra row of
    `starts` ends the last document.
    """

    stream: Array
    starts: Array
    lengths: Array

    def select(self, doc_numbers: Array) -> ForwardIndex:
        """Return the forward index of these documents alone."""
        begins = self.starts[doc_numbers, 0].astype(np.int64)
        counts = self.starts[doc_numbers + 1, 0] - begins
        ends = compute_offsets(counts)
        moved = self.starts[doc_numbers] + (ends[:-1] - begins)[:, None]
        last = np.full((1, self.starts.shape[1]), ends[-1])
        return ForwardIndex(
            self.stream[expand_ranges(begins, counts)],
            np.concatenate([moved, last]),
            self.lengths[doc_numbers],
        )


class SortedRun(NamedTuple):
    """The postings of a run of documents, sorted by term, then by document.

    `position_counts` gives the number of occurrences of each term, `doc_counts` the number of
    documents that contain it. Each posting has its document (`documents`, int32) and its weight
    (`weights`, float32): the weighted frequency of BM25F, summed over the fields. `frequencies`
    gives its frequency over all fields. `positions` contains the positions of all terms,
    relative to the start of the document.
    """

    position_counts: Array
    doc_counts: Array
    documents: Array
    weights: Array
    frequencies: Array
    positions: Array


def split_offsets(offsets: Array) -> Iterator[tuple[int, int]]:
    """Yield ranges of pieces, each of at most MAX_RUN_WORDS items or of one long piece.

    `offsets` gives the start of each piece, and the end of the last. There is at least one range,
    even if it is empty.
    """
    first = 0
    if len(offsets) == 1:
        yield 0, 0
    while first < len(offsets) - 1:
        last = int(np.searchsorted(offsets, offsets[first] + MAX_RUN_WORDS, side="right")) - 1
        last = max(last, first + 1)
        yield first, last
        first = last


class OccurrenceCodes(NamedTuple):
    """The positions of all words of a run, each packed into one number.

    `words` gives the word at each position. `codes` (int64) packs `document | field | position`,
    from the highest bits to the lowest. The document is relative to the first one of the run. The
    other fields give the width of each part in bits.
    """

    words: Array
    codes: Array
    document_bits: int
    field_bits: int
    position_bits: int


def encode_occurrences(index: ForwardIndex, first: int, last: int) -> OccurrenceCodes:
    """Return the packed positions of all words of the documents from `first` up to `last`."""
    begin, end = int(index.starts[first, 0]), int(index.starts[last, 0])
    starts = index.starts[first:last].astype(np.int64)
    positions = starts - starts[:, :1]
    spans = np.diff(starts.reshape(-1), append=end)
    longest = int((positions.reshape(-1) + spans).max(initial=1))
    fields = starts.shape[1]
    field_bits, position_bits = fields.bit_length(), longest.bit_length()
    documents = np.arange(last - first)[:, None] << (field_bits + position_bits)
    origins = (documents | np.arange(fields)[None, :] << position_bits) + positions
    codes = np.repeat(origins.reshape(-1) - (starts.reshape(-1) - begin), spans)
    codes += np.arange(end - begin)
    stream = index.stream[begin:end]
    is_word = stream >= 0
    bits = (last - first).bit_length(), field_bits, position_bits
    return OccurrenceCodes(stream[is_word], codes[is_word], *bits)


def sort_run(
    codes: OccurrenceCodes, term_of: Array, terms: int, first: int, norms: NDArray[np.float32]
) -> SortedRun:
    """Return the postings of a run that starts with document `first`.

    `term_of` gives the term of each word. `norms` gives the weight of one occurrence by document
    and field. Raise OverflowError if a sort key needs more than 63 bits.
    """
    code_bits = codes.document_bits + codes.field_bits + codes.position_bits
    if terms.bit_length() + code_bits > MAX_KEY_BITS:
        raise OverflowError("a run of publications is too long to be sorted")
    keys = term_of.take(codes.words).astype(np.int64)
    position_counts = np.bincount(keys, minlength=terms)
    keys <<= code_bits
    keys |= codes.codes
    keys.sort()
    positions = _narrow(keys & ((1 << codes.position_bits) - 1))
    keys >>= codes.position_bits
    # Equal keys have one term, document and field. A posting has one group of them per field.
    run_starts = _find_firsts(keys)
    runs = keys.take(run_starts)
    fields = runs & ((1 << codes.field_bits) - 1)
    runs >>= codes.field_bits
    posting_starts = _find_firsts(runs)
    documents = (runs & ((1 << codes.document_bits) - 1)) + first
    weights = norms.reshape(-1).take(documents * norms.shape[1] + fields)
    weights *= np.diff(run_starts, append=len(keys))
    return SortedRun(
        position_counts,
        np.bincount(runs.take(posting_starts) >> codes.document_bits, minlength=terms),
        documents.take(posting_starts).astype(np.int32),
        np.add.reduceat(weights, posting_starts, dtype=np.float32),
        _narrow(np.diff(run_starts.take(posting_starts), append=len(keys))),
        positions,
    )


def _find_firsts(ascending: Array) -> Array:
    """Return the index of the first of each run of equal numbers."""
    is_first = np.ones(len(ascending), np.bool_)
    np.not_equal(ascending[1:], ascending[:-1], out=is_first[1:])
    return np.flatnonzero(is_first)


def _narrow(numbers: Array) -> Array:
    return numbers.astype(pick_dtype(int(numbers.max(initial=0))))


def compute_means(lengths: Array) -> NDArray[np.float64]:
    """Return the mean length of each field, over the documents that have it.

    The mean is rounded to eight binary digits. It then stays the same when a few documents of many
    are added or removed. So do the weights of all other documents, and their postings need no
    rebuild.
    """
    doc_counts = np.count_nonzero(lengths, axis=0)
    exact = lengths.sum(axis=0, dtype=np.float64) / np.maximum(doc_counts, 1)
    digits, exponent = np.frexp(exact)
    rounded: NDArray[np.float64] = np.ldexp(np.rint(digits * 256) / 256, exponent)
    return rounded


def make_norms(catalogue: Catalogue, lengths: Array, means: Array) -> NDArray[np.float32]:
    """Return the weight of one occurrence in each searchable field of each document.

    The result is float32 and has the shape of `lengths`. It is the weight of the field, normalized
    by length: w / (1 - b + b * length / mean length). `means` gives the mean length of each field.
    """
    mean = np.maximum(means, 1e-9)
    weights = [field.weight for field in catalogue.searchable]
    b = np.array([B if field.role == "abstract" else B_SHORT for field in catalogue.searchable])
    norms = np.empty(lengths.shape, np.float32)
    for first in range(0, len(lengths), _NORMS_AT_A_TIME):
        part = slice(first, first + _NORMS_AT_A_TIME)
        norms[part] = np.array(weights) / (1 - b + b * lengths[part] / mean)
    return norms


class MergedRuns:
    """Runs merged in the order of their documents."""

    def __init__(self, runs: Sequence[SortedRun]) -> None:
        self._parts = runs
        # One run after the other: np.sum would copy the counts of all runs first.
        self.doc_counts: Array = reduce(np.add, (run.doc_counts for run in runs))
        self.position_counts: Array = reduce(np.add, (run.position_counts for run in runs))

    def dtype(self, name: str) -> np.dtype[Any]:
        dtypes = [getattr(run, name).dtype for run in self._parts]
        return max(dtypes, key=lambda dtype: dtype.itemsize)

    def fill(self, name: str, into: Array) -> None:
        """Write the items of each term, run after run, into `into`."""
        has_positions = name == "positions"
        begins = compute_offsets(self.position_counts if has_positions else self.doc_counts)[:-1]
        for run in self._parts:
            counts = run.position_counts if has_positions else run.doc_counts
            offsets, items = compute_offsets(counts), getattr(run, name)
            for first, last in split_offsets(offsets):  # most runs are one part
                places = expand_ranges(begins[first:last], counts[first:last])
                into[places] = items[offsets[first] : offsets[last]]
            begins += counts
