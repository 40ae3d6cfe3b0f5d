"""Postings: which publications hold a term, how often in each field, and where.

They are made from the stream of words alone (`indexer.columnar.words`), so that however the
stream came to be, by reading everything or by copying most of it, the postings are the same.
A stretch of the stream is sorted at a time; the stretches are joined by copying.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer.columnar.storage import Array, ArrayWriter, for_offsets, narrowest
from indexer.columnar.texts import offsets_of

STRETCH = 1 << 21
"""About how many words are sorted at a time (a publication is never cut): it bounds memory."""

K1 = 1.2
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


class Stretch(NamedTuple):
    """The postings of a stretch of publications, sorted by term, then by publication.

    `stands` has how often each term stands there, `held` in how many publications. A posting
    has its publication (`documents`), and its `frequencies` by field; `positions` has all the
    places of terms, counted from where the publication begins.
    """

    stands: Array
    held: Array
    documents: Array
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


def inverted(layout: Layout, term_of: Array, terms: int, first: int, last: int) -> Stretch:
    """The postings of the publications from `first` up to `last`.

    `term_of` has the term of each word, and behind them two negative numbers, for what is
    negative in the stream.
    """
    begin, end = layout.starts[first, 0], layout.starts[last, 0]
    stream = term_of[layout.stream[begin:end]]
    fields = layout.lengths.shape[1]
    spans = np.diff(layout.starts[first:last].reshape(-1), append=end)
    field_at = np.repeat(np.tile(np.arange(fields, dtype=np.uint8), last - first), spans)
    document_at = np.repeat(
        np.arange(first, last, dtype=np.int32), spans.reshape(-1, fields).sum(axis=1)
    )
    places = np.flatnonzero(stream >= 0)
    keys = (stream[places].astype(np.int64) << 32) | places
    keys.sort()
    at = (keys & 0xFFFFFFFF).astype(np.int32)
    sorted_terms = (keys >> 32).astype(np.int32)
    del keys, places
    documents = document_at[at]
    is_new = np.ones(len(at), np.bool_)
    is_new[1:] = (sorted_terms[1:] != sorted_terms[:-1]) | (documents[1:] != documents[:-1])
    starts = np.flatnonzero(is_new)
    posting_of = np.cumsum(is_new, dtype=np.int64) - 1
    frequencies = np.bincount(posting_of * fields + field_at[at], minlength=len(starts) * fields)
    begins = (layout.starts[first:last, 0] - begin).astype(np.int32)
    return Stretch(
        np.bincount(sorted_terms, minlength=terms),
        np.bincount(sorted_terms[starts], minlength=terms),
        documents[starts],
        _narrowed(frequencies).reshape(-1, fields),
        _narrowed(at - begins[documents - first]),
    )


def _narrowed(numbers: Array) -> Array:
    return numbers.astype(narrowest(int(numbers.max(initial=0))))


def scales(lengths: Array, weights: list[float], is_short: list[bool]) -> NDArray[np.float32]:
    """What one occurrence in each field of each publication is worth (float32, like `lengths`).

    That is its field's weight, normalised by length: w / (1 - b + b * length / mean length),
    the mean being that of the publications which have the field.
    """
    held = np.count_nonzero(lengths, axis=0)
    means = lengths.sum(axis=0, dtype=np.float64) / np.maximum(held, 1)
    b = np.where(is_short, B_SHORT, B)
    worth: NDArray[np.float64] = np.array(weights) / (1 - b + b * lengths / np.maximum(means, 1e-9))
    return worth.astype(np.float32)


def weighted(documents: Array, frequencies: Array, scale: NDArray[np.float32]) -> Array:
    """The weighed frequency of each posting (float32): what BM25F saturates."""
    weights: Array = np.einsum("pf,pf->p", scale[documents], frequencies, dtype=np.float32)
    return weights


def write(
    writer: ArrayWriter, kind: str, parts: Sequence[Stretch], scale: NDArray[np.float32]
) -> None:
    """Joins stretches, in the order of their publications, and writes them under a kind's name."""
    offsets = offsets_of(np.sum([part.held for part in parts], axis=0))
    documents = writer.allocate(f"{kind}.documents", np.int32, int(offsets[-1]))
    weights = writer.allocate(f"{kind}.weights", np.float32, int(offsets[-1]))
    next_posting = offsets[:-1].copy()
    for part in parts:
        to = _places(next_posting, part.held)
        documents[to] = part.documents
        weights[to] = weighted(part.documents, part.frequencies, scale)
        next_posting += part.held
    writer.add(f"{kind}.offsets", offsets.astype(for_offsets(int(offsets[-1]))))


def write_positions(writer: ArrayWriter, kind: str, parts: Sequence[Stretch]) -> None:
    """Writes how often terms stand in each publication, and where, for the same postings."""
    offsets = offsets_of(np.sum([part.held for part in parts], axis=0))
    place_offsets = offsets_of(np.sum([part.stands for part in parts], axis=0))
    most = max((int(part.frequencies.sum(axis=1).max(initial=0)) for part in parts), default=0)
    farthest = max((int(part.positions.max(initial=0)) for part in parts), default=0)
    frequencies = writer.allocate(f"{kind}.frequencies", narrowest(most), int(offsets[-1]))
    places = writer.allocate(f"{kind}.positions", narrowest(farthest), int(place_offsets[-1]))
    next_posting, next_place = offsets[:-1].copy(), place_offsets[:-1].copy()
    for part in parts:
        frequencies[_places(next_posting, part.held)] = part.frequencies.sum(axis=1)
        places[_places(next_place, part.stands)] = part.positions
        next_posting += part.held
        next_place += part.stands
    writer.add(f"{kind}.position_offsets", place_offsets.astype(for_offsets(len(places))))


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
