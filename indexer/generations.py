"""Generations of the index: each whole and unchanging, one of them live.

An index folder holds `generations/NAME/`, one folder a generation, and `CURRENT`, a file
with the name of the live one. A generation is written aside as `NAME.partial`, read back,
flushed to disk, renamed, and made live by replacing `CURRENT`, each of these at one stroke.
So a generation is whole or it does not exist, and going back is the same switch.

Each manifest names the generation that was live before. That line, not the numbers in the
names, says what an earlier generation is: one that was rolled back from is in no one's past,
and the next build removes it.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path

import msgspec

from indexer.manifest import (
    MANIFEST,
    SEGMENT,
    Generation,
    IndexBusy,
    IndexMissing,
    IndexOutdated,
    Manifest,
    decoded,
)  # fmt: skip

KEPT = 3
"""How many generations stay on disk, the live one among them."""

CURRENT, LOCK = "CURRENT", "LOCK"
PARTIAL = ".partial"
_NAME = r"\d{6,}-\w+"


def names(index: Path) -> list[str]:
    """The generations on disk, oldest first."""
    folder = index / "generations"
    if not folder.is_dir():
        return []
    return sorted(each.name for each in folder.iterdir() if re.fullmatch(_NAME, each.name))


def current_name(index: Path) -> str:
    """The name of the live generation. Raises IndexMissing if there is none."""
    try:
        return (index / CURRENT).read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        raise IndexMissing(f"there is no index in {index}", "Run: pubsearch build") from None


def current(index: Path) -> Generation:
    """The live generation. Raises IndexMissing or IndexOutdated."""
    return load(index, current_name(index))


def load(index: Path, name: str) -> Generation:
    """A generation by its name. Raises IndexOutdated if its manifest can't be read."""
    folder = index / "generations" / name
    return Generation(name, folder, decoded(folder, MANIFEST, Manifest))


def verified(index: Path, name: str) -> Generation:
    """A generation whose every file is as it was written. Raises IndexOutdated otherwise."""
    generation = load(index, name)
    if wrong := damage(generation):
        what = f"the generation {name} is damaged: {'; '.join(wrong)}"
        raise IndexOutdated(what, "Run: pubsearch build, or pubsearch rollback")
    return generation


def lineage(index: Path, name: str) -> list[str]:
    """A generation and those on disk that were live before it, the latest first.

    Behind a manifest that can't be read, the order of the names says what was before.
    """
    line: list[str] = []
    following: str | None = name
    while following and following not in line and following in names(index):
        line.append(following)
        try:
            following = load(index, following).manifest.after
        except IndexOutdated:
            following = max((each for each in names(index) if each < line[-1]), default=None)
    return line


@contextmanager
def locked(index: Path) -> Iterator[None]:
    """Holds the index against other builds. Raises IndexBusy if one is at work."""
    index.mkdir(parents=True, exist_ok=True)
    with (index / LOCK).open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            who = lock.read().strip() or "it has just begun"
            what = f"another build is running ({who})"
            raise IndexBusy(what, "Wait for it, or end it") from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC\n")
        lock.flush()
        yield


def begin(index: Path) -> Path:
    """An empty folder to write the next generation into; what dead builds left is removed."""
    folder = index / "generations"
    folder.mkdir(exist_ok=True)
    for left in folder.glob(f"*{PARTIAL}"):
        shutil.rmtree(left)
    last = max((int(name.partition("-")[0]) for name in names(index)), default=0)
    partial = folder / f"{last + 1:06}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}{PARTIAL}"
    (partial / SEGMENT).mkdir(parents=True)
    return partial


@contextmanager
def begun(index: Path) -> Iterator[Path]:
    """The same; whatever of it is not published in the end is removed."""
    partial = begin(index)
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def seal(index: Path, partial: Path, manifest: Manifest) -> Generation:
    """Makes a written generation whole and durable, but not live yet.

    Raises IndexOutdated if what was written does not read back.
    """
    found = sorted(file for file in partial.rglob("*") if file.is_file())
    files = {
        file.relative_to(partial).as_posix(): (file.stat().st_size, digest)
        for file, digest in zip(found, _sealed(found), strict=True)
    }
    before = current_name(index) if (index / CURRENT).exists() else None
    manifest = msgspec.structs.replace(manifest, files=files, after=before)
    (partial / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
    for path in [partial / MANIFEST, *filter(Path.is_dir, partial.rglob("*")), partial]:
        _sync(path)
    sealed = Generation(partial.name, partial, manifest)
    if wrong := damage(sealed):
        raise IndexOutdated(f"what was written is damaged: {'; '.join(wrong)}", "Build again")
    return sealed


def publish(index: Path, sealed: Generation) -> Generation:
    """Makes a sealed generation live, and prunes what is long past."""
    folder = sealed.folder.with_suffix("")
    sealed.folder.rename(folder)
    _sync(folder.parent)
    switch(index, folder.name)
    kept = lineage(index, folder.name)[:KEPT]
    for name in set(names(index)).difference(kept):
        shutil.rmtree(folder.parent / name, ignore_errors=True)
    return load(index, folder.name)


def switch(index: Path, name: str) -> None:
    """Makes a generation the live one, at one stroke."""
    aside = index / f"{CURRENT}.new"
    aside.write_text(f"{name}\n", encoding="ascii")
    _sync(aside)
    aside.replace(index / CURRENT)
    _sync(index)


def rollback(index: Path) -> Generation:
    """Makes the generation that was live before the live one live again.

    Raises IndexMissing if there is none, and IndexOutdated if it is damaged.
    """
    current_name(index)  # an index that is not there must not come to be by looking for it
    with locked(index):
        live, *earlier = lineage(index, current_name(index)) or [current_name(index)]
        if not earlier:
            what = f"there is no generation before {live}"
            raise IndexMissing(what, f"At most {KEPT} are kept; build the corpus as it should be")
        generation = verified(index, earlier[0])
        switch(index, generation.name)
        return generation


def misfits(generation: Generation) -> list[str]:
    """Which of a generation's files are missing or of another size: no byte of them is read."""
    wrong = []
    for name, (size, _) in generation.manifest.files.items():
        file = generation.folder / name
        if not file.is_file():
            wrong.append(f"{name} is missing")
        elif file.stat().st_size != size:
            wrong.append(f"{name} is not as it was written")
    return wrong


def damage(generation: Generation) -> list[str]:
    """What is wrong with a generation's files: missing ones, and ones not as written."""
    if wrong := misfits(generation):
        return wrong
    files = generation.manifest.files
    found = _digests([generation.folder / name for name in files])
    return [
        f"{name} is not as it was written"
        for (name, (_, digest)), now in zip(files.items(), found, strict=True)
        if now != digest
    ]


def _digests(files: Sequence[Path]) -> list[str]:
    """The SHA-256 of each file, several at a time."""
    with ThreadPoolExecutor() as threads:
        return list(threads.map(_digest, files))


def _sealed(files: Sequence[Path]) -> list[str]:
    """The same, while the files are flushed to the disk."""
    with ThreadPoolExecutor(max(len(files), 1)) as threads:
        flushed = threads.map(_sync, files)
        digests = _digests(files)
        list(flushed)  # raises what a flush raised
        return digests


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
