"""MARC as text is read in the styles of three programs."""

from __future__ import annotations

import pytest

from indexer.readers.formats.marc import text
from tests.indexer.readers.marc.samples import (
    RIVERS,
    choose,
    columns,
    make_mrk,
    read_records,
)

ONE = make_mrk(RIVERS)
ALEPH = """000000001 LDR   L 00000nam^a2200000^a^4500
000000001 001   L x1
000000001 24510 L $$aRivers of salt /$$cAda Moss.
000000001 650 0 L $$aRivers$$xHistory
000000002 LDR   L 00000nam^a2200000^a^4500
000000002 24510 L $$aSalt
"""
RECORD = """LDR 00000nam a2200000 a 4500
001     x1
245 10 _aRivers of salt /
       _cAda Moss.
650  0 _aRivers
       _xHistory

LDR 00000nam a2200000 a 4500
001     x2
245 10 _aSalt
"""
STYLES = {"mrk": ONE + "\n" + ONE, "aleph": ALEPH, "record": RECORD}


@pytest.mark.parametrize("data", STYLES.values(), ids=STYLES)
def test_styles_are_recognized(data: str) -> None:
    """The first lines decide the style, whatever the name of the file is."""
    for filename in ("a.mrk", "a.txt", "a"):
        assert choose(data, filename) == choose("\ufeff" + data, filename) == "mrk"
        assert choose(data.replace("\n", "\r\n"), filename) == "mrk"


@pytest.mark.parametrize(
    "data", ["", "=Title=\ntext\n", "245 pages\n100 lines\n", "= 245  x\n", "000000001,LDR,L\n"]
)
def test_other_files_are_not_recognized(data: str) -> None:
    """Text without fields is not recognized as MARC."""
    assert text.detect("a.txt", data.encode()) is None


@pytest.mark.parametrize("data", STYLES.values(), ids=STYLES)
def test_styles_have_the_same_columns(data: str) -> None:
    """Each style gives two records with leader, fields and subfields."""
    first, second = map(columns, read_records(data, "mrk"))
    assert first["leader"] == ["00000nam a2200000 a 4500"]
    assert first["245$a"] == ["Rivers of salt"]
    assert first["245$c"][0].startswith("Ada Moss")
    assert (first["650$a"], first["650$x"]) == (["Rivers"], ["History"])
    assert second["245$a"][0].endswith(("Salt", "salt"))


def test_blanks_and_mnemonics_are_decoded() -> None:
    """A backslash is a blank, and names in braces are characters."""
    line = "=245  \\0$aCaf{eacute} {uml}a {dollar}5 {lcub}x{rcub} {Aelig} {nothing}"
    line = line.replace("{Aelig}", "{AElig}")
    [record] = read_records(f"=LDR  00000nam\\a22\n{line}\n", "mrk")
    assert columns(record)["245$a"] == ["Café ä $5 {x} Æ {nothing}"]
    assert columns(record)["leader"] == ["00000nam a22"]


def test_a_field_may_have_several_lines() -> None:
    """A line without a tag continues the field before it."""
    [record] = read_records(
        "=LDR  x\n=520  \\\\$aRivers and\nseas of salt.\n=500  \\\\$aB\n", "mrk"
    )
    assert columns(record)["520$a"] == ["Rivers and seas of salt."]


def test_blank_lines_separate_records_without_leaders() -> None:
    """A field after a blank line starts a record."""
    records = read_records("=001  1\n=245  00$aA\n\n=001  2\n=245  00$aB\n", "mrk")
    assert [(record.source.line, columns(record)["245$a"]) for record in records] == [
        (1, ["A"]), (4, ["B"]),
    ]  # fmt: skip


def test_a_new_number_starts_a_record_of_aleph() -> None:
    """In Aleph's style, a record starts at a new number, whatever its first field is."""
    with_formats = ALEPH.replace("000000002 LDR", "000000002 FMT   L BK\n000000002 LDR")
    for data in (with_formats, ALEPH.replace("000000002 LDR   L 00000nam^a2200000^a^4500\n", "")):
        titles = [columns(record)["245$a"] for record in read_records(data, "mrk")]
        assert titles == [["Rivers of salt"], ["Salt"]]


def test_windows_1252_is_read() -> None:
    """Text that is not UTF-8 is read as Windows-1252."""
    [record] = read_records(ONE.replace("salt", "größe").encode("cp1252"), "mrk")
    assert columns(record)["245$a"] == ["Rivers of größe"]
