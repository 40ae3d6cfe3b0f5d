"""Numbers of documents that match queries, counted once, because a generation never changes.

All counts of searches are here, so that one request has at most MAX_SEARCHES of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import blake2b

import msgspec

from indexer.cluster.mapping import Json
from search_app.engine.cache import Cache
from search_app.engine.deadline import Deadline
from search_app.engine.opensearch.client import ClusterClient, Response

MAX_SEARCHES = 200
"""Number of searches that count in one request."""
MAX_CACHED = 8192
"""Limit on cached counts, about 300 bytes each. Of a query, which may have 100 kB, only a digest is
kept."""

Counts = tuple[int, ...]
"""The counts of one search: see `make_count`."""

_WITHIN = "within"


def make_count(matching: Json, *narrower: Json) -> Json:
    """Return the body of a search that counts the documents that match a query.

    It also counts those that match the first of `narrower` too, then the first two, and so on.
    """
    body: Json = {
        "size": 0, "track_total_hits": True, "query": {"bool": {"filter": [matching]}},
    }  # fmt: skip
    inner = body
    for query in narrower:
        within: Json = {"filter": query}
        inner["aggs"] = {_WITHIN: within}
        inner = within
    return body


def read_count(response: Response) -> int:
    """Return the number of hits of a search."""
    total: int = response["hits"]["total"]["value"]
    return total


def read_counts(response: Response) -> Counts:
    """Return the counts of a search of `make_count`."""
    counts, within = [read_count(response)], response.get("aggregations", {})
    while within := within.get(_WITHIN):
        counts.append(within["doc_count"])
    return tuple(counts)


def make_key(body: Json) -> bytes:
    """Return the key of a search in a `CountCache`."""
    return blake2b(msgspec.json.encode(body), digest_size=16).digest()


class CountCache:
    """The counts of one generation, asked from its client. Threads may share it."""

    def __init__(self, client: ClusterClient) -> None:
        self._client = client
        self._cached: Cache[bytes, Counts] = Cache(MAX_CACHED)

    def find(self, key: bytes) -> Counts | None:
        """Return the counts of a search by its key, or None if they are not cached."""
        return self._cached.find(key)

    def add(self, counted: Mapping[bytes, Counts]) -> None:
        """Cache the counts of searches, by key."""
        for key, counts in counted.items():
            self._cached.get(key, partial(tuple, counts))

    def count(self, bodies: Sequence[Json], deadline: Deadline) -> list[Counts]:
        """Return the counts of searches of `make_count`. Raise the errors of `msearch`."""
        keys = [*map(make_key, bodies)]
        counted = {key: found for key in keys if (found := self.find(key)) is not None}
        unknown = {key: body for key, body in zip(keys, bodies, strict=True) if key not in counted}
        new, responses = [*unknown.values()], list[Response]()
        for first in range(0, len(new), MAX_SEARCHES):
            responses += self._client.msearch(new[first : first + MAX_SEARCHES], deadline)
        found_now = dict(zip(unknown, map(read_counts, responses), strict=True))
        self.add(found_now)
        counted |= found_now
        return [counted[key] for key in keys]
