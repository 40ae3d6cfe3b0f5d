"""Ids are all different: of two that are the same, the latter is left out or gets a number."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from indexer.catalogue.records import Problem, Publication, Source


class Identified(Protocol):
    """Whatever has an id and stands somewhere."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def source(self) -> Source:
        """Where it stands."""


def is_first(one: Identified, report: Callable[[Problem], None], places: dict[str, Source]) -> bool:
    """Whether no other has its id yet, and if one has, that is told.

    `places` has the ids that are taken already, with where; that of a first one is added.
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
    """The publications, those whose id another one before them has with a number behind it."""
    given = list(publications)
    ids = distinct(each.id for each in given)
    return [msgspec.structs.replace(each, id=one) for each, one in zip(given, ids, strict=True)]


def distinct(names: Iterable[str]) -> list[str]:
    """The names, each that stood there before with a number behind it."""
    taken: dict[str, None] = {}
    for name in names:
        free, number = name, 1
        while free in taken:
            number += 1
            free = f"{name}-{number}"
        taken[free] = None
    return list(taken)
