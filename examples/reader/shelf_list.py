"""A reader of shelf lists: a first line `SHELF LIST`, then one book per line in fixed columns.

The columns are the call number (10 characters), the year (5), the author (25), and the title. The
module has the members of `indexer.readers.base.Reader`, which explains each of them.
"""

from collections.abc import Iterator, Mapping
from io import BufferedIOBase

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem, Property, SourceLocation, SourceRecord
from indexer.readers.base import CERTAIN, Evidence
from indexer.readers.text.encodings import decode_text, read_lines

NAME = "shelf-list"
SUFFIXES = (".shelf",)
FIELDS: Mapping[str, tuple[str, ...]] = {
    "call_number": ("Call number",),
    "year": ("Year",),
    "authors": ("Author",),
    "title": ("Title",),
}
"""The default mapping: fields of a catalogue, and the columns that feed them."""

HEADING = b"SHELF LIST"
COLUMNS = {"Call number": slice(0, 10), "Year": slice(10, 15), "Author": slice(15, 40)}


def detect(filename: str, head: bytes) -> Evidence | None:
    """Return the evidence that a file is a shelf list, or None. `head` is the start of the file."""
    if head.startswith(HEADING):
        return Evidence(CERTAIN, "its first line is SHELF LIST")
    return None


def read(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[SourceRecord | Problem]:
    """Yield a record for each line after the first, or a Problem if the line can't be used."""
    for number, data in enumerate(read_lines(stream, limits), 1):
        if data is None:
            message = f"the line has more than {limits.largest_line} bytes"
            yield Problem(file, number, message, suggest_raising("largest_line"))
            continue
        if number == 1 or not data.strip():
            continue
        line, problem = decode_text(data, file, number)
        if problem:
            yield problem
        title = line[40:].strip()
        if not title:
            yield Problem(file, number, "the line has no title", "Write it from column 41 on")
            continue
        values = {name: line[place].strip() for name, place in COLUMNS.items()}
        properties = [Property(name, value) for name, value in values.items() if value]
        yield SourceRecord(SourceLocation(file, number), (*properties, Property("Title", title)))
