"""List, load, and check the generations of an index folder.

An index folder contains one folder `generations/NAME/` per generation, and the file `CURRENT` with
the name of the live one. `publish` writes them, and this module only reads.

Each manifest names its predecessor, the generation that was live before it. These links define
which generations are earlier, not the numbers in the names. No manifest links to a generation that
was rolled back, so a later build removes it.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from indexer.catalogue import safe_files
from indexer.generations import fsync, manifest
from indexer.generations.manifest import Generation, IndexMissing, IndexOutdated, IndexUnusable

CURRENT = "CURRENT"
_NAME = r"\d{6,}-\w+"
_MAX_NAME_BYTES = 200
"""Maximum number of bytes read from `CURRENT`. Every valid name is far shorter."""


def list_names(index: Path) -> list[str]:
    """Return the names of the generations on disk, oldest first."""
    folder = index / "generations"
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if re.fullmatch(_NAME, path.name))


def read_live_name(index: Path) -> str:
    """Return the name of the live generation, whose folder exists.

    Raise IndexMissing if `CURRENT` does not exist. Raise IndexOutdated if it can't be read, or
    names no generation on disk.
    """
    pointer, hint = index / CURRENT, "Run: pubsearch rollback, or pubsearch build"
    try:
        name = safe_files.read_file(pointer, _MAX_NAME_BYTES).decode("ascii", "replace").strip()
        if re.fullmatch(_NAME, name) and (index / "generations" / name).is_dir():
            return name
        message = "does not name an existing generation"
    except (FileNotFoundError, NotADirectoryError):
        if list_names(index):
            raise IndexMissing(f"{pointer} is missing", hint) from None
        hint = "Run: pubsearch build, or pubsearch open FILE"
        raise IndexMissing(f"there is no index in {index}", hint) from None
    except OSError as error:
        message = f"can't be read: {error.strerror}"
        if isinstance(error, PermissionError):
            hint = "Check the permissions of the index folder"
    raise IndexOutdated(f"{pointer} {message}", hint)


def list_earlier(index: Path) -> list[str]:
    """Return the names of the generations that a rollback can choose from, the latest first.

    These are the predecessors of the live generation. If `CURRENT` is unusable, these are all
    generations on disk. Raise IndexUnusable if there is none.
    """
    try:
        return list_lineage(index, read_live_name(index))[1:]
    except IndexUnusable:
        if names := list_names(index):
            return names[::-1]
        raise


def find_undamaged(index: Path, candidates: Sequence[str]) -> Generation | None:
    """Return the first candidate without damaged files, or None."""
    for name in candidates:
        with suppress(IndexOutdated):
            return load_verified(index, name)
    return None


def load_live(index: Path) -> Generation:
    """Return the live generation. Raise IndexMissing or IndexOutdated if it can't be loaded."""
    return load(index, read_live_name(index))


def load(index: Path, name: str) -> Generation:
    """Return a generation by its name. Raise IndexOutdated if its manifest is damaged."""
    folder = index / "generations" / name
    return Generation(name, folder, manifest.read(folder))


def load_verified(index: Path, name: str) -> Generation:
    """Return a generation after hashing all its files. Raise IndexOutdated if one is damaged."""
    generation = load(index, name)
    if errors := integrity_errors(generation):
        raise corrupt_error(name, errors)
    return generation


def corrupt_error(name: str, errors: Sequence[str]) -> IndexOutdated:
    """Return the error that lists the faults in the files of a generation."""
    message = f"the generation {name} is damaged: {'; '.join(errors)}"
    return IndexOutdated(message, "Run: pubsearch build, or pubsearch rollback")


def list_lineage(index: Path, name: str) -> list[str]:
    """Return a generation and its predecessors on disk, the latest first.

    The predecessor of a generation with an unreadable manifest is the next lower name.
    """
    names: list[str] = []
    predecessor: str | None = name
    while predecessor and predecessor not in names and predecessor in list_names(index):
        names.append(predecessor)
        try:
            predecessor = load(index, predecessor).manifest.after
        except IndexOutdated:
            earlier = (each for each in list_names(index) if each < names[-1])
            predecessor = max(earlier, default=None)
    return names


def size_errors(generation: Generation) -> list[str]:
    """Return the files of a generation that are missing or have another size. None is read."""
    errors = []
    for name, (size, _) in generation.manifest.files.items():
        file = generation.folder / name
        if not file.is_file():
            errors.append(f"{name} is missing")
        elif file.stat().st_size != size:
            errors.append(f"{name} does not match the manifest")
    return errors


def integrity_errors(generation: Generation) -> list[str]:
    """Return the faults of a generation. If all sizes are right, the files are hashed."""
    try:
        if errors := size_errors(generation):
            return errors
        files = generation.manifest.files
        digests = fsync.compute_digests([generation.folder / name for name in files])
    except OSError as error:
        return [f"a file can't be read: {error}"]
    return [
        f"{name} does not match the manifest"
        for (name, (_, digest)), current in zip(files.items(), digests, strict=True)
        if current != digest
    ]
