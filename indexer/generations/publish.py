"""A generation comes to be, and becomes live: both whole, or not at all.

It is written aside as `NAME.partial`, read back, flushed to disk, renamed, and made live by
replacing `CURRENT`, each of these at one stroke and flushed before the next. So a generation is
whole or it does not exist, and going back is the same switch.
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
"""How many generations stay on disk, the live one among them."""

LOCK, PARTIAL = "LOCK", ".partial"


@contextmanager
def locked(index: Path) -> Iterator[None]:
    """Holds the index against other builds. Raises IndexBusy if one is at work.

    Raises IndexUnwritten in place of any OSError meanwhile.
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
    """What became of the live index, in words that follow a hint."""
    if now not in (None, before):
        return "; a new index is live, and may be gone after a power cut"
    return "; the live index is as it was" if before else ""


def clean(index: Path) -> None:
    """Removes what dead builds left unfinished. Raises OSError."""
    for left in index.glob("*.new"):
        left.unlink()
    for left in (index / "generations").glob(f"*{PARTIAL}"):
        shutil.rmtree(left)


def prune(index: Path, live: str) -> None:
    """Removes what came before the live generation and is in no one's past, or long past.

    None is ever seen in part. Later ones stay, so that no number is given twice. Raises OSError.
    """
    folder, kept = index / "generations", lineage(index, live)[:KEPT]
    for name in names(index):
        if name < live and name not in kept:
            (folder / name).rename(folder / f"{name}{PARTIAL}")
    clean(index)


@contextmanager
def begun(index: Path) -> Iterator[Path]:
    """An empty folder to write the next generation into; what is not published is removed."""
    folder = index / "generations"
    fsync.made(folder)
    last = max((int(name.partition("-")[0]) for name in names(index)), default=0)
    # Two names are apart by number and time: what damages a pointer leads to no other generation.
    partial = folder / f"{last + 1:06}-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}{PARTIAL}"
    try:
        (partial / SEGMENT).mkdir(parents=True)
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def seal(partial: Path, told: Manifest) -> Generation:
    """Makes a written generation whole and durable, but not live yet.

    Raises IndexOutdated if what was written does not read back.
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
    """Makes a sealed generation live, and prunes what is long past.

    If that fails, what was live is so again. The new one then has its former name, as what is
    removed in the end, unless it was live for a moment: someone may be reading it, and the disk
    may have it for the live one. So it stays until the next build.
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
    with suppress(OSError):  # the next build cleans what is left
        prune(index, folder.name)
    return Generation(folder.name, folder, sealed.manifest)


def switch(index: Path, name: str) -> None:
    """Makes a generation the live one, at one stroke. If that fails, the former one is live."""
    before = _pointer(index)
    try:
        _point(index, _line(name))
    except BaseException:
        with suppress(OSError):
            _restored(index, before)
        raise


def _restored(index: Path, before: bytes | None) -> bool:
    """Whether the pointer was another than before; it is as before then."""
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
    """What stands in `CURRENT`; None if there is none, or none that can be read."""
    with suppress(OSError):
        return safe_files.content(index / CURRENT)
    return None


def rollback(index: Path) -> Generation:
    """Make an earlier generation live: the latest whole one that was live before the live one.

    If `CURRENT` leads to no generation, that is the newest whole one on disk.
    Raise IndexUnusable if there is none that is whole, and IndexUnwritten.
    """
    earlier(index)  # raises before the lock would make a folder for no index
    with locked(index):
        candidates = earlier(index)
        if not candidates:
            what = f"there is no generation before {current_name(index)}"
            raise IndexMissing(what, f"At most {KEPT} are kept; build the corpus as it should be")
        generation = first_whole(index, candidates) or verified(index, candidates[0])
        switch(index, generation.name)
        return generation
