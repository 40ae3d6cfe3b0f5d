"""Spreadsheets are read row by row, by a child process with limits."""

import datetime
import io
import signal
import subprocess
import sys
import zipfile
from collections import defaultdict
from collections.abc import Generator, Sequence
from functools import partial
from typing import Any
from xml.sax.saxutils import escape

import pytest

from indexer import child_process
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Problem, SourceRecord
from indexer.readers.formats import xlsx
from tests.cpu_time import limit_cpu_time
from tests.indexer.readers.reading import columns, read_page
from tests.indexer.readers.spreadsheets import BOOKS as BOOKS_OF_CELLS
from tests.indexer.readers.spreadsheets import (
    Cells,
    ods_row,
    write_ods,
    write_xls,
    write_xlsb,
    write_xlsx,
)
from tests.memory import limit_memory

Cell = str | float | bool | datetime.date | None
Sheets = dict[str, Sequence[Sequence[Cell]]]
BOOKS: list[list[Cell]] = [
    ["Title", "Author", "Year", "Bought"],
    ["A history of tea", "Okafor, Ada", 1998, datetime.date(2014, 4, 11)],
    ["Harbours", "Silva, Inês", 2004.0, datetime.datetime(2014, 4, 11, 13, 5)],  # noqa: DTZ001
    ["Bees & wasps", None, 1.5, True],
]
EXPECTED = [
    {"Title": "A history of tea", "Author": "Okafor, Ada", "Year": "1998", "Bought": "2014-04-11"},
    {"Title": "Harbours", "Author": "Silva, Inês", "Year": "2004", "Bought": "2014-04-11 13:05:00"},
    {"Title": "Bees & wasps", "Year": "1.5", "Bought": "TRUE"},
]  # fmt: skip
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_DAY_ZERO = datetime.datetime(1899, 12, 30)  # noqa: DTZ001 - spreadsheets have no time zones


def write_cell(name: str, value: Cell) -> str:
    if isinstance(value, bool):
        return f'<c r="{name}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, datetime.date):
        moment = datetime.datetime.combine(value, datetime.time())
        moment = value if isinstance(value, datetime.datetime) else moment
        days = (moment - _DAY_ZERO) / datetime.timedelta(days=1)
        return f'<c r="{name}" s="1"><v>{days}</v></c>'
    if isinstance(value, str):
        return f'<c r="{name}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f'<c r="{name}"><v>{value}</v></c>' if value is not None else ""


def write_sheet(rows: Sequence[Sequence[Cell]], merged: Sequence[str] = ()) -> str:
    """Return a sheet as XML. `merged` has ranges such as "A1:C1"."""
    lines = "".join(
        f'<row r="{number}">'
        + "".join(
            write_cell(f"{chr(65 + column)}{number}", cell) for column, cell in enumerate(row)
        )
        + "</row>"
        for number, row in enumerate(rows, 1)
    )
    ranges = "".join(f'<mergeCell ref="{each}"/>' for each in merged)
    ranges = f"<mergeCells>{ranges}</mergeCells>" if merged else ""
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{lines}</sheetData>{ranges}</worksheet>'


def write(sheets: Sheets, merged: Sequence[str] = (), hidden: str = "", more: bytes = b"") -> bytes:
    """Return a workbook. `merged` applies to all sheets, `more` is the content of another part."""
    names = [*sheets]
    listed = "".join(
        f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"'
        + (' state="hidden"/>' if name == hidden else "/>")
        for n, name in enumerate(names, 1)
    )
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{_LINKS}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(names) + 1)
    )
    styles = f'<Relationship Id="rIdS" Type="{_LINKS}/styles" Target="styles.xml"/>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}"><sheets>{listed}</sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{links}'
        f"{styles}</Relationships>",
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><cellXfs><xf numFmtId="0"/>'
        '<xf numFmtId="22" applyNumberFormat="1"/></cellXfs></styleSheet>',
    }
    for number, name in enumerate(names, 1):
        parts[f"xl/worksheets/sheet{number}.xml"] = write_sheet(sheets[name], merged)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
        if more:
            archive.writestr("xl/media/image.bin", more)
    return file.getvalue()


read_all = partial(read_page, xlsx, "books.xlsx")


def to_cells(record: SourceRecord | Problem) -> dict[str, str]:
    return {name: "/".join(values) for name, values in columns(record).items()}


def make_rows(count: int) -> list[list[Cell]]:
    return [[f"Book {n}", "A", 1999] for n in range(count)]


def test_cells_are_texts() -> None:
    """Dates become ISO 8601, and whole numbers have no decimal point."""
    assert [*map(to_cells, read_all(write({"Books": BOOKS})))] == EXPECTED


def test_record_has_the_number_of_its_row() -> None:
    """The line of a record is the number of its row, even below titles and blank rows."""
    rows: list[list[Cell]] = [["My books"], [], [None, *BOOKS[0]], []]
    records = read_all(write({"Books": [*rows, *([None, *row] for row in BOOKS[1:])]}))
    assert [*map(to_cells, records)] == EXPECTED
    assert [record.line for record in records] == [5, 6, 7]


def test_merged_header_cells_are_groups() -> None:
    rows: list[list[Cell]] = [
        ["All books of the library"],
        ["Work", None, "Published", None, "Shelf"],
        ["Title", "Author", "Place", "Year", None],
        ["Tea", "Okafor", "Lagos", 1998, "A1"],
        ["Bees", "Wu", None, 2004, "A2"],
    ]
    data = write({"Books": rows}, ["A1:E1", "A2:B2", "C2:D2", "E2:E3"])
    assert to_cells(read_all(data)[0]) == {
        "Work / Title": "Tea", "Work / Author": "Okafor", "Published / Place": "Lagos",
        "Published / Year": "1998", "Shelf": "A1",
    }  # fmt: skip


def test_merged_header_cell_without_names_below_is_repeated() -> None:
    rows: list[list[Cell]] = [
        ["Title", "Place", "Authors"],
        ["Tea", "Lagos", "Okafor", "Wu"],
        ["Bees", "Lima", "Wu"],
    ]
    assert to_cells(read_all(write({"Books": rows}, ["C1:D1"]))[0]) == {
        "Title": "Tea", "Authors": "Okafor", "Authors 2": "Wu", "Place": "Lagos",
    }  # fmt: skip


def test_sheets_with_tables_are_read_with_their_names() -> None:
    notes: list[list[Cell]] = [["These are the books of my aunt."]]
    sheets: Sheets = {"Old": BOOKS[:2], "Read me": notes, "New": [BOOKS[0], BOOKS[2]], "X": BOOKS}
    first, second, *problems = sorted(
        read_all(write(sheets, hidden="X")), key=lambda each: isinstance(each, Problem)
    )
    assert to_cells(first) == EXPECTED[0] | {"sheet": "Old"}
    assert to_cells(second) == EXPECTED[1] | {"sheet": "New"}
    assert ["'Read me'" in str(problems[0]), "'X' is hidden" in str(problems[1])] == [True, True]


def test_opendocument_spreadsheet_is_read() -> None:
    office = "table:table-cell office"
    rows = (
        ods_row("Title", "Author", "Year", "Bought", "Lent")
        + "<table:table-row><table:table-cell><text:p>A <text:s/>history</text:p>"
        "<office:annotation><text:p>mine</text:p></office:annotation><text:p>of tea</text:p>"
        "</table:table-cell>"
        f'<{office}:value="7"/><{office}:value="1998.0"/><{office}:date-value="2014-04-11"/>'
        f'<{office}:boolean-value="true"/></table:table-row>'
        + ods_row("", "16379*", times=9)
        + ods_row("Bees", "2*Wu", "", "x")
        + ods_row("16384*", times=1_000_000)
    )
    data = write_ods(
        {"Books": rows, "Old": ods_row("Title", "Year") + ods_row("Tea", "1998")},
        '<style:style style:name="h"><style:table-properties table:display="false"/></style:style>',
        hidden="Old",
    )
    evidence = xlsx.detect("books", data)
    assert evidence
    assert evidence.score == 100
    problem, first, second = read_all(data)
    assert "'Old' is hidden" in str(problem)
    assert to_cells(first) == {
        "Title": "A  history\nof tea", "Author": "7", "Year": "1998", "Bought": "2014-04-11",
        "Lent": "TRUE",
    }  # fmt: skip
    assert to_cells(second) == {"Title": "Bees", "Author": "Wu", "Year": "Wu", "Lent": "x"}
    assert (first.line, second.line) == (2, 12)


@pytest.mark.parametrize("data", [
    write_xls({"Books": BOOKS_OF_CELLS}), write_xlsb({"Books": BOOKS_OF_CELLS}),
], ids=["XLS", "XLSB"])  # fmt: skip
def test_binary_workbooks_are_read(data: bytes) -> None:
    [record] = read_all(data)
    assert to_cells(record) == {"Title": "Tea", "Author": "Okafor", "Year": "1998"}


def test_equal_values_of_other_kinds_are_other_texts() -> None:
    values: list[Cell] = [1, True, 0, False]
    rows = read_all(write({"Books": [["Title", "Seen"], *(["Tea", value] for value in values)]}))
    assert [columns(row)["Seen"] for row in rows] == [["1"], ["TRUE"], ["0"], ["FALSE"]]


@pytest.mark.parametrize(
    ("name", "head", "score"),
    [
        ("books.csv", write({"Books": BOOKS}), 100),
        ("books.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), 60),
        ("books", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"W\0o\0r\0k\0b\0o\0o\0k\0", 90),
        ("thesis.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), 0),
        ("books.xlsx", b"Title,Year\n", 0),
        ("books.xlsx", b"", 10),
        ("books.zip", b"PK\x03\x04" + bytes(100), 0),
    ],
    ids=["named .csv", "old", "old without a name", "document", "text", "empty", "zip"],
)  # fmt: skip
def test_spreadsheet_is_recognized_by_its_signature(name: str, head: bytes, score: int) -> None:
    evidence = xlsx.detect(name, head)
    assert (evidence.score if evidence else 0) == score


def add_corner() -> bytes:
    """Return a workbook with a cell in the last corner of its sheet, which needs much memory."""
    corner = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    source, target = zipfile.ZipFile(io.BytesIO(write({"Books": BOOKS}))), io.BytesIO()
    with source, zipfile.ZipFile(target, "w") as archive:
        for part in source.infolist():
            text = source.read(part).decode().replace("</sheetData>", corner)
            archive.writestr(part.filename, text)
    return target.getvalue()


def lie() -> bytes:
    data = write({"Books": BOOKS}, more=bytes(50_000))
    return data.replace((50_000).to_bytes(4, "little"), (50).to_bytes(4, "little"))


DAMAGED = {
    "empty": b"", "signature": b"PK\x03\x04", "junk": b"junk",
    "half": write({"Books": BOOKS})[:900], "truncated": write({"Books": BOOKS})[:-30],
    "old": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000),
    "part of a false size": lie(), "cell in the last corner": add_corner(),
}  # fmt: skip


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
@pytest.mark.slow
def test_damaged_and_hostile_files_are_reported(data: bytes) -> None:
    """A damaged file is a problem with a hint, and so is one that needs too much memory."""
    [problem] = read_all(data)
    assert isinstance(problem, Problem)
    assert "can't be read" in problem.what
    assert "save it as CSV" in problem.hint


HEAD = ods_row("Title", "Author", "Year")
TEA = ods_row("Tea", "Okafor", "1998", times=1_000_000)
XLSX_HEAD = write_cell("A1", "Title") + write_cell("B1", "Author") + write_cell("C1", "Year")
XLSX_ROWS = f'<row r="1">{XLSX_HEAD}</row><row r="2">{XLSX_HEAD.replace("1", "2")}</row>'
TEXTS: Cells = [*BOOKS_OF_CELLS, *((row, 0, 0) for row in range(2, 20_000))]
MEMORY, TEXT, EQUAL = (
    "needs too much memory: more than 4",
    "too much text: more than 20",
    "equal rows",
)
HUGE: dict[str, tuple[bytes, str, str]] = {
    "ODS: a row a million times": (write_ods({"Books": HEAD + TEA}), "Books", EQUAL),
    "ODS: not at the end": (write_ods({"Books": HEAD + TEA + HEAD}), "Books", TEXT),
    "ODS: rows and columns": (
        write_ods({"Books": HEAD + "".join(
            ods_row(f"Tea {n}", "1000*x", times=1000) for n in range(99)
        )}), "Books", TEXT,
    ),
    "ODS: a long text": (
        write_ods({"Books": HEAD + ods_row("x" * 200_000, times=9999) + HEAD}), "Books", TEXT,
    ),
    "ODS: a row without end": (
        write_ods({"Books": HEAD + ods_row("x", f"{10**18}*", times=10**18)}), "Books", EQUAL,
    ),
    "ODS: a document type": (
        write_ods({"Books": HEAD}, start="<!DOCTYPE x>"), "spreadsheet", "document type",
    ),
    "XLSX: a filled column": (
        write_xlsx({"Books": XLSX_ROWS + "".join(
            f'<row r="{n}"><c r="C{n}" t="s"><v>0</v></c></row>' for n in range(3, 900)
        )}, "salt"), "Books", EQUAL,
    ),
    "XLSX: a shared text": (
        write_xlsx({"Books": XLSX_ROWS + "".join(
            f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(3, 20_000)
        )}, "x" * 200_000), "Books", MEMORY,
    ),
    "XLSX: the last corner": (add_corner(), "Books", MEMORY),
    "XLSX: sheets": (write_xlsx({f"S{n}": XLSX_ROWS for n in range(1500)}), "S999", "1000 sheets"),
    "XLSB: a shared text": (write_xlsb({"Books": TEXTS}, "x" * 200_000), "Books", MEMORY),
    "XLSB: the last corner": (
        write_xlsb({"Books": [*BOOKS_OF_CELLS, (1_048_575, 16_383, "x")]}), "Books", MEMORY,
    ),
    "XLS: a shared text": (write_xls({"Books": TEXTS}, "x" * 60_000), "spreadsheet", MEMORY),
    "XLS: the last corner": (
        write_xls({"Books": [*BOOKS_OF_CELLS, (65_535, 255, "x")]}), "spreadsheet", MEMORY,
    ),
}  # fmt: skip
"""Small files that need much when they are expanded. By name, the sheet and the limit reported."""


@pytest.mark.slow
@pytest.mark.parametrize("name", HUGE)
def test_cells_and_texts_are_limited_before_they_are_expanded(name: str) -> None:
    data, sheet, limit = HUGE[name]
    assert len(data) < 500_000
    with limit_cpu_time(3), limit_memory(500):
        found = read_all(data)
    [problem] = (each for each in found if isinstance(each, Problem) and "hidden" not in each.what)
    assert sheet in problem.what
    assert limit in problem.what
    assert "CSV" in problem.hint or "Delete" in problem.hint


def test_up_to_a_hundred_equal_rows_at_the_end_are_kept() -> None:
    """Equal rows are records, unless they fill a sheet to its end."""
    books = [ods_row("Title", "Author", "Year") + ods_row("Tea", "Wu", "1998", times=times)
             for times in (100, 101)]  # fmt: skip
    kept, filled = (read_all(write_ods({"Books": rows})) for rows in books)
    assert (len(kept), len(filled)) == (100, 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "limits", "what"),
    [
        (60_000_000, LIMITS, "compressed too much"),
        (200_000, Limits(largest_unpacked=100_000), "more than 100000 bytes"),
    ],
)
def test_zip_bomb_is_refused(size: int, limits: Limits, what: str) -> None:
    """A part is refused if it is too large, or compressed far more than tables are."""
    [problem] = read_all(write({"Books": BOOKS}, more=bytes(size)), limits)
    assert isinstance(problem, Problem)
    assert what in problem.what


@pytest.mark.slow
def test_a_row_over_the_limit_is_reported() -> None:
    long = write({"Books": [*BOOKS, ["x" * 1000, "A", 1999]]})
    result = read_all(long, Limits(largest_line=500))
    assert isinstance(result[-1], Problem)
    assert (len(result), result[-1].line) == (4, 5)


@pytest.mark.slow
def test_child_process_ends_with_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_process, "_idle", defaultdict(list))
    children: list[subprocess.Popen[bytes]] = []

    class RecordedPopen(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            children.append(self)

    monkeypatch.setattr(subprocess, "Popen", RecordedPopen)
    many = [*BOOKS, *make_rows(20_000)]
    pieces = xlsx.read(io.BytesIO(write({"Books": many})), "books.xlsx", LIMITS)
    assert isinstance(next(pieces), SourceRecord)
    assert isinstance(pieces, Generator)
    [child] = children
    assert child.poll() is None
    pieces.close()
    assert child.returncode == -signal.SIGKILL


IN_LIMITS = """\
import resource
for kind, most in ((resource.RLIMIT_AS, 2 << 30), (resource.RLIMIT_CPU, 60)):
    resource.setrlimit(kind, (most, most))
from tests.indexer.readers.test_xlsx import make_rows, read_all, write
print(len(read_all(write({"A": [["Title", "Author", "Year"], *make_rows(3)]}))))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
@pytest.mark.slow
def test_lower_limits_of_the_user_are_kept() -> None:
    """A spreadsheet is read even if the user's limits are lower than those of the child process."""
    done = subprocess.run(
        [sys.executable, "-c", IN_LIMITS], capture_output=True, text=True, check=True
    )
    assert done.stdout == "3\n"
