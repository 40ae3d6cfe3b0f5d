"""Strict UTF-8 decoding: an invalid byte is reported with its position and never replaced."""

from __future__ import annotations

from indexer.catalogue.records import Problem


def decode(data: bytes, file: str) -> str | Problem:
    """Return the text of a UTF-8 file without its byte order mark, or a Problem."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = f"byte {data[error.start]:#04x} at {error.start} is not UTF-8"
        return Problem(file, line, what, "Save the file as UTF-8: it was left out")
