"""Copy the files of generations in a cluster to a folder that is laid out like an index folder.

A copy lacks the segment. It appears under its name when it is complete and checked, so several
processes and machines may share the folder.
"""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import platformdirs

from indexer.cluster.connection import ClusterAddress
from indexer.cluster.generations import ClusterGenerations
from indexer.generations import directory, manifest
from indexer.generations.directory import CURRENT
from indexer.generations.manifest import (
    MANIFEST,
    MANIFEST_DIGEST,
    RETIRED,
    Generation,
    IndexOutdated,
    IndexUnusable,
)

LEFTOVER_SECONDS = 3600
"""Seconds after which an unfinished copy is removed, because its process was cut off."""
COPIES = "copies"
"""The folder of the copies for readers, in the folder of `get_folder`."""
_PARTIAL = ".partial"


def get_folder(address: ClusterAddress, work: Path | None) -> Path:
    """Return the folder on this machine for the files of an index in a cluster.

    It is in `work`, or in the user's cache if that is None.
    """
    base = work or platformdirs.user_cache_path("pubsearch", appauthor=False) / "clusters"
    return base / f"{address.name}-{sha256(str(address).encode()).hexdigest()[:12]}"


def mirror_live(generations: ClusterGenerations, folder: Path, name: str) -> Generation:
    """Copy the live generation, and remove copies of those that are not published.

    Raise IndexOutdated if it is damaged, ClusterError, or OSError.
    """
    live = mirror(generations, folder, name)
    _write_pointer(folder, name)
    _remove_old(folder, {name, *generations.list_names()})
    return live


def mirror(generations: ClusterGenerations, folder: Path, name: str) -> Generation:
    """Copy a generation to a folder, unless it is there. Return the copy.

    Raise IndexOutdated if it is damaged, ClusterError, or OSError.
    """
    copies = folder / "generations"
    if not (copies / name).is_dir():
        partial = copies / f"{name}.{uuid4().hex}{_PARTIAL}"
        try:
            download(generations, name, partial)
            try:
                partial.rename(copies / name)
            except OSError:
                if not (copies / name).is_dir():  # else another process was faster
                    raise
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return directory.load(folder, name)


def download(generations: ClusterGenerations, name: str, folder: Path) -> Generation:
    """Write the files of a generation to a new folder, and check them by their digests.

    Raise IndexOutdated if one is damaged, ClusterError, or OSError.
    """
    generations.download(name, folder, (MANIFEST, MANIFEST_DIGEST))
    generation = Generation(name, folder, manifest.read(folder))
    generations.download(name, folder, list(generation.manifest.files))
    if errors := directory.integrity_errors(generation):
        raise IndexOutdated(
            directory.corrupt_error(name, errors).message,
            "Run: pubsearch build --force, or pubsearch rollback",
        )
    return generation


def salvage(generations: ClusterGenerations, folder: Path, name: str) -> None:
    """Copy the manifest and the retired ids of a damaged generation, if they can be read.

    The copy is damaged too. Raise OSError.
    """
    copy = folder / "generations" / name
    if copy.is_dir():
        return
    copy.mkdir(parents=True)
    for file in (MANIFEST, MANIFEST_DIGEST, RETIRED):
        with suppress(IndexUnusable):
            generations.download(name, copy, (file,))


def _write_pointer(folder: Path, name: str) -> None:
    """Make a copy the live one of the folder."""
    temporary = folder / f"{CURRENT}.{uuid4().hex}"
    temporary.write_text(f"{name}\n", encoding="ascii")
    temporary.replace(folder / CURRENT)


def _remove_old(folder: Path, published: set[str]) -> None:
    """Remove the copies of other generations, and unfinished ones that no process works on."""
    copies = folder / "generations"
    for name in directory.list_names(folder):
        if name not in published:
            partial = copies / f"{name}.{uuid4().hex}{_PARTIAL}"
            with suppress(OSError):
                (copies / name).rename(partial)
                shutil.rmtree(partial)
    for partial in copies.glob(f"*{_PARTIAL}"):
        with suppress(OSError):
            if time.time() - partial.stat().st_mtime > LEFTOVER_SECONDS:
                shutil.rmtree(partial)
