"""Unique ids: a publication with a repeated id is left out, or its id gets a number.

A build leaves the publication out (`claim_id`). An import adds a number (`with_unique_ids`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from indexer.catalogue.records import Parsed, Problem, Publication, SourceLocation


def claim_id(
    item: Publication | Parsed, report: Callable[[Problem], None], places: dict[str, SourceLocation]
) -> bool:
    """Return whether no earlier publication has the same id. Report a Problem otherwise.

    `places` maps each id that is taken to its source. A new id is added to it.
    """
    source = item.source
    first = places.setdefault(item.id, source)
    if first is source:
        return True
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
    for name in names:
        free, number = name, 1
        while free in unique:
            number += 1
            free = f"{name}-{number}"
        unique[free] = None
    return list(unique)
