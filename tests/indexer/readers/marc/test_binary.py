"""Binary MARC is read by its terminators, whatever its lengths and encodings claim."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.readers.formats.marc.syntaxes import detect_binary
from tests.indexer.readers.marc.samples import RIVERS, make_binary
from tests.indexer.readers.reading import choose, read_records
from tests.memory import limit_memory

ONE = make_binary(RIVERS)


@pytest.mark.parametrize("filename", ["books.mrc", "books.dat", "books", "books.csv"])
def test_the_separators_are_a_signature(filename: str) -> None:
    """A MARC file may have any name and wrong lengths, and a blank line may precede it."""
    for data in (ONE, b"\r\n" + ONE, b"     " + ONE[5:], ONE[:20] + b"xxxx" + ONE[24:]):
        found = choose(data, filename)
        assert found
        assert found.NAME == "marc"


@pytest.mark.parametrize(
    "data", [b"", b"12345,22,4500\n", b"%PDF-1.7 \x1e\x1f", b"00755cam  22002414a 4500\n001 x\n"]
)
def test_other_files_are_not_recognized(data: bytes) -> None:
    assert detect_binary("file", data) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"99999" + data[5:],
        lambda data: b"     " + data[5:],
        lambda data: data[:12] + b"00000" + data[17:],
        lambda data: data.replace(b"Rivers of salt", "Flüsse aus Salz".encode()),
        lambda data: data[:-1] + b"\n\x1d",
        lambda data: data[:-1],
        lambda data: data[:-1] + b"\r\n",
    ],
    ids=["length", "blank", "base", "edited", "newline", "lost terminator", "newline instead"],
)
def test_wrong_lengths_lose_nothing(damage: Callable[[bytes], bytes]) -> None:
    """A record with wrong lengths keeps all its fields, and so do the records around it."""
    found = read_records(ONE + damage(ONE) + ONE, "marc")
    assert len(found.records) == 3
    for number in (1, 2):
        assert found.columns(number).keys() == found.columns().keys()
    assert found.columns(1)["650$z"] == ["Norway"]


def test_each_wrong_record_is_reported_with_its_number_and_id() -> None:
    wrong = b"00007" + ONE[5:]
    problems = read_records(ONE + wrong + wrong, "marc").problems
    assert [(problem.line, problem.entry) for problem in problems] == [(2, "ocm-77"), (3, "ocm-77")]
    assert "the lengths or the directory" in problems[0].what


def test_a_shuffled_directory_is_followed() -> None:
    entries = [ONE[at : at + 12] for at in range(24, ONE.index(b"\x1e"), 12)]
    found = read_records(ONE[:24] + b"".join(reversed(entries)) + ONE[ONE.index(b"\x1e") :], "marc")
    original = read_records(ONE, "marc")
    assert not found.problems
    assert found.columns().items() >= original.columns().items()
    assert found.records[0].properties[1].name == original.records[0].properties[-4].name


@given(st.lists(st.integers(0, 4), min_size=5, max_size=40))
def test_a_record_has_each_field_once(entries: list[int]) -> None:
    fields = [b"%d" % number * 10 + b"\x1e" for number in range(5)]
    padding = b"\x1e" * (len(entries) - len(fields))
    directory = b"".join(b"500%04d%05d" % (len(fields[n]), 11 * n) for n in entries)
    record = (
        b"00000nam a2200000 a 4500" + directory + b"\x1e" + b"".join(fields) + padding + b"\x1d"
    )
    values = [prop.value for prop in read_records(record, "marc").records[0].properties]
    assert sorted(value for value in values if len(set(value)) == 1) == [
        f"{number}" * 10 for number in range(5)
    ]


def test_a_directory_that_repeats_a_long_field_takes_bounded_memory() -> None:
    """A record with 70,000 entries for one field of 10 kB is read, and reported as wrong."""
    entries = 70_000
    data = b"9" * 9_990 + b"\x1e" * entries
    record = b"00000nam a2200000 a 4500" + b"500999100000" * entries + b"\x1e" + data + b"\x1d"
    with limit_memory(300):
        [_], [problem] = read_records(record, "marc")
    assert "the lengths or the directory" in problem.what


@pytest.mark.parametrize(
    ("data", "level", "text"),
    [
        (b"M\xe8unchen", b" ", "München"),  # MARC-8
        (b"M\xe8unchen", b"a", "München"),
        (b"M\xfcnchen", b" ", "München"),  # Windows-1252
        (b"M\xfcnchen caf\xe9", b"a", "München café"),
        (b"M\xc3\xbcnchen", b" ", "München"),  # UTF-8
        (b"M\xc3\xbcnchen", b"a", "München"),
        (b"\xeaAlesund", b" ", "Ålesund"),
        (b"\x1b(Nmir\x1b(B", b" ", "МИР"),
        ("Реки соли и моря".encode("cp1251"), b" ", "Реки соли и моря"),
        ("Реки соли и моря".encode("koi8-r"), b" ", "Реки соли и моря"),
        ("盐的河流与海洋".encode("gb18030"), b" ", "盐的河流与海洋"),
        ("École des mines à Évian".encode("cp1252"), b" ", "École des mines à Évian"),
    ],
)
def test_encodings_are_recognized(data: bytes, level: bytes, text: str) -> None:
    record = make_binary([("245", "00$aXXXX")]).replace(b"XXXX", data)
    record = record[:9] + level + record[10:]
    assert read_records(record, "marc").columns()["245$a"] == [text]


def test_bad_bytes_are_replaced_and_reported() -> None:
    found = read_records(make_binary([("245", "00$aMünchen ?")]).replace(b"?", b"\xff"), "marc")
    assert found.columns()["245$a"] == ["München \ufffd"]
    assert "invalid in the encoding it declares" in found.problems[0].what


def test_a_truncated_record_is_kept() -> None:
    found = read_records(ONE + ONE[:-60], "marc")
    assert found.columns(1)["245$a"] == found.columns()["245$a"]
    assert found.problems


def test_records_without_fields_are_reported() -> None:
    found = read_records(b"no MARC\x1d" + ONE, "marc")
    assert found.problems[0].what == "the MARC record has no fields"
    assert len(found.records) == 1
