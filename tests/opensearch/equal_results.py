"""Checks that two stores give the same hits and results, up to the rounding of scores."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import msgspec

from search_app.engine.results import Hit, Results
from search_app.engine.store import RankedHit

TOLERANCE = 1e-5
"""Relative difference of two equal scores. The local store adds them as float32."""
ROUNDED = 2e-4
"""Difference of two equal scores in results, which are rounded to 4 digits."""


def are_close(ours: float | None, theirs: float | None, tolerance: float = 0.0) -> bool:
    """Return whether two scores are equal up to rounding."""
    if ours is None or theirs is None:
        return ours is theirs
    return math.isclose(ours, theirs, rel_tol=TOLERANCE, abs_tol=tolerance)


def check_order(
    ours: Sequence[tuple[str, float | None]],
    theirs: Sequence[tuple[str, float | None]],
    tolerance: float = 0.0,
) -> None:
    """Check that ids and scores are equal, in one order.

    Hits may be swapped if their scores differ by rounding only.
    """
    assert len(ours) == len(theirs), (ours, theirs)
    known = dict(ours)
    for (our_id, our_score), (their_id, their_score) in zip(ours, theirs, strict=True):
        assert are_close(our_score, their_score, tolerance), (ours, theirs)
        if our_id != their_id:
            assert our_score is not None, (ours, theirs)
            assert are_close(known.get(their_id, our_score), their_score, tolerance), (ours, theirs)


def list_scores(hits: Sequence[RankedHit] | Sequence[Hit]) -> list[tuple[str, float | None]]:
    """Return the ids and scores of hits, in order."""
    return [(hit.publication.id, hit.score) for hit in hits]


def without_hits(results: Results) -> Results:
    """Return results without their hits and times."""
    return msgspec.structs.replace(results, hits=(), took_ms=0.0, stages={})


def check_equal(ours: object, theirs: object) -> None:
    """Check that two values are equal, and their scores up to rounding."""
    pairs = zip(
        flatten(msgspec.to_builtins(ours)), flatten(msgspec.to_builtins(theirs)), strict=True
    )
    for our_leaf, their_leaf in pairs:
        if isinstance(our_leaf, float) and isinstance(their_leaf, float):
            assert are_close(our_leaf, their_leaf, ROUNDED), (ours, theirs)
        else:
            assert our_leaf == their_leaf, (ours, theirs)


def flatten(value: object) -> Iterator[object]:
    """Yield the keys and leaves of a JSON value, in order."""
    match value:
        case dict():
            yield from itertools.chain.from_iterable((key, *flatten(value[key])) for key in value)
        case list() | tuple():
            yield len(value)
            yield from itertools.chain.from_iterable(map(flatten, value))
        case _:
            yield value
