"""The papers of the benchmark: a plain JSON Lines file, and files derived from it."""

import gzip
import lzma
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

FACETS = ("venue", "year", "type", "place")
"""The counted facets, each with the name of its key."""


class Paper(msgspec.Struct, frozen=True, gc=False):
    """The fields of a paper that are searched, counted, or shown. Other keys are ignored."""

    title: str
    id: str = ""
    summary: str | None = None
    venue: str | None = None
    year: int | str | None = None
    type: str | None = None
    place: str | None = None

    def value(self, facet: str) -> str | None:
        """Return the paper's value of a facet as text, or None."""
        value = getattr(self, facet)
        return None if value is None or value == "" else str(value)


def read(lines: Path) -> Iterator[Paper]:
    """Yield the papers of a plain file. Raise msgspec's errors for invalid lines."""
    decoder = msgspec.json.Decoder(Paper)
    with lines.open("rb") as file:
        for line in file:
            if line.strip():
                yield decoder.decode(line)


def unpack(file: Path, lines: Path) -> int:
    """Unpack a file to a plain one. Return its number of papers."""
    with _opened(file) as packed, lines.open("wb") as plain:
        shutil.copyfileobj(packed, plain, 1 << 20)
    with lines.open("rb") as plain:
        return sum(1 for line in plain if line.strip())


def _opened(file: Path) -> BinaryIO:
    if file.suffix == ".xz":
        return cast(BinaryIO, lzma.open(file))
    return cast(BinaryIO, gzip.open(file)) if file.suffix == ".gz" else file.open("rb")


def sample(lines: Path, size: int, seed: int, into: Path) -> None:
    """Write a random sample in the order of the file. A smaller sample is part of a larger one.

    Papers are ordered by year, and later ones are longer. The first papers alone would be a corpus
    of another kind.
    """
    written = [line for line in lines.read_bytes().splitlines(keepends=True) if line.strip()]
    order = list(range(len(written)))
    random.Random(seed).shuffle(order)
    into.write_bytes(b"".join(written[number] for number in sorted(order[:size])))


def repeat(lines: Path, times: int, into: Path) -> None:
    """Write every paper several times. The copies have ids of their own."""
    found = [msgspec.json.decode(line) for line in lines.read_bytes().splitlines() if line.strip()]
    encoder = msgspec.json.Encoder()
    with into.open("wb") as file:
        for copy in range(times):
            for number, paper in enumerate(found):
                identity = f"{paper.get('id', number)}-copy{copy}" if copy else paper.get("id")
                file.write(encoder.encode({**paper, "id": identity or str(number)}) + b"\n")


def change_one(lines: Path, into: Path) -> None:
    """Write the same papers, with one more word in the title of the middle one."""
    written = lines.read_bytes().splitlines(keepends=True)
    middle = len(written) // 2
    paper = msgspec.json.decode(written[middle])
    paper["title"] += " revised"
    written[middle] = msgspec.json.encode(paper) + b"\n"
    into.write_bytes(b"".join(written))
