"""Delimited tables are read row by row, in any notation and encoding."""

from __future__ import annotations

import io
from collections.abc import Sequence

import msgspec
import pytest

from indexer.catalogue.column_names import list_headings
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Problem, SourceRecord
from indexer.readers import registry
from indexer.readers.base import HEAD_BYTES
from indexer.readers.formats import delimited
from indexer.readers.tables.headings import find_header
from tests.cpu_time import limit_cpu_time

BOOKS = (
    ("Title", "Author(s)", "Year", "DOI"),
    ("A history of tea", "Okafor, Ada; Lind, Per", "1998", "10.5555/tea.1"),
    ("Harbours, and how to leave them", "Silva, Inês", "2004", ""),
    ('The "small" atlas', "Wu, Li", "2011", "10.5555/atlas"),
)


def write(rows: Sequence[Sequence[str]], delimiter: str = ",") -> str:
    """Return rows as delimited text in which every cell is quoted."""
    return "".join(
        delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n" for row in rows
    )


def read_all(data: bytes | str, limits: Limits = LIMITS) -> list[SourceRecord | Problem]:
    """Return all records and problems of a file."""
    data = data if isinstance(data, bytes) else data.encode()
    return list(registry.read(io.BytesIO(data), "books.csv", delimited, limits))


def read(data: bytes | str, limits: Limits = LIMITS) -> list[dict[str, str]]:
    """Return the cells of each record by column. No problem may occur."""
    result = read_all(data, limits)
    assert not [each for each in result if isinstance(each, Problem)]
    return [to_cells(each) for each in result]


def to_cells(record: SourceRecord | Problem) -> dict[str, str]:
    """Return the cells of a record by column."""
    assert isinstance(record, SourceRecord)
    return {stated.name: stated.value for stated in record.properties}


def problems(result: Sequence[SourceRecord | Problem]) -> list[Problem]:
    """Return the problems of a result."""
    return [each for each in result if isinstance(each, Problem)]


def header(data: bytes | str) -> tuple[str, ...]:
    """Return the columns of a table."""
    data = data if isinstance(data, bytes) else data.encode()
    return next(each.columns for each in read_all(data) if isinstance(each, SourceRecord))


EXPECTED = [
    {name: cell for name, cell in zip(BOOKS[0], row, strict=True) if cell} for row in BOOKS[1:]
]


@pytest.mark.parametrize("delimiter", list(",;\t|^~"))
def test_any_delimiter_gives_the_same_records(delimiter: str) -> None:
    """A table has the same records with any delimiter."""
    assert read(write(BOOKS, delimiter)) == EXPECTED


def test_record_has_the_line_where_it_starts() -> None:
    """A record has the line where it starts. A line break in a quoted cell is part of the cell."""
    first, second = read_all('Title,Abstract\nA,"one\r\n\r\ntwo"\n\nB,three\n')
    assert to_cells(first) == {"Title": "A", "Abstract": "one\n\ntwo"}
    assert isinstance(first, SourceRecord)
    assert isinstance(second, SourceRecord)
    assert (first.source.line, second.source.line) == (2, 6)


@pytest.mark.parametrize(
    "before",
    [
        "My library\n",
        "My library,,,\n\n",
        '"SEARCH QUERY","tea:ti"\n-------------\n\n',
        "Exported:,2024-01-05,,\nBy:,A. Person,,\n,,,\n",
        "# exported from a library, by A. Person, in May, 2024\n# rows: 3\n",
        "sep=,\n",
        "\n\n\n",
    ],
)
def test_lines_before_the_header_are_skipped(before: str) -> None:
    """Titles, notes, and blank lines before the header are not rows."""
    assert read(before + write(BOOKS)) == EXPECTED


@pytest.mark.parametrize("row", sorted({*list_headings()} - {"id"}))
def test_headings_that_feed_a_row_mark_the_header(row: str) -> None:
    """A row of headings that an import maps is known as a header."""
    headings = list_headings()[row]
    assert find_header([headings, ["some text"] * len(headings)]).is_known


def test_headings_need_no_known_words() -> None:
    """A row of names above rows with numbers and dates is a header, whatever the names."""
    rows = read("Bezug,Qty,Wann\nalpha,3,2001-01-01\nbeta,5,2002-02-02\n")
    assert rows[0] == {"Bezug": "alpha", "Qty": "3", "Wann": "2001-01-01"}


@pytest.mark.parametrize(
    "text",
    [
        (
            "A history of tea in the northern part of the island,1998,10.5555/tea\n"
            "Harbours and how to leave them in a storm,2004,10.5555/h\n"
        ),
        "book,English,tea\nbook,French,sea\narticle,English,bee\n",
    ],
)
def test_table_without_a_header_has_numbered_columns(text: str) -> None:
    """A first row that is like the rows below is a record. The columns are numbered."""
    assert header(text) == ("column 1", "column 2", "column 3")
    assert len(read(text)) == text.count("\n")


def test_repeated_and_empty_headings_are_numbered() -> None:
    """A repeated heading gets a number. An empty one becomes the number of its column."""
    assert header("Title,Author,,Author,Author 2\na,b,c,d,1999\n") == (
        "Title", "Author", "column 3", "Author 3", "Author 2",
    )  # fmt: skip


def test_header_lists_columns_that_are_empty() -> None:
    """A record lists all columns, even those without a value."""
    assert header("Title,Notes,Year\na,,1999\nb,,2000\n") == ("Title", "Notes", "Year")
    assert read("Title,Notes,Year\na,,1999\n") == [{"Title": "a", "Year": "1999"}]


def test_group_row_is_joined_with_the_names_below() -> None:
    """A row that names groups of columns is joined with the names below it."""
    text = "Work,,,Holding,\nTitle,Author,Year,Place,Shelf\na,b,1999,c,d\ne,f,2000,g,h\n"
    assert header(text) == (
        "Work / Title", "Work / Author", "Work / Year", "Holding / Place", "Holding / Shelf",
    )  # fmt: skip


def test_r_row_names_have_a_column() -> None:
    """If each row has one cell more than the header, the first column has the names of rows."""
    assert read('"title","year"\n"1","a",1999\n"2","b",2000\n')[1] == {
        "column 1": "2", "title": "b", "year": "2000",
    }  # fmt: skip


def test_short_rows_are_read_and_long_ones_are_reported() -> None:
    """A short row is read. A cell beyond the header is reported, and has a numbered column."""
    long, problem, short = read_all("Title,Year,Place\na,1999,b,c\nd,2000\n")
    assert to_cells(long) == {"Title": "a", "Year": "1999", "Place": "b", "column 4": "c"}
    assert to_cells(short) == {"Title": "d", "Year": "2000"}
    assert isinstance(problem, Problem)
    assert "4 cells, but the header has 3" in problem.what


@pytest.mark.parametrize(
    "last",
    ["Total,2,,\n", "\nExported on 2024-01-05\n", ",,,2\n", "Источник: x\n© 2024\n", "Gesamt: 2\n"],
)
def test_total_below_the_table_is_reported(last: str) -> None:
    """A total or a note below the table is a problem, not a record."""
    result = read_all(write(BOOKS) + last)
    assert [*map(to_cells, result[:3])] == EXPECTED
    assert "not a publication" in problems(result)[-1].what


def test_sparse_row_within_the_table_is_a_record() -> None:
    """A row with one cell is a record if other rows follow it."""
    rows = read(write([*BOOKS[:2], ("Total war", "", "", ""), *BOOKS[2:]]))
    assert rows[1] == {"Title": "Total war"}


def test_repeated_header_and_lines_of_dashes_are_skipped() -> None:
    """The header of an appended table and a line of dashes are not records."""
    text = write(BOOKS)
    assert read(text + "-----,----,-----,----\n" + text) == 2 * EXPECTED


def test_quotation_marks_within_cells_are_text() -> None:
    """Quotation marks within a cell are text, whether they are escaped or not."""
    assert read('Title,Year\n"He said "no" twice",1999\nA 5" disk,2000\n"a ""b"" c",2001\n') == [
        {"Title": 'He said "no" twice', "Year": "1999"},
        {"Title": 'A 5" disk', "Year": "2000"},
        {"Title": 'a "b" c', "Year": "2001"},
    ]
    assert read('Title,Year\n"say \\"a, b\\"",1999\n"say \\"c\\"",2000\n')[0] == {
        "Title": 'say "a, b"', "Year": "1999",
    }  # fmt: skip


def test_quotation_marks_are_text_in_a_file_without_quoting() -> None:
    """In a file without quoting, a quotation mark at the start of a cell is text."""
    text = 'Title\tAuthor\tNote\tYear\n"Tea" she said\tWu\t"Good bye"\t1999\n"A\tb\tc\t2000\n'
    assert to_cells(read_all(text)[0]) == {
        "Title": '"Tea" she said', "Author": "Wu", "Note": "Good bye", "Year": "1999",
    }  # fmt: skip


def test_formula_around_a_number_is_removed() -> None:
    """A formula that protects the zeros of a number becomes its digits."""
    text = 'Title,ISBN,Year\nTea,"=""0123""",1999\nBees,="0456",2000\nSalt,"=""""",2001\n'
    assert [row.get("ISBN") for row in read(text)] == ["0123", "0456", None]


def test_apostrophe_before_a_formula_is_removed() -> None:
    """Exports write it, so that a spreadsheet runs no formula. Other apostrophes stay."""
    text = "Title,Note\n'=SUM(A1),'-5\n'@home,''+1\n'\uff1dA1,x\n'Tis,'=\"\"0123\"\"\n"
    cells = [(row["Title"], row["Note"]) for row in read(text)]
    assert cells == [("=SUM(A1)", "-5"), ("@home", "'+1"), ("\uff1dA1", "x"), ("'Tis", '=""0123""')]


@pytest.mark.parametrize(
    "cell",
    [
        """['Wu, Li', "O'Hara, Ann"]""", '["Wu, Li", "O\'Hara, Ann"]',
        """[{'id': 1, 'name': 'Wu, Li'}, {'id': None, 'name': "O'Hara, Ann"}]""",
        """[{"name": "Wu, Li", "id": null}, {"name": "O'Hara, Ann"}]""",
        "['Wu, Li'\n \"O'Hara, Ann\"]", r"['Wu, Li', 'O\'Hara, Ann']",
    ],
)  # fmt: skip
def test_list_in_a_cell_is_several_values(cell: str) -> None:
    """A list that a program wrote into a cell has several values. Other brackets are text."""
    tea, other = read_all(
        write([["Title", "Author", "Year"], ["[Tea]", cell, "1999"], ["[1]", "[]", "2"]])
    )
    assert isinstance(tea, SourceRecord)
    assert [(stated.name, stated.value) for stated in tea.properties] == [
        ("Title", "[Tea]"), ("Author", "Wu, Li"), ("Author", "O'Hara, Ann"), ("Year", "1999")
    ]  # fmt: skip
    assert to_cells(other) == {"Title": "[1]", "Year": "2"}


def test_rows_that_are_quoted_twice_are_read() -> None:
    """A table whose rows are quoted as a whole is read like one without."""
    text = "".join('"' + line.replace('"', '""') + '"\n' for line in write(BOOKS).splitlines())
    assert read(text) == EXPECTED


def test_questions_of_a_form_are_headings() -> None:
    """Long texts are headings if the columns below them have numbers or dates."""
    text = "When?,What is the full name of the thing that you made?\n2/3/2023 10:00:00,Tea\n"
    assert len(read(text + text.splitlines()[1] + "\n")) == 2


def test_single_quotation_marks_quote() -> None:
    """Single quotation marks enclose cells if all cells have them."""
    text = "'Title','Author','Year'\n'a, b','c','1999'\n'd','e','2000'\n"
    assert read(text)[0] == {"Title": "a, b", "Author": "c", "Year": "1999"}


def test_unclosed_quotation_mark_affects_one_row() -> None:
    """A quotation mark that is not closed is reported. The rows after it are read."""
    rows = "".join(f"Book {n},Author {n},{1900 + n}\n" for n in range(50))
    for text in (rows, rows + '"Last, one",Someone,1999\n'):
        result = read_all('Title,Author,Year\n"Bad,Author,1999\n' + text)
        assert len(result) == text.count("\n") + 2
        assert "not closed" in problems(result)[0].what


def test_bad_bytes_are_replaced_and_reported() -> None:
    """In a row in UTF-8, a bad byte is replaced and reported, and the record is kept."""
    data = write(BOOKS).encode() + b"Caf\xc3\xa9 \xff,x,1999,\n"
    result = read_all(data)
    assert to_cells(result[-1])["Title"] == "Café \ufffd"
    assert "0xff is not UTF-8" in problems(result)[0].what


def test_a_row_may_have_another_encoding() -> None:
    """A row in windows-1252 is read in a file of UTF-8, whether its last letter has an accent."""
    rows = read(write(BOOKS).encode() + "Große,x,1999,café\n".encode("cp1252"))
    assert [*rows[-1].values()] == ["Große", "x", "1999", "café"]


def test_encoding_is_found_beyond_the_head() -> None:
    """A file that starts in ASCII may be windows-1252 or UTF-8 later."""
    start = "Title,Year\n" + "Tea,1999\n" * (HEAD_BYTES // 8)
    for encoding in ("windows-1252", "utf-8"):
        assert read((start + "Café – 2,2000\n").encode(encoding))[-1]["Title"] == "Café – 2"


def test_too_long_rows_are_reported() -> None:
    """A row over the limit is a problem, and the others are read."""
    limits = msgspec.structs.replace(LIMITS, largest_line=1000)
    long = "x" * 2000
    for row in (f"{long},1999\n", '"' + "x\n" * 1000 + '",1999\n'):
        result = read_all(f"Title,Year\na,1999\n{row}b,2000\n", limits)
        assert next(each.source.line for each in result if isinstance(each, SourceRecord)) == 2
        assert to_cells(result[-1]) == {"Title": "b", "Year": "2000"}
        assert "1000 characters" in problems(result)[0].what


@pytest.mark.slow
def test_number_of_columns_is_limited() -> None:
    """A table of 10,000 columns is read. A row over the limit is reported."""
    names = ",".join(f"field {n}" for n in range(10_000))
    values = ",".join(map(str, range(10_000)))
    text = f"{names}\n{values}\n"
    assert len(read(text)[0]) == 10_000
    [problem] = read_all(text, msgspec.structs.replace(LIMITS, most_parts=5000))
    assert isinstance(problem, Problem)


@pytest.mark.parametrize(
    "data",
    [b'"' * 300_000, b',"' * 200_000, b',"x\n' * 100_000, b'"""\n' * 100_000, b" " * 500_000,
     b',"x"y' * 100_000, b"a" * 900_000, (b" " * 900 + b'"') * 500, b"\\" * 300_000],
    ids=range(9),
)  # fmt: skip
@pytest.mark.slow
def test_hostile_quotation_marks_are_read_within_seconds(data: bytes) -> None:
    """A file of quotation marks that are never closed is read within 20 s."""
    with limit_cpu_time(20):
        read_all(b"Title,Year\na,1999\n" + data)
        delimited.detect("x.csv", data[:HEAD_BYTES])


@pytest.mark.parametrize(
    ("name", "text", "least"),
    [
        ("books.csv", write(BOOKS), 40),
        ("books.txt", write(BOOKS, "\t"), 35),
        ("books", write(BOOKS, ";"), 30),
        ("books.xls", "sep=;\nTitle;Year\na;1999\n", 60),
        ("titles.csv", "Title\nA history of tea\nHarbours\n", 10),
    ],
)
def test_table_is_recognized(name: str, text: str, least: int) -> None:
    """A table is recognized by its lines, whatever its name."""
    evidence = delimited.detect(name, text.encode())
    assert evidence
    assert least <= evidence.score <= 60


@pytest.mark.parametrize(
    "text",
    [
        '{"title": "a", "year": 1}\n{"title": "b", "year": 2}\n',
        '[{"title": "a", "year": 1},\n{"title": "b", "year": 2}]\n',
        "<records>\n<a>b, c, d</a>\n</records>\n",
        "@article{key,\n title = {a},\n year = 1999,\n}\n",
        "TY  - JOUR\nTI  - A, b and c\nER  - \n",
        "%0 Journal Article\n%T A, b\n",
        "---\ntitle: a, b\n---\n",
        "Tea is old. It came, some say, from the hills.\nOthers doubt it, and with reason.\n",
        "Silva, Inês\nWu, Li\nOkafor, Ada\n",
        "%PDF-1.7\n1,2,3\n1,2,3\n",
        "\x00\x01,\x02,\n,,\n",
    ],
)
def test_other_text_is_not_recognized(text: str) -> None:
    """Text of other formats and prose are not recognized as tables."""
    assert delimited.detect("file.txt", text.encode()) is None


def test_single_column_is_a_table() -> None:
    """A list of titles below a heading has one column, despite commas in them."""
    assert read("Title\nTea, and more\nHarbours\nBees, wasps, ants\n")[0] == {
        "Title": "Tea, and more"
    }
