"""The papers that everything is measured on: one plain JSON Lines file, and what is made of it."""

from __future__ import annotations

import gzip
import lzma
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

FACETS = ("venue", "year", "type", "place")
"""The facets that are counted, each by the name of its key."""


class Paper(msgspec.Struct, frozen=True, gc=False):
    """What of a paper is searched, counted and shown; other keys are passed over."""

    title: str
    id: str = ""
    summary: str | None = None
    venue: str | None = None
    year: int | str | None = None
    type: str | None = None
    place: str | None = None

    def value(self, facet: str) -> str | None:
        """The paper's value of a facet, as text; None if it has none."""
        value = getattr(self, facet)
        return None if value is None or value == "" else str(value)


def read(lines: Path) -> Iterator[Paper]:
    """The papers of a plain file. Raises msgspec's errors where a line is none."""
    decoder = msgspec.json.Decoder(Paper)
    with lines.open("rb") as file:
        for line in file:
            if line.strip():
                yield decoder.decode(line)


def unpack(file: Path, lines: Path) -> int:
    """Writes a file, packed or not, as a plain one; returns how many papers it has."""
    with _opened(file) as packed, lines.open("wb") as plain:
        shutil.copyfileobj(packed, plain, 1 << 20)
    with lines.open("rb") as plain:
        return sum(1 for line in plain if line.strip())


def _opened(file: Path) -> BinaryIO:
    if file.suffix == ".xz":
        return cast(BinaryIO, lzma.open(file))
    return cast(BinaryIO, gzip.open(file)) if file.suffix == ".gz" else file.open("rb")


def sample(lines: Path, size: int, seed: int, into: Path) -> None:
    """Writes a random sample in the order of the file; a smaller one is part of a larger.

    Papers stand in the order of their years, and the later ones are longer: a cut would not be
    a smaller corpus of the same kind.
    """
    written = [line for line in lines.read_bytes().splitlines(keepends=True) if line.strip()]
    order = list(range(len(written)))
    random.Random(seed).shuffle(order)
    into.write_bytes(b"".join(written[number] for number in sorted(order[:size])))


def repeat(lines: Path, times: int, into: Path) -> None:
    """Writes every paper several times, the copies with ids of their own."""
    found = [msgspec.json.decode(line) for line in lines.read_bytes().splitlines() if line.strip()]
    encoder = msgspec.json.Encoder()
    with into.open("wb") as file:
        for copy in range(times):
            for number, paper in enumerate(found):
                identity = f"{paper.get('id', number)}-copy{copy}" if copy else paper.get("id")
                file.write(encoder.encode({**paper, "id": identity or str(number)}) + b"\n")


def change_one(lines: Path, into: Path) -> None:
    """Writes the same papers, with a word more in the title of the one in the middle."""
    written = lines.read_bytes().splitlines(keepends=True)
    middle = len(written) // 2
    paper = msgspec.json.decode(written[middle])
    paper["title"] += " revised"
    written[middle] = msgspec.json.encode(paper) + b"\n"
    into.write_bytes(b"".join(written))
