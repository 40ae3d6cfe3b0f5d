"""A string table looks up texts by number, by value and by prefix."""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexer.codec.segment import array_file
from indexer.codec.segment.array_file import ArrayFileWriter
from indexer.codec.segment.string_table import BlobTable, StringTable, compute_offsets

# Characters below the line break would sort before the end of a text; words and ids have none.
characters = st.characters(codec="utf-8", min_codepoint=ord("\n") + 1)
texts = st.text(characters, max_size=6) | st.text("aé人\U0001f600", max_size=5)
sorted_texts = st.lists(texts, unique=True, max_size=40).map(sorted)


@given(held=st.lists(texts))
def test_texts_are_read_by_number(held: list[str]) -> None:
    """Each text is read by its number, and all texts in order, also empty ones."""
    found = StringTable.from_texts(held)
    assert len(found) == len(held)
    assert [found.get_text(number) for number in range(len(held))] == held
    assert found.to_list() == held


@given(held=sorted_texts, other=texts)
def test_a_sorted_text_has_its_number(held: list[str], other: str) -> None:
    """A contained text has its number, and another text has None."""
    found = StringTable.from_texts(held)
    assert [found.find(text) for text in held] == list(range(len(held)))
    assert found.find(other) == (held.index(other) if other in held else None)


@pytest.mark.parametrize("strange", ["\n", "a\n", "a\nb", "\ud800", "a\udfff"])
def test_an_impossible_text_has_no_number(strange: str) -> None:
    """A text with a line break or a lone surrogate has no number and raises no error."""
    assert StringTable.from_texts(["", "a", "a b", "b", "é"]).find(strange) is None


@given(held=sorted_texts, prefix=texts)
@example(held=["", "a", "é"], prefix="")
def test_a_prefix_is_a_range(held: list[str], prefix: str) -> None:
    """The texts with a prefix are exactly those of its range, which may be empty."""
    first, last = StringTable.from_texts(held).find_prefix(prefix)
    assert held[first:last] == [text for text in held if text.startswith(prefix)]
    assert first <= last
    if first == last:
        assert first == bisect_left(held, prefix)


@given(held=st.lists(texts), cuts=st.lists(st.integers(0, 20), max_size=3))
def test_slices_are_joined(held: list[str], cuts: list[int]) -> None:
    """Slices of texts are joined in the given order."""
    found = StringTable.from_texts(held)
    bounds = [0, *sorted(min(cut, len(held)) for cut in cuts), len(held)]
    runs = list(pairwise(bounds))
    assert StringTable.from_encoded(found.take_runs(runs)).to_list() == held
    assert StringTable.from_encoded(found.take_runs(reversed(runs))).to_list() == [
        text for first, last in reversed(runs) for text in held[first:last]
    ]


@given(pieces=st.lists(st.binary(max_size=8)))
def test_blobs_are_read_by_number(pieces: list[bytes]) -> None:
    """Any bytes are read by number, and offsets are cumulative lengths."""
    lengths = [len(piece) for piece in pieces]
    offsets = compute_offsets(lengths)
    found = BlobTable(np.frombuffer(b"".join(pieces), np.uint8), offsets)
    assert [found[number] for number in range(len(found))] == pieces
    assert offsets.tolist() == [sum(lengths[:n]) for n in range(len(lengths) + 1)]


@pytest.mark.parametrize("held", [[], [""], ["", "a", "é", "人"]])
def test_texts_are_read_from_a_file(held: list[str], tmp_path: Path) -> None:
    """Texts are read back from a file unchanged, also if there are none."""
    with ArrayFileWriter(tmp_path / "a.seg") as writer:
        StringTable.from_texts(held).write(writer, "held")
        BlobTable(np.zeros(len(held), np.uint8), np.arange(len(held) + 1)).write(writer, "pieces")
    arrays = array_file.open_arrays(tmp_path / "a.seg")
    assert StringTable.read(arrays, "held").to_list() == held
    assert StringTable.read(arrays, "held").find("é") == (2 if "é" in held else None)
    assert len(BlobTable.read(arrays, "pieces")) == len(held)
    assert arrays["held.offsets"].dtype == np.int32


def test_a_text_with_a_line_break_is_rejected() -> None:
    """A text with a line break raises ValueError."""
    with pytest.raises(ValueError, match="line break"):
        StringTable.from_texts(["a", "b\nc"])
