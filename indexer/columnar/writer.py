"""Publications become a segment: three files of arrays, and the table of contents for Whoosh.

Everything is gathered chunk by chunk, in the order of the corpus, and put aside on the disk;
then words get their final numbers, and the postings are made of the stream.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from itertools import groupby
from pathlib import Path

import numpy as np

from indexer import schema
from indexer.columnar import codec, postings
from indexer.columnar.facets import ColumnBuilder
from indexer.columnar.postings import Layout, Stretch
from indexer.columnar.segment import FACETS, PUBLICATIONS, WORDS, Segment, scale_of
from indexer.columnar.storage import Array, ArrayWriter, Spool, for_offsets, narrowest
from indexer.columnar.stored import StoredBuilder
from indexer.columnar.texts import Texts
from indexer.columnar.words import FIELD_END, WordStream, final_numbers, stems_of
from indexer.fields import Catalogue
from indexer.record import Fresh, Item, Kept

Chunk = Sequence[Item]
"""Publications that are new, or kept from the former segment, in the order of the corpus."""
Kind = tuple[str, Array, int]
"""The name of a kind of terms, the term of each word, and how many terms there are."""
MOST_IN_MEMORY = 6
"""How many stretches stay in memory until they are joined; more are put aside on the disk."""
Counts = dict[str, dict[str, int]]
"""To each facet, how many publications have each value."""


def write(
    folder: Path, catalogue: Catalogue, chunks: Iterable[Chunk], former: Segment | None = None
) -> Counts:
    """Writes a segment into an empty folder; tells what its facets count.

    The first chunk has at least `stored.SAMPLES` publications, if there are so many.
    What is `Kept` is copied from the former segment, which must be of the same catalogue.
    Raises OSError where the disk does not take it.
    """
    stored = StoredBuilder(folder, catalogue, former.stored if former else None)
    columns = [
        ColumnBuilder(field.name, former.columns[field.name] if former else None)
        for field in schema.exact_fields(catalogue)
    ]
    known = former.words.texts.all() if former else []
    with (
        closing(stored),
        WordStream(folder, catalogue, former.layout if former else None, known) as stream,
    ):
        for number, chunk in enumerate(chunks):
            if number == 0:
                stored.begin(chunk)
            for fresh, kept in _runs(chunk):
                if fresh:
                    publications = [each.publication for each in fresh]
                    stored.add(fresh)
                    stream.add(publications)
                    for column in columns:
                        column.add([each.values.get(column.name, ()) for each in publications])
                else:
                    numbers = stored.copy(kept)
                    stream.copy(numbers)
                    for column in columns:
                        column.copy(numbers)
        with ArrayWriter(folder / PUBLICATIONS) as writer:
            stored.write(writer)
        with ArrayWriter(folder / FACETS) as writer:
            counts = {column.name: column.write(writer) for column in columns}
        with ArrayWriter(folder / WORDS) as writer:
            _write_words(writer, folder, catalogue, stream)
    codec.write_contents(folder, catalogue, stored.size)
    return counts


def _runs(chunk: Chunk) -> Iterator[tuple[list[Fresh], list[Kept]]]:
    """A chunk in runs of publications that are all new, or all kept."""
    for _, run in groupby(chunk, key=type):
        both = list(run)
        yield (
            [each for each in both if isinstance(each, Fresh)],
            [each for each in both if isinstance(each, Kept)],
        )


def _write_words(
    writer: ArrayWriter, folder: Path, catalogue: Catalogue, gathered: WordStream
) -> None:
    """Writes the vocabulary, the stream in final numbers, and the postings."""
    provisional = gathered.all()
    words, numbers = final_numbers(gathered.words, gathered.counts)
    stems, stem_of = stems_of(words)
    Texts.of_texts(words).write(writer, "words")
    Texts.of_texts(stems).write(writer, "stems")
    writer.add("stem_of", stem_of)
    layout = _layout(writer, provisional, numbers, len(catalogue.searchable))
    scale = scale_of(catalogue, layout.lengths)
    every = np.arange(len(words), dtype=np.int32)
    kinds = (("word", every, len(words)), ("stem", stem_of, len(stems)))
    parts: dict[str, list[Stretch]] = {kind: [] for kind, _, _ in kinds}
    is_long = len(list(postings.stretches(layout))) > MOST_IN_MEMORY
    with ExitStack() as spools, ThreadPoolExecutor(len(kinds)) as threads:
        for made in _inverted(layout, kinds, scale, threads):
            for stretches, stretch in zip(parts.values(), made, strict=True):
                aside = (_aside(each, folder, spools) for each in stretch) if is_long else stretch
                stretches.append(Stretch(*aside))
        fills = [
            *(fill for kind, made in parts.items() for fill in postings.write(writer, kind, made)),
            *postings.write_positions(writer, "stem", parts["stem"]),
        ]
        for filled in [threads.submit(fill) for fill in fills]:
            filled.result()


def _inverted(
    layout: Layout, kinds: Sequence[Kind], scale: Array, threads: Executor
) -> Iterator[list[Stretch]]:
    """The postings of each stretch, by kind; while one is sorted, the next is laid out."""
    ahead: deque[list[Future[Stretch]]] = deque()
    for first, last in postings.stretches(layout):
        found = postings.codes_of(layout, first, last)
        ahead.append([
            threads.submit(postings.inverted, found, term_of, terms, first, scale)
            for _, term_of, terms in kinds
        ])  # fmt: skip
        if len(ahead) > 1:
            yield [each.result() for each in ahead.popleft()]
    for made in ahead:
        yield [each.result() for each in made]


def _aside(array: Array, folder: Path, spools: ExitStack) -> Array:
    """The array put aside on the disk, and mapped from there."""
    spool = Spool(folder, array.dtype)
    spools.callback(spool.close)
    spool.append(array)
    return spool.array().reshape(array.shape)


def _layout(writer: ArrayWriter, provisional: Array, numbers: Array, fields: int) -> Layout:
    """The stream in final numbers, with where its fields begin, and their lengths."""
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
    # One row more says where the last publication ends: in its first place, the others repeat it.
    rows = np.concatenate([starts, np.full(fields - 1, starts[-1])]).astype(kind)
    writer.add("starts", rows.reshape(-1, fields))
    lengths = spans.reshape(-1, fields)
    writer.add("lengths", lengths.astype(narrowest(int(lengths.max(initial=0)))))
    return Layout(stream, rows.reshape(-1, fields), lengths)
