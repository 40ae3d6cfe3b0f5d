"""Write a generation and make it live atomically; roll back; prune old generations.

A generation is written as `NAME.partial`, flushed, read back, and renamed to `NAME`. Then `CURRENT`
is replaced. Each step is atomic and flushed before the next one, so a generation is either complete
or absent. A rollback also replaces `CURRENT`.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from indexer.catalogue import safe_files
from indexer.generations import fsync, manifest
from indexer.generations.directory import (
    CURRENT,
    current_name,
    damage,
    earlier,
    first_whole,
    lineage,
    names,
    verified,
)  # fmt: skip
from indexer.generations.manifest import (
    SEGMENT,
    Generation,
    IndexBusy,
    IndexMissing,
    IndexOutdated,
    IndexUnwritten,
    Manifest,
)  # fmt: skip

KEPT = 3
"""Number of generations that stay on disk, including the live one."""

LOCK, PARTIAL = "LOCK", ".partial"


@contextmanager
def locked(index: Path) -> Iterator[None]:
    """Lock the index against other builds. Raise IndexBusy if another build has locked it.

    Raise IndexUnwritten instead of any OSError in the block.
    """
    before = _pointer(index)
    try:
        with _lock(index):
            yield
    except OSError as error:
        what, hint = fsync.refusal(error)
        what = f"the index in {index} could not be written: {what}"
        raise IndexUnwritten(what, hint + _standing(before, _pointer(index))) from error


@contextmanager
def _lock(index: Path) -> Iterator[None]:
    fsync.made(index)
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


def _standing(before: bytes | None, now: bytes | None) -> str:
    """Return the state of the live index after a disk error, as the end of a hint."""
    if now not in (None, before):
        return "; a new index is live, and may be gone after a power cut"
    return "; the live index is as it was" if before else ""


def clean(index: Path) -> None:
    """Remove the unfinished files of builds that were cut off. Raise OSError."""
    for left in index.glob("*.new"):
        left.unlink()
    for left in (index / "generations").glob(f"*{PARTIAL}"):
        shutil.rmtree(left)


def prune(index: Path, live: str) -> None:
    """Remove the older generations that are not among the last KEPT of the live lineage.

    Each is renamed first, so that no reader sees a part of one. Newer generations stay, so that no
    number is used twice. Raise OSError.
    """
    folder, kept = index / "generations", lineage(index, live)[:KEPT]
    for name in names(index):
        if name < live and name not in kept:
            (folder / name).rename(folder / f"{name}{PARTIAL}")
    clean(index)


@contextmanager
def begun(index: Path) -> Iterator[Path]:
    """Yield an empty folder for the next generation. Remove it unless it was published."""
    folder = index / "generations"
    fsync.made(folder)
    last = max((int(name.partition("-")[0]) for name in names(index)), default=0)
    # Names differ in number and time, so that a damaged pointer never names another generation.
    partial = folder / f"{last + 1:06}-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}{PARTIAL}"
    try:
        (partial / SEGMENT).mkdir(parents=True)
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def seal(partial: Path, told: Manifest) -> Generation:
    """Complete the manifest of a written generation, flush all files, and read them back.

    The generation is not live yet. Raise IndexOutdated if a file does not read back as written.
    """
    found = sorted(file for file in partial.rglob("*") if file.is_file())
    written = {
        file.relative_to(partial).as_posix(): (file.stat().st_size, digest)
        for file, digest in zip(found, fsync.flushed(found), strict=True)
    }
    whole = msgspec.structs.replace(told, files=written)
    for file in manifest.write(partial, whole):
        fsync.sync(file)
    for folder in (*filter(Path.is_dir, partial.rglob("*")), partial):
        fsync.sync(folder)
    sealed = Generation(partial.name, partial, manifest.read(partial))
    if wrong := damage(sealed):
        raise IndexOutdated(f"what was written is damaged: {'; '.join(wrong)}", "Build again")
    return sealed


def publish(index: Path, sealed: Generation) -> Generation:
    """Make a sealed generation live, and prune old ones.

    On failure, the previous generation is live again, and the new one gets its partial name back
    for removal. If the new one was live for a moment, it keeps its name until the next build.
    A reader may have opened it, and `CURRENT` on the disk may still name it.
    """
    folder, before = sealed.folder.with_suffix(""), _pointer(index)
    try:
        sealed.folder.rename(folder)
        fsync.sync(folder.parent)
        _point(index, _line(folder.name))
    except BaseException:
        with suppress(OSError):
            if not _restored(index, before):
                folder.rename(sealed.folder)
        raise
    with suppress(OSError):  # the next build removes the rest
        prune(index, folder.name)
    return Generation(folder.name, folder, sealed.manifest)


def switch(index: Path, name: str) -> None:
    """Make a generation live atomically. If that fails, the previous one stays live."""
    before = _pointer(index)
    try:
        _point(index, _line(name))
    except BaseException:
        with suppress(OSError):
            _restored(index, before)
        raise


def _restored(index: Path, before: bytes | None) -> bool:
    """Restore `CURRENT` to `before`. Return False if it had not changed."""
    if _pointer(index) == before:
        return False
    if before is None:
        (index / CURRENT).unlink(missing_ok=True)
        fsync.sync(index)
    else:
        _point(index, before)
    return True


def _point(index: Path, line: bytes) -> None:
    aside = index / f"{CURRENT}.new"
    with fsync.held(index) as names_in_index:
        try:
            aside.write_bytes(line)
            fsync.sync(aside)
            aside.replace(index / CURRENT)
        except BaseException:
            with suppress(OSError):
                aside.unlink(missing_ok=True)
            raise
        os.fsync(names_in_index)


def _line(name: str) -> bytes:
    return f"{name}\n".encode()


def _pointer(index: Path) -> bytes | None:
    """Return the bytes of `CURRENT`, or None if it is missing or unreadable."""
    with suppress(OSError):
        return safe_files.content(index / CURRENT)
    return None


def rollback(index: Path) -> Generation:
    """Make the latest undamaged predecessor of the live generation live, and return it.

    If `CURRENT` is unusable, choose the newest undamaged generation on disk. Raise IndexUnusable
    if there is none. Raise IndexUnwritten on a disk error, and IndexBusy during a build.
    """
    earlier(index)  # raises if there is no index, before the lock creates a folder
    with locked(index):
        candidates = earlier(index)
        if not candidates:
            what = f"there is no generation before {current_name(index)}"
            raise IndexMissing(what, f"At most {KEPT} are kept; build the corpus as it should be")
        generation = first_whole(index, candidates) or verified(index, candidates[0])
        switch(index, generation.name)
        return generation
