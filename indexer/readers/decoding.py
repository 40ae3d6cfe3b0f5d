"""Bytes to text, strictly: a wrong byte is told with its place, never replaced."""

from __future__ import annotations

from indexer.catalogue.records import Problem


def decode(data: bytes, file: str) -> str | Problem:
    """The text of a file in UTF-8, with or without a byte order mark, or the problem."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = f"byte {data[error.start]:#04x} at {error.start} is not UTF-8"
        return Problem(file, line, what, "Save the file as UTF-8: it was left out")
