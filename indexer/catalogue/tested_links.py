"""The results of testing links, in the file `tested.links` of a corpus folder (JSON Lines).

During a test, each result is added to a file with a hidden name, which `watch` skips. The end of
the test replaces `tested.links`. If the process is killed, the next test reads both files.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

import msgspec

from indexer.catalogue import safe_files
from indexer.catalogue.catalogue_toml import CatalogueError

LINKS_FILE = "tested.links"
_PARTIAL_FILE = f".{LINKS_FILE}.partial"
_MAX_BYTES = 100_000_000
"""Maximum size of the file, enough for about 500,000 links."""

LinkStatus = Literal["works", "moved", "dead", "unclear"]
"""`moved`: it works, but redirects permanently. `unclear`: the test does not show whether a browser
could open it."""


class LinkResult(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A link, and the result of its last test."""

    url: str
    status: LinkStatus
    reason: str
    """A short text, such as "404 Not Found"."""
    time: Annotated[datetime, msgspec.Meta(tz=True)]
    target: str = ""
    """The new URL of a moved link."""


@contextmanager
def update(folder: Path, urls: Iterable[str]) -> Iterator[Recorder]:
    """Yield a recorder of results. At the end, also after an error, write the file of the folder.

    The file then has the results of `urls` only. After an error before the first result, the file
    stays as it is. Raise CatalogueError if a file is invalid.
    """
    results = load(folder) | load(folder, _PARTIAL_FILE)
    partial = folder / _PARTIAL_FILE
    is_needed = partial.exists()
    partial.unlink(missing_ok=True)  # it may be a link to another file
    with partial.open("xb") as stream:
        recorder = Recorder(results, stream)
        try:
            for result in results.values():
                stream.write(_encode(result))
            yield recorder
            is_needed = True
        finally:
            if is_needed or recorder.has_added:
                stream.seek(0)
                stream.truncate()
                kept = [results[url] for url in sorted(set(urls)) if url in results]
                stream.writelines(map(_encode, kept))
                stream.flush()
                os.fsync(stream.fileno())
                partial.replace(folder / LINKS_FILE)
            else:
                partial.unlink()


class Recorder:
    """The results of links by URL, to which new ones are added on disk at once."""

    def __init__(self, results: dict[str, LinkResult], stream: BinaryIO) -> None:
        self.results, self._stream, self.has_added = results, stream, False

    def add(self, result: LinkResult) -> None:
        """Record the result of a link. Raise OSError if it can't be written."""
        self.results[result.url], self.has_added = result, True
        self._stream.write(_encode(result))
        self._stream.flush()


def _encode(result: LinkResult) -> bytes:
    return msgspec.json.encode(result) + b"\n"


def load(folder: Path, name: str = LINKS_FILE) -> dict[str, LinkResult]:
    """Return the last result of each link in a corpus folder, by URL; none without a file.

    Raise CatalogueError if the file is invalid.
    """
    file = folder / name
    if not os.path.lexists(file):
        return {}
    hint = "Delete the file, and run `pubsearch check --links` again"
    if safe_files.leaves_folder(file, folder):
        raise CatalogueError(file, "it is a link out of the corpus folder", hint)
    try:
        data = safe_files.read_file(file, _MAX_BYTES)
        if name == _PARTIAL_FILE:  # if its test was killed, the last line may be incomplete
            data = data[: data.rfind(b"\n") + 1]
        results = msgspec.json.Decoder(LinkResult).decode_lines(data)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(file, str(error), hint) from error
    return {result.url: result for result in results}
