"""Find the documents that differ between two segments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer.cluster.documents import Source, list_documents, make_deletion
from indexer.cluster.fulltext_documents import list_files
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

    def list_actions(self, source: Source, skipped: int) -> Iterator[bytes]:
        """Yield the actions without the first `skipped` ones. `source` has the documents."""
        yield from map(make_deletion, self.removed[skipped:])
        numbers = self.numbers[max(0, skipped - len(self.removed)) :]
        yield from list_documents(source, numbers)


def list_all(segment: Segment) -> Load:
    """Return the load of an empty index."""
    return Load([], np.arange(segment.size, dtype=np.int64))


def find_changes(former: Source, source: Source) -> Load:
    """Return the load that turns the documents of the former source into those of the other one.

    Both must have the same catalogue, format, analysis, and extraction of texts. A document follows
    from its record, its group, the number of editions, and its files.
    """
    segment, groups, former_groups = source.segment, source.groups, former.groups
    former_ids = former.segment.docstore.all_ids
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
            source, number
        )
    return Load(list(known), np.flatnonzero(is_changed))


def _get_content(source: Source, number: int) -> tuple[object, ...]:
    docstore, texts = source.segment.docstore, source.texts
    return (
        docstore.get_title(number), docstore.get_source(number), docstore.get_record(number),
        list_files(texts, number) if texts else (),
    )  # fmt: skip
