"""Send searches to one index of a cluster, within the time budget, and check every response.

A response is complete or an error: a search never returns the hits of some shards only.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from hashlib import blake2b
from math import isinf
from time import monotonic, sleep
from typing import Any

import msgspec
from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConnectionError as NoConnection
from opensearchpy.exceptions import OpenSearchException, SSLError, TransportError
from urllib3 import Timeout

from indexer.cluster.connection import ClusterError
from indexer.cluster.errors import explain, find_hint
from indexer.cluster.mapping import Json
from search_app.engine.admission import TooBusy
from search_app.engine.cache import Cache
from search_app.engine.deadline import BudgetExceeded, Deadline
from search_app.engine.store import StoreUnavailable

STAGE = "cluster"
"""The stage for the time that the nodes report. The next stage has the time of the network."""
MAX_SECONDS = 10.0
"""Seconds that a request without a time budget may take. A thread waits so long for a hung node."""
ALLOWANCE_SECONDS = 0.5
"""Seconds for the network, and for a node to notice that a search is to be stopped."""
CONNECT_SECONDS = 0.5
"""Seconds until the next host is tried. A host without power does not refuse connections."""
SOON_SECONDS = 4.0
"""A search that a node failed so soon is sent again. One that a node hangs in fails later."""
PAUSES = (0.0, 0.2, 0.5, 1.0, 2.0)
"""Seconds before each further attempt."""
LEAST_SECONDS = 0.001
"""Seconds of the time-out of a request for which no time is left."""
CHECK_SECONDS = 5.0
"""Seconds that a check of the index may take."""
MAX_SEARCHES = 200
"""Limit on the searches in one request."""
MAX_CACHED = 8192
"""Limit on cached counts, about 300 bytes each. Of a query, which may have 100 kB, only a digest is
kept."""

Response = dict[str, Any]
"""The response to one search."""
Send = Callable[[Sequence[Json]], list[Response]]
"""Function that sends searches in one request, and returns their responses in order."""
Counts = tuple[int, ...]
"""The counts of one search: see `make_count`."""

_CLOSED = ("index_closed_exception", "index closed", "is closed")
"""Texts in the error of a search in an index that is closed, or that leaves the node meanwhile."""
_WITHIN = "within"


def make_count(matching: Json, *narrower: Json) -> Json:
    """Return the body of a search that counts the documents that match a query.

    It also counts those that match the first of `narrower` too, then the first two, and so on.
    """
    body: Json = {"size": 0, "track_total_hits": True, "query": {"bool": {"filter": [matching]}}}
    inner = body
    for query in narrower:
        within: Json = {"filter": query}
        inner["aggs"] = {_WITHIN: within}
        inner = within
    return body


def read_counts(response: Response) -> Counts:
    """Return the counts of a search of `make_count`."""
    counts, within = [response["hits"]["total"]["value"]], response.get("aggregations", {})
    while within := within.get(_WITHIN):
        counts.append(within["doc_count"])
    return tuple(counts)


class Patience(Timeout):
    """The time-out of a request of `seconds`, whatever the number of hosts that are asked.

    The client asks another host if one does not answer in time. Each gets a share of the time that
    remains, so a host that hangs leaves enough for others.
    """

    def __init__(self, seconds: float, share: float) -> None:
        super().__init__(connect=CONNECT_SECONDS, read=seconds)
        self._end, self._share = monotonic() + seconds, share

    def clone(self) -> Timeout:
        """Return the time-out of the next attempt. The pool of connections asks for it."""
        seconds = max((self._end - monotonic()) * self._share, LEAST_SECONDS)
        return Timeout(connect=min(CONNECT_SECONDS, seconds), read=seconds)


class ClusterClient:
    """A client of one index of a cluster, which is the concrete index of a generation.

    Threads may share it. A generation never changes, so counts are cached.
    """

    def __init__(self, client: OpenSearch, index: str) -> None:
        self._client, self.index = client, index
        self._counts: Cache[bytes, Counts] = Cache(MAX_CACHED)

    def find_counts(self, body: Json) -> Counts | None:
        """Return the counts of a search of `make_count`, if they are cached."""
        return self._counts.find(_make_key(body))

    def count(self, bodies: Sequence[Json], deadline: Deadline) -> list[Counts]:
        """Return the counts of searches of `make_count`. Raise the errors of `msearch`."""
        return self.load((), bodies, deadline)[1]

    def load(
        self, bodies: Sequence[Json], counting: Sequence[Json], deadline: Deadline
    ) -> tuple[list[Response], list[Counts]]:
        """Return the responses to searches, and the counts of others, in the same request.

        A request has at most MAX_SEARCHES. Raise the errors of `msearch`.
        """
        keys = [*map(_make_key, counting)]
        known = {key: found for key in keys if (found := self._counts.find(key)) is not None}
        unknown = {key: body for key, body in zip(keys, counting, strict=True) if key not in known}
        every, responses = [*bodies, *unknown.values()], list[Response]()
        for start in range(0, len(every), MAX_SEARCHES):
            responses += self.msearch(every[start : start + MAX_SEARCHES], deadline)
        for key, response in zip(unknown, responses[len(bodies) :], strict=True):
            known[key] = self._counts.get(key, partial(read_counts, response))
        return responses[: len(bodies)], [known[key] for key in keys]

    def msearch(self, bodies: Sequence[Json], deadline: Deadline) -> list[Response]:
        """Return the responses to several searches, sent in one request.

        Nodes stop a search when the budget is used up. The time that they report is counted as
        STAGE.

        Raise BudgetExceeded if there is not enough time, TooBusy if a node refuses the request for
        lack of memory or threads, StoreUnavailable if the cluster or a shard does not answer in
        MAX_SECONDS or the index was removed, and ClusterError if the user may not search it. An
        error in a search itself raises RuntimeError.
        """
        started = monotonic()
        responses = self._send(bodies, deadline)
        # A node asks the other copies of a shard for hits, but not for the content of those that it
        # found on a node that has ended since. The next attempt does, unless shards just move.
        for pause in PAUSES:
            if not any(map(_has_failed, responses)) or monotonic() - started > SOON_SECONDS:
                break
            sleep(pause)
            responses = self._send(bodies, deadline)
        for response in responses:
            self._check(response, deadline)
        return responses

    def _send(self, bodies: Sequence[Json], deadline: Deadline) -> list[Response]:
        """Return the responses to several searches, of which any may be an error."""
        seconds = min(deadline.remaining / 1000, MAX_SECONDS)
        if seconds <= 0:
            raise BudgetExceeded(STAGE, deadline.budget)
        header: Json = {
            "allow_partial_search_results": False,
            "cancel_after_time_interval": f"{max(int(seconds * 1000), 1)}ms",
        }
        lines = list[bytes]()
        for body in bodies:
            # Copies of a shard may order equal hits in other ways, so all pages of a query ask one.
            copy = {"preference": _make_key(body.get("query")).hex()}
            lines += [msgspec.json.encode(header | copy), msgspec.json.encode(body)]
        has_others = len(self._client.transport.hosts) > 1
        patience = Patience(seconds + ALLOWANCE_SECONDS, 0.5 if has_others else 1.0)
        with self._translate_errors():
            reply = self._client.msearch(
                body=b"\n".join(lines), index=self.index, request_timeout=patience
            )
            try:
                took, responses = float(reply["took"]), [*reply["responses"]]
            except (TypeError, KeyError, ValueError) as error:
                raise self._make_unavailable("the response is not one of OpenSearch") from error
        deadline.count_remote(STAGE, took)
        return responses

    def check(self) -> None:
        """Ask every shard. Raise StoreUnavailable, or another error of `msearch`."""
        try:
            self.msearch([{"size": 0}], Deadline(CHECK_SECONDS * 1000))
        except BudgetExceeded as error:
            raise self._make_unavailable("no response in time") from error
        except RuntimeError as error:  # a server between refuses requests
            raise self._make_unavailable(str(error)) from error

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        """Raise the errors of `msearch` in place of those of the client."""
        try:
            yield
        except SSLError as error:
            failure = explain(error)
            raise ClusterError(
                f"the connection to the cluster is not secure: {failure.reason}", failure.hint
            ) from error
        except NoConnection as error:
            raise self._make_unavailable(*explain(error)) from error
        except TransportError as error:
            raise self._make_error(error.status_code, explain(error).reason) from error
        except OpenSearchException as error:
            raise self._make_unavailable(*explain(error)) from error

    def _check(self, response: Mapping[str, Any], deadline: Deadline) -> None:
        """Raise an error of `msearch` if a response is one, or is not complete."""
        if error := response.get("error"):
            causes = [error, *error.get("root_cause", ()), error.get("caused_by", {})]
            if any(cause.get("type") == "task_cancelled_exception" for cause in causes):
                raise self._make_late(deadline)
            reasons = [f"{cause['type']}: {cause['reason']}" for cause in causes if cause]
            raise self._make_error(response.get("status", 500), reasons[-1])
        if response["timed_out"]:
            raise self._make_late(deadline)
        if failed := response["_shards"]["failed"]:
            raise self._make_unavailable(f"{failed} shards failed")

    def _make_late(self, deadline: Deadline) -> Exception:
        """Return the error of a search that took too long."""
        if isinf(deadline.budget):
            return self._make_unavailable("no response in time")
        return BudgetExceeded(STAGE, deadline.budget)

    def _make_error(self, status: int | str, reason: str) -> Exception:
        """Return the error of `msearch` for an HTTP status."""
        match status:
            case _ if any(text in reason for text in _CLOSED):
                return self._make_unavailable(reason)
            case 401 | 403:
                return ClusterError(
                    f"the cluster does not let this user search {self.index}: {reason}",
                    find_hint(int(status), reason),
                )
            case 404:
                return StoreUnavailable(
                    f"the index {self.index} is not in the cluster: {reason}",
                    "A newer generation may have replaced it. Otherwise, run: pubsearch build",
                )
            case 429:
                return TooBusy(f"the cluster is too busy to search {self.index}: {reason}")
            case int() if status >= 500:
                return self._make_unavailable(reason)
            case _:
                return RuntimeError(f"the cluster rejected a search of {self.index}: {reason}")

    def _make_unavailable(
        self,
        reason: str,
        hint: str = "Check that the nodes of the cluster run, and the health of the index",
    ) -> StoreUnavailable:
        return StoreUnavailable(f"the index {self.index} cannot be searched: {reason}", hint)


def _has_failed(response: Response) -> bool:
    """Return whether a node or a shard failed. A node that ends during a search is a status 500."""
    return response.get("status", 200) >= 500 or bool(response.get("_shards", {}).get("failed"))


def _make_key(body: object) -> bytes:
    return blake2b(msgspec.json.encode(body), digest_size=16).digest()
