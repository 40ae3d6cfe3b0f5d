"""The cache of texts: it returns what was stored, or nothing."""

from __future__ import annotations

import os
import time
from pathlib import Path

from indexer.fulltext.documents import UNUSED_SECONDS, TextCache
from indexer.fulltext.text import Fault, FullText

TEXT = FullText(
    digest="d",
    media_type="application/pdf",
    pages=("first", "", "third"),
    faults=(Fault("1 of 3 pages have no text", "Run OCR"),),
    title="A title",
    year=2019,
)


def test_a_text_comes_back_as_it_was(tmp_path: Path) -> None:
    """A stored text is equal to the loaded one, and has one file."""
    cache = TextCache(tmp_path / "new" / "folder")
    assert cache.load("key") is None
    cache.store("key", TEXT)
    assert cache.load("key") == TEXT
    assert [path.name for path in (tmp_path / "new" / "folder").iterdir()] == ["key"]


def test_without_write_access_nothing_is_cached(tmp_path: Path) -> None:
    """A folder that cannot be created is no error."""
    (tmp_path / "file").write_text("")
    cache = TextCache(tmp_path / "file" / "texts")
    cache.store("key", TEXT)
    assert cache.load("key") is None


def test_a_damaged_file_is_not_used(tmp_path: Path) -> None:
    """A file that was cut, or has another byte, gives no text."""
    cache = TextCache(tmp_path)
    cache.store("key", TEXT)
    whole = (tmp_path / "key").read_bytes()
    for position in range(len(whole)):
        changed = bytes([whole[position] ^ 1])
        for data in (whole[:position], whole[:position] + changed + whole[position + 1 :]):
            (tmp_path / "key").write_bytes(data)
            assert cache.load("key") is None


def test_unused_texts_are_removed(tmp_path: Path) -> None:
    """A text that was not used for 90 days is removed, and one that was used is not."""
    cache = TextCache(tmp_path)
    for name in ("old", "used", "new", ".left"):
        cache.store(name, TEXT)
    long_ago = time.time() - UNUSED_SECONDS - 60
    for name in ("old", "used", ".left"):
        os.utime(tmp_path / name, (long_ago, long_ago))
    assert cache.load("used") == TEXT
    cache.remove_unused()
    assert {file.name for file in tmp_path.iterdir()} == {"used", "new"}


def test_removing_unused_texts_is_never_an_error(tmp_path: Path) -> None:
    """A missing folder, one that is a file, and a folder among the texts are left alone."""
    TextCache(tmp_path / "missing").remove_unused()
    (tmp_path / "file").write_bytes(b"")
    TextCache(tmp_path / "file").remove_unused()
    (tmp_path / "texts" / "folder").mkdir(parents=True)
    os.utime(tmp_path / "texts" / "folder", (1, 1))
    TextCache(tmp_path / "texts").remove_unused()
    assert (tmp_path / "texts" / "folder").exists()
