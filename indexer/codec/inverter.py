"""The stream of words becomes postings: all of it is sorted, or what is new is spliced in."""

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
"""How many stretches stay in memory until they are joined; more are put aside on the disk."""
WORD, STEM = "word", "stem"
"""The kinds of terms. Places are written of stems; those of words lie among them."""


class Kind(NamedTuple):
    """A kind of terms: its name, the term of each word, and the number of terms.

    `former` has the number of each term of the former segment, negative for those gone.
    """

    name: str
    of_word: Array
    size: int
    former: Array


class Before(NamedTuple):
    """The former segment, and to each publication of now its number there, or -1."""

    segment: Segment
    origins: Array

    def gives_postings_to(self, layout: Layout) -> bool:
        """Whether its postings may be copied, and so little is new that it is worth it.

        What stays must have kept its order, and an occurrence must be worth what it was.
        """
        stays = self.origins[self.origins >= 0]
        former = postings.means(self.segment.layout.lengths)
        is_worth_the_same = (former == postings.means(layout.lengths)).all()
        new_words = layout.lengths[self.origins < 0].sum()
        return bool(
            is_worth_the_same and (np.diff(stays) > 0).all() and new_words <= postings.STRETCH
        )


class Inversion(NamedTuple):
    """What becomes postings: a stream, what an occurrence is worth (`scales`), kinds of terms."""

    layout: Layout
    scale: Array
    kinds: Sequence[Kind]

    def write(self, writer: ArrayWriter, folder: Path, before: Before | None) -> None:
        """Writes the postings; stretches are put aside in the folder, if there are many."""
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
        """The postings of everything, stretch by stretch."""
        parts: list[list[Stretch]] = [[] for _ in self.kinds]
        is_long = len(list(postings.stretches(self.layout))) > MOST_IN_MEMORY
        for made in self._inverted(threads):
            for stretches, stretch in zip(parts, made, strict=True):
                aside = (_aside(each, folder, spools) for each in stretch) if is_long else stretch
                stretches.append(Stretch(*aside))
        return [Joined(stretches) for stretches in parts]

    def _inverted(self, threads: Executor) -> Iterator[list[Stretch]]:
        """The postings of each stretch, by kind; while one is sorted, the next is laid out."""
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
        """The former postings, and those of the new publications alone."""
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
    """The array put aside on the disk, and mapped from there."""
    spool = Spool(folder, array.dtype)
    spools.callback(spool.close)
    spool.append(array)
    return spool.array().reshape(array.shape)
