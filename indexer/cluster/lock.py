"""The lock of the builds of a catalogue in a cluster, and the outcome of the last one.

Both are documents of the index `NAME-builds`. The lock is renewed while a build runs, and expires
LOCK_SECONDS after its last renewal, so a build that was cut off blocks nobody for long. Only the
clock of the cluster counts. On the machine of that build, its lock is dropped at once.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import msgspec
from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from indexer.cluster import ownership, process
from indexer.cluster.connection import ClusterError
from indexer.cluster.errors import translate_errors
from indexer.cluster.ownership import BUILDS, IndexMetadata
from indexer.cluster.process import Process
from indexer.generations.last_build import LastBuild
from indexer.generations.manifest import IndexLocked

LOCK_SECONDS = 90.0
"""Seconds after the last renewal until another build may take the lock. A node that fails can stop
all writes for 30 s."""
RENEWAL_SECONDS = 10.0
"""Seconds between two renewals."""
_REQUEST_SECONDS = 20
"""Seconds that a request to renew the lock may take."""
_READ_SECONDS = 3
"""Seconds that a node may take for the outcome of the last build. The metrics wait for it."""

_LOCK, _LAST_BUILD = "lock", "last-build"
_INDEX = {
    "settings": {"index": {"number_of_shards": 1, "auto_expand_replicas": "0-1"}},
    "mappings": {"enabled": False},
}
# `ctx._now` is the time of the node in milliseconds.
_ACQUIRE = """
if (ctx._source.token != null && ctx._source.token != params.ended
    && ctx._now - ctx._source.renewed <= params.expiry) {
  ctx.op = 'none';
} else {
  ctx._source.token = params.token;
  ctx._source.owner = params.owner;
  ctx._source.process = params.process;
  ctx._source.since = ctx._now;
  ctx._source.renewed = ctx._now;
}
"""
_RENEW = """
if (ctx._source.token == params.token) { ctx._source.renewed = ctx._now; } else { ctx.op = 'none'; }
"""
_RELEASE = "ctx.op = ctx._source.token == params.token ? 'delete' : 'none';"


class _Owner(msgspec.Struct, frozen=True):
    """The build that has locked the index. `since` is in milliseconds."""

    token: str
    owner: str
    since: int
    process: Process


class _StoredBuild(msgspec.Struct, frozen=True):
    """The document of the outcome of the last build."""

    source: LastBuild = msgspec.field(name="_source")


@contextmanager
def lock(client: OpenSearch, name: str) -> Iterator[Callable[[], None]]:
    """Lock a catalogue against other builds, on this machine or another one.

    Yield a function that raises IndexLocked if another build has taken the lock in the meantime.
    Raise IndexLocked if another build runs, and ClusterError.
    """
    acquired = _Lock(client, name)
    acquired.acquire()
    stopped = Event()
    renewal = Thread(target=acquired.renew_until, args=(stopped,), name="lock", daemon=True)
    renewal.start()
    try:
        yield acquired.check
    finally:
        stopped.set()
        renewal.join()
        acquired.release()


class _Lock:
    def __init__(self, client: OpenSearch, name: str) -> None:
        self._client, self._name, self._token = client, name, uuid4().hex
        self._index = f"{name}{BUILDS}"
        self._is_lost = False

    def acquire(self) -> None:
        """Take the lock if it is free or expired. Raise IndexLocked or ClusterError."""
        self._create_index()
        with translate_errors(f"{self._index} can't be locked"):
            if not self._try_to_acquire() and not self._try_after_an_end():
                raise self._make_error()

    def _try_to_acquire(self, ended: str = "") -> bool:
        """Take the lock if it is free, is expired, or has the token of a build that has ended."""
        outcome = self._run(
            _ACQUIRE, owner=f"process {os.getpid()} on {socket.gethostname()}", ended=ended,
            process=msgspec.to_builtins(process.identify_this()),
            expiry=round(LOCK_SECONDS * 1000),
        )  # fmt: skip
        return outcome != "noop"

    def _try_after_an_end(self) -> bool:
        """Take the lock if the process of its owner was on this machine and has ended."""
        owner = self._read_owner()
        return bool(
            owner and process.has_ended(owner.process) and self._try_to_acquire(owner.token)
        )

    def _read_owner(self) -> _Owner | None:
        with suppress(OpenSearchException, msgspec.ValidationError):
            source = self._client.get(index=self._index, id=_LOCK)["_source"]
            return msgspec.convert(source, _Owner)
        return None

    def _create_index(self) -> None:
        """Create the index of the lock, unless it exists. Raise ClusterError if a name is taken."""
        if self._exists():
            return
        try:
            metadata = IndexMetadata(catalogue=self._name)
            ownership.create_index(self._client, self._index, _INDEX, metadata)
        except ClusterError:
            if not self._exists():  # else another build was faster
                raise

    def _exists(self) -> bool:
        return self._index in ownership.claim(self._client, self._name).others

    def renew_until(self, stopped: Event) -> None:
        """Renew the lock until `stopped` is set. A renewal that fails is repeated."""
        while not stopped.wait(RENEWAL_SECONDS):
            with suppress(OpenSearchException):
                self._is_lost |= self._run(_RENEW) != "updated"

    def check(self) -> None:
        """Renew the lock. Raise IndexLocked if another build has it, and ClusterError."""
        with translate_errors(f"the lock of {self._index} can't be renewed"):
            self._is_lost |= self._run(_RENEW) != "updated"
        if self._is_lost:
            raise self._make_error()

    def release(self) -> None:
        """Remove the lock. If that fails, it expires."""
        with suppress(OpenSearchException):
            self._run(_RELEASE)

    def _run(self, script: str, **parameters: object) -> str:
        """Run a script on the lock. Return the result.

        It is `noop` if another build has the lock, and `created` if there was none.
        """
        body: dict[str, Any] = {
            "scripted_upsert": script is _ACQUIRE,
            "script": {"source": script, "params": {"token": self._token, **parameters}},
            "upsert": {},
        }
        reply = self._client.update(
            index=self._index, id=_LOCK, body=body, retry_on_conflict=3,
            request_timeout=_REQUEST_SECONDS,
        )  # fmt: skip
        return str(reply["result"])

    def _make_error(self) -> IndexLocked:
        owner = "just started"
        if known := self._read_owner():
            since = datetime.fromtimestamp(known.since / 1000, UTC)
            owner = f"{known.owner}, since {since:%Y-%m-%d %H:%M:%S} UTC"
        return IndexLocked(
            f"another build is running ({owner})",
            f"Wait until it ends. If it was cut off, its lock expires after {LOCK_SECONDS:.0f} s",
        )


def write_last_build(client: OpenSearch, name: str, outcome: LastBuild) -> None:
    """Write the outcome of a build. The caller must have the lock. If it fails, there is none."""
    with suppress(OpenSearchException):
        body = msgspec.to_builtins(outcome)
        client.index(index=f"{name}{BUILDS}", id=_LAST_BUILD, body=body)


def read_last_build(client: OpenSearch, name: str) -> LastBuild | None:
    """Return the outcome of the last build, or None if it can't be read."""
    with suppress(OpenSearchException, msgspec.ValidationError):
        reply = client.get(
            index=f"{name}{BUILDS}", id=_LAST_BUILD, ignore=404, request_timeout=_READ_SECONDS
        )
        return msgspec.convert(reply, _StoredBuild).source
    return None
