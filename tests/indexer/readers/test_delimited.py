"""Delimited tables are read row by row, in any notation and encoding."""

from collections.abc import Sequence
from functools import partial

import pytest

from indexer.catalogue.column_names import list_headings
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Problem, SourceRecord
from indexer.readers.base import HEAD_BYTES
from indexer.readers.formats import delimited
from indexer.readers.tables.headings import find_header
from tests.cpu_time import limit_cpu_time
from tests.indexer.readers.reading import read_page

BOOKS = (
    ("Title", "Author(s)", "Year", "DOI"),
    ("A history of tea", "Okafor, Ada; Lind, Per", "1998", "10.5555/tea.1"),
    ("Harbours, and how to leave them", "Silva, Inês", "2004", ""),
    ('The "small" atlas', "Wu, Li", "2011", "10.5555/atlas"),
)
read_all = partial(read_page, delimited, "books.csv")


def write(rows: Sequence[Sequence[str]], delimiter: str = ",") -> str:
    """Return rows as delimited text in which every cell is quoted."""
    return "".join(
        delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n" for row in rows
    )


def read_cells(data: bytes | str, limits: Limits = LIMITS) -> list[dict[str, str]]:
    """Return the cells of each record by column. No problem may occur."""
    return [*map(to_cells, read_all(data, limits))]


def to_cells(record: SourceRecord | Problem) -> dict[str, str]:
    assert isinstance(record, SourceRecord)
    cells: dict[str, str] = {}
    for each in record.properties:
        cells[each.name] = f"{cells[each.name]}/{each.value}" if each.name in cells else each.value
    return cells


def find_problems(result: Sequence[SourceRecord | Problem]) -> list[str]:
    return [each.what for each in result if isinstance(each, Problem)]


EXPECTED = [
    {name: cell for name, cell in zip(BOOKS[0], row, strict=True) if cell} for row in BOOKS[1:]
]
WHOLE = write(BOOKS)
BOOKS_IN_OTHER_NOTATIONS = {
    **{f"delimiter {mark!r}": write(BOOKS, mark) for mark in ",;\t|^~"},
    "title above": "My library\n" + WHOLE,
    "title in a row": "My library,,,\n\n" + WHOLE,
    "query above": '"SEARCH QUERY","tea:ti"\n-------------\n\n' + WHOLE,
    "notes above": "Exported:,2024-01-05,,\nBy:,A. Person,,\n,,,\n" + WHOLE,
    "comments above": "# exported by A. Person, in May, 2024\n# rows: 3\n" + WHOLE,
    "declared delimiter": "sep=,\n" + WHOLE,
    "blank lines": "\n\n\n" + WHOLE,
    "rows quoted as a whole": "".join(
        '"' + line.replace('"', '""') + '"\n' for line in WHOLE.splitlines()
    ),
    "dashes and a repeated header": WHOLE + "-----,----,-----,----\n" + write(BOOKS[:1]),
}


@pytest.mark.parametrize("text", BOOKS_IN_OTHER_NOTATIONS.values(), ids=BOOKS_IN_OTHER_NOTATIONS)
def test_a_table_in_any_notation_has_the_same_records(text: str) -> None:
    assert read_cells(text) == EXPECTED


# A table, its columns, and the cells of its rows. A column without a cell is left out.
TABLES: dict[str, tuple[str, str, list[str]]] = {
    "unknown headings above numbers": (
        "Bezug,Qty,Wann\nalpha,3,2001-01-01\nbeta,5,2002-02-02\n", "Bezug|Qty|Wann",
        ["alpha|3|2001-01-01", "beta|5|2002-02-02"],
    ),
    "questions of a form": (
        "When?,What is the full name of the thing that you made?\n2/3/2023,Tea\n2/4/2023,Tea\n",
        "When?|What is the full name of the thing that you made?", ["2/3/2023|Tea", "2/4/2023|Tea"],
    ),
    "no header, but numbers": (
        "A history of tea in the hills of the north,1998\nHarbours in storms,2004\n",
        "column 1|column 2",
        ["A history of tea in the hills of the north|1998", "Harbours in storms|2004"],
    ),
    "no header, but repeated cells": (
        "book,English,tea\nbook,French,sea\narticle,English,bee\n", "column 1|column 2|column 3",
        ["book|English|tea", "book|French|sea", "article|English|bee"],
    ),
    "repeated and empty headings": (
        "Title,Author,,Author,Author 2\na,b,c,d,1999\n", "Title|Author|column 3|Author 3|Author 2",
        ["a|b|c|d|1999"],
    ),
    "an empty column": (
        "Title,Notes,Year\na,,1999\nb,,2000\n", "Title|Notes|Year", ["a||1999", "b||2000"],
    ),
    "a row of groups": (
        "Work,,,Holding,\nTitle,Author,Year,Place,Shelf\na,b,1999,c,d\ne,f,2000,g,h\n",
        "Work / Title|Work / Author|Work / Year|Holding / Place|Holding / Shelf",
        ["a|b|1999|c|d", "e|f|2000|g|h"],
    ),
    "names of rows by R": (
        '"title","year"\n"1","a",1999\n"2","b",2000\n', "column 1|title|year",
        ["1|a|1999", "2|b|2000"],
    ),
    "one column": (
        "Title\nTea, and more\nHarbours\nBees, wasps, ants\n", "Title",
        ["Tea, and more", "Harbours", "Bees, wasps, ants"],
    ),
    "a short row": (
        "Title,Year,Place\na,1999,b\nd,2000\n", "Title|Year|Place", ["a|1999|b", "d|2000"],
    ),
    "a sparse row among others": (
        "Title,Author,Year\na,b,1999\nTotal war,,\nc,d,2000\n", "Title|Author|Year",
        ["a|b|1999", "Total war", "c|d|2000"],
    ),
    "quotation marks within cells": (
        'Title,Year\n"He said "no" twice",1999\nA 5" disk,2000\n"a ""b"" c",2001\n', "Title|Year",
        ['He said "no" twice|1999', 'A 5" disk|2000', 'a "b" c|2001'],
    ),
    "quotation marks in a file without quoting": (
        'Title\tAuthor\tNote\tYear\n"Tea" she said\tWu\t"Good bye"\t1999\n"A\tb\tc\t2000\n',
        "Title|Author|Note|Year", ['"Tea" she said|Wu|Good bye|1999', '"A|b|c|2000'],
    ),
    "escaped quotation marks": (
        'Title,Year\n"say \\"a, b\\"",1999\n"say \\"c\\"",2000\n', "Title|Year",
        ['say "a, b"|1999', 'say "c"|2000'],
    ),
    "single quotation marks": (
        "'Title','Author','Year'\n'a, b','c','1999'\n'd','e','2000'\n", "Title|Author|Year",
        ["a, b|c|1999", "d|e|2000"],
    ),
    "formulas around numbers": (
        'Title,ISBN,Year\nTea,"=""0123""",1999\nBees,="0456",2000\n', "Title|ISBN|Year",
        ["Tea|0123|1999", "Bees|0456|2000"],
    ),
    "apostrophes before formulas": (
        "Title,Note\n'=SUM(A1),'-5\n'@home,''+1\n'\uff1dA1,x\n'Tis,'=\"\"0123\"\"\n", "Title|Note",
        ["=SUM(A1)|-5", "@home|'+1", "\uff1dA1|x", "'Tis|=\"\"0123\"\""],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "columns", "rows"), TABLES.values(), ids=TABLES)
def test_rows_are_records(text: str, columns: str, rows: list[str]) -> None:
    names = columns.split("|")
    cells = [zip(names, row.split("|"), strict=False) for row in rows]
    assert read_cells(text) == [{name: cell for name, cell in each if cell} for each in cells]
    assert [each.columns for each in read_all(text) if isinstance(each, SourceRecord)] == [
        tuple(names)
    ] * len(rows)


def test_record_has_the_line_where_it_starts() -> None:
    first, second = read_all('Title,Abstract\nA,"one\r\n\r\ntwo"\n\nB,three\n')
    assert to_cells(first) == {"Title": "A", "Abstract": "one\n\ntwo"}
    assert isinstance(first, SourceRecord)
    assert isinstance(second, SourceRecord)
    assert (first.source.line, second.source.line) == (2, 6)


@pytest.mark.parametrize("row", sorted({*list_headings()} - {"id"}))
def test_headings_that_feed_a_row_mark_the_header(row: str) -> None:
    headings = list_headings()[row]
    assert find_header([headings, ["some text"] * len(headings)]).is_known


# A table in which something is wrong, the last cells that are read, and the problem.
FAULTS: dict[str, tuple[bytes | str, list[str], str]] = {
    **{
        f"last row {last!r}": (WHOLE + last, [*EXPECTED[-1].values()], "not a publication")
        for last in (
            "Total,2,,\n", "\nExported on 2024-01-05\n", ",,,2\n", "© 2024\n", "Gesamt: 2\n",
        )
    },
    "a cell too many": (
        "Title,Year,Place\na,1999,b,c\n", ["a", "1999", "b", "c"], "4 cells, but the header has 3",
    ),
    "a bad byte": (
        WHOLE.encode() + b"Caf\xc3\xa9 \xff,x,1999,\n", ["Café \ufffd", "x", "1999"],
        "0xff is not UTF-8",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("data", "last", "what"), FAULTS.values(), ids=FAULTS)
def test_faults_of_rows_are_reported(data: bytes | str, last: list[str], what: str) -> None:
    result = read_all(data)
    assert what in find_problems(result)[-1]
    records = [each for each in result if isinstance(each, SourceRecord)]
    assert [*to_cells(records[-1]).values()] == last


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
    tea, other = read_all(
        write([["Title", "Author", "Year"], ["[Tea]", cell, "1999"], ["[1]", "[]", "2"]])
    )
    assert to_cells(tea) == {"Title": "[Tea]", "Author": "Wu, Li/O'Hara, Ann", "Year": "1999"}
    assert to_cells(other) == {"Title": "[1]", "Year": "2"}


def test_unclosed_quotation_mark_affects_one_row() -> None:
    rows = "".join(f"Book {n},Author {n},{1900 + n}\n" for n in range(50))
    for text in (rows, rows + '"Last, one",Someone,1999\n'):
        result = read_all('Title,Author,Year\n"Bad,Author,1999\n' + text)
        assert len(result) == text.count("\n") + 2
        assert "not closed" in find_problems(result)[0]


def test_a_row_may_have_another_encoding() -> None:
    """A row in windows-1252 is read in a file of UTF-8, whether its last letter has an accent."""
    rows = read_cells(WHOLE.encode() + "Große,x,1999,café\n".encode("cp1252"))
    assert [*rows[-1].values()] == ["Große", "x", "1999", "café"]


def test_encoding_is_found_beyond_the_head() -> None:
    """A file that starts in ASCII may be windows-1252 or UTF-8 later."""
    start = "Title,Year\n" + "Tea,1999\n" * (HEAD_BYTES // 8)
    for encoding in ("windows-1252", "utf-8"):
        assert read_cells((start + "Café – 2,2000\n").encode(encoding))[-1]["Title"] == "Café – 2"


def test_too_long_rows_are_reported() -> None:
    limits = Limits(largest_line=1000)
    long = "x" * 2000
    for row in (f"{long},1999\n", '"' + "x\n" * 1000 + '",1999\n'):
        result = read_all(f"Title,Year\na,1999\n{row}b,2000\n", limits)
        assert next(each.source.line for each in result if isinstance(each, SourceRecord)) == 2
        assert to_cells(result[-1]) == {"Title": "b", "Year": "2000"}
        assert "1000 characters" in find_problems(result)[0]


@pytest.mark.slow
def test_number_of_columns_is_limited() -> None:
    """The columns over the limit are left out of all rows, and reported once."""
    text = "".join(
        ",".join(f"{cell} {n}" for n in range(5000)) + "\n" for cell in ("field", "tea", "salt")
    )
    assert [len(cells) for cells in read_cells(text)] == [5000, 5000]
    *records, problem = read_all(text, Limits(most_columns=4000))
    assert [len(to_cells(record)) for record in records] == [4000, 4000]
    assert isinstance(problem, Problem)
    assert (problem.line, problem.what) == (1, "the row has more than 4000 cells")


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
        ("books.csv", WHOLE, 40),
        ("books.txt", write(BOOKS, "\t"), 35),
        ("books", write(BOOKS, ";"), 30),
        ("books.xls", "sep=;\nTitle;Year\na;1999\n", 60),
        ("titles.csv", "Title\nA history of tea\nHarbours\n", 10),
    ],
)
def test_table_is_recognized(name: str, text: str, least: int) -> None:
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
    assert delimited.detect("file.txt", text.encode()) is None
