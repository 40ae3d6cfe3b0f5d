"""Fuzz the readers of all file formats with Atheris.

`.venv/bin/python -m tests.robustness.fuzz_readers -max_total_time=60` runs for one minute. A folder
given as the last argument stores inputs that reached new code. Atheris prints the input of each
unexpected error. Add it to `hostile.py`.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["indexer", "bs4"]):
    from tests.indexer.readers.test_contract import ALL, check


def check_input(data: bytes) -> None:
    """Read the input as a file. Its first byte selects the format."""
    if data:
        check(ALL[data[0] % len(ALL)], data[1:])


if __name__ == "__main__":
    atheris.Setup(sys.argv, check_input)
    atheris.Fuzz()
