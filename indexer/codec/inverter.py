"""Turn the forward index into postings: sort all of it, or sort the new part and merge it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np

from indexer.codec.merger import Former, Spliced
from indexer.codec.segment import postings, sort_orders
from indexer.codec.segment.array_file import Array, ArrayWriter, Spool
from indexer.codec.segment.postings import Joined, Layout, Source, Stretch
from indexer.codec.segment.reader import Segment

MOST_IN_MEMORY = 6
"""If there are more stretches than this, spool them to disk until they are joined."""
WORD, STEM = "word", "stem"
"""The kinds of terms. Positions are stored for stems only: they include those of all words."""


class Kind(NamedTuple):
    """A kind of term: its name, the term number of each word, and the number of terms.

    `former` has the new number of each term of the previous segment. Numbers of removed terms are
    negative.
    """

    name: str
    of_word: Array
    size: int
    former: Array


class Before(NamedTuple):
    """The previous segment, and the number there of each document of this build, or -1."""

    segment: Segment
    origins: Array

    def gives_postings_to(self, layout: Layout) -> bool:
        """Return whether to merge into the previous postings.

        The remaining documents must have kept their order, and the weight of an occurrence must be
        the same. Merging pays off only if the new documents have at most `postings.STRETCH` words.
        """
        stays = self.origins[self.origins >= 0]
        former = postings.means(self.segment.layout.lengths)
        is_worth_the_same = (former == postings.means(layout.lengths)).all()
        new_words = layout.lengths[self.origins < 0].sum()
        return bool(
            is_worth_the_same and (np.diff(stays) > 0).all() and new_words <= postings.STRETCH
        )


class Inversion(NamedTuple):
    """The input of an inversion: the forward index, occurrence weights and term kinds.

    `scale` has the weight of one occurrence by document and field.
    """

    layout: Layout
    scale: Array
    kinds: Sequence[Kind]

    def write(self, writer: ArrayWriter, folder: Path, before: Before | None) -> None:
        """Write the postings. Many stretches are spooled to `folder`."""
        with ExitStack() as spools, ThreadPoolExecutor(len(self.kinds)) as threads:
            sources: list[Source] = []
            if before and before.gives_postings_to(self.layout):
                sources += self._spliced(before, threads)
            else:
                sources += self._joined(folder, spools, threads)
            fills = []
            for kind, source in zip(self.kinds, sources, strict=True):
                names = ["documents", "weights"]
                if kind.name == STEM:
                    names.append("frequencies")
                    fills += postings.write_positions(writer, kind.name, source)
                fills += postings.write(writer, kind.name, source, names)
            for filled in [threads.submit(fill) for fill in fills]:
                filled.result()

    def _joined(self, folder: Path, spools: ExitStack, threads: Executor) -> list[Joined]:
        """Return the postings of all documents, sorted stretch by stretch."""
        parts: list[list[Stretch]] = [[] for _ in self.kinds]
        is_long = len(list(postings.stretches(self.layout))) > MOST_IN_MEMORY
        for made in self._inverted(threads):
            for stretches, stretch in zip(parts, made, strict=True):
                aside = (_aside(each, folder, spools) for each in stretch) if is_long else stretch
                stretches.append(Stretch(*aside))
        return [Joined(stretches) for stretches in parts]

    def _inverted(self, threads: Executor) -> Iterator[list[Stretch]]:
        """Yield the postings of each stretch, by kind.

        One stretch is sorted while the next is prepared.
        """
        ahead: deque[list[Future[Stretch]]] = deque()
        for first, last in postings.stretches(self.layout):
            found = postings.codes_of(self.layout, first, last)
            ahead.append([
                threads.submit(postings.inverted, found, kind.of_word, kind.size, first, self.scale)
                for kind in self.kinds
            ])  # fmt: skip
            if len(ahead) > 1:
                yield [each.result() for each in ahead.popleft()]
        for made in ahead:
            yield [each.result() for each in made]

    def _spliced(self, before: Before, threads: Executor) -> list[Spliced]:
        """Return the previous postings, merged with those of the new documents."""
        new = np.flatnonzero(before.origins < 0)
        found = postings.codes_of(self.layout.only(new), 0, len(new))
        documents = sort_orders.inverse(before.origins, before.segment.size)

        def spliced(kind: Kind) -> Spliced:
            alone = postings.inverted(found, kind.of_word, kind.size, 0, self.scale[new])
            stretch = alone._replace(documents=new.astype(np.int32)[alone.documents])
            arrays = before.segment.terms[kind.name].arrays
            return Spliced(Former(arrays, kind.former, documents), stretch)

        return list(threads.map(spliced, self.kinds))


def _aside(array: Array, folder: Path, spools: ExitStack) -> Array:
    """Spool an array to disk and return it memory-mapped."""
    spool = Spool(folder, array.dtype)
    spools.callback(spool.close)
    spool.append(array)
    return spool.array().reshape(array.shape)
