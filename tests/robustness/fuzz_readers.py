"""Reads bytes that a fuzzer thinks up, as files of each format, for as long as it is let.

`.venv/bin/python -m tests.robustness.fuzz_readers -max_total_time=60` tries for a minute; a
folder named behind it keeps what led anywhere new. Whatever raises another error than those
that reading tells is printed with the bytes that did it: put these into `hostile.py`.
"""

from __future__ import annotations

import gzip
import lzma
import sys
from collections.abc import Callable

import atheris

with atheris.instrument_imports(include=["indexer", "bs4"]):
    from tests.robustness.test_limits import taken_in

FORMATS: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    (".html", bytes), (".txt", bytes), (".jsonl", bytes), (".jsonl.gz", bytes),
    (".jsonl.xz", bytes), (".jsonl.gz", gzip.compress), (".jsonl.xz", lzma.compress),
)  # fmt: skip


def read(data: bytes) -> None:
    """Reads what follows the first byte, which chooses the format."""
    if data:
        ending, pack = FORMATS[data[0] % len(FORMATS)]
        taken_in(pack(data[1:]), ending)


if __name__ == "__main__":
    atheris.Setup(sys.argv, read)
    atheris.Fuzz()
