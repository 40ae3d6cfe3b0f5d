"""A build after edits of files has the files and the problems of a new build."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.jobs import build, check
from search_app.engine import open_engine
from tests.indexer.fulltext.pdfs import add_scan, make_pdf, new_pdf
from tests.indexer.jobs.test_fulltexts import Corpus


def make_contents() -> list[bytes | None]:
    """Return the contents of files: texts, a scan, a damaged PDF, an empty file, and no file."""
    scan = new_pdf()
    add_scan(scan)
    texts = [make_pdf([word]) for word in ("piracy", "fishing")]
    return [*texts, bytes(scan.output()), b"%PDF-1.7 broken", b"", None]


CONTENTS = make_contents()
NAMES = [f"{stem}.{suffix}" for stem in ("one", "two", "other") for suffix in ("pdf", "txt")]
EDITS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(CONTENTS)), max_size=3)


def list_files(index: Path) -> dict[str, Sequence[object]]:
    """Return the files of each publication."""
    searcher = open_engine(index).get_searcher()
    return {name: searcher.list_files(name) for name in ("one", "two", "three")}


@settings(max_examples=12, deadline=None)
@given(steps=st.lists(EDITS, min_size=2, max_size=4))
def test_a_build_after_edits_equals_a_new_build(
    steps: list[list[tuple[str, bytes | None]]],
) -> None:
    """Files come, change, and go. Each build, and a check, reports what a new build does."""
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", f"{name}/cache")
        corpus = Corpus(Path(name))
        for number, edits in enumerate(steps):
            for file, content in edits:
                (corpus.folder / file).unlink(missing_ok=True)
                if content is not None:
                    (corpus.folder / file).write_bytes(content)
            new = Path(name, f"new{number}")
            expected = build.build(corpus.folder, new).problems
            assert corpus.build().problems == expected
            assert {*check.check(corpus.folder).problems} == {*expected}
            assert list_files(corpus.index) == list_files(new)
