"""Array files are read back as written, and any other file is Damaged."""

import re
import tempfile
from bisect import bisect_left
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from indexer.codec.segment import array_file
from indexer.codec.segment.array_file import (
    MAGIC,
    Array,
    ArrayFileWriter,
    BlobTable,
    CorruptSegment,
    Spool,
    StringTable,
    compute_offsets,
    pick_dtype,
    pick_offset_dtype,
)

DTYPES = st.one_of(
    arrays.boolean_dtypes(),
    arrays.integer_dtypes(endianness="?"),
    arrays.unsigned_integer_dtypes(endianness="?"),
    arrays.floating_dtypes(endianness="?"),
)
ARRAYS = st.dictionaries(
    st.text(st.characters(codec="utf-8"), max_size=8),
    arrays.arrays(DTYPES, arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5)),
    max_size=6,
)
SAMPLE: dict[str, Array] = {
    "numbers": np.arange(40, dtype=np.int32).reshape(-1, 4),
    "none": np.zeros((0, 3), np.uint8),
    "weights": np.linspace(0, 1, 9, dtype=np.float32),
}


def written(file: Path, held: Mapping[str, Array]) -> bytes:
    with ArrayFileWriter(file) as writer:
        for name, array in held.items():
            writer.add(name, array)
    return file.read_bytes()


def read_arrays(data: bytes) -> Mapping[str, Array]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a.seg"
        file.write_bytes(data)
        return {name: array.copy() for name, array in array_file.open_arrays(file).items()}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return written(tmp_path_factory.mktemp("sample") / "sample.seg", SAMPLE)


@given(held=ARRAYS)
def test_arrays_are_read_back_unchanged(held: dict[str, Array]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a.seg"
        written(file, held)
        found = array_file.open_arrays(file)
        assert list(found) == list(held)
        for name, array in held.items():
            assert found[name].dtype == array.dtype.newbyteorder("<")
            assert found[name].shape == array.shape
            assert np.array_equal(found[name], array, equal_nan=array.dtype.kind == "f")
            assert not found[name].flags.writeable


@given(held=ARRAYS)
def test_equal_arrays_make_equal_files(held: dict[str, Array]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        added = written(Path(folder) / "a.seg", held)
        with ArrayFileWriter(Path(folder) / "b.seg") as writer:
            places = {name: writer.allocate(name, array.dtype, *array.shape)
                      for name, array in held.items()}  # fmt: skip
            for name, array in held.items():
                places[name][...] = array
        assert (Path(folder) / "b.seg").read_bytes() == added


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    before = written(tmp_path / "a.seg", SAMPLE)
    with pytest.raises(FileExistsError):
        ArrayFileWriter(tmp_path / "a.seg")
    assert (tmp_path / "a.seg").read_bytes() == before


def test_an_unfinished_file_is_damaged(tmp_path: Path) -> None:
    def write() -> None:
        with ArrayFileWriter(tmp_path / "a.seg") as writer:
            writer.add("numbers", SAMPLE["numbers"])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    with pytest.raises(CorruptSegment, match=r"a\.seg"):
        array_file.open_arrays(tmp_path / "a.seg")


@pytest.mark.slow
def test_a_truncated_or_extended_file_is_damaged(sample: bytes) -> None:
    for size in range(len(sample)):
        with pytest.raises(CorruptSegment):
            read_arrays(sample[:size])
    with pytest.raises(CorruptSegment):
        read_arrays(sample + bytes(8))


@given(data=st.binary(max_size=200))
@example(data=b"")
@example(data=MAGIC)
@example(data=MAGIC + bytes(8))
@example(data=MAGIC + b"{}" + bytes([len(MAGIC)]) + bytes(7))
def test_foreign_bytes_are_damaged_or_empty(data: bytes) -> None:
    try:
        assert read_arrays(data) == {}
    except CorruptSegment:
        return


NUMBERS = st.integers(-3, 200) | st.integers(-(2**70), 2**70)
FORMATS = (
    "<i4", "|u1", "<f4", "O", "<U1", "|V8", "<M8[s]", "i4,i4", ",", "(1,i4", "|V0", "",
)  # fmt: skip
DIRECTORIES = st.dictionaries(
    st.sampled_from(("numbers", "words")),
    st.fixed_dictionaries(
        {
            "dtype": st.sampled_from(FORMATS) | st.text(max_size=4),
            "shape": st.lists(NUMBERS, max_size=3),
            "offset": NUMBERS,
        }
    ),
    min_size=1,
)


@given(directory=DIRECTORIES, start=st.none() | NUMBERS)
@example(directory={"words": {"dtype": "|u1", "shape": [-1], "offset": 0}}, start=None)
@example(directory={"words": {"dtype": "|u1", "shape": [1, -1], "offset": 0}}, start=None)
def test_an_invalid_directory_is_damaged(
    directory: dict[str, dict[str, object]], start: int | None
) -> None:
    """An invalid directory is Damaged, unless it describes numeric arrays within the file."""
    body = MAGIC + bytes(120)
    end = (len(body) if start is None else start % 2**64).to_bytes(8, "little")
    data = body + msgspec.json.encode(directory) + end
    try:
        found = read_arrays(data)
    except CorruptSegment:
        return
    for name, array in found.items():
        assert array.dtype.kind in "biuf"
        assert array.nbytes <= len(data)
        assert {name: list(array.shape)}.items() <= {
            name: place["shape"] for name, place in directory.items()
        }.items()


@given(data=st.data())
def test_a_changed_byte_is_damaged_or_harmless(sample: bytes, data: st.DataObject) -> None:
    directory = int.from_bytes(sample[-8:], "little")
    at = data.draw(st.sampled_from([*range(len(MAGIC)), *range(directory, len(sample))]))
    changed = bytearray(sample)
    changed[at] = data.draw(st.integers(0, 255))
    try:
        found = read_arrays(bytes(changed))
    except CorruptSegment:
        return
    assert at >= len(MAGIC) or changed == sample
    assert all(array.dtype.kind in "biuf" for array in found.values())


@pytest.mark.parametrize(
    ("largest", "kind"),
    [
        (0, np.uint8), (255, np.uint8), (256, np.uint16), (65_535, np.uint16),
        (65_536, np.int32), (2**31 - 1, np.int32), (2**31, np.int64),
    ],
)  # fmt: skip
def test_numbers_get_the_narrowest_dtype(largest: int, kind: type[np.integer]) -> None:
    assert pick_dtype(largest) == kind
    assert pick_offset_dtype(largest) == (np.int64 if largest >= 2**31 else np.int32)


@given(parts=st.lists(arrays.arrays(np.int32, st.integers(0, 20))))
def test_a_spool_returns_its_rows(parts: list[Array]) -> None:
    """A spool returns all appended rows in order and leaves no file."""
    with tempfile.TemporaryDirectory() as folder:
        spool = Spool(Path(folder), np.int32)
        for part in parts:
            spool.append(part)
        found = spool.to_array()
        assert found.tolist() == [number for part in parts for number in part.tolist()]
        spool.close()
        assert not list(Path(folder).iterdir())


@given(data=st.binary(max_size=10_000))
def test_bytes_in_memory_do_not_change_with_the_file(
    data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("held") / "file"
    file.write_bytes(data)
    held = array_file.load_file(file)
    file.write_bytes(b"other")
    assert bytes(held) == data
    assert memoryview(held).readonly


@pytest.mark.skipif(
    not Path("/sys/kernel/mm/transparent_hugepage").exists(), reason="the system has no large pages"
)
def test_a_large_file_is_read_into_large_pages(tmp_path: Path) -> None:
    """The memory of a file may consist of large pages, which the system provides faster."""
    file = tmp_path / "file"
    file.write_bytes(bytes(1 << 22))
    held = np.frombuffer(array_file.load_file(file), np.uint8)
    smaps = Path("/proc/self/smaps").read_text(encoding="utf-8")
    areas = re.findall(
        r"^([0-9a-f]+)-([0-9a-f]+) .*?^VmFlags: (.*?)$", smaps, re.MULTILINE | re.DOTALL
    )
    (flags,) = (
        flags for start, end, flags in areas if int(start, 16) <= held.ctypes.data < int(end, 16)
    )
    assert "hg" in flags.split()


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
    found = StringTable.from_texts(held)
    assert [found.find(text) for text in held] == list(range(len(held)))
    assert found.find(other) == (held.index(other) if other in held else None)


@pytest.mark.parametrize("strange", ["\n", "a\n", "a\nb", "\ud800", "a\udfff"])
def test_an_impossible_text_has_no_number(strange: str) -> None:
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
    found = StringTable.from_texts(held)
    bounds = [0, *sorted(min(cut, len(held)) for cut in cuts), len(held)]
    runs = list(pairwise(bounds))
    assert StringTable.from_encoded(found.take_runs(runs)).to_list() == held
    assert StringTable.from_encoded(found.take_runs(reversed(runs))).to_list() == [
        text for first, last in reversed(runs) for text in held[first:last]
    ]


@given(pieces=st.lists(st.binary(max_size=8)))
def test_blobs_are_read_by_number(pieces: list[bytes]) -> None:
    lengths = [len(piece) for piece in pieces]
    offsets = compute_offsets(lengths)
    found = BlobTable(np.frombuffer(b"".join(pieces), np.uint8), offsets)
    assert [found[number] for number in range(len(found))] == pieces
    assert offsets.tolist() == [sum(lengths[:n]) for n in range(len(lengths) + 1)]


@pytest.mark.parametrize("held", [[], [""], ["", "a", "é", "人"]])
def test_texts_are_read_from_a_file(held: list[str], tmp_path: Path) -> None:
    with ArrayFileWriter(tmp_path / "a.seg") as writer:
        StringTable.from_texts(held).write(writer, "held")
        BlobTable(np.zeros(len(held), np.uint8), np.arange(len(held) + 1)).write(writer, "pieces")
    arrays = array_file.open_arrays(tmp_path / "a.seg")
    assert StringTable.read(arrays, "held").to_list() == held
    assert StringTable.read(arrays, "held").find("é") == (2 if "é" in held else None)
    assert len(BlobTable.read(arrays, "pieces")) == len(held)
    assert arrays["held.offsets"].dtype == np.int32


def test_a_text_with_a_line_break_is_rejected() -> None:
    with pytest.raises(ValueError, match="line break"):
        StringTable.from_texts(["a", "b\nc"])
