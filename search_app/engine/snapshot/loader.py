"""A generation, opened so that nothing of it is used before its bytes were checked.

What fits is read into memory, and what is hashed there is what queries are answered from: no file
that is cut or overwritten later touches them. What does not fit is mapped.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from threading import Thread

from indexer.codec.segment import array_file
from indexer.codec.segment.array_file import Array, Buffer
from indexer.generations import directory
from indexer.generations.manifest import SEGMENT, Generation

Contents = Mapping[str, Buffer]
"""To each file of a generation, by its name in the manifest, its bytes."""


def contents(generation: Generation, memory: int) -> Contents:
    """The bytes of all files, in memory if they have at most so many together.

    Raises IndexOutdated if one is missing or of another size than it was written with, and OSError.
    """
    if wrong := directory.misfits(generation):
        raise directory.damaged(generation.name, wrong)
    files = generation.manifest.files
    is_held = sum(size for size, _ in files.values()) <= memory
    read = array_file.held if is_held else array_file.mapped
    return {name: read(generation.folder / name) for name in files}


def arrays_of(file: Path, contents: Contents) -> Mapping[str, Array]:
    """The arrays of one file of the segment. Raises Damaged."""
    return array_file.arrays(contents[f"{SEGMENT}/{file.name}"], file.name)


class Check(Thread):
    """Hashes the bytes of a generation, beside whatever else goes on.

    `wrong` says which files are not as they were written; None until that is known. A process
    that was forked meanwhile has no such thread: it begins one of its own.
    """

    def __init__(self, generation: Generation, contents: Contents) -> None:
        super().__init__(daemon=True)
        self.generation, self.contents = generation, contents
        self.wrong: list[str] | None = None

    def run(self) -> None:
        """Hashes all files, several at a time."""
        with ThreadPoolExecutor() as threads:
            found = threads.map(lambda data: sha256(data).hexdigest(), self.contents.values())
            files = self.generation.manifest.files
            self.wrong = [
                f"{name} is not as it was written"
                for name, digest in zip(self.contents, found, strict=True)
                if digest != files[name][1]
            ]
