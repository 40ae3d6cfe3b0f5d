"""`verify` reads all generations of an index and reports damage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from indexer.codec.segment.reader import Segment
from indexer.generations import directory, manifest
from indexer.jobs import build, verify


def wrong(index: Path) -> list[tuple[str, ...]]:
    """Return the faults of each generation, oldest first."""
    return [each.errors for each in verify.verify(index)]


def test_a_good_index_has_no_faults(corpus: Path, index: Path) -> None:
    """All generations are read and have no faults."""
    build.build(corpus, index, force=True)
    verdicts = list(verify.verify(index))
    assert [each.errors for each in verdicts] == [(), ()]
    assert all(each.size > 1000 for each in verdicts)


def test_a_missing_index_is_reported(tmp_path: Path) -> None:
    """A missing index raises IndexMissing."""
    with pytest.raises(manifest.IndexMissing):
        list(verify.verify(tmp_path / "index"))


def spoil(file: Path) -> None:
    """Flip one bit in the middle of a file."""
    held = bytearray(file.read_bytes())
    held[len(held) // 2] ^= 1
    file.write_bytes(held)


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda folder: spoil(folder / "segment" / "words.seg"), "segment/words.seg"),
        (lambda folder: (folder / "segment" / "facets.seg").unlink(), "segment/facets.seg"),
        (lambda folder: (folder / "segment" / "more").touch(), "segment/more is not part"),
        (lambda folder: (folder / "manifest.json").write_text("{}"), "manifest"),
    ],
    ids=["a bit", "a file less", "a file more", "no manifest"],
)
def test_damage_is_reported(harm: Callable[[Path], object], told: str, index: Path) -> None:
    """A flipped bit, a missing or extra file, and an invalid manifest are reported."""
    harm(directory.load_live(index).folder)
    ((what, *_),) = wrong(index)
    assert told in what


Arrays = Callable[[Segment], object]


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda held: _set(held.docstore, "by_id", held.docstore.by_id * 0), "order by id"),
        (lambda held: _set(held.forward_index.stream, None, 10**6), "stream has a word"),
        (lambda held: _set(held.stems, "documents", held.stems.documents[::-1]), "ascending order"),
        (
            lambda held: _set(held.words, "documents", held.words.documents + 99),
            "unknown publication",
        ),
        (lambda held: _set(held.words, "weights", held.words.weights * 0), "not positive"),
        (lambda held: _set(held.stems, "offsets", held.stems.offsets * 0), "no publication"),
    ],
    ids=["order", "stream", "unsorted", "beyond", "weightless", "empty"],
)
def test_inconsistent_arrays_are_reported(harm: Arrays, told: str, index: Path) -> None:
    """Arrays that contradict each other are reported even if their bytes are undamaged."""
    generation = directory.load_live(index)
    segment = Segment(generation.segment, generation.manifest.catalogue)
    segment.forward_index = segment.forward_index._replace(
        stream=segment.forward_index.stream.copy()
    )
    assert list(verify.find_reference_errors(segment, segment.size)) == []
    harm(segment)
    assert any(told in each for each in verify.find_reference_errors(segment, segment.size))


def _set(owner: object, name: str | None, value: object) -> None:
    if name is None:
        assert isinstance(owner, np.ndarray)
        owner[0] = value
    else:
        setattr(owner, name, value)
