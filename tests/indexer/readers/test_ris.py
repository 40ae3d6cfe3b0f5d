"""RIS is read in the dialects of all programs that write it."""

from __future__ import annotations

import pytest

from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem
from tests.indexer.readers.streams import (
    find_reader,
    list_columns,
    map_rows,
    read,
    read_columns,
    recognize,
)

RIS = find_reader("ris")
RECORD = """TY  - JOUR
AU  - Moss, Ada
AU  - Lind, Bo
TI  - Rivers of salt
PY  - 1999
AB  - First line
second line.
ER  -
"""
COLUMNS = [
    ("TY", "JOUR"), ("AU", "Moss, Ada"), ("AU", "Lind, Bo"), ("TI", "Rivers of salt"),
    ("PY", "1999"), ("AB", "First line\nsecond line."),
]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        RECORD,
        "\n\n" + RECORD,
        "Record #1 of 2\nProvider: A publisher\nContent: text/plain\n\n" + RECORD,
        "1. \n" + RECORD,
        RECORD.replace("\n", "\r\n"),
        RECORD.replace("\n", "\r"),
        RECORD.replace("  - ", "  -  "),
        RECORD.replace("  - ", " - "),
        RECORD.replace("  - ", "  -"),
        RECORD.lower(),
        RECORD.replace("ER  -\n", ""),
    ],
)
@pytest.mark.parametrize("filename", ["export.ris", "export.txt", "export.csv", "export", "a.xml"])
def test_ris_is_recognized_by_its_first_tag(text: str, filename: str) -> None:
    """A RIS file is recognized, whatever its name and its first lines are."""
    assert recognize(text, filename) == "ris"


@pytest.mark.parametrize(
    "text", ["", "TYPE - A list\n", "<p>TY  - JOUR</p>", "title,TY  - year\n", "% TY  - JOUR\n"]
)
def test_other_text_is_not_recognized(text: str) -> None:
    """A file without a line that starts with TY is not RIS."""
    assert RIS.detect("export.txt", text.encode()) is None


@pytest.mark.parametrize(
    "text",
    [
        RECORD,
        RECORD.replace("\n", "\r\n"),
        RECORD.replace("\n", "\r"),
        "1. \n" + RECORD + "\n",
        RECORD.replace("  - ", "  -  "),
        RECORD.replace("  - ", " - "),
        RECORD.replace("ER  -\n", ""),
        RECORD.replace("ER  -\n", "ER  -"),
        RECORD.replace("ER  -\n", "ER  - \n\x1a"),
        RECORD.replace("AU  - ", "au  - "),
        "\ufeff" + RECORD,
        RECORD.replace("first", "\nfirst").replace("second", "\n\n     second"),
    ],
)
def test_dialects_give_the_same_columns(text: str) -> None:
    """Newlines, spaces, lowercase tags, notes, and a missing end do not change the columns."""
    assert read_columns(RIS, text) == [COLUMNS]


def test_tags_without_a_type_are_recognized_and_split_at_blank_lines() -> None:
    """Tags of RIS without TY are recognized. ER or a blank line ends such a record."""
    for between in ("ER  - \n", "\n"):
        text = f"UI  - 1\nAU  - Moss, Ada\nTI  - A\nPY  - 1\n{between}UI  - 2\nTI  - B\n{between}"
        assert recognize(text) == "ris"
        assert [record[0] for record in read_columns(RIS, text)] == [("UI", "1"), ("UI", "2")]


def test_records_start_at_their_first_tag() -> None:
    """A record has the line of its first tag. Text between records is ignored."""
    text = "1.\n" + RECORD + "\n2.\nID  - 7\n" + RECORD + "Page 2\n"
    first, other = read(RIS, text)
    assert (first.line, other.line) == (2, 12)
    assert list_columns(other)[:2] == [("ID", "7"), ("TY", "JOUR")]


@pytest.mark.parametrize("between", ["ER  -\n", "", "\n", "ER  - \n\n\n3. \n"])
def test_a_record_starts_at_each_type(between: str) -> None:
    """A record ends at ER or where the next TY starts."""
    text = between.join(["TY  - BOOK\nTI  - A\n", "TY  - JOUR\nTI  - B\n"])
    assert read_columns(RIS, text) == [
        [("TY", "BOOK"), ("TI", "A")],
        [("TY", "JOUR"), ("TI", "B")],
    ]


def test_lines_without_a_tag_continue_a_value() -> None:
    """A line without a tag continues a value, even if it starts with ER or a hyphen."""
    text = "TY  - JOUR\nT1  - Rivers\nof salt\nN1  - one\n      - two\nER two\nco - op\nER  -\n"
    assert read_columns(RIS, text) == [
        [("TY", "JOUR"), ("T1", "Rivers of salt"), ("N1", "one\n- two\nER two\nco - op")]
    ]


def test_each_line_of_keywords_is_a_value() -> None:
    """EndNote writes each keyword on a line, after one tag."""
    assert read_columns(RIS, "TY  - JOUR\nKW  - rivers\nsalt water\nPY  - 1999\n") == [
        [("TY", "JOUR"), ("KW", "rivers"), ("KW", "salt water"), ("PY", "1999")]
    ]


def test_empty_tags_are_not_columns() -> None:
    """A tag without a value gives no column."""
    assert read_columns(RIS, "TY  - JOUR\nSP  -\nPD  - \nVL  - 3\nER  -\n") == [
        [("TY", "JOUR"), ("VL", "3")]
    ]


def test_a_tag_inside_a_value_is_separate() -> None:
    """A tag without a line break before it is a separate column."""
    text = "TY  - JOUR\nUR  - https://example.org/1     U2  - L123\nER  -\n"
    assert read_columns(RIS, text) == [
        [("TY", "JOUR"), ("UR", "https://example.org/1"), ("U2", "L123")]
    ]


def test_unknown_and_long_tags_are_columns() -> None:
    """Any tag is a column, even a tag of three letters."""
    assert read_columns(RIS, "TY  - JOUR\nX9  - odd\nDOI  - 10.1/x\nER  -\n") == [
        [("TY", "JOUR"), ("X9", "odd"), ("DOI", "10.1/x")]
    ]


def test_a_name_that_ends_with_a_comma_is_a_body() -> None:
    """EndNote marks a body by a comma after its name. A person with a stray comma stays one."""
    text = "TY  - RPRT\nAU  - United Nations,\nAU  - Moss, Ada,\nPB  - Fjord Press,\nER  -\n"
    assert read_columns(RIS, text)[0][1:] == [
        ("AU", "{United Nations}"), ("AU", "Moss, Ada,"), ("PB", "Fjord Press,")
    ]  # fmt: skip


def test_a_bad_byte_is_replaced_and_reported() -> None:
    """A record of UTF-8 with a bad byte is kept, and the byte is reported with its line."""
    problem, record = read(RIS, b"TY  - JOUR\nTI  - \xc3\xa9t\xe9 x\nER  -\n")
    assert isinstance(problem, Problem)
    assert (problem.line, "0xe9" in problem.what) == (2, True)
    assert list_columns(record) == [("TY", "JOUR"), ("TI", "ét\ufffd x")]


def test_a_letter_cut_at_the_end_is_reported() -> None:
    """A record of UTF-8 that ends within a letter is reported."""
    problem, record = read(RIS, b"TY  - JOUR\nTI  - caf\xc3\xa9 caf\xc3")
    assert isinstance(problem, Problem)
    assert list_columns(record)[1] == ("TI", "café caf\ufffd")


@pytest.mark.parametrize(
    ("encoding", "title", "bad"),
    [
        ("windows-1251", "Соляные дороги", b"\x98"), ("gb18030", "中国经济学研究论文", b"\xff"),
        ("shift_jis", "塩の道と川についての研究", b"\x81"), ("utf-16", "Größe", b"\x00\xd8"),
    ],
)  # fmt: skip
def test_a_bad_byte_of_another_encoding_is_reported(encoding: str, title: str, bad: bytes) -> None:
    """A file in another encoding is converted as a whole, and a bad byte in it is reported."""
    text = f"TY  - JOUR\nTI  - {title}\nER  -\n" * 4 + f"TY  - BOOK\nTI  - {title}"
    *records, problem, last = read(RIS, text.encode(encoding) + bad)
    assert [list_columns(record) for record in records] == [[("TY", "JOUR"), ("TI", title)]] * 4
    assert isinstance(problem, Problem)
    assert list_columns(last)[1][1] == f"{title}\ufffd"


@pytest.mark.parametrize(
    ("text", "line", "kept"),
    [("AB  - " + "x" * 300 + "\n", 5, ["A", "B", "C"]), ("KW  - word\n" * 40, 4, ["A", "C"])],
)
def test_what_is_too_large_is_reported_and_the_rest_is_read(
    text: str, line: int, kept: list[str]
) -> None:
    """A line or a record over the limit is a problem with its place. The rest is read."""
    text = f"TY  - A\nER  -\n\nTY  - B\n{text}ER  -\nTY  - C\nER  -\n"
    pieces = read(RIS, text, Limits(largest_line=200))
    [problem] = [piece for piece in pieces if isinstance(piece, Problem)]
    assert (problem.line, "more than 200 bytes" in problem.what) == (line, True)
    pieces.remove(problem)
    assert [list_columns(piece) for piece in pieces] == [[("TY", type_)] for type_ in kept]


@pytest.mark.parametrize(
    ("limits", "what"),
    [(Limits(most_entries=2), "2 records"), (Limits(largest_unpacked=100), "100 bytes")],
)
def test_a_large_file_is_read_up_to_the_limit(limits: Limits, what: str) -> None:
    """A file over a limit is a problem after the records up to there."""
    *records, problem = read(RIS, RECORD * 5, limits)
    assert len(records) <= 2
    assert isinstance(problem, Problem)
    assert what in problem.what


def test_an_empty_file_has_no_records() -> None:
    """A file without a tag has no records and no problems."""
    assert read(RIS, "") == []
    assert read(RIS, "Nothing here\n\n") == []


def test_the_default_mapping_fills_the_rows() -> None:
    """The default mapping fills rows from each dialect of tags."""
    endnote = "TY  - JOUR\nAU  - Moss, Ada\nTI  - Rivers\nPY  - 1999\nDA  - Mar 5\nT2  - Water\n"
    refman = "TY  - JOUR\nA1  - Moss, Ada\nT1  - Rivers\nY1  - 1999/03/05/\nJF  - Water\n"
    for text in (endnote, refman):
        rows = map_rows(
            RIS, text + "SP  - 1\nEP  - 9\nSN  - 1234-5679\nDO  - doi:10.1000/x\nER  -\n"
        )
        assert rows == {
            "title": ["Rivers"], "authors": ["Moss, Ada"], "year": ["1999"],
            "date": ["1999-03-05"], "container": ["Water"], "pages": ["1-9"],
            "doi": ["10.1000/x"], "issn": ["1234-5679"], "type": ["Journal article"],
        }  # fmt: skip
