"""Turn the forward index into postings: sort all of it, or sort the new part and merge it.

Terms and documents keep their order from one generation to the next. So postings that remain are
copied, postings of removed documents are dropped, and new postings are inserted. The result has the
same bytes as a full sort, provided that the weight of an occurrence in the remaining documents has
not changed (see `postings.compute_means`).
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from indexer.codec.segment import docstore, postings
from indexer.codec.segment.array_file import (
    Array,
    ArrayFileWriter,
    Spool,
    compute_offsets,
    pick_dtype,
    pick_offset_dtype,
)
from indexer.codec.segment.postings import ForwardIndex, MergedRuns, SortedRun, split_offsets
from indexer.codec.segment.reader import Segment


class MergedPostings:
    """Previous postings of one kind of term, merged with those of new documents.

    `arrays` contains the arrays of `SortedRun` that the previous segment stores, and two arrays of
    offsets. The postings of term `t` are at `offsets[t]:offsets[t + 1]`. Its positions start at
    `position_offsets[t]`.

    `terms` gives the new number of each previous term, `documents` that of each previous document.
    Numbers of removed ones are negative, all others ascend.
    """

    def __init__(
        self, arrays: Mapping[str, Array], terms: Array, documents: Array, new: SortedRun
    ) -> None:
        self._arrays, self._terms, self._documents, self._new = arrays, terms, documents, new
        self._is_kept = (documents >= 0).take(arrays["documents"])
        self._begins = self._find_begins("offsets")
        self._new_begins = compute_offsets(new.doc_counts)
        self._places = self._find_places()

    def _find_begins(self, name: str) -> Array:
        """Return where the previous items of each term begin, and the end of all (int64).

        A new term has none. Those of removed terms count as items of the term before them.
        """
        offsets, staying = self._arrays[name].astype(np.int64), np.flatnonzero(self._terms >= 0)
        numbers = np.arange(len(self._new.doc_counts) + 1)
        following = np.searchsorted(self._terms[staying], numbers)
        return np.append(offsets[staying], offsets[-1])[following]

    def _find_places(self) -> Array:
        """Return the previous posting that each new one precedes, by term, then by document."""
        ends, staying = self._begins[:-1].copy(), np.flatnonzero(self._terms >= 0)
        ends[self._terms[staying]] = self._arrays["offsets"][staying + 1]
        terms = np.repeat(np.arange(len(ends)), self._new.doc_counts)
        staying_docs = np.flatnonzero(self._documents >= 0)
        following = np.searchsorted(self._documents[staying_docs], self._new.documents)
        targets = np.append(staying_docs, len(self._documents))[following]
        low, high = self._begins[terms], ends[terms]
        return _search_ranges(self._arrays["documents"], targets, low, high)

    @property
    def doc_counts(self) -> Array:
        """The number of documents that contain each term."""
        return self._add_kept(self._new.doc_counts, self._is_kept)

    @property
    def position_counts(self) -> Array:
        """The number of occurrences of each term."""
        kept = np.where(self._is_kept, self._arrays["frequencies"], 0)
        return self._add_kept(self._new.position_counts, kept)

    def _add_kept(self, new: Array, kept: Array) -> Array:
        """Return the counts of each term: the new ones, and the sum of those of its postings."""
        counts, is_staying = new.astype(np.int64), self._terms >= 0
        previous = np.add.reduceat(kept, self._arrays["offsets"][:-1], dtype=np.int64)
        counts[self._terms[is_staying]] += previous[is_staying]
        return counts

    def dtype(self, name: str) -> np.dtype[Any]:
        if name in ("documents", "weights"):
            kind: np.dtype[Any] = getattr(self._new, name).dtype
            return kind
        return pick_dtype(max(int(part.max(initial=0)) for part in self._merge(name)))

    def fill(self, name: str, into: Array) -> None:
        """Write the previous and the new items of an array into `into`, in order."""
        end = 0
        for part in self._merge(name):
            into[end : end + len(part)] = part
            end += len(part)

    def _merge(self, name: str) -> Iterator[Array]:
        """Yield the items of an array, of a range of terms at a time. It bounds memory."""
        of_new: Array = getattr(self._new, name)
        if name == "positions":
            begins = self._find_begins("position_offsets")
            new_begins = compute_offsets(self._new.position_counts)
        else:
            begins, new_begins = self._begins, self._new_begins
        for first, last in split_offsets(self._begins):
            postings_of_part = slice(self._begins[first], self._begins[last])
            new_postings = slice(self._new_begins[first], self._new_begins[last])
            is_kept = self._is_kept[postings_of_part]
            places = compute_offsets(is_kept)[self._places[new_postings] - self._begins[first]]
            items = self._arrays[name][begins[first] : begins[last]]
            new_items = of_new[new_begins[first] : new_begins[last]]
            if name == "documents":
                items = self._documents.take(items)
            elif name == "positions":  # a posting has as many as its frequency
                frequencies = self._arrays["frequencies"][postings_of_part]
                places = compute_offsets(frequencies[is_kept])[places]
                places = places.repeat(self._new.frequencies[new_postings])
                is_kept = is_kept.repeat(frequencies)
            kind = np.promote_types(items.dtype, new_items.dtype)
            yield np.insert(items[is_kept].astype(kind, copy=False), places, new_items)


def _search_ranges(numbers: Array, targets: Array, low: Array, high: Array) -> Array:
    """Return, for each range of ascending numbers, the index of the first one >= `targets`."""
    while (is_open := low < high).any():
        middle = (low + high) // 2
        is_below = is_open & (numbers.take(middle, mode="clip") < targets)
        low = np.where(is_below, middle + 1, low)
        high = np.where(is_open & ~is_below, middle, high)
    return low


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
    STEM: {"position_offsets": ("positions",), "offsets": ("documents", "weights", "frequencies")},
    PAGE: {"position_offsets": ("positions",), "offsets": ("documents", "frequencies")},
}
"""The arrays of `SortedRun` that are stored for each kind, by the array of offsets into them.
Positions of publications are stored for stems only: they include those of all words. Full texts
have no postings of stems and no weights, which would double their size: a stem is its few words,
and a text is normalized as a whole."""


class TermKind(NamedTuple):
    """A kind of term."""

    name: str
    of_word: Array
    """The term number of each word."""
    size: int
    """The number of terms."""
    previous_numbers: Array
    """The new number of each term of the previous segment, negative if it was removed."""


class Inverter(NamedTuple):
    """The forward index, occurrence weights and term kinds, from which it makes postings.

    `norms` gives the weight of one occurrence by document and field. `earlier` contains the
    postings of documents before those with words in the forward index, for each kind, if there are
    any.
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
        """Write the postings, and return their arrays. Sorted runs are spooled to `folder`.

        `origins` gives the number of each document in the previous segment, or -1. `report` is
        called after each sorted run and after each array.
        """
        with ExitStack() as spools, ThreadPoolExecutor(len(self.kinds)) as threads:
            documents = [*split_offsets(self.forward_index.starts[:, 0])]
            sources: Sequence[PostingsSource] = (
                self._merge_new(previous, origins, threads)
                if previous and self._can_merge(previous, origins)
                else self._sort_all(documents, folder, spools, threads, report)
            )
            fills: list[Fill] = []
            arrays: dict[str, Array] = {}
            for kind, source in zip(self.kinds, sources, strict=True):
                fills += _allocate(writer, kind.name, source, arrays)
            futures = [threads.submit(fill) for fill in fills]
            for number, future in enumerate(futures, start=len(documents) + 1):
                future.result()
                report(number, len(documents) + len(fills))
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
        self,
        documents: Sequence[tuple[int, int]],
        folder: Path,
        spools: ExitStack,
        threads: Executor,
        report: ReportSorting,
    ) -> list[MergedRuns]:
        """Return the postings of ranges of documents, one of which is a run."""
        stored = sum(len(names) for k in self.kinds for names in STORED_ARRAYS[k.name].values())
        collected = [RunSpool(folder, spools) for _ in self.kinds]
        for number, runs in enumerate(self._sort_runs(documents, threads), start=1):
            for of_kind, run in zip(collected, runs, strict=True):
                of_kind.append(run)
            report(number, len(documents) + stored)
        earlier = ([run] for run in self.earlier) if self.earlier else ([] for _ in self.kinds)
        return [
            MergedRuns([*before, *of_kind])
            for before, of_kind in zip(earlier, collected, strict=True)
        ]

    def _sort_runs(
        self, documents: Iterable[tuple[int, int]], threads: Executor
    ) -> Iterator[list[SortedRun]]:
        """Yield the postings of each run, by kind. One run is sorted while the next is prepared."""
        ahead: deque[list[Future[SortedRun]]] = deque()
        for first, last in documents:
            occurrences = postings.encode_occurrences(self.forward_index, first, last)
            sort = partial(postings.sort_run, occurrences, first=first, norms=self.norms)
            ahead.append([threads.submit(sort, each.of_word, each.size) for each in self.kinds])
            if len(ahead) > 1:
                yield [future.result() for future in ahead.popleft()]
        for futures in ahead:
            yield [future.result() for future in futures]

    def _merge_new(
        self, previous: Segment, origins: Array, threads: Executor
    ) -> list[MergedPostings]:
        new = np.flatnonzero(origins < 0)
        occurrences = postings.encode_occurrences(self.forward_index.select(new), 0, len(new))
        documents = docstore.invert(origins, previous.size)

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
