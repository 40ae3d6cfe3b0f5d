"""Postings: which publications hold a term, how often in each field, and where.

They are made from the stream of words alone: whether it was read or mostly copied, the postings
are the same. A stretch of the stream is sorted at a time; the stretches are joined by copying.
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
"""About how many words are sorted at a time (a publication is never cut): it bounds memory."""
LARGEST_KEY = 63
"""How many bits a number that is sorted has, its sign left aside."""

K1 = 1.5
B = 0.75
B_SHORT = 0.5
"""BM25F: how fast frequency saturates, and how much a field's length counts, in the summary
and in all others, which are short."""


class Layout(NamedTuple):
    """A stream of words and where its fields lie.

    `stream` has the word at each place (int32), negative where none stands. The field `f` of
    publication `d` begins at `starts[d, f]` (one row more ends the last publication), and has
    `lengths[d, f]` words.
    """

    stream: Array
    starts: Array
    lengths: Array

    def only(self, numbers: Array) -> Layout:
        """The layout of some publications alone."""
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
    """The postings of a stretch of publications, sorted by term, then by publication.

    `stands` has how often each term stands there, `held` in how many publications. A posting
    has its publication (`documents`, int32), its `weights` (float32), the weighed frequencies
    of BM25F summed over the fields, and its `frequencies` in all. `positions` has all the
    places of terms, counted from where the publication begins.
    """

    stands: Array
    held: Array
    documents: Array
    weights: Array
    frequencies: Array
    positions: Array


def stretches(layout: Layout) -> Iterator[tuple[int, int]]:
    """The publications in ranges, each of about STRETCH words or of one long publication.

    There is at least one range, if an empty one.
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
    """Where the words of a stretch stand, each as one number, and in how many bits.

    `codes` (int64) are `document | field | position` from high to low, the document counted
    from the first of the stretch; `words` has the word at each.
    """

    words: Array
    codes: Array
    document_bits: int
    field_bits: int
    position_bits: int


def codes_of(layout: Layout, first: int, last: int) -> Codes:
    """Where the words of the publications from `first` up to `last` stand."""
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
    """The postings of a stretch that begins with the publication `first`.

    `term_of` has the term of each word, `scale` what one occurrence is worth by publication
    and field. Raises OverflowError where a stretch has more than 63 bits can tell apart.
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
    # A run is what has the same term, publication and field; a posting has a run a field.
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
    """Where each new number begins."""
    is_first = np.ones(len(ascending), np.bool_)
    np.not_equal(ascending[1:], ascending[:-1], out=is_first[1:])
    return np.flatnonzero(is_first)


def _lengths(starts: Array, end: int) -> Array:
    """How long the parts are that begin at `starts`, the last of them up to `end`."""
    lengths = np.empty(len(starts), np.int64)
    np.subtract(starts[1:], starts[:-1], out=lengths[:-1])
    lengths[-1:] = end - starts[-1:]
    return lengths


def _narrowed(numbers: Array) -> Array:
    return numbers.astype(narrowest(int(numbers.max(initial=0))))


def means(lengths: Array) -> NDArray[np.float64]:
    """The mean length of each field, of the publications that have it, to eight binary digits.

    So rounded, it stays the same when a few publications of many come or go, and with it what
    an occurrence is worth in all others: their postings need not be made anew.
    """
    held = np.count_nonzero(lengths, axis=0)
    exact = lengths.sum(axis=0, dtype=np.float64) / np.maximum(held, 1)
    digits, exponent = np.frexp(exact)
    rounded: NDArray[np.float64] = np.ldexp(np.rint(digits * 256) / 256, exponent)
    return rounded


def scales(lengths: Array, weights: list[float], is_short: list[bool]) -> NDArray[np.float32]:
    """What one occurrence in each field of each publication is worth (float32, like `lengths`).

    That is its field's weight, normalised by length: w / (1 - b + b * length / mean length).
    """
    mean = np.maximum(means(lengths), 1e-9)
    b = np.where(is_short, B_SHORT, B)
    worth: NDArray[np.float64] = np.array(weights) / (1 - b + b * lengths / mean)
    return worth.astype(np.float32)


class Source(Protocol):
    """The postings of one kind of terms, on their way into a file.

    To each term, `held` has the number of its postings, `stands` that of its places. `dtype`
    and `fill` are told the name of an array of `Stretch`.
    """

    @property
    def held(self) -> Array:
        """In how many publications each term stands."""

    @property
    def stands(self) -> Array:
        """How often each term stands anywhere."""

    def dtype(self, name: str) -> np.dtype[Any]:
        """The narrowest dtype that holds an array."""

    def fill(self, name: str, into: Array) -> None:
        """Puts a whole array there."""


def write(writer: ArrayWriter, kind: str, source: Source, names: Sequence[str]) -> list[Fill]:
    """Writes the arrays of these names, which have an item a posting, under a kind's name.

    What is returned must be called before the writer is closed, in any order and threads.
    """
    offsets = offsets_of(source.held)
    writer.add(f"{kind}.offsets", offsets.astype(for_offsets(int(offsets[-1]))))
    return [_filling(writer, kind, source, name, int(offsets[-1])) for name in names]


def write_positions(writer: ArrayWriter, kind: str, source: Source) -> list[Fill]:
    """Writes all places of the same terms; what is returned must be called too."""
    offsets = offsets_of(source.stands)
    writer.add(f"{kind}.position_offsets", offsets.astype(for_offsets(int(offsets[-1]))))
    return [_filling(writer, kind, source, "positions", int(offsets[-1]))]


def _filling(writer: ArrayWriter, kind: str, source: Source, name: str, length: int) -> Fill:
    """Makes room for an array; what fills it."""
    return partial(source.fill, name, writer.allocate(f"{kind}.{name}", source.dtype(name), length))


class Joined:
    """Stretches in the order of their publications, joined: see `Source`."""

    def __init__(self, parts: Sequence[Stretch]) -> None:
        self._parts = parts
        self.held: Array = np.sum([part.held for part in parts], axis=0)
        self.stands: Array = np.sum([part.stands for part in parts], axis=0)

    def dtype(self, name: str) -> np.dtype[Any]:
        """The widest that any part has."""
        dtypes = [getattr(part, name).dtype for part in self._parts]
        return max(dtypes, key=lambda dtype: dtype.itemsize)

    def fill(self, name: str, into: Array) -> None:
        """What each stretch has of a term, one after the other."""
        is_place = name == "positions"
        begins = offsets_of(self.stands if is_place else self.held)[:-1]
        for part in self._parts:
            counts = part.stands if is_place else part.held
            into[_places(begins, counts)] = getattr(part, name)
            begins += counts


def _places(begins: Array, counts: Array) -> Array | slice:
    """Where a stretch's postings go: those of each word from where the last stretch ended."""
    if not len(counts) or (begins[1:] == begins[0] + np.cumsum(counts[:-1])).all():
        return slice(int(begins[0]), int(begins[0] + counts.sum())) if len(counts) else slice(0)
    return ranges(begins, counts)


def ranges(begins: Array, counts: Array) -> Array:
    """The numbers of several ranges in a row: `begins[i]` and on, `counts[i]` of them (int64)."""
    ends = np.cumsum(counts)
    numbers: Array = np.arange(ends[-1] if len(ends) else 0)
    numbers += np.repeat(begins - (ends - counts), counts)
    return numbers
