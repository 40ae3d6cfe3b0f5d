"""Write publications as a segment: files of arrays, and Whoosh's table of contents.

Publications arrive in chunks, in the order of the corpus. Their data is spooled to disk. After the
last chunk, words get their final numbers and the forward index is inverted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import groupby
from pathlib import Path

import numpy as np

from indexer.catalogue import schema
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Fresh, Item, Kept, Publication, Value
from indexer.codec import whoosh_codec
from indexer.codec.forward_index import WordStream
from indexer.codec.inverter import STEM, WORD, Before, Inversion, Kind
from indexer.codec.segment import postings
from indexer.codec.segment.array_file import Array, ArrayWriter, for_offsets, narrowest
from indexer.codec.segment.docstore import StoredBuilder
from indexer.codec.segment.facet_columns import ColumnBuilder
from indexer.codec.segment.postings import Layout
from indexer.codec.segment.reader import (
    FACETS,
    POSTINGS,
    PUBLICATIONS,
    SPOKEN,
    WORDS,
    Segment,
    scale_of,
)
from indexer.codec.segment.string_table import Texts
from indexer.codec.segment.term_dictionary import FIELD_END

Chunk = Sequence[Item]
"""New publications, and those kept from the previous segment, in the order of the corpus."""
ValuedColumn = tuple[ColumnBuilder, Callable[[Publication], Sequence[Value]]]
"""A column, and the function that returns the values of a publication in it."""
Counts = dict[str, dict[str, int]]
"""For each facet, the number of publications that have each value."""


def write(
    folder: Path, catalogue: Catalogue, chunks: Iterable[Chunk], former: Segment | None = None
) -> Counts:
    """Write a segment into an empty folder. Return the counts of its facet values.

    The first chunk must have at least `docstore.SAMPLES` publications, unless the corpus has fewer.
    Publications of type `Kept` are copied from the previous segment, which must have the same
    catalogue. Raise OSError if a file cannot be written, for example on a full disk.
    """
    stored = StoredBuilder(folder, catalogue, former.stored if former else None)
    columns = list(_columns(catalogue, former))
    with closing(stored), WordStream(folder, catalogue, former) as stream:
        origins = _gather(chunks, stored, stream, columns)
        with ArrayWriter(folder / PUBLICATIONS) as writer:
            stored.write(writer, origins)
        with ArrayWriter(folder / FACETS) as writer:
            counts = {column.name: column.write(writer) for column, _ in columns}
        before = Before(former, origins) if former else None
        with ArrayWriter(folder / WORDS) as words, ArrayWriter(folder / POSTINGS) as inverted:
            _write_words(words, catalogue, stream).write(inverted, folder, before)
    whoosh_codec.write_contents(folder, catalogue, stored.size)
    del counts[SPOKEN]
    return counts


def _columns(catalogue: Catalogue, former: Segment | None) -> Iterator[ValuedColumn]:
    """Yield each column with the function that returns the values of a publication in it."""
    for field in schema.exact_fields(catalogue):
        known = former.columns[field.name] if former else None
        yield ColumnBuilder(field.name, known), partial(_values_of, name=field.name)
    known = former.spoken if former else None
    yield ColumnBuilder(SPOKEN, known), lambda each: (each.lang or catalogue.language,)


def _values_of(publication: Publication, name: str) -> Sequence[Value]:
    return publication.values.get(name, ())


def _gather(
    chunks: Iterable[Chunk], stored: StoredBuilder, stream: WordStream,
    columns: Sequence[ValuedColumn],
) -> Array:  # fmt: skip
    """Pass all publications on. Return where each was in the previous segment, or -1 (int64)."""
    origins = [np.zeros(0, np.int64)]
    for number, chunk in enumerate(chunks):
        if number == 0:
            stored.begin(chunk)
        for fresh, kept in _runs(chunk):
            if fresh:
                publications = [each.publication for each in fresh]
                stored.add(fresh)
                stream.add(publications)
                for column, values in columns:
                    column.add([values(each) for each in publications])
                origins.append(np.full(len(fresh), -1))
            else:
                numbers = stored.copy(kept)
                stream.copy(numbers)
                for column, _ in columns:
                    column.copy(numbers)
                origins.append(numbers)
    return np.concatenate(origins)


def _runs(chunk: Chunk) -> Iterator[tuple[list[Fresh], list[Kept]]]:
    """Yield a chunk in runs: each run has only new or only kept publications."""
    for _, run in groupby(chunk, key=type):
        both = list(run)
        yield (
            [each for each in both if isinstance(each, Fresh)],
            [each for each in both if isinstance(each, Kept)],
        )


def _write_words(writer: ArrayWriter, catalogue: Catalogue, gathered: WordStream) -> Inversion:
    """Write the term dictionary and the forward index. Return the inversion to write."""
    provisional = gathered.all()
    vocabulary = gathered.vocabulary()
    stems = gathered.stems(vocabulary)
    Texts.of_texts(vocabulary.words).write(writer, "words")
    Texts.of_texts(stems.texts).write(writer, "stems")
    writer.add("stem_of", stems.of_word)
    every = np.arange(len(vocabulary.words), dtype=np.int32)
    layout = _layout(writer, provisional, vocabulary.numbers, len(catalogue.searchable))
    kinds = (
        Kind(WORD, every, len(vocabulary.words), vocabulary.former),
        Kind(STEM, stems.of_word, len(stems.texts), stems.former),
    )
    return Inversion(layout, scale_of(catalogue, layout.lengths), kinds)


def _layout(writer: ArrayWriter, provisional: Array, numbers: Array, fields: int) -> Layout:
    """Write the forward index in final numbers, with the start and length of each field."""
    stream = writer.allocate("stream", np.int32, len(provisional))
    ends = [np.zeros(0, np.int64)]
    gaps = [np.zeros(0, np.int64)]
    for first in range(0, len(provisional), postings.STRETCH):
        part = numbers[provisional[first : first + postings.STRETCH]]
        stream[first : first + postings.STRETCH] = part
        ends.append(np.flatnonzero(part == FIELD_END) + first)
        gaps.append(np.flatnonzero(part < FIELD_END) + first)
    starts = np.concatenate([np.zeros(1, np.int64), np.concatenate(ends) + 1])
    spans = np.diff(starts) - 1
    spans -= np.bincount(
        np.searchsorted(starts, np.concatenate(gaps), side="right") - 1, minlength=len(spans)
    )
    kind = for_offsets(len(stream))
    # An extra row ends the last publication. Its first column is the end, the others repeat it.
    rows = np.concatenate([starts, np.full(fields - 1, starts[-1])]).astype(kind)
    writer.add("starts", rows.reshape(-1, fields))
    lengths = spans.reshape(-1, fields)
    writer.add("lengths", lengths.astype(narrowest(int(lengths.max(initial=0)))))
    return Layout(stream, rows.reshape(-1, fields), lengths)
