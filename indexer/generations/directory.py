"""Generations of the index: each whole and unchanging, one of them live.

An index folder holds `generations/NAME/`, one folder a generation, and `CURRENT`, a file
with the name of the live one. `publishing` writes them; here is what can be read of them.

Each manifest names the generation that was live before. That line, not the numbers in the
names, says what an earlier generation is: one that was rolled back from is in no one's past,
and the next build removes it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from indexer.catalogue import safe_files
from indexer.generations import fsync, manifest
from indexer.generations.manifest import (  # fmt: skip
    Generation,
    IndexMissing,
    IndexOutdated,
    IndexUnusable,
)

CURRENT = "CURRENT"
_NAME = r"\d{6,}-\w+"
_LONGEST = 200
"""How many bytes of `CURRENT` are read: the longest name that it can contain is far shorter."""


def names(index: Path) -> list[str]:
    """The generations on disk, oldest first."""
    folder = index / "generations"
    if not folder.is_dir():
        return []
    return sorted(each.name for each in folder.iterdir() if re.fullmatch(_NAME, each.name))


def current_name(index: Path) -> str:
    """Return the name of the live generation, whose folder exists.

    Raise IndexMissing if there is no `CURRENT`, and IndexOutdated if it leads to no generation.
    """
    pointer, hint = index / CURRENT, "Run: pubsearch rollback, or pubsearch build"
    try:
        name = safe_files.content(pointer, _LONGEST).decode("ascii", "replace").strip()
        if re.fullmatch(_NAME, name) and (index / "generations" / name).is_dir():
            return name
        what = "names no generation that is there"
    except FileNotFoundError:
        if names(index):
            raise IndexMissing(f"{pointer} is missing", hint) from None
        raise IndexMissing(f"there is no index in {index}", "Run: pubsearch build") from None
    except OSError as error:
        what = f"can't be read: {error.strerror}"
        if isinstance(error, PermissionError):
            hint = "Check who may read the index folder"
    raise IndexOutdated(f"{pointer} {what}", hint)


def earlier(index: Path) -> list[str]:
    """Return the generations to which the index can go back, the latest first.

    These are the ones that were live before the live one. If `CURRENT` is unusable, they are all
    that are on disk. Raise IndexUnusable if there is none on disk.
    """
    try:
        return lineage(index, current_name(index))[1:]
    except IndexUnusable:
        if found := names(index):
            return found[::-1]
        raise


def first_whole(index: Path, candidates: Sequence[str]) -> Generation | None:
    """Return the first of the candidates whose every file is as it was written."""
    for name in candidates:
        with suppress(IndexOutdated):
            return verified(index, name)
    return None


def current(index: Path) -> Generation:
    """The live generation. Raises IndexMissing or IndexOutdated."""
    return load(index, current_name(index))


def load(index: Path, name: str) -> Generation:
    """A generation by its name. Raises IndexOutdated if its manifest is not as it was written."""
    folder = index / "generations" / name
    return Generation(name, folder, manifest.read(folder))


def verified(index: Path, name: str) -> Generation:
    """A generation whose every file is as it was written. Raises IndexOutdated otherwise."""
    generation = load(index, name)
    if wrong := damage(generation):
        raise damaged(name, wrong)
    return generation


def damaged(name: str, wrong: Sequence[str]) -> IndexOutdated:
    """The error that tells what is wrong with a generation's files."""
    what = f"the generation {name} is damaged: {'; '.join(wrong)}"
    return IndexOutdated(what, "Run: pubsearch build, or pubsearch rollback")


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
    """What is wrong with a generation's files: missing, unreadable, or not as written."""
    try:
        if wrong := misfits(generation):
            return wrong
        written = generation.manifest.files
        found = fsync.digests([generation.folder / name for name in written])
    except OSError as error:
        return [f"a file can't be read: {error}"]
    return [
        f"{name} is not as it was written"
        for (name, (_, digest)), now in zip(written.items(), found, strict=True)
        if now != digest
    ]
