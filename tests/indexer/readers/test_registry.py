"""The registry chooses the reader of a file."""

from __future__ import annotations

import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Problem
from indexer.ingest import corpus as reading
from indexer.readers import registry
from indexer.readers.formats import html, jsonl, printed_catalogue
from tests.samples import article, page


def write(path: Path, data: bytes) -> Path:
    """A file with these bytes."""
    path.write_bytes(data)
    return path


def chosen(path: Path) -> object:
    """The reader that is chosen for a file, or None."""
    match = registry.detect(path)
    return match and match.reader


@pytest.mark.parametrize(
    ("name", "reader"),
    [("a.html", html), ("A.HTM", html), ("a.jsonl", jsonl), ("a.jsonl.gz", jsonl),
     ("a.JSONL.XZ", jsonl), ("a.txt", printed_catalogue), ("a.html.gz", html), ("a.gz", None),
     ("a.json", None), ("html", None), ("a.html.zip", None)],
)  # fmt: skip
def test_a_name_is_evidence(name: str, reader: object) -> None:
    """The end of a file's name chooses a reader, in any case, even of a file that is missing."""
    assert chosen(Path(name)) is reader


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".xz", lzma.compress)])
def test_any_format_may_be_compressed(
    suffix: str, pack: Callable[[bytes], bytes], corpus: Path, catalogue: Catalogue,
    problems: list[Problem],
) -> None:  # fmt: skip
    """A compressed page gives the publications of the page. A damaged one is a problem."""
    data = pack(page([article("Packed")]).encode())
    write(corpus / f"a.html{suffix}", data)
    write(corpus / f"b.html{suffix}", data[:-9])
    titles = [each.title for each in reading.read(corpus, catalogue, problems.append)]
    assert titles.count("Packed") == 1
    assert [each.file for each in problems] == [f"b.html{suffix}"]
    assert "the packed file can't be read" in problems[0].what
