"""Turn the forward index into postings: sort all of it, or sort the new part and merge it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from indexer.codec.merger import MergedPostings
from indexer.codec.segment import postings, sort_orders
from indexer.codec.segment.array_file import Array, ArrayFileWriter, Spool, pick_offset_dtype
from indexer.codec.segment.postings import ForwardIndex, MergedRuns, SortedRun
from indexer.codec.segment.reader import Segment
from indexer.codec.segment.string_table import compute_offsets

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
