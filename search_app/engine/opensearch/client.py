"""Send searches to one index of a cluster, within the time budget, and check every response.

A response is complete or an error: a search never returns the hits of some shards only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import isinf
from typing import Any

import msgspec
from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConnectionError as NoConnection
from opensearchpy.exceptions import ConnectionTimeout, OpenSearchException, SSLError, TransportError
from urllib3 import Timeout

from indexer.cluster.connection import CA, PASSWORD, USER, ClusterError
from indexer.cluster.mapping import Json
from indexer.generations.manifest import IndexMissing
from search_app.engine.admission import TooBusy
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
CHECK_SECONDS = 5.0
"""Seconds that a check of the index may take."""

Response = dict[str, Any]
"""The response to one search."""
Send = Callable[[Sequence[Json]], list[Response]]
"""Function that sends searches in one request, and returns their responses in order."""

_STOPPED = frozenset({"task_cancelled_exception"})
"""Types of the error of a search that a node stopped at its time limit."""


class _Reply(msgspec.Struct, frozen=True):
    """The reply to several searches. `took` is in milliseconds."""

    took: float
    responses: list[Response]


class ClusterClient:
    """A client of one index of a cluster, which is the concrete index of a generation.

    Threads may share it.
    """

    def __init__(self, client: OpenSearch, index: str) -> None:
        self._client, self.index = client, index

    def msearch(self, bodies: Sequence[Json], deadline: Deadline) -> list[Response]:
        """Return the responses to several searches, sent in one request.

        Nodes stop a search when the budget is used up. The time that they report is counted as
        STAGE.

        Raise BudgetExceeded if there is not enough time, TooBusy if a node refuses the request for
        lack of memory or threads, StoreUnavailable if the cluster or a shard does not answer in
        MAX_SECONDS, IndexMissing if the index was removed, and ClusterError if the user may not
        search it. An error in a search itself raises RuntimeError.
        """
        seconds = min(deadline.remaining / 1000, MAX_SECONDS)
        if seconds <= 0:
            raise BudgetExceeded(STAGE, deadline.budget)
        header = msgspec.json.encode({
            "allow_partial_search_results": False,
            "cancel_after_time_interval": f"{max(int(seconds * 1000), 1)}ms",
        })  # fmt: skip
        lines = [part for body in bodies for part in (header, msgspec.json.encode(body))]
        with self._translate_errors(deadline):
            reply = self._client.msearch(
                body=b"\n".join(lines), index=self.index,
                request_timeout=Timeout(
                    connect=min(CONNECT_SECONDS, seconds), read=seconds + ALLOWANCE_SECONDS
                ),
            )  # fmt: skip
            found = msgspec.convert(reply, _Reply)
        deadline.count_remote(STAGE, found.took)
        for response in found.responses:
            self._check(response, deadline)
        return found.responses

    def check(self) -> None:
        """Ask every shard. Raise StoreUnavailable, or another error of `msearch`."""
        try:
            self.msearch([{"size": 0}], Deadline(CHECK_SECONDS * 1000))
        except BudgetExceeded as error:
            raise self._make_unavailable("no response in time") from error

    @contextmanager
    def _translate_errors(self, deadline: Deadline) -> Iterator[None]:
        """Raise the errors of `msearch` in place of those of the client."""
        try:
            yield
        except ConnectionTimeout as error:
            raise self._make_late(deadline) from error
        except SSLError as error:
            raise ClusterError(
                f"the connection to the cluster is not secure: {error.error}",
                f"Check the certificates of its nodes, and {CA}",
            ) from error
        except NoConnection as error:
            raise self._make_unavailable(error.error) from error
        except TransportError as error:
            raise self._make_error(error.status_code, str(error)) from error
        except (OpenSearchException, msgspec.ValidationError) as error:
            raise self._make_unavailable(f"not a response of OpenSearch: {error}") from error

    def _check(self, response: Mapping[str, Any], deadline: Deadline) -> None:
        """Raise an error of `msearch` if a response is one, or is not complete."""
        if error := response.get("error"):
            causes = [error, *error.get("root_cause", ()), error.get("caused_by", {})]
            if any(cause.get("type") in _STOPPED for cause in causes):
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
            case 401 | 403:
                return ClusterError(
                    f"the cluster does not let this user search {self.index}: {reason}",
                    f"Check {USER}, {PASSWORD}, and the roles of the user",
                )
            case 404:
                return IndexMissing(
                    f"the index {self.index} is not in the cluster: {reason}",
                    "Run: pubsearch build",
                )
            case 429:
                return TooBusy(f"the cluster is too busy to search {self.index}: {reason}")
            case int() if status >= 500:
                return self._make_unavailable(reason)
            case _:
                return RuntimeError(f"the cluster rejected a search of {self.index}: {reason}")

    def _make_unavailable(self, reason: str) -> StoreUnavailable:
        return StoreUnavailable(
            f"the index {self.index} cannot be searched: {reason}",
            "Check that the nodes of the cluster run, and the health of the index",
        )
