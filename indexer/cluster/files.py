"""Store the files of a generation in an index, and read them back.

A file is stored in parts, one document each. Every part has a digest, and the first states the
number of parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

import msgspec
from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError, OpenSearchException

from indexer.cluster import bulk
from indexer.cluster.bulk import Report
from indexer.cluster.connection import ClusterError
from indexer.cluster.errors import explain

PART_BYTES = 4 << 20
"""Bytes of a part. A reader needs the memory of one part, and Base64 makes it a third larger."""


class _Part(msgspec.Struct, frozen=True):
    """A part of a file. `parts` is their number, and `digest` the SHA-256 of `data`."""

    parts: int
    digest: str
    data: bytes


class _StoredPart(msgspec.Struct, frozen=True):
    """The document of a part."""

    source: _Part = msgspec.field(name="_source")


def upload(
    client: OpenSearch, index: str, folder: Path, names: Iterable[str],
    report: Report = lambda _done: None,
) -> None:  # fmt: skip
    """Store files of a folder in an index, by their names there.

    `report` receives the number of parts that are stored. Raise ClusterError, and OSError if a file
    can't be read.
    """
    bulk.load(client, index, _list_parts(folder, names), report)


def download(client: OpenSearch, index: str, folder: Path, names: Iterable[str]) -> None:
    """Write files of an index to a folder, in which they do not exist yet.

    Each part is checked by its digest. Raise ClusterError if a part is missing or damaged, or a
    name leads out of the folder. Raise OSError if a file can't be written.
    """
    for name in names:
        # The names come from the cluster, whose users may not write to other folders.
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise _make_error(f"{index} has a file with the name {name!r}")
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as stream:
            for part in _read_parts(client, index, name):
                stream.write(part)


def _list_parts(folder: Path, names: Iterable[str]) -> Iterator[bytes]:
    """Yield the parts of the files as documents of a bulk request."""
    for name in names:
        with (folder / name).open("rb") as stream:
            parts = max(1, -(-(folder / name).stat().st_size // PART_BYTES))
            for number in range(parts):
                data = stream.read(PART_BYTES)
                action = msgspec.json.encode({"index": {"_id": _make_part_id(name, number)}})
                part = _Part(parts, sha256(data).hexdigest(), data)
                yield b"%s\n%s\n" % (action, msgspec.json.encode(part))


def _make_part_id(name: str, number: int) -> str:
    return f"{name}:{number}"


def _read_parts(client: OpenSearch, index: str, name: str) -> Iterator[bytes]:
    """Yield the parts of a file, one at a time."""
    first = _read_part(client, index, name, 0)
    yield first.data
    for number in range(1, first.parts):
        yield _read_part(client, index, name, number).data


def _read_part(client: OpenSearch, index: str, name: str, number: int) -> _Part:
    """Return a part of a file, checked by its digest."""
    try:
        reply = client.get(index=index, id=_make_part_id(name, number))
        part = msgspec.convert(reply, _StoredPart).source
    except NotFoundError as error:
        raise _make_error(f"{index} has no part {number} of {name}") from error
    except OpenSearchException as error:
        failure = explain(error)
        raise ClusterError(
            f"{name} can't be read from {index}: {failure.reason}", failure.hint
        ) from error
    except msgspec.ValidationError as error:
        raise _make_error(f"part {number} of {name} in {index} is damaged: {error}") from error
    if sha256(part.data).hexdigest() != part.digest:
        raise _make_error(f"part {number} of {name} in {index} does not match its digest")
    return part


def _make_error(message: str) -> ClusterError:
    return ClusterError(message, "Run: pubsearch build --force")
