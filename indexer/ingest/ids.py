"""Unique ids: a publication with a repeated id is left out, or its id gets a number.

A build leaves the publication out (`claim_id`). An import adds a number (`with_unique_ids`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import blake2b

import msgspec

from indexer.catalogue.records import (
    DIGEST_BYTES,
    Item,
    Parsed,
    Problem,
    Publication,
    SourceLocation,
)

_LINE_BITS = 32
_MAX_LINE = (1 << _LINE_BITS) - 1
"""A line of a place, in its lowest bits. A file has at most as many lines as bytes."""


class TakenIds:
    """The ids of the publications that were read, and the places of these.

    A corpus may have millions of them. To save memory, an id is kept as a digest, and a place as
    one number.
    """

    def __init__(self) -> None:
        self._places: dict[bytes, int] = {}
        self._files: list[str] = []
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, identity: str) -> bool:
        return _digest(identity) in self._places

    def add(self, identity: str, source: SourceLocation) -> None:
        """Add an id. If it is taken, its first place is kept."""
        self._places.setdefault(_digest(identity), self._encode(source))

    def add_new(self, item: Item) -> bool:
        """Add the id of an item if it is not taken. Return whether it was added."""
        digest = _digest(item.id)
        if digest in self._places:
            return False
        self._places[digest] = self._encode(item.source)
        return True

    def get_place(self, identity: str) -> SourceLocation:
        """Return the first place of an id that is taken."""
        place = self._places[_digest(identity)]
        return SourceLocation(self._files[place >> _LINE_BITS], place & _MAX_LINE)

    def clear(self) -> None:
        """Forget all ids."""
        self._places.clear()

    def _encode(self, source: SourceLocation) -> int:
        number = self._numbers.setdefault(source.file, len(self._files))
        if number == len(self._files):
            self._files.append(source.file)
        return number << _LINE_BITS | source.line


def _digest(identity: str) -> bytes:
    return blake2b(identity.encode(), digest_size=DIGEST_BYTES).digest()


def claim_id(
    item: Publication | Parsed, report: Callable[[Problem], None], taken: TakenIds
) -> bool:
    """Return whether no earlier publication has the same id. Report a Problem otherwise.

    A new id is added to those that are taken.
    """
    source = item.source
    if item.id not in taken:
        taken.add(item.id, source)
        return True
    first = taken.get_place(item.id)
    message = f"the entry at {first.file}:{first.line} already has this id"
    hint = "Choose a unique id. The entry was left out"
    report(Problem(source.file, source.line, message, hint, item.id))
    return False


def with_unique_ids(publications: Iterable[Publication]) -> list[Publication]:
    """Return the publications with unique ids. A repeated id gets a number (`unique_names`)."""
    items = list(publications)
    ids = unique_names(publication.id for publication in items)
    return [
        msgspec.structs.replace(publication, id=identity)
        for publication, identity in zip(items, ids, strict=True)
    ]


def unique_names(names: Iterable[str]) -> list[str]:
    """Return the names, in order. A repeated name gets the suffix -2, -3 and so on."""
    unique: dict[str, None] = {}
    last_numbers: dict[str, int] = {}
    for name in names:
        free, number = name, last_numbers.get(name, 1)
        while free in unique:
            number += 1
            free = f"{name}-{number}"
        unique[free], last_numbers[name] = None, number
    return list(unique)
