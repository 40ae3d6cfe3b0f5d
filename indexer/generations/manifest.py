"""Manifest and Generation, and the errors of an index.

The manifest records the size and digest of every other file of its generation. Its own digest is in
`manifest.sha256`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
import zstandard
from numpy.typing import NDArray

from indexer.catalogue import safe_files
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Problem
from indexer.catalogue.retired import Retired, RetiredIds
from indexer.catalogue.tested_links import LinkResult
from indexer.catalogue.thesaurus import Thesaurus
from indexer.errors import HintedError

# The files and the subfolder of a generation's folder.
MANIFEST, MANIFEST_DIGEST = "manifest.json", "manifest.sha256"
DIGESTS, DATES, RETIRED = "digests.zst", "dates.zst", "retired.zst"
THESAURUS, DEAD_LINKS = "thesaurus.json", "dead_links.json"
SEGMENT = "segment"

Dates = NDArray[np.int64]
"""The seconds since 1970 (UTC) when each publication was added, and when its record last changed:
two rows, with a column for each publication, in the order of the corpus."""

T = TypeVar("T")


class IndexUnusable(HintedError):
    """The index can't be used."""


class IndexMissing(IndexUnusable):
    """The index, `CURRENT`, or the generation asked for does not exist."""


class IndexOutdated(IndexUnusable):
    """The index was built by another version of the program, or is damaged."""


class IndexLocked(IndexUnusable):
    """Another build has locked the index."""


class IndexWriteError(IndexUnusable):
    """The index could not be written because of a disk error."""


class Changes(msgspec.Struct, frozen=True):
    """The numbers of publications that a build added, changed, removed, and left unchanged."""

    added: int
    changed: int
    removed: int
    unchanged: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The description of a generation."""

    format: int
    """Version of the segment format."""
    analysis: int
    """Version of the text analysis."""
    schema: str
    """Fingerprint of the catalogue."""
    corpus: str
    """Digest of all input: with the thesaurus, the translations, and the problems."""
    built: str
    """Time of the build in UTC, ISO 8601."""
    seconds: float
    after: str | None = None
    """Name of the predecessor: the generation that was live, or an earlier, undamaged one."""
    publications: int
    merged: int = 0
    """Number of records that were merged into other ones."""
    changes: Changes
    counts: dict[str, dict[str, int]]
    """For each facet, the number of publications with each of its most frequent values."""
    problems: tuple[Problem, ...]
    catalogue: Catalogue
    meaning: str = ""
    """Model of the embeddings, or "" if the segment has no vectors."""
    limits: Limits = LIMITS
    """The limits within which the corpus was read."""
    files: dict[str, tuple[int, str]] = {}
    """Size in bytes and SHA-256 of every file except the manifest and its digest."""


class Generation(msgspec.Struct, frozen=True):
    """A generation on disk."""

    name: str
    folder: Path
    manifest: Manifest

    @property
    def segment(self) -> Path:
        """Return the folder of the Whoosh index."""
        return self.folder / SEGMENT

    @property
    def has_segment(self) -> bool:
        """Whether it has a segment. A copy of a generation in a cluster has none."""
        return any(name.startswith(f"{SEGMENT}/") for name in self.manifest.files)

    def read_thesaurus(self) -> Thesaurus:
        """Return the thesaurus, or an empty one. Raise IndexOutdated, as all these methods do."""
        return self._read(THESAURUS, msgspec.json.Decoder(Thesaurus).decode, Thesaurus())

    def read_dead_links(self) -> Sequence[LinkResult]:
        """Return the dead links at the time of the build."""
        return self._read(DEAD_LINKS, msgspec.json.Decoder(list[LinkResult]).decode, [])

    def read_digests(self) -> dict[str, bytes]:
        """Return the digest of each publication's content by its id."""
        with _translate_errors(self.folder, DIGESTS):
            packed = zstandard.decompress(safe_files.read_file(self.folder / DIGESTS))
            return msgspec.msgpack.decode(packed, type=dict[str, bytes])

    def read_dates(self) -> Dates:
        """Return when each publication was added, and when its record last changed.

        The generations of earlier versions of the program do not have this file. The time of their
        build stands for all dates.
        """
        size = self.manifest.publications
        built = int(datetime.fromisoformat(self.manifest.built).timestamp())

        def unpack(data: bytes) -> Dates:
            return np.frombuffer(zstandard.decompress(data), "<i8").reshape(2, size)

        return self._read(DATES, unpack, np.full((2, size), built))

    def read_retired(self) -> RetiredIds:
        """Return the retired ids; none if the generation has no file of them.

        The file is checked by itself, because a build needs it of a damaged generation too.
        """

        def unpack(data: bytes) -> RetiredIds:
            if sha256(data).hexdigest() != self.manifest.files[RETIRED][1]:
                raise ValueError("it does not match the manifest")
            entries = msgspec.msgpack.decode(zstandard.decompress(data), type=list[Retired])
            return {entry.id: entry for entry in entries}

        return self._read(RETIRED, unpack, {})

    def _read(self, name: str, unpack: Callable[[bytes], T], absent: T) -> T:
        """Return the content of a file, or `absent` if the generation is complete without it."""
        if name not in self.manifest.files:
            return absent
        with _translate_errors(self.folder, name):
            return unpack(safe_files.read_file(self.folder / name))


def pack_digests(digests: Mapping[str, bytes]) -> bytes:
    """Return the digests of publications by their ids as `Generation.read_digests` reads them."""
    return zstandard.compress(msgspec.msgpack.encode(digests), level=1)


def pack_dates(dates: Dates) -> bytes:
    """Return dates as `Generation.read_dates` reads them."""
    return zstandard.compress(dates.astype("<i8").tobytes())


def pack_retired(retired: RetiredIds) -> bytes:
    """Return retired ids as `Generation.read_retired` reads them."""
    return zstandard.compress(msgspec.msgpack.encode(list(retired.values())))


def write(folder: Path, manifest: Manifest) -> tuple[Path, Path]:
    """Write the manifest and its digest file, which `sha256sum` can check. Return both paths."""
    data = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    (folder / MANIFEST).write_bytes(data)
    (folder / MANIFEST_DIGEST).write_bytes(_format_digest_line(data))
    return folder / MANIFEST, folder / MANIFEST_DIGEST


def read(folder: Path) -> Manifest:
    """Return the manifest of a generation, hashed before it is parsed. Raise IndexOutdated."""
    with _translate_errors(folder, MANIFEST):
        data = safe_files.read_file(folder / MANIFEST)
        line = safe_files.read_file(folder / MANIFEST_DIGEST)
        if line != _format_digest_line(data):
            raise ValueError(f"it does not match {MANIFEST_DIGEST}")
        return msgspec.json.decode(data, type=Manifest)


def _format_digest_line(manifest: bytes) -> bytes:
    return f"{sha256(manifest).hexdigest()}  {MANIFEST}\n".encode()


@contextmanager
def _translate_errors(folder: Path, file: str) -> Iterator[None]:
    """Raise IndexOutdated if the block can't read a file of a generation."""
    try:
        yield
    except (OSError, ValueError, zstandard.ZstdError, msgspec.MsgspecError) as error:
        message = f"{file} of the generation {folder.name} can't be read: {error}"
        if isinstance(error, PermissionError):
            raise IndexOutdated(message, "Check the permissions of the index folder") from error
        raise IndexOutdated(message, "Run: pubsearch build --force") from error
