"""CSL-JSON: one array with an object for each publication."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from search_app.export.csl import Item, to_csl_json


def write(items: Iterable[Item]) -> Iterator[bytes]:
    """Yield the start of the array, each object, and the end of the array."""
    encoder, separator = msgspec.json.Encoder(), b"[\n"
    for item in items:
        yield separator + encoder.encode(to_csl_json(item))
        separator = b",\n"
    yield b"\n]\n" if separator == b",\n" else b"[]\n"
