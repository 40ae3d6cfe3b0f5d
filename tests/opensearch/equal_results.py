"""Checks that two stores give the same hits and results, apart from the order by relevance."""

from collections.abc import Sequence

import msgspec

from search_app.engine.request import Sort
from search_app.engine.results import Hit, Results
from search_app.engine.store import RankedHit

Hits = Sequence[RankedHit] | Sequence[Hit]


def check_ids(sort: Sort, ours: Hits, theirs: Hits) -> None:
    """Check that a page has as many hits, and by anything but relevance, the same ones in order."""
    our_ids, their_ids = ([hit.publication.id for hit in hits] for hits in (ours, theirs))
    assert len(our_ids) == len(their_ids) == len(set(their_ids))
    assert sort == "relevance" or our_ids == their_ids


def without_hits(results: Results) -> Results:
    """Return results without their hits and times."""
    return msgspec.structs.replace(results, hits=(), took_ms=0.0, stages={})
