"""Postings: which publications hold a term, how often in each field, and where.

They are made from the stream of words alone (`indexer.columnar.words`), so that however the
stream came to be, by reading everything or by copying most of it, the postings are the same.
A stretch of the stream is sorted at a time; the stretches are joined by copying.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer.columnar.storage import Array, ArrayWriter, for_offsets, narrowest
from indexer.columnar.texts import Offsets, offsets_of

STRETCH = 1 << 21
"""About how many words are sorted at a time (a publication is never cut): it bounds memory."""

K1 = 1.2
B = 0.75
B_SHORT = 0.5
"""BM25F: how fast frequency saturates, and how much a field's length counts, in the summary
and in all others, which are short."""

Aside = Callable[[Array], Array]
"""Takes an array that is not needed for a while out of memory, and gives it back from there."""


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
    """The postings of a stretch of publications.

    Sorted by word, then by publication: `words` has how many words stand there in all,
    `held` in how many publications each does. A posting has its publication (`documents`),
    and its `frequencies` by field; `positions` has all its places, counted from where the
    publication begins.
    """

    words: Array
    held: Array
    documents: Array
    frequencies: Array
    positions: Array


def stretches(layout: Layout) -> Iterator[tuple[int, int]]:
    """The publications in ranges, each of about STRETCH words or of one long publication."""
    begins = layout.starts[:, 0]
    first = 0
    while first < len(begins) - 1:
        last = int(np.searchsorted(begins, begins[first] + STRETCH, side="right")) - 1
        last = max(last, first + 1)
        yield first, last
        first = last


def inverted(layout: Layout, first: int, last: int, vocabulary: int) -> Stretch:
    """The postings of the publications from `first` up to `last`."""
    begin, end = layout.starts[first, 0], layout.starts[last, 0]
    words = layout.stream[begin:end]
    fields = layout.lengths.shape[1]
    spans = np.diff(layout.starts[first:last].reshape(-1), append=end)
    field_at = np.repeat(np.tile(np.arange(fields, dtype=np.uint8), last - first), spans)
    document_at = np.repeat(
        np.arange(first, last, dtype=np.int32), spans.reshape(-1, fields).sum(axis=1)
    )
    places = np.flatnonzero(words >= 0)
    keys = (words[places].astype(np.int64) << 32) | places
    keys.sort()
    at = (keys & 0xFFFFFFFF).astype(np.int32)
    sorted_words = (keys >> 32).astype(np.int32)
    del keys, places
    documents = document_at[at]
    is_new = np.ones(len(at), np.bool_)
    is_new[1:] = (sorted_words[1:] != sorted_words[:-1]) | (documents[1:] != documents[:-1])
    starts = np.flatnonzero(is_new)
    posting_of = np.cumsum(is_new, dtype=np.int64) - 1
    frequencies = np.bincount(posting_of * fields + field_at[at], minlength=len(starts) * fields)
    begins = (layout.starts[first:last, 0] - begin).astype(np.int32)
    return Stretch(
        np.bincount(sorted_words, minlength=vocabulary),
        np.bincount(sorted_words[starts], minlength=vocabulary),
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


class WordPostings(NamedTuple):
    """The postings of all words: word `n` has those from `offsets[n]` up to `offsets[n + 1]`.

    `documents` (int32), and the weighed frequency in each, `weights` (float32).
    """

    offsets: Offsets
    documents: Array
    weights: Array


def write(
    writer: ArrayWriter, layout: Layout, vocabulary: int, scale: NDArray[np.float32], aside: Aside
) -> WordPostings:
    """Writes the postings of all words."""
    parts = [
        Stretch(*map(aside, inverted(layout, first, last, vocabulary)))
        for first, last in stretches(layout)
    ]
    held = sum((part.held for part in parts), np.zeros(vocabulary, np.int64))
    stood = sum((part.words for part in parts), np.zeros(vocabulary, np.int64))
    offsets, position_offsets = offsets_of(held), offsets_of(stood)
    most = max((int(part.frequencies.sum(axis=1).max(initial=0)) for part in parts), default=0)
    farthest = max((int(part.positions.max(initial=0)) for part in parts), default=0)
    documents = writer.allocate("word.documents", np.int32, int(offsets[-1]))
    frequencies = writer.allocate("word.frequencies", narrowest(most), int(offsets[-1]))
    weights = writer.allocate("word.weights", np.float32, int(offsets[-1]))
    positions = writer.allocate("word.positions", narrowest(farthest), int(position_offsets[-1]))
    next_posting, next_position = offsets[:-1].copy(), position_offsets[:-1].copy()
    for part in parts:
        to = _places(next_posting, part.held)
        documents[to], frequencies[to] = part.documents, part.frequencies.sum(axis=1)
        weights[to] = weighted(part.documents, part.frequencies, scale)
        positions[_places(next_position, part.words)] = part.positions
        next_posting += part.held
        next_position += part.words
    writer.add("word.offsets", offsets.astype(for_offsets(int(offsets[-1]))))
    writer.add("word.position_offsets", position_offsets.astype(for_offsets(len(positions))))
    return WordPostings(offsets, documents, weights)


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


def write_stems(
    writer: ArrayWriter, stem_of: Array, stems: int, words: WordPostings, aside: Aside
) -> None:
    """Writes the postings of stems, joined from those of the words that have each stem."""
    order = np.argsort(stem_of, kind="stable")
    stem_at = stem_of[order]
    ends = np.cumsum(np.diff(words.offsets)[order])
    held = np.zeros(stems, np.int64)
    parts = []
    first = 0
    while first < len(order):
        begun = ends[first - 1] if first else 0
        last = int(np.searchsorted(ends, begun + STRETCH, side="right"))
        last = int(np.searchsorted(stem_at, stem_at[max(last, first + 1) - 1], side="right"))
        joined = _joined(order[first:last], stem_at[first:last], words)
        held += np.bincount(joined[0], minlength=stems)
        parts.append((aside(joined[1]), aside(joined[2])))
        first = last
    offsets = offsets_of(held)
    documents = writer.allocate("stem.documents", np.int32, int(offsets[-1]))
    weights = writer.allocate("stem.weights", np.float32, int(offsets[-1]))
    done = 0
    for part in parts:
        to = slice(done, done + len(part[0]))
        documents[to], weights[to] = part
        done = to.stop
    writer.add("stem.offsets", offsets.astype(for_offsets(int(offsets[-1]))))


def _joined(numbers: Array, stems: Array, words: WordPostings) -> tuple[Array, Array, Array]:
    """The stem, publication and summed weight of each posting of some words' stems."""
    begins = words.offsets[numbers]
    counts = words.offsets[numbers + 1] - begins
    taken = ranges(begins, counts)
    keys = (np.repeat(stems, counts).astype(np.int64) << 32) | words.documents[taken]
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    is_new = np.ones(len(keys), np.bool_)
    is_new[1:] = keys[1:] != keys[:-1]
    starts = np.flatnonzero(is_new)
    return (
        (keys[starts] >> 32).astype(np.int32),
        (keys[starts] & 0xFFFFFFFF).astype(np.int32),
        np.add.reduceat(words.weights[taken[order]], starts, dtype=np.float32),
    )
