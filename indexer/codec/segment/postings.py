"""Postings: the documents, weights, frequencies and positions of each term.

Postings depend on the forward index only, whether its texts were read or copied. The forward index
is sorted one stretch at a time. The sorted stretches are joined by copying.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.codec.segment.array_file import Array, ArrayWriter, for_offsets, narrowest
from indexer.codec.segment.string_table import offsets_of

Fill = Callable[[], None]
STRETCH = 1 << 21
"""Approximate number of words sorted at a time. It bounds memory. A document is never split."""
LARGEST_KEY = 63
"""Bits of a sort key: 64 without the sign."""

K1 = 1.5
B = 0.75
B_SHORT = 0.5
"""Parameters of BM25F. K1 sets how fast the frequency saturates. B is the length normalization of
the summary, B_SHORT that of all other fields, which are short."""


class Layout(NamedTuple):
    """The forward index: a stream of words, and the position of each field in it.

    `stream` has the word number at each position (int32), negative where there is no word. Field
    `f` of document `d` starts at `starts[d, f]` and has `lengths[d, f]` words. An extra row of
    `starts` ends the last document.
    """

    stream: Array
    starts: Array
    lengths: Array

    def only(self, numbers: Array) -> Layout:
        """Return the layout of these documents alone."""
        begins = self.starts[numbers, 0].astype(np.int64)
        counts = self.starts[numbers + 1, 0] - begins
        ends = offsets_of(counts)
        moved = self.starts[numbers] + (ends[:-1] - begins)[:, None]
        last = np.full((1, self.starts.shape[1]), ends[-1])
        return Layout(
            self.stream[ranges(begins, counts)],
            np.concatenate([moved, last]),
            self.lengths[numbers],
        )


class Stretch(NamedTuple):
    """The postings of a stretch of documents, sorted by term, then by document.

    `stands` has the number of occurrences of each term, `held` the number of documents that contain
    it. Each posting has its document (`documents`, int32) and its weight (`weights`, float32): the
    weighted frequency of BM25F, summed over the fields. `frequencies` has its frequency over all
    fields. `positions` has the positions of all terms, relative to the start of the document.
    """

    stands: Array
    held: Array
    documents: Array
    weights: Array
    frequencies: Array
    positions: Array


def stretches(layout: Layout) -> Iterator[tuple[int, int]]:
    """Yield ranges of documents, each of about STRETCH words or of one long document.

    There is at least one range, even if it is empty.
    """
    begins = layout.starts[:, 0]
    first = 0
    if len(begins) == 1:
        yield 0, 0
    while first < len(begins) - 1:
        last = int(np.searchsorted(begins, begins[first] + STRETCH, side="right")) - 1
        last = max(last, first + 1)
        yield first, last
        first = last


class Codes(NamedTuple):
    """The positions of all words of a stretch, each packed into one number.

    `words` has the word at each position. `codes` (int64) has `document | field | position`, from
    the highest bits to the lowest. The document is relative to the first one of the stretch. The
    other fields give the width of each part in bits.
    """

    words: Array
    codes: Array
    document_bits: int
    field_bits: int
    position_bits: int


def codes_of(layout: Layout, first: int, last: int) -> Codes:
    """Return the packed positions of all words of the documents from `first` up to `last`."""
    begin, end = int(layout.starts[first, 0]), int(layout.starts[last, 0])
    starts = layout.starts[first:last].astype(np.int64)
    positions = starts - starts[:, :1]
    spans = np.diff(starts.reshape(-1), append=end)
    longest = int((positions.reshape(-1) + spans).max(initial=1))
    fields = starts.shape[1]
    field_bits, position_bits = fields.bit_length(), longest.bit_length()
    documents = np.arange(last - first)[:, None] << (field_bits + position_bits)
    origins = (documents | np.arange(fields)[None, :] << position_bits) + positions
    codes = np.repeat(origins.reshape(-1) - (starts.reshape(-1) - begin), spans)
    codes += np.arange(end - begin)
    stream = layout.stream[begin:end]
    is_word = stream >= 0
    return Codes(
        stream[is_word], codes[is_word], (last - first).bit_length(), field_bits, position_bits
    )


def inverted(
    found: Codes, term_of: Array, terms: int, first: int, scale: NDArray[np.float32]
) -> Stretch:
    """Return the postings of a stretch that starts with document `first`.

    `term_of` has the term of each word. `scale` has the weight of one occurrence by document and
    field. Raise OverflowError if a sort key needs more than 63 bits.
    """
    code_bits = found.document_bits + found.field_bits + found.position_bits
    if terms.bit_length() + code_bits > LARGEST_KEY:
        raise OverflowError("a stretch of publications is too long to be sorted")
    keys = term_of.take(found.words).astype(np.int64)
    stands = np.bincount(keys, minlength=terms)
    keys <<= code_bits
    keys |= found.codes
    keys.sort()
    positions = _narrowed(keys & ((1 << found.position_bits) - 1))
    keys >>= found.position_bits
    # A run has one term, document and field. A posting has one run per field.
    run_starts = _firsts(keys)
    runs = keys.take(run_starts)
    fields = runs & ((1 << found.field_bits) - 1)
    runs >>= found.field_bits
    posting_starts = _firsts(runs)
    documents = (runs & ((1 << found.document_bits) - 1)) + first
    worth = scale.reshape(-1).take(documents * scale.shape[1] + fields)
    worth *= _lengths(run_starts, len(keys))
    return Stretch(
        stands,
        np.bincount(runs.take(posting_starts) >> found.document_bits, minlength=terms),
        documents.take(posting_starts).astype(np.int32),
        np.add.reduceat(worth, posting_starts, dtype=np.float32),
        _narrowed(_lengths(run_starts.take(posting_starts), len(keys))),
        positions,
    )


def _firsts(ascending: Array) -> Array:
    """Return the index of the first of each run of equal numbers."""
    is_first = np.ones(len(ascending), np.bool_)
    np.not_equal(ascending[1:], ascending[:-1], out=is_first[1:])
    return np.flatnonzero(is_first)


def _lengths(starts: Array, end: int) -> Array:
    """Return the lengths of the parts that start at `starts`. The last part ends at `end`."""
    lengths = np.empty(len(starts), np.int64)
    np.subtract(starts[1:], starts[:-1], out=lengths[:-1])
    lengths[-1:] = end - starts[-1:]
    return lengths


def _narrowed(numbers: Array) -> Array:
    return numbers.astype(narrowest(int(numbers.max(initial=0))))


def means(lengths: Array) -> NDArray[np.float64]:
    """Return the mean length of each field, over the documents that have it.

    The mean is rounded to eight binary digits. It then stays the same when a few documents of many
    are added or removed. So do the weights of all other documents, and their postings need no
    rebuild.
    """
    held = np.count_nonzero(lengths, axis=0)
    exact = lengths.sum(axis=0, dtype=np.float64) / np.maximum(held, 1)
    digits, exponent = np.frexp(exact)
    rounded: NDArray[np.float64] = np.ldexp(np.rint(digits * 256) / 256, exponent)
    return rounded


def scales(lengths: Array, weights: list[float], is_short: list[bool]) -> NDArray[np.float32]:
    """Return the weight of one occurrence in each field of each document.

    The result is float32 and has the shape of `lengths`. It is the weight of the field, normalized
    by length: w / (1 - b + b * length / mean length).
    """
    mean = np.maximum(means(lengths), 1e-9)
    b = np.where(is_short, B_SHORT, B)
    worth: NDArray[np.float64] = np.array(weights) / (1 - b + b * lengths / mean)
    return worth.astype(np.float32)


class Source(Protocol):
    """The postings of one kind of term, ready to be written to a file.

    For each term, `held` has the number of its postings, `stands` that of its positions. `dtype`
    and `fill` take the name of an array of `Stretch`.
    """

    @property
    def held(self) -> Array:
        """The number of documents that contain each term."""

    @property
    def stands(self) -> Array:
        """The number of occurrences of each term."""

    def dtype(self, name: str) -> np.dtype[Any]:
        """Return the narrowest dtype for an array."""

    def fill(self, name: str, into: Array) -> None:
        """Write a whole array into `into`."""


def write(writer: ArrayWriter, kind: str, source: Source, names: Sequence[str]) -> list[Fill]:
    """Write the named arrays, with one item per posting, under the name of a kind.

    The returned functions fill the arrays. Call them before the writer is closed, in any order and
    from any thread.
    """
    offsets = offsets_of(source.held)
    writer.add(f"{kind}.offsets", offsets.astype(for_offsets(int(offsets[-1]))))
    return [_filling(writer, kind, source, name, int(offsets[-1])) for name in names]


def write_positions(writer: ArrayWriter, kind: str, source: Source) -> list[Fill]:
    """Write the positions of the terms. The returned function fills the array."""
    offsets = offsets_of(source.stands)
    writer.add(f"{kind}.position_offsets", offsets.astype(for_offsets(int(offsets[-1]))))
    return [_filling(writer, kind, source, "positions", int(offsets[-1]))]


def _filling(writer: ArrayWriter, kind: str, source: Source, name: str, length: int) -> Fill:
    """Allocate an array and return the function that fills it."""
    return partial(source.fill, name, writer.allocate(f"{kind}.{name}", source.dtype(name), length))


class Joined:
    """Stretches joined in the order of their documents.

    Implements `Source`.
    """

    def __init__(self, parts: Sequence[Stretch]) -> None:
        self._parts = parts
        self.held: Array = np.sum([part.held for part in parts], axis=0)
        self.stands: Array = np.sum([part.stands for part in parts], axis=0)

    def dtype(self, name: str) -> np.dtype[Any]:
        """Return the widest dtype of any part."""
        dtypes = [getattr(part, name).dtype for part in self._parts]
        return max(dtypes, key=lambda dtype: dtype.itemsize)

    def fill(self, name: str, into: Array) -> None:
        """Write the items of each term, stretch after stretch, into `into`."""
        is_place = name == "positions"
        begins = offsets_of(self.stands if is_place else self.held)[:-1]
        for part in self._parts:
            counts = part.stands if is_place else part.held
            into[_places(begins, counts)] = getattr(part, name)
            begins += counts


def _places(begins: Array, counts: Array) -> Array | slice:
    """Return where the items of a stretch go.

    The items of each term start where those of the previous stretch ended.
    """
    if not len(counts) or (begins[1:] == begins[0] + np.cumsum(counts[:-1])).all():
        return slice(int(begins[0]), int(begins[0] + counts.sum())) if len(counts) else slice(0)
    return ranges(begins, counts)


def ranges(begins: Array, counts: Array) -> Array:
    """Return the numbers of several ranges: `counts[i]` from `begins[i]` on (int64)."""
    ends = np.cumsum(counts)
    numbers: Array = np.arange(ends[-1] if len(ends) else 0)
    numbers += np.repeat(begins - (ends - counts), counts)
    return numbers
