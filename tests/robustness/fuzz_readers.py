"""Fuzz the readers of all file formats with Atheris.

`.venv/bin/python -m tests.robustness.fuzz_readers -max_total_time=60` runs for one minute. A folder
given as the last argument stores inputs that reached new code. Atheris prints the input of each
unexpected error. Add it to `hostile.py`.
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
    """Read the input as a file. Its first byte selects the format."""
    if data:
        ending, pack = FORMATS[data[0] % len(FORMATS)]
        taken_in(pack(data[1:]), ending)


if __name__ == "__main__":
    atheris.Setup(sys.argv, read)
    atheris.Fuzz()
