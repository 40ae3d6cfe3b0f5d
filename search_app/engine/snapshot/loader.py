"""Read or map the files of a generation, and check their digests.

A generation that fits is read into memory. Searches use the same bytes that were hashed, so later
changes to the files do not affect them. A generation that does not fit is mapped.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from threading import Thread

from indexer.codec.segment import array_file
from indexer.codec.segment.array_file import Array, Buffer
from indexer.codec.segment.fulltext import PAGES
from indexer.generations import directory
from indexer.generations.manifest import SEGMENT, Generation, IndexOutdated

Contents = Mapping[str, Buffer]
"""The bytes of each file of a generation, by its name in the manifest."""


def read_files(generation: Generation, max_in_memory: int) -> Contents:
    """Return the bytes of all files, in memory if they have at most `max_in_memory` bytes in total.

    Otherwise they are mapped. Full texts, of which a search reads little, are the first to be.

    Raise IndexOutdated if a file is missing or its size differs from the manifest, and OSError.
    """
    if errors := directory.size_errors(generation):
        raise directory.corrupt_error(generation.name, errors)
    files = generation.manifest.files
    texts = {name for name in files if name.endswith(PAGES)}
    contents, total = dict[str, Buffer](), 0
    for names in (files.keys() - texts, texts):
        total += sum(files[name][0] for name in names)
        read = array_file.load_file if total <= max_in_memory else array_file.map_file
        contents |= {name: read(generation.folder / name) for name in names}
    return contents


def read_arrays(file: Path, contents: Contents) -> Mapping[str, Array]:
    """Return the arrays of one file of the segment. Raise CorruptSegment."""
    return array_file.decode_arrays(contents[f"{SEGMENT}/{file.name}"], file.name)


class IntegrityCheck(Thread):
    """A background thread that hashes the files of a generation.

    `errors` lists the files that differ from the manifest. It is None until the check has ended. A
    forked process does not inherit the thread and starts its own.
    """

    def __init__(self, generation: Generation, contents: Contents) -> None:
        super().__init__(daemon=True)
        self.generation, self.contents = generation, contents
        self.errors: list[str] | None = None

    def run(self) -> None:
        """Hash all files, several at a time."""
        with ThreadPoolExecutor() as threads:
            digests = threads.map(lambda data: sha256(data).hexdigest(), self.contents.values())
            files = self.generation.manifest.files
            self.errors = [
                f"{name} does not match the manifest"
                for name, digest in zip(self.contents, digests, strict=True)
                if digest != files[name][1]
            ]

    def restart(self) -> IntegrityCheck:
        """Return a new check of the same files, which is running."""
        check = IntegrityCheck(self.generation, self.contents)
        check.start()
        return check

    def make_error(self) -> IndexOutdated | None:
        """Return the error that names the damaged files; None if none has been found."""
        return directory.corrupt_error(self.generation.name, self.errors) if self.errors else None
