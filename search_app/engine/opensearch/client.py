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

from indexer.cluster.connection import ClusterError
from indexer.cluster.errors import explain, find_hint
from indexer.cluster.mapping import Json
from search_app.engine.admission import TooBusy
from search_app.engine.deadline import BudgetExceeded, Deadline
from search_app.engine.opensearch.responsive_nodes import ResponsiveNodes
from search_app.engine.store import StoreUnavailable

STAGE = "cluster"
"""The stage for the time that the nodes report. The next stage has the time of the network."""
MAX_SECONDS = 10.0
"""Seconds that a request without a time budget may take. A thread waits so long for a hung node."""
ALLOWANCE_SECONDS = 0.5
"""Seconds for the network, and for a node to notice that a search is to be stopped."""
CONNECT_SECONDS = 0.5
"""Seconds until the next host is tried. A host without power does not refuse connections."""
FIRST_PART = 1 / 4
"""Part of the budget after which the first try is stopped. The client waits half as long again for
the response. The rest is for a second try, without the nodes that hang."""
MIN_FIRST_SECONDS = 0.05
"""Do not divide a shorter time. Nodes that are only slow would seem to hang."""
CHECK_SECONDS = 5.0
"""Seconds that a check of the index may take."""

Response = dict[str, Any]
"""The response to one search."""
Send = Callable[[Sequence[Json]], list[Response]]
"""Function that sends searches in one request, and returns their responses in order."""

_CLOSED = ("index_closed_exception", "index closed", "is closed")
"""Texts in the error of a search in an index that is closed, or that leaves the node meanwhile."""
_STOPPED = frozenset({"task_cancelled_exception"})
"""Types of the error of a search that a node stopped at its time limit."""


class _NoResponse(Exception):
    """A request has no complete response. A second one may have it. `error` is the error if not.

    `late` is the error of the client if the host did not answer in time.
    """

    def __init__(self, error: Exception, late: ConnectionTimeout | None = None) -> None:
        super().__init__(str(error))
        self.error, self.late = error, late


class _Reply(msgspec.Struct, frozen=True):
    """The reply to several searches. `took` is in milliseconds."""

    took: float
    responses: list[Response]


class ClusterClient:
    """A client of one index of a cluster, which is the concrete index of a generation.

    Threads may share it. `nodes` can be shared by the clients of several indexes.
    """

    def __init__(
        self, client: OpenSearch, index: str, nodes: ResponsiveNodes | None = None
    ) -> None:
        self._client, self.index = client, index
        self._nodes = nodes or ResponsiveNodes(client)

    def msearch(self, bodies: Sequence[Json], deadline: Deadline) -> list[Response]:
        """Return the responses to several searches, sent in one request.

        Nodes stop a search when the budget is used up. If a response is late or lacks shards, the
        request is sent a second time, to another host, for nodes that respond. The time that the
        nodes report is counted as STAGE.

        Raise BudgetExceeded if there is not enough time, TooBusy if a node refuses the request for
        lack of memory or threads, StoreUnavailable if the cluster or a shard does not answer in
        MAX_SECONDS or the index was removed, and ClusterError if the user may not search it. An
        error in a search itself raises RuntimeError.
        """
        seconds = min(deadline.remaining / 1000, MAX_SECONDS)
        if seconds <= 0:
            raise BudgetExceeded(STAGE, deadline.budget)
        part = seconds * FIRST_PART
        if part >= MIN_FIRST_SECONDS:
            try:
                return self._search(bodies, part, part / 2, deadline)
            except _NoResponse as failure:
                self._nodes.look(failure.late)
                seconds = min(deadline.remaining / 1000, MAX_SECONDS)
                if seconds <= 0:
                    raise failure.error from failure
        try:
            return self._search(bodies, seconds, ALLOWANCE_SECONDS, deadline)
        except _NoResponse as failure:
            raise failure.error from failure

    def _search(
        self, bodies: Sequence[Json], seconds: float, allowance: float, deadline: Deadline
    ) -> list[Response]:
        """Return the responses of one host. Raise _NoResponse if a second try may have them.

        The nodes stop after some seconds, and the client after `allowance` more.
        """
        options: Json = {
            "allow_partial_search_results": False,
            "cancel_after_time_interval": f"{max(int(seconds * 1000), 1)}ms",
        }
        if preference := self._nodes.preference:
            options["preference"] = preference
        header = msgspec.json.encode(options)
        lines = [part for body in bodies for part in (header, msgspec.json.encode(body))]
        with self._translate_errors():
            reply = self._client.msearch(
                body=b"\n".join(lines), index=self.index,
                request_timeout=Timeout(
                    connect=min(CONNECT_SECONDS, seconds), read=seconds + allowance
                ),
            )  # fmt: skip
            found = msgspec.convert(reply, _Reply)
        deadline.count_remote(STAGE, found.took)
        for response in found.responses:
            self._check(response, deadline)
        return found.responses

    def check(self) -> None:
        """Ask every shard. Raise StoreUnavailable, or another error of `msearch`."""
        if self._nodes.preference:
            self._nodes.look()
        try:
            self.msearch([{"size": 0}], Deadline(CHECK_SECONDS * 1000))
        except BudgetExceeded as error:
            raise self._make_unavailable("no response in time") from error
        except RuntimeError as error:  # a server between refuses requests
            raise self._make_unavailable(str(error)) from error

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        """Raise the errors of `_search` in place of those of the client."""
        try:
            yield
        except ConnectionTimeout as error:
            raise _NoResponse(self._make_unavailable("no response in time"), error) from error
        except SSLError as error:
            failure = explain(error)
            raise ClusterError(
                f"the connection to the cluster is not secure: {failure.reason}", failure.hint
            ) from error
        except NoConnection as error:
            raise self._make_unavailable(*explain(error)) from error
        except TransportError as error:
            raise self._make_error(error.status_code, explain(error).reason) from error
        except (OpenSearchException, msgspec.ValidationError) as error:
            raise self._make_unavailable(*explain(error)) from error

    def _check(self, response: Mapping[str, Any], deadline: Deadline) -> None:
        """Raise an error of `_search` if a response is one, or is not complete."""
        if error := response.get("error"):
            causes = [error, *error.get("root_cause", ()), error.get("caused_by", {})]
            if any(cause.get("type") in _STOPPED for cause in causes):
                raise _NoResponse(self._make_late(deadline))
            reasons = [f"{cause['type']}: {cause['reason']}" for cause in causes if cause]
            unusable = self._make_error(response.get("status", 500), reasons[-1])
            raise _NoResponse(unusable) if isinstance(unusable, StoreUnavailable) else unusable
        if response["timed_out"]:
            raise _NoResponse(self._make_late(deadline))
        if failed := response["_shards"]["failed"]:
            raise _NoResponse(self._make_unavailable(f"{failed} shards failed"))

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
        self, reason: str,
        hint: str = "Check that the nodes of the cluster run, and the health of the index",
    ) -> StoreUnavailable:  # fmt: skip
        return StoreUnavailable(f"the index {self.index} cannot be searched: {reason}", hint)
