"""Turn the forward index into postings: sort all of it, or sort the new part and merge it.

Terms and documents keep their order from one generation to the next. So postings that remain are
copied, postings of removed documents are dropped, and new postings are inserted. The result has the
same bytes as a full sort, provided that the weight of an occurrence in the remaining documents has
not changed (see `postings.compute_means`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from indexer.codec.segment import postings, sort_orders
from indexer.codec.segment.array_file import (
    Array,
    ArrayFileWriter,
    Spool,
    pick_dtype,
    pick_offset_dtype,
)
from indexer.codec.segment.postings import ForwardIndex, MergedRuns, SortedRun
from indexer.codec.segment.reader import Segment
from indexer.codec.segment.string_table import compute_offsets, expand_ranges

SLAB = 1 << 20
"""Number of items copied at a time. It bounds memory."""


class MergePlan(NamedTuple):
    """The items to drop from an array, and where to insert new ones (int64, both ascending).

    `removed` lists the dropped items. `insertions` has, for each new item, the old item that it
    precedes.
    """

    removed: Array
    insertions: Array

    def drop_removed(self, values: Array) -> Iterator[tuple[int, Array]]:
        """Yield the remaining items in slabs, each with the index at which its slab starts."""
        for first in range(0, len(values) + 1, SLAB):
            removed = _slice_of(self.removed, first)
            yield first, np.delete(values[first : first + SLAB], self.removed[removed] - first)

    def fill(self, into: Array, remaining: Iterator[tuple[int, Array]], new: Array) -> None:
        """Write the remaining and the new items into `into`, in order."""
        end = 0
        for first, slab in remaining:
            slab_part = _slice_of(self.insertions, first)
            insertions = self.insertions[slab_part]
            insertions = (
                insertions
                - first
                - np.searchsorted(self.removed[_slice_of(self.removed, first)], insertions)
            )
            merged = np.insert(slab.astype(into.dtype, copy=False), insertions, new[slab_part])
            into[end : end + len(merged)] = merged
            end += len(merged)


def _slice_of(ascending: Array, first: int) -> slice:
    """Return the slice of the numbers that fall into the slab that starts at `first`."""
    return slice(*np.searchsorted(ascending, (first, first + SLAB)).tolist())


class MergedPostings:
    """Previous postings of one kind of term, merged with those of new documents.

    `arrays` has the arrays of `SortedRun` that the previous segment stores, and two arrays of
    offsets. The postings of term `t` are at `offsets[t]:offsets[t + 1]`. Its positions start at
    `position_offsets[t]`.

    `terms` has the new number of each previous term, `documents` that of each previous document.
    Numbers of removed ones are negative, all others ascend.
    """

    def __init__(
        self, arrays: Mapping[str, Array], terms: Array, documents: Array, new: SortedRun
    ) -> None:
        self._arrays, self._terms, self._documents, self._new = arrays, terms, documents, new
        removed = np.flatnonzero((documents < 0).take(arrays["documents"]))
        self._postings = MergePlan(removed, self._find_insertions())

    def _find_insertions(self) -> Array:
        """Return, for each new posting, the previous posting that it precedes.

        Postings are ordered by term, then by document.
        """
        offsets = self._arrays["offsets"].astype(np.int64)
        staying = np.flatnonzero(self._terms >= 0)
        terms = np.repeat(np.arange(len(self._new.doc_counts)), self._new.doc_counts)
        indexes = np.searchsorted(self._terms[staying], terms)
        # A new term after the last remaining one is inserted at the end.
        begins = np.append(offsets[staying], offsets[-1])[indexes]
        is_known = np.append(self._terms[staying], -1)[indexes] == terms
        ends = np.where(is_known, np.append(offsets[staying + 1], offsets[-1])[indexes], begins)
        staying_docs = np.flatnonzero(self._documents >= 0)
        following = np.searchsorted(self._documents[staying_docs], self._new.documents)
        targets = np.append(staying_docs, len(self._documents))[following]
        return _search_ranges(self._arrays["documents"], targets, begins, ends)

    @cached_property
    def _positions(self) -> MergePlan:
        """The merge plan of the positions.

        A posting has as many positions as its frequency.
        """
        removed, insertions = self._postings
        frequencies = self._arrays["frequencies"]
        return MergePlan(
            expand_ranges(_sum_before(frequencies, removed), frequencies[removed].astype(np.int64)),
            np.repeat(_sum_before(frequencies, insertions), self._new.frequencies),
        )

    @property
    def doc_counts(self) -> Array:
        """The number of documents that contain each term."""
        return self._count_after("offsets", self._postings.removed, self._new.doc_counts)

    @property
    def position_counts(self) -> Array:
        """The number of occurrences of each term."""
        return self._count_after(
            "position_offsets", self._positions.removed, self._new.position_counts
        )

    def _count_after(self, name: str, removed: Array, new: Array) -> Array:
        """Return the number of items of each term, previous and new."""
        terms, offsets = self._terms, self._arrays[name]
        remaining = np.diff(offsets).astype(np.int64)
        remaining -= np.bincount(
            np.searchsorted(offsets, removed, "right") - 1, minlength=len(terms)
        )
        counts = new.astype(np.int64)
        counts[terms[terms >= 0]] += remaining[terms >= 0]
        return counts

    def dtype(self, name: str) -> np.dtype[Any]:
        """Return the narrowest dtype for an array."""
        new: Array = getattr(self._new, name)
        if name in ("documents", "weights"):
            return new.dtype
        remaining = self._get_plan(name).drop_removed(self._arrays[name])
        return pick_dtype(
            max(int(slab.max(initial=0)) for slab in (new, *(rest for _, rest in remaining)))
        )

    def fill(self, name: str, into: Array) -> None:
        """Write the previous and the new items of an array into `into`, in order."""
        plan = self._get_plan(name)
        remaining = plan.drop_removed(self._arrays[name])
        if name == "documents":
            remaining = ((first, self._documents.take(slab)) for first, slab in remaining)
        plan.fill(into, remaining, getattr(self._new, name))

    def _get_plan(self, name: str) -> MergePlan:
        return self._positions if name == "positions" else self._postings


def _search_ranges(numbers: Array, targets: Array, low: Array, high: Array) -> Array:
    """Return, for each range of ascending numbers, the index of the first one >= `targets`."""
    while (is_open := low < high).any():
        middle = (low + high) // 2
        is_below = is_open & (numbers.take(middle, mode="clip") < targets)
        low = np.where(is_below, middle + 1, low)
        high = np.where(is_open & ~is_below, middle, high)
    return low


def _sum_before(numbers: Array, positions: Array) -> Array:
    """Return the sum of all numbers before each position (int64)."""
    begins = np.unique(np.append(positions, 0))
    inside = begins[begins < len(numbers)]
    sums = np.zeros(len(inside) + 1, np.int64)
    np.cumsum(np.add.reduceat(numbers, inside, dtype=np.int64), out=sums[1:])
    return sums[np.searchsorted(inside, positions)]


MAX_RUNS_IN_MEMORY = 6
"""If there are more runs than this, spool them to disk until they are merged."""
Fill = Callable[[], None]
ReportSorting = Callable[[int, int], object]
"""Receives the number of steps that are done, and of all steps."""
PostingsSource = MergedRuns | MergedPostings
"""The postings of one kind of term, ready to be written to a file."""
WORD, STEM, PAGE = "word", "stem", "page"
"""The kinds of terms: of publications, and the words of pages of full texts."""
NO_ORIGINS = np.zeros(0, np.int64)
STORED_ARRAYS: dict[str, dict[str, tuple[str, ...]]] = {
    WORD: {"offsets": ("documents", "weights")},
    STEM: {
        "position_offsets": ("positions",),
        "offsets": ("documents", "weights", "frequencies"),
    },
    PAGE: {"position_offsets": ("positions",), "offsets": ("documents", "frequencies")},
}
"""The arrays of `SortedRun` that are stored for each kind, by the array of offsets into them.
Positions of publications are stored for stems only: they include those of all words. Full texts
have no postings of stems and no weights, which would double their size: a stem is its few words,
and a text is normalized as a whole."""


class TermKind(NamedTuple):
    """A kind of term: its name, the term number of each word, and the number of terms.

    `previous_numbers` has the new number of each term of the previous segment. Numbers of removed
    terms are negative.
    """

    name: str
    of_word: Array
    size: int
    previous_numbers: Array


class Inverter(NamedTuple):
    """The forward index, occurrence weights and term kinds, from which it makes postings.

    `norms` has the weight of one occurrence by document and field. `earlier` has the postings of
    documents before those with words in the forward index, for each kind, if there are any.
    """

    forward_index: ForwardIndex
    norms: Array
    kinds: Sequence[TermKind]
    earlier: Sequence[SortedRun] = ()

    def write(
        self,
        writer: ArrayFileWriter,
        folder: Path,
        previous: Segment | None = None,
        origins: Array = NO_ORIGINS,
        report: ReportSorting = lambda _done, _total: None,
    ) -> dict[str, Array]:
        """Write the postings, and return their arrays. Many runs are spooled to `folder`.

        `origins` has the number of each document in the previous segment, or -1. `report` is called
        after each sorted run and after each array.
        """
        with ExitStack() as spools, ThreadPoolExecutor(len(self.kinds)) as threads:
            sources: Sequence[PostingsSource] = (
                self._merge_new(previous, origins, threads)
                if previous and self._can_merge(previous, origins)
                else self._sort_all(folder, spools, threads, report)
            )
            fills: list[Fill] = []
            arrays: dict[str, Array] = {}
            for kind, source in zip(self.kinds, sources, strict=True):
                fills += _allocate(writer, kind.name, source, arrays)
            runs = sum(1 for _ in postings.split_runs(self.forward_index))
            futures = [threads.submit(fill) for fill in fills]
            for number, future in enumerate(futures, start=runs + 1):
                future.result()
                report(number, runs + len(fills))
        return arrays

    def _can_merge(self, previous: Segment, origins: Array) -> bool:
        """Return whether to merge into the previous postings.

        The remaining documents must have kept their order, and the weight of an occurrence must be
        the same. Merging pays off only if the new documents have at most `postings.MAX_RUN_WORDS`
        words.
        """
        lengths = self.forward_index.lengths
        previous_means = postings.compute_means(previous.forward_index.lengths)
        return bool(
            (previous_means == postings.compute_means(lengths)).all()
            and (np.diff(origins[origins >= 0]) > 0).all()
            and lengths[origins < 0].sum() <= postings.MAX_RUN_WORDS
        )

    def _sort_all(
        self, folder: Path, spools: ExitStack, threads: Executor, report: ReportSorting
    ) -> list[MergedRuns]:
        """Return the postings of all documents, sorted run by run."""
        count = sum(1 for _ in postings.split_runs(self.forward_index))
        stored = sum(len(names) for k in self.kinds for names in STORED_ARRAYS[k.name].values())
        is_long = count > MAX_RUNS_IN_MEMORY
        collected: list[list[SortedRun] | RunSpool] = [
            RunSpool(folder, spools) if is_long else [] for _ in self.kinds
        ]
        for number, runs in enumerate(self._sort_runs(threads), start=1):
            for of_kind, run in zip(collected, runs, strict=True):
                of_kind.append(run)
            report(number, count + stored)
        earlier = ([run] for run in self.earlier) if self.earlier else ([] for _ in self.kinds)
        return [
            MergedRuns([*before, *of_kind])
            for before, of_kind in zip(earlier, collected, strict=True)
        ]

    def _sort_runs(self, threads: Executor) -> Iterator[list[SortedRun]]:
        """Yield the postings of each run, by kind.

        One run is sorted while the next is prepared.
        """
        ahead: deque[list[Future[SortedRun]]] = deque()
        for first, last in postings.split_runs(self.forward_index):
            occurrences = postings.encode_occurrences(self.forward_index, first, last)
            ahead.append(
                [
                    threads.submit(
                        postings.sort_run, occurrences, kind.of_word, kind.size, first, self.norms
                    )
                    for kind in self.kinds
                ]
            )
            if len(ahead) > 1:
                yield [future.result() for future in ahead.popleft()]
        for futures in ahead:
            yield [future.result() for future in futures]

    def _merge_new(
        self, previous: Segment, origins: Array, threads: Executor
    ) -> list[MergedPostings]:
        """Return the previous postings, merged with those of the new documents."""
        new = np.flatnonzero(origins < 0)
        occurrences = postings.encode_occurrences(self.forward_index.select(new), 0, len(new))
        documents = sort_orders.invert(origins, previous.size)

        def merge(kind: TermKind) -> MergedPostings:
            new_run = postings.sort_run(occurrences, kind.of_word, kind.size, 0, self.norms[new])
            run = new_run._replace(documents=new.astype(np.int32)[new_run.documents])
            arrays = previous.terms[kind.name].arrays
            return MergedPostings(arrays, kind.previous_numbers, documents, run)

        return list(threads.map(merge, self.kinds))


def _allocate(
    writer: ArrayFileWriter, kind: str, source: PostingsSource, arrays: dict[str, Array]
) -> Iterator[Fill]:
    """Write the offsets of a kind of terms. Allocate its arrays, and yield functions to fill them.

    The arrays are added to `arrays`, by name.

    Call the functions before the writer is closed, in any order and from any thread.
    """
    for offsets_name, names in STORED_ARRAYS[kind].items():
        is_of_positions = offsets_name == "position_offsets"
        offsets = compute_offsets(source.position_counts if is_of_positions else source.doc_counts)
        length = int(offsets[-1])
        offsets = offsets.astype(pick_offset_dtype(length))
        writer.add(f"{kind}.{offsets_name}", offsets)
        arrays[f"{kind}.{offsets_name}"] = offsets
        for name in names:
            into = writer.allocate(f"{kind}.{name}", source.dtype(name), length)
            arrays[f"{kind}.{name}"] = into
            yield partial(source.fill, name, into)


class RunSpool:
    """Sorted runs on disk, in one file for each array and dtype.

    A file for each run would exceed the limit of open files, which is often 1024.
    """

    def __init__(self, folder: Path, spools: ExitStack) -> None:
        self._folder, self._stack = folder, spools
        self._spools: dict[tuple[str, np.dtype[Any]], Spool] = {}
        self._places: list[list[tuple[str, np.dtype[Any], int, int]]] = []

    def append(self, run: SortedRun) -> None:
        """Append a run."""
        self._places.append([])
        for name, array in run._asdict().items():
            key = name, array.dtype
            if key not in self._spools:
                self._spools[key] = Spool(self._folder, array.dtype)
                self._stack.callback(self._spools[key].close)
            first = self._spools[key].append(array)
            self._places[-1].append((*key, first, first + len(array)))

    def __iter__(self) -> Iterator[SortedRun]:
        """Yield the runs, memory-mapped."""
        arrays = {key: spool.to_array() for key, spool in self._spools.items()}
        for places in self._places:
            yield SortedRun(*(arrays[name, kind][first:end] for name, kind, first, end in places))
