"""Find the documents that differ between two segments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer.cluster.documents import Groups, list_documents, make_deletion
from indexer.codec.segment.reader import Segment


class Load(NamedTuple):
    """The bulk load that fills an index: first the deletions, then documents.

    `removed` has the ids of the documents to delete. `numbers` (int64, ascending) are the documents
    of the segment to send.
    """

    removed: list[str]
    numbers: NDArray[np.int64]

    @property
    def size(self) -> int:
        """The number of actions."""
        return len(self.removed) + len(self.numbers)

    def list_actions(self, segment: Segment, groups: Groups, skipped: int) -> Iterator[bytes]:
        """Yield the actions without the first `skipped` ones."""
        yield from map(make_deletion, self.removed[skipped:])
        numbers = self.numbers[max(0, skipped - len(self.removed)) :]
        yield from list_documents(segment, groups, numbers)


def list_all(segment: Segment) -> Load:
    """Return the load of an empty index."""
    return Load([], np.arange(segment.size, dtype=np.int64))


def find_changes(
    former: Segment, former_groups: Groups, segment: Segment, groups: Groups
) -> Load:  # fmt: skip
    """Return the load that turns the documents of the former segment into those of the other one.

    Both must have the same catalogue, format, and analysis. A document follows from its record, its
    group, and the number of editions.
    """
    former_ids = former.docstore.all_ids
    known = {identity: number for number, identity in enumerate(former_ids)}
    pairs = np.array([known.pop(identity, -1) for identity in segment.docstore.all_ids], np.int64)
    is_changed = (
        (pairs < 0)
        | (former_groups.hashes[pairs] != groups.hashes)
        | (former_groups.others[pairs] != groups.others)
        if len(former_ids)
        else np.ones(segment.size, np.bool_)
    )
    for number in np.flatnonzero(~is_changed).tolist():
        is_changed[number] = _get_content(former, int(pairs[number])) != _get_content(
            segment, number
        )
    return Load(list(known), np.flatnonzero(is_changed))


def _get_content(segment: Segment, number: int) -> tuple[object, ...]:
    docstore = segment.docstore
    return (
        docstore.get_title(number), docstore.get_source(number), docstore.get_record(number),
    )  # fmt: skip
