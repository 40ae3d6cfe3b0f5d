"""Asks texts that a fuzzer thinks up, for as long as it is let.

`.venv/bin/python -m tests.robustness.fuzz_queries -max_total_time=60` tries for a minute; a folder
named behind it keeps what led anywhere new. Whatever raises an error is printed with the bytes
that did it: make it an example of a test of `test_parse.py` or `test_requests.py`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["search_app.engine"]):
    from indexer.jobs import build
    from search_app.engine import Engine, SearchRequest
    from tests.catalogue import CORPUS


def asked(data: bytes, engine: Engine) -> None:
    """Asks for the text of some bytes, and for what may be meant by it."""
    text = data.decode("utf-8", "surrogateescape")
    found = engine.search(SearchRequest(text, values=5))
    assert 0 <= found.total <= engine.searcher().size
    engine.searcher().suggest(text, {})


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        build.build(CORPUS, Path(folder))
        engine = Engine(Path(folder))
        atheris.Setup(sys.argv, lambda data: asked(data, engine))
        atheris.Fuzz()
