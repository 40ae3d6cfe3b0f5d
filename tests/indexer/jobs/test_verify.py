"""`verify` reads all generations of an index and reports damage."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from indexer.codec.segment.reader import Segment
from indexer.generations import directory, manifest
from indexer.jobs import build, verify


def list_errors(index: Path) -> list[tuple[str, ...]]:
    return [each.errors for each in verify.verify(index)]


def test_a_good_index_has_no_faults(corpus: Path, index: Path) -> None:
    build.build(corpus, index, force=True)
    verdicts = list(verify.verify(index))
    assert [each.errors for each in verdicts] == [(), ()]
    assert all(each.size > 1000 for each in verdicts)


def test_a_missing_index_is_reported(tmp_path: Path) -> None:
    with pytest.raises(manifest.IndexMissing):
        list(verify.verify(tmp_path / "index"))


def spoil(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda folder: spoil(folder / "segment" / "words.seg"), "words.seg does not match"),
        (lambda folder: (folder / "segment" / "facets.seg").unlink(), "facets.seg is missing"),
        (lambda folder: os.truncate(folder / "digests.zst", 9), "digests.zst does not match"),
        (lambda folder: (folder / "segment" / "more").touch(), "segment/more is not part"),
        (lambda folder: (folder / "manifest.json").write_text("{}"), "manifest"),
    ],
    ids=["flipped bit", "missing file", "cut file", "extra file", "invalid manifest"],
)
def test_damage_is_reported(harm: Callable[[Path], object], message: str, index: Path) -> None:
    harm(directory.load_live(index).folder)
    ((what, *_),) = list_errors(index)
    assert message in what


Arrays = Callable[[Segment], object]


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (
            lambda segment: _set(segment.docstore, "by_id", segment.docstore.by_id * 0),
            "order by id",
        ),
        (lambda segment: _set(segment.forward_index.stream, None, 10**6), "stream has a word"),
        (
            lambda segment: _set(segment.stems, "documents", segment.stems.documents[::-1]),
            "ascending order",
        ),
        (
            lambda segment: _set(segment.words, "documents", segment.words.documents + 99),
            "unknown publication",
        ),
        (lambda segment: _set(segment.words, "weights", segment.words.weights * 0), "not positive"),
        (
            lambda segment: _set(segment.stems, "offsets", segment.stems.offsets * 0),
            "no publication",
        ),
    ],
    ids=["order", "stream", "unsorted", "beyond", "weightless", "empty"],
)
def test_inconsistent_arrays_are_reported(harm: Arrays, message: str, index: Path) -> None:
    """Arrays that contradict each other are reported even if their bytes are undamaged."""
    generation = directory.load_live(index)
    segment = Segment(generation.segment, generation.manifest.catalogue)
    segment.forward_index = segment.forward_index._replace(
        stream=segment.forward_index.stream.copy()
    )
    assert list(verify.find_reference_errors(segment, segment.size)) == []
    harm(segment)
    assert any(message in each for each in verify.find_reference_errors(segment, segment.size))


def _set(owner: object, name: str | None, value: object) -> None:
    if name is None:
        assert isinstance(owner, np.ndarray)
        owner[0] = value
    else:
        setattr(owner, name, value)
