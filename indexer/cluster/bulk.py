"""Send documents to an index of a cluster: parallel bulk requests with back-pressure.

A document replaces the one with the same `_id`, so a request can be repeated after a failure.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from http import HTTPStatus
from threading import Event

import msgspec
from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConnectionError as NoConnection
from opensearchpy.exceptions import (
    OpenSearchException,
    SSLError,
    TransportError,
)

from indexer.cluster.connection import ClusterError
from indexer.cluster.errors import Failure, explain, find_hint, translate_errors

BODY_BYTES = 5_000_000
"""Approximate bytes of a request. Larger ones take more memory of a node and are not faster."""
TIMEOUT = 120
"""Seconds that a node may take for one request."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds of the first pause after a failure, and of the longest. Each is twice the one before."""
MAX_FAILURES = 9
"""Give up after this many failures of one request in a row. The pauses between them are 92 s."""

Report = Callable[[int], object]
"""Receives a number of documents: the cluster has accepted at least as many, without a gap."""


def load(
    client: OpenSearch, index: str, documents: Iterable[bytes], report: Report = lambda _done: None
) -> int:
    """Send documents to an index. Return their number.

    Each document is two lines of a bulk request. The requests under way at a time are at most one
    more than the data nodes of the cluster, and one more is prepared meanwhile. Raise ClusterError
    if the cluster rejects a document, or is busy or away for too long.
    """
    in_flight = count_data_nodes(client) + 1
    sender = _Sender(client, index)
    sent: deque[Future[int]] = deque()
    accepted = 0
    with ThreadPoolExecutor(in_flight) as threads:
        try:
            for body in _split_bodies(documents):
                if sum(not each.done() for each in sent) == in_flight:
                    accepted += _collect(sent)
                    report(accepted)
                sent.append(threads.submit(sender.send, body))
            while sent:
                accepted += _collect(sent)
                report(accepted)
        finally:
            sender.stopped.set()
    return accepted


def _split_bodies(documents: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Yield documents in lists of about BODY_BYTES."""
    body: list[bytes] = []
    size = 0
    for document in documents:
        if body and size + len(document) > BODY_BYTES:
            yield body
            body, size = [], 0
        body.append(document)
        size += len(document)
    if body:
        yield body


def _collect(sent: deque[Future[int]]) -> int:
    """Wait until a request ends, if one is under way. Raise its ClusterError.

    Remove the requests up to the first one that is under way. Return the number of their documents.
    """
    done, _ = wait([each for each in sent if not each.done()], return_when=FIRST_COMPLETED)
    for future in done:
        future.result()
    accepted = 0
    while sent and sent[0].done():
        accepted += sent.popleft().result()
    return accepted


def count_data_nodes(client: OpenSearch) -> int:
    """Return the number of nodes with data. Raise ClusterError if the cluster does not answer."""
    with translate_errors("the health of the cluster can't be read"):
        return msgspec.convert(client.cluster.health(), _Health).number_of_data_nodes


class _Health(msgspec.Struct, frozen=True):
    """The part of the health of a cluster that is read."""

    number_of_data_nodes: int


class _Error(msgspec.Struct, frozen=True):
    """The reason why a document was rejected."""

    type: str
    reason: str | None = None
    caused_by: _Error | None = None


class _Outcome(msgspec.Struct, frozen=True):
    """The outcome of one document."""

    status: int
    error: _Error | None = None


class _Reply(msgspec.Struct, frozen=True):
    """The reply to a bulk request. `items` has the outcome of each document by its action."""

    errors: bool
    items: Sequence[dict[str, _Outcome]] = ()


class _Sender:
    """Sends lists of documents. Threads share it. After `stopped` is set, it repeats nothing."""

    def __init__(self, client: OpenSearch, index: str) -> None:
        self._client, self._index = client, index
        self.stopped = Event()

    def send(self, documents: list[bytes]) -> int:
        """Send documents until all are accepted. Return their number. Raise ClusterError.

        After each failure, the pause is twice as long and the request half as large.
        """
        total, count, failures = len(documents), len(documents), 0
        while documents:
            rejected, failure = self._post(documents[:count])
            is_failure = len(rejected) == len(documents[:count])
            failures = failures + 1 if is_failure else 0
            documents = rejected + documents[count:]
            if not rejected:
                continue
            if failures == MAX_FAILURES:
                raise ClusterError(
                    f"the cluster did not accept documents of {self._index}: {failure.reason}",
                    f"{failure.hint}. Then build again",
                )
            count = max(1, count // 2)
            if self.stopped.wait(min(FIRST_PAUSE * 2 ** max(failures - 1, 0), LONGEST_PAUSE)):
                break
        return total - len(documents)

    def _post(self, documents: list[bytes]) -> tuple[list[bytes], Failure]:
        """Send one request. Return the documents to be sent again, and the reason."""
        try:
            response = self._client.bulk(
                body=b"".join(documents), index=self._index, request_timeout=TIMEOUT,
                filter_path="errors,items.*.status,items.*.error",
            )  # fmt: skip
            reply = msgspec.convert(response, _Reply)
            if reply.errors and len(reply.items) != len(documents):
                raise msgspec.ValidationError("it has another number of documents")
        except (OpenSearchException, msgspec.ValidationError) as error:
            failure = explain(error)
            if isinstance(error, TransportError) and _is_temporary(error):
                return documents, failure
            raise ClusterError(
                f"a request for {self._index} failed: {failure.reason}", failure.hint
            ) from error
        rejected, failure = [], Failure("", "")
        for document, item in zip(documents, reply.items, strict=False):
            for outcome in item.values():
                if outcome.error:
                    failure = self._check_outcome(document, outcome.status, outcome.error)
                    rejected.append(document)
        return rejected, failure

    def _check_outcome(self, document: bytes, status: int, error: _Error) -> Failure:
        """Return why a document was rejected. Raise ClusterError if it always is."""
        reason = f"{error.type}: {error.reason}"
        if error.caused_by:
            reason += f" ({error.caused_by.reason})"
        failure = Failure(reason, find_hint(status, reason))
        if _is_temporary_status(status):
            return failure
        if status != HTTPStatus.BAD_REQUEST:
            raise ClusterError(f"{self._index} accepts no documents: {reason}", failure.hint)
        ((_, action),) = msgspec.json.decode(document.partition(b"\n")[0]).items()
        raise ClusterError(
            f"{self._index} rejected the document {action['_id']}: {reason}",
            "Report this, with the source record of this publication",
        )


def _is_temporary(error: TransportError) -> bool:
    """Return whether the same request may pass later."""
    if isinstance(error, NoConnection):
        return not isinstance(error, SSLError)
    return isinstance(error.status_code, int) and _is_temporary_status(error.status_code)


def _is_temporary_status(status: int) -> bool:
    """Return whether a node is busy or away, or has a fault of its own, such as a full disk."""
    return status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
