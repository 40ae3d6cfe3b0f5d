"""What a generation of the index is, and what it says of itself; what may be wrong with one."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import msgspec
import zstandard

from indexer.catalogue import safe_files
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Problem
from indexer.catalogue.thesaurus import Thesaurus

MANIFEST, MANIFEST_DIGEST, DIGESTS, THESAURUS, SEGMENT = (
    "manifest.json", "manifest.sha256", "digests.zst", "thesaurus.json", "segment",
)  # fmt: skip
"""What a generation's folder holds."""
Decoded = TypeVar("Decoded")


class IndexUnusable(Exception):
    """An index that can't be used: what is wrong, and the command that mends it."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(f"{what}. {hint}")
        self.what, self.hint = what, hint


class IndexMissing(IndexUnusable):
    """There is no index where one was expected."""


class IndexOutdated(IndexUnusable):
    """The index was built by another version of this program, or is damaged."""


class IndexBusy(IndexUnusable):
    """Another build is at work on the index."""


class IndexUnwritten(IndexUnusable):
    """An index could not be written, as the disk did not take it."""


class Changes(msgspec.Struct, frozen=True):
    """How many publications a build added, changed, removed and left as they were."""

    added: int
    changed: int
    removed: int
    unchanged: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a generation says of itself.

    `built` is the time of the build in UTC, ISO 8601; `seconds` is how long it took. `after`
    is the generation before, if there is one: the live one, or an earlier whole one if that is
    damaged. `corpus` is a digest of all that was read, `schema` and `analysis` say by which
    rules, `limits` within which limits. `counts` tells, for each facet, how many publications
    have each value. `meaning` is the encoder's model, where publications have vectors of what
    they mean. `files` has the size in bytes and the SHA-256 of every file but the manifest
    itself, whose own is beside it.
    """

    format: int
    analysis: int
    schema: str
    corpus: str
    built: str
    seconds: float
    after: str | None = None
    publications: int
    changes: Changes
    counts: dict[str, dict[str, int]]
    problems: tuple[Problem, ...]
    catalogue: Catalogue
    meaning: str = ""
    limits: Limits = LIMITS
    files: dict[str, tuple[int, str]] = {}


class Generation(msgspec.Struct, frozen=True):
    """A generation on disk: its name, its folder, its manifest."""

    name: str
    folder: Path
    manifest: Manifest

    @property
    def segment(self) -> Path:
        """The folder of the Whoosh index."""
        return self.folder / SEGMENT

    def thesaurus(self) -> Thesaurus:
        """The thesaurus that queries are read by. Raises IndexOutdated."""
        if THESAURUS not in self.manifest.files:
            return Thesaurus()
        return decoded(self.folder, THESAURUS, Thesaurus)

    def digests(self) -> dict[str, str]:
        """To each publication's id, the digest of what it said. Raises IndexOutdated."""
        try:
            packed = zstandard.decompress(safe_files.content(self.folder / DIGESTS))
            found = msgspec.msgpack.decode(packed, type=dict[str, bytes])
        except (OSError, ValueError, zstandard.ZstdError, msgspec.MsgspecError) as error:
            raise _unreadable(self.folder, DIGESTS, error) from error
        return {identity: digest.hex() for identity, digest in found.items()}


def packed_digests(digests: Mapping[str, str]) -> bytes:
    """What `Generation.digests` reads: MessagePack, packed with Zstandard (RFC 8878)."""
    plain = {identity: bytes.fromhex(digest) for identity, digest in digests.items()}
    return zstandard.compress(msgspec.msgpack.encode(plain), level=1)


def write(folder: Path, manifest: Manifest) -> tuple[Path, Path]:
    """Writes what a generation says of itself, and beside it a line as `sha256sum` has it."""
    data = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    (folder / MANIFEST).write_bytes(data)
    (folder / MANIFEST_DIGEST).write_bytes(_digest_line(data))
    return folder / MANIFEST, folder / MANIFEST_DIGEST


def read(folder: Path) -> Manifest:
    """What a generation says of itself, its bytes hashed before they are read.

    Raises IndexOutdated if they are not as they were written.
    """
    try:
        data, line = (
            safe_files.content(folder / MANIFEST),
            safe_files.content(folder / MANIFEST_DIGEST),
        )
        if line != _digest_line(data):
            raise ValueError(f"it and {MANIFEST_DIGEST} do not fit")
        return msgspec.json.decode(data, type=Manifest)
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise _unreadable(folder, MANIFEST, error) from error


def _digest_line(manifest: bytes) -> bytes:
    return f"{sha256(manifest).hexdigest()}  {MANIFEST}\n".encode()


def decoded(folder: Path, file: str, kind: type[Decoded]) -> Decoded:
    """What a file of a generation says. Raises IndexOutdated if it can't be read."""
    try:
        return msgspec.json.decode(safe_files.content(folder / file), type=kind)
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise _unreadable(folder, file, error) from error


def _unreadable(folder: Path, file: str, error: Exception) -> IndexOutdated:
    what = f"{file} of the generation {folder.name} can't be read: {error}"
    if isinstance(error, PermissionError):
        return IndexOutdated(what, "Check who may read the index folder")
    return IndexOutdated(what, "Run: pubsearch build --force")
