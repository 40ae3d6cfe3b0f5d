"""Unique ids: a publication with a repeated id is left out, or its id gets a number.

A build leaves the publication out (`is_first`). An import adds a number (`numbered`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from indexer.catalogue.records import Problem, Publication, Source


class Identified(Protocol):
    """Anything with an id and a source."""

    @property
    def id(self) -> str:
        """The id."""

    @property
    def source(self) -> Source:
        """The file and line that it was read from."""


def is_first(one: Identified, report: Callable[[Problem], None], places: dict[str, Source]) -> bool:
    """Return whether no earlier publication has the same id. Report a Problem otherwise.

    `places` maps each id that is taken to its source. A new id is added to it.
    """
    source = one.source
    first = places.setdefault(one.id, source)
    if first is source:
        return True
    what = f"its id is taken by the entry at {first.file}:{first.line}"
    hint = "Give it an id of its own: it was left out"
    report(Problem(source.file, source.line, what, hint, one.id))
    return False


def numbered(publications: Iterable[Publication]) -> list[Publication]:
    """Return the publications with unique ids. A repeated id gets a number, as in `distinct`."""
    given = list(publications)
    ids = distinct(each.id for each in given)
    return [msgspec.structs.replace(each, id=one) for each, one in zip(given, ids, strict=True)]


def distinct(names: Iterable[str]) -> list[str]:
    """Return the names, in order. A repeated name gets the suffix -2, -3 and so on."""
    taken: dict[str, None] = {}
    for name in names:
        free, number = name, 1
        while free in taken:
            number += 1
            free = f"{name}-{number}"
        taken[free] = None
    return list(taken)
