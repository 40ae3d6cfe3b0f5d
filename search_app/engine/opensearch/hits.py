"""Searches for hits in order, and their responses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from indexer.catalogue.records import Publication
from indexer.cluster.mapping import Json
from search_app.engine.opensearch.client import Response
from search_app.engine.request import Sort

LEVEL_RATIO = 0.7
"""Minimum share of the best score at which a hit counts as one of the best matches."""
LEVEL = "_score >= params.least ? params.best : _score"

_NEWEST: Sequence[Json] = ({"year": {"order": "desc", "missing": "_last"}},)
ORDERS: Mapping[Sort, Sequence[object]] = {
    "relevance": ["_score", *_NEWEST],
    "newest": _NEWEST,
    "oldest": [{"year": {"order": "asc", "missing": "_last"}}],
    "title": ["title_key"],
}
LAST = ("id", "group")
"""The last sort keys: ids make the order total, and groups are only read. Stored fields would take
100 times as long."""
# Made while the module loads, because msgspec can crash if two threads make the first at once.
_DECODER = msgspec.json.Decoder(Publication)
READ_RECORDS: Json = {"stored_fields": ["record"], "docvalue_fields": ["editions"]}
"""The fields of a hit from which its record is read."""


class RankedDoc(NamedTuple):
    """A publication in the order of a search.

    `key` is the score or another sort key by relevance. `newest` is smaller for a newer
    publication, and `group` is shared by the editions of a title. `record` is None if the search
    did not ask for it, and `editions` has the number of other editions then.
    """

    id: str
    key: float
    newest: int
    group: int
    editions: int = 0
    record: Publication | None = None

    @property
    def relevance_order(self) -> tuple[float, int, str]:
        """The sort key by relevance: the greatest key first, then the newest, then by id."""
        return -self.key, self.newest, self.id


def make_leveled_order(best: float) -> Sequence[object]:
    """Return the order by relevance in which scores close to the best one equal it.

    So the newest of the best hits come first.
    """
    script = {"source": LEVEL, "params": {"least": LEVEL_RATIO * best, "best": best}}
    leveled = {"_script": {"type": "number", "script": script, "order": "desc"}}
    return leveled, *_NEWEST


def make_page(
    query: Json, order: Sequence[object], page: slice, *, folds: bool = False,
    with_records: bool = True,
) -> Json:  # fmt: skip
    """Return the body of a search for some hits in order.

    `order` has the sort keys, for example one of ORDERS. If it `folds`, only the first edition of
    each title is a hit.
    """
    body: Json = {
        "query": query,
        "from": page.start,
        "size": max(page.stop - page.start, 0),
        "sort": [*order, *LAST],
        "track_scores": True,
        "track_total_hits": False,
    }
    body |= READ_RECORDS if with_records else {"stored_fields": "_none_"}
    if folds:
        body["collapse"] = {"field": "group"}
    return body


def read_page(response: Response) -> list[RankedDoc]:
    """Return the hits of a response to a search of `make_page`."""
    return [_read_hit(hit) for hit in response["hits"]["hits"]]


def _read_hit(hit: Response) -> RankedDoc:
    *keys, identity, group = hit["sort"]
    fields = hit.get("fields", {})
    record, [editions] = None, fields.get("editions", [0])
    if "record" in fields:
        record = _DECODER.decode(fields["record"][0])
    year = keys[-1] if len(keys) == 2 else None
    newest = -year if isinstance(year, int) and year > -(10**9) else 1
    return RankedDoc(identity, hit["_score"] or 0.0, newest, group, editions, record)


def make_records(ids: Sequence[str]) -> Json:
    """Return the body of a search for the records of some publications, by id."""
    query: Json = {"bool": {"filter": [{"terms": {"id": ids}}]}}
    return make_page(query, (), slice(0, len(ids)))
