"""Fuzz the query parser and the search with Atheris.

`.venv/bin/python -m tests.robustness.fuzz_queries -max_total_time=60` runs for one minute. A folder
given as the last argument stores inputs that reached new code. Atheris prints the input of each
crash. Add it as an example to a test in `test_parse.py` or `test_requests.py`.
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
    """Search for the text of the input, and request suggestions for it."""
    text = data.decode("utf-8", "surrogateescape")
    found = engine.search(SearchRequest(text, values=5))
    assert 0 <= found.total <= engine.get_searcher().size
    engine.get_searcher().suggest(text)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        build.build(CORPUS, Path(folder))
        engine = Engine(Path(folder))
        atheris.Setup(sys.argv, lambda data: asked(data, engine))
        atheris.Fuzz()
