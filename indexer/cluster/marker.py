"""The marker of the build of a catalogue that runs, and the outcome of the last one.

Both are documents of the index `NAME-builds`. The marker names the folder on its machine in which
the build works. One build at a time works there, as its lock ends with its process. So the next
build in the same folder drops a marker that was left at once. Elsewhere nobody can tell whether the
build has ended, so there a build with `--force` drops it. What is published is safe anyway: see
`ClusterGenerations.set_live`.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import msgspec
from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConflictError, OpenSearchException

from indexer.cluster.connection import BUILDS, ClusterError
from indexer.cluster.errors import translate_errors
from indexer.cluster.generations import SMALL_INDEX, ClusterGenerations, Mark
from indexer.generations import publish
from indexer.generations.manifest import IndexLocked
from indexer.generations.publish import LastBuild

_READ_SECONDS = 3
"""Seconds that a node may take for the outcome of the last build. The metrics wait for it."""
_FOLDER_ID = "ID"
"""The name of the file with the id of a folder."""
_MARKER, _LAST_BUILD = "build", "last-build"


class Builder(msgspec.Struct, frozen=True):
    """A build: its id, the id of the folder in which it works, its machine, and its start."""

    id: str
    folder: str
    host: str
    since: str


@contextmanager
def mark_build(
    generations: ClusterGenerations, folder: Path, *, force: bool = False
) -> Iterator[Callable[[], None]]:
    """Mark that a build runs in a folder of this machine, and remove the mark after it.

    Yield a function that raises IndexLocked if a forced build elsewhere took over. Raise
    IndexLocked if another build runs, ClusterError, and IndexWriteError.
    """
    client, index = generations.client, f"{generations.name}{BUILDS}"
    with publish.lock(folder):
        _create_index(generations, index)
        since = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
        this = Builder(uuid4().hex, _read_id(folder), socket.gethostname(), since)
        with translate_errors(f"{index} can't be written"):
            _write(client, index, this, force=force)

        def check() -> None:
            with translate_errors(f"{index} can't be read"):
                if (owner := _read(client, index)[0]) != this:
                    raise _make_error(owner)

        try:
            yield check
        finally:
            with suppress(OSError, OpenSearchException):
                if _read(client, index)[0] == this:
                    client.delete(index=index, id=_MARKER)


def _read_id(folder: Path) -> str:
    """Return the id of a folder that is locked. Make it if there is none."""
    file = folder / _FOLDER_ID
    if not file.exists():
        file.write_text(uuid4().hex, encoding="ascii")
    return file.read_text(encoding="ascii")


def _create_index(generations: ClusterGenerations, index: str) -> None:
    """Create the index of the marker, unless it exists. Raise ClusterError if a name is taken."""
    generations.claim()
    with translate_errors(f"{index} can't be read"):
        exists = generations.client.indices.exists(index=index)
    try:
        if not exists:
            generations.create(index, SMALL_INDEX, Mark(generations.name))
    except ClusterError:
        with translate_errors(f"{index} can't be read"):
            if not generations.client.indices.exists(index=index):  # else another build was faster
                raise


def _write(client: OpenSearch, index: str, this: Builder, *, force: bool) -> None:
    """Write the marker. Raise IndexLocked if another build runs."""
    owner: Builder | None = None
    for _ in range(2):
        with suppress(ConflictError):
            client.create(index=index, id=_MARKER, body=msgspec.to_builtins(this))
            return
        owner, version = _read(client, index)
        if owner == this:  # a node wrote it, but failed before it could respond
            return
        if owner and owner.folder != this.folder and not force:
            break
        if owner:
            with suppress(ConflictError):  # then another build was faster
                client.delete(index=index, id=_MARKER, ignore=404, **version)
    raise _make_error(owner)


def _read(client: OpenSearch, index: str) -> tuple[Builder | None, dict[str, int]]:
    """Return the build that the marker names, or None, and the version of the marker."""
    reply = client.get(index=index, id=_MARKER, ignore=404)
    if not reply.get("found"):
        return None, {}
    version = {"if_seq_no": reply["_seq_no"], "if_primary_term": reply["_primary_term"]}
    return msgspec.convert(reply["_source"], Builder), version


def _make_error(owner: Builder | None) -> IndexLocked:
    who = f"on {owner.host}, since {owner.since}" if owner else "it just ended"
    return IndexLocked(
        f"another build is running ({who})",
        "Wait until it ends. If its machine is gone, run: pubsearch build --force",
    )


def write_last_build(client: OpenSearch, name: str, outcome: LastBuild) -> None:
    """Write the outcome of a build. If it fails, there is none."""
    with suppress(OpenSearchException):
        body = msgspec.to_builtins(outcome)
        client.index(index=f"{name}{BUILDS}", id=_LAST_BUILD, body=body)


def read_last_build(client: OpenSearch, name: str) -> LastBuild | None:
    """Return the outcome of the last build, or None if it can't be read."""
    # A response of another server may have any type.
    with suppress(OpenSearchException, msgspec.ValidationError, KeyError, TypeError):
        reply = client.get(
            index=f"{name}{BUILDS}", id=_LAST_BUILD, ignore=404, request_timeout=_READ_SECONDS
        )
        return msgspec.convert(reply["_source"], LastBuild)
    return None
