"""Write a generation and make it live atomically; roll back; prune; record the last build.

A generation is written as `NAME.partial`, flushed, read back, and renamed to `NAME`. Then `CURRENT`
is replaced. Each step is atomic and flushed before the next one, so a generation is either complete
or absent. A rollback also replaces `CURRENT`.

The outcome of the last build is a small file in the index folder, for monitoring: a failed build
leaves no other trace. It is optional. If it can't be written or read, there is no outcome, and no
error.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TextIO

import msgspec

from indexer.catalogue import safe_files
from indexer.generations import directory, fsync, manifest
from indexer.generations.manifest import Generation, IndexOutdated, Manifest

KEEP_GENERATIONS = 3
"""Number of generations that stay on disk, including the live one."""

LOCK, PARTIAL = "LOCK", ".partial"
LAST_BUILD_FILE = "ATTEMPT"
"""The name of the JSON file in the index folder."""
Status = Literal["published", "unchanged", "failed"]


class LastBuild(msgspec.Struct, frozen=True):
    """The outcome of a build."""

    at: str
    """The time when the build ended, in UTC (ISO 8601)."""
    status: Status
    seconds: float
    what: str = ""
    """The error message of a failed build."""


@contextmanager
def lock(index: Path) -> Iterator[None]:
    """Lock the index. Raise IndexLocked, and IndexWriteError for an OSError in the block."""
    previous = _read_pointer(index)
    try:
        fsync.make_folder(index)
        with (index / LOCK).open("a+", encoding="ascii") as lock_file:
            _acquire(lock_file)
            yield
    except OSError as error:
        message, hint = fsync.describe_os_error(error)
        message = f"the index in {index} could not be written: {message}"
        current = _read_pointer(index)
        if current not in (None, previous):
            hint += "; a new index is live, but a power cut may undo it"
        elif previous:
            hint += "; the live index is unchanged"
        raise manifest.IndexWriteError(message, hint) from error


def _acquire(lock_file: TextIO) -> None:
    try:
        fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock_file.seek(0)
        holder = lock_file.read().strip() or "just started"
        message = f"another build is running ({holder})"
        raise manifest.IndexLocked(message, "Wait until it ends, or stop it") from None
    lock_file.truncate(0)
    lock_file.write(f"process {os.getpid()}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC\n")
    lock_file.flush()


def remove_leftovers(index: Path) -> None:
    """Remove the unfinished files of builds that were cut off. Raise OSError."""
    for leftover in index.glob("*.new"):
        leftover.unlink()
    for leftover in (index / "generations").glob(f"*{PARTIAL}"):
        shutil.rmtree(leftover)


def prune(index: Path, live: str) -> None:
    """Remove older generations that are not among the last KEEP_GENERATIONS of the live lineage.

    Each is renamed first, so that no reader sees a part of one. Newer generations stay, so that no
    number is used twice. Raise OSError.
    """
    folder = index / "generations"
    kept_names = directory.list_lineage(index, live)[:KEEP_GENERATIONS]
    for name in directory.list_names(index):
        if name < live and name not in kept_names:
            (folder / name).rename(folder / f"{name}{PARTIAL}")
    remove_leftovers(index)


@contextmanager
def new_generation(index: Path) -> Iterator[Path]:
    """Yield an empty folder for the next generation. Remove it unless it was published."""
    folder = index / "generations"
    fsync.make_folder(folder)
    numbers = (int(name.partition("-")[0]) for name in directory.list_names(index))
    last_number = max(numbers, default=0)
    # Names differ in number and time, so that a damaged pointer never names another generation.
    partial = folder / f"{last_number + 1:06}-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}{PARTIAL}"
    try:
        (partial / manifest.SEGMENT).mkdir(parents=True)
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def seal(partial: Path, draft: Manifest) -> Generation:
    """Complete the manifest of a written generation, flush all files, and read them back.

    The generation is not live yet. Raise IndexOutdated if a file does not read back as written.
    """
    files = sorted(file for file in partial.rglob("*") if file.is_file())
    sizes_and_digests = {
        file.relative_to(partial).as_posix(): (file.stat().st_size, digest)
        for file, digest in zip(files, fsync.flush_and_digest(files), strict=True)
    }
    complete = msgspec.structs.replace(draft, files=sizes_and_digests)
    for file in manifest.write(partial, complete):
        fsync.sync(file)
    for folder in (*filter(Path.is_dir, partial.rglob("*")), partial):
        fsync.sync(folder)
    sealed = Generation(partial.name, partial, manifest.read(partial))
    if errors := directory.integrity_errors(sealed):
        message = f"the written generation is damaged: {'; '.join(errors)}"
        raise IndexOutdated(message, "Build again")
    return sealed


def publish(index: Path, sealed: Generation) -> Generation:
    """Make a sealed generation live, and prune old ones.

    On failure, the previous generation is live again, and the new one gets its partial name back
    for removal. If the new one was live for a moment, it keeps its name until the next build.
    A reader may have opened it, and `CURRENT` on the disk may still name it.
    """
    folder, previous = sealed.folder.with_suffix(""), _read_pointer(index)
    try:
        sealed.folder.rename(folder)
        fsync.sync(folder.parent)
        _write_pointer(index, f"{folder.name}\n".encode())
    except BaseException:
        with suppress(OSError):
            if not _restore_pointer(index, previous):
                folder.rename(sealed.folder)
        raise
    with suppress(OSError):  # the next build removes the rest
        prune(index, folder.name)
    return Generation(folder.name, folder, sealed.manifest)


def set_live(index: Path, name: str) -> None:
    """Make a generation live atomically. If that fails, the previous one stays live."""
    previous = _read_pointer(index)
    try:
        _write_pointer(index, f"{name}\n".encode())
    except BaseException:
        with suppress(OSError):
            _restore_pointer(index, previous)
        raise


def _restore_pointer(index: Path, previous: bytes | None) -> bool:
    """Restore `CURRENT` to `previous`. Return False if it had not changed."""
    if _read_pointer(index) == previous:
        return False
    if previous is None:
        (index / directory.CURRENT).unlink(missing_ok=True)
        fsync.sync(index)
    else:
        _write_pointer(index, previous)
    return True


def _write_pointer(index: Path, line: bytes) -> None:
    temporary = index / f"{directory.CURRENT}.new"
    with fsync.open_descriptor(index) as names_in_index:
        try:
            temporary.write_bytes(line)
            fsync.sync(temporary)
            temporary.replace(index / directory.CURRENT)
        except BaseException:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        os.fsync(names_in_index)


def _read_pointer(index: Path) -> bytes | None:
    """Return the bytes of `CURRENT`, or None if it is missing or unreadable."""
    with suppress(OSError):
        return safe_files.read_file(index / directory.CURRENT)
    return None


def rollback(index: Path) -> Generation:
    """Make the latest undamaged predecessor of the live generation live, and return it.

    If `CURRENT` is unusable, choose the newest undamaged generation on disk. Raise IndexUnusable
    if there is none. Raise IndexWriteError on a disk error, and IndexLocked during a build.
    """
    directory.list_earlier(index)  # raises if there is no index, before the lock creates a folder
    with lock(index):
        candidates = directory.list_earlier(index)
        if not candidates:
            message = f"there is no generation before {directory.read_live_name(index)}"
            kept = f"At most {KEEP_GENERATIONS} generations are kept"
            raise manifest.IndexMissing(message, f"{kept}. Fix the corpus, and build again")
        undamaged = directory.find_undamaged(index, candidates)
        generation = undamaged or directory.load_verified(index, candidates[0])
        set_live(index, generation.name)
        return generation


def write_last_build(index: Path, status: Status, seconds: float, what: str = "") -> None:
    """Write the outcome of a build. The caller must have locked the index."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    data = msgspec.json.encode(LastBuild(now, status, round(seconds, 3), what))
    temporary = index / f"{LAST_BUILD_FILE}.new"
    with suppress(OSError):
        temporary.write_bytes(data)
        temporary.replace(index / LAST_BUILD_FILE)


@contextmanager
def record_last_build(index: Path) -> Iterator[Callable[[Status], object]]:
    """Write the outcome of the build in this block.

    Yield a function that the block calls with the status. An exception means `failed`.
    """
    started, reported = time.perf_counter(), list[Status]()
    try:
        yield reported.append
    except Exception as error:
        what = fsync.describe_error(error)
        write_last_build(index, "failed", time.perf_counter() - started, what)
        raise
    write_last_build(index, reported[-1], time.perf_counter() - started)


def read_last_build(index: Path) -> LastBuild | None:
    """Return the outcome of the last build, or None if it can't be read."""
    try:
        return msgspec.json.decode(safe_files.read_file(index / LAST_BUILD_FILE), type=LastBuild)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
