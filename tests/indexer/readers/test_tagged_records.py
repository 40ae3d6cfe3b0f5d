"""Tagged text is read by definitions: RIS and its like, PubMed, EndNote, Ovid, keys and values."""

import pytest

from indexer.catalogue.limits import Limits
from tests.indexer.readers.reading import choose, find_reader, list_pairs, map_fields, read_records

RIS = """TY  - JOUR
AU  - Moss, Ada
AU  - Lind, Bo
TI  - Rivers of salt
PY  - 1999
AB  - First line
second line.
ER  -
"""
RIS_COLUMNS = [
    ("TY", "JOUR"), ("AU", "Moss, Ada"), ("AU", "Lind, Bo"), ("TI", "Rivers of salt"),
    ("PY", "1999"), ("AB", "First line\nsecond line."),
]  # fmt: skip
DIALECTS = [
    RIS,
    "\n\n" + RIS,
    "Record #1 of 2\nProvider: A publisher\nContent: text/plain\n\n" + RIS,
    "1. \n" + RIS + "\n",
    RIS.replace("  - ", "  -  "),
    RIS.replace("  - ", " - "),
    RIS.replace("AU  - ", "au  - "),
    RIS.replace("ER  -\n", ""),
    RIS.replace("ER  -\n", "ER  -"),
    RIS.replace("ER  -\n", "ER  - \n\x1a"),
    RIS.replace("second", "\n\n     second"),
]
PUBMED = """
PMID- 101
OWN - NLM
IS  - 1234-5678 (Electronic)
DP  - 2006 Jan 5
TI  - Rivers of salt, and their
      sources.
LID - 10.1000/x [doi]
AID - S12 [pii]
FAU - Moss, Ada
AU  - Moss A
AUID- ORCID: 0000-0001
AD  - Oslo
FAU - Lind, Bo
AU  - Lind B
CN  - River Study Group
LA  - eng
JT  - Water and salt
MH  - Rivers/*chemistry

PMID- 102
TI  - Second
"""
WEB_OF_SCIENCE = """FN Clarivate Analytics Web of Science
VR 1.0
PT J
AU Moss, A
   Lind, B
AF Moss, Ada
   Lind, Bo
TI Rivers of salt, and their
   sources
SO WATER
DE rivers; salt water;
   lakes
PD JUN 8
PY 2004
BP 7
EP 9
DI 10.1000/x
UT WOS:0001
ER

PT B
BA Hay, C
TI Second
ER

EF
"""
ENDNOTE = """%0 Journal Article
%A Moss, Ada
%A Lind, Bo
%T Rivers of salt
%K rivers
salt
%X One.

Two.
%@ 1234-5678
%8 March 5
%D 1999

%0 Book
%T Second
"""
OVID_TAGS = """<1. >
VN  - Ovid Technologies
DB  - Some database
AN  - 7001
AU  - Moss A
AU  - Lind B
TI  - Rivers of salt.
KW  - rivers; salt
YR  - 1999

<23. >
VN  - Ovid Technologies
TI  - Second
"""
OVID_NAMES = """<1>
Accession Number
  7001
Authors
  Moss, Ada.  Lind, Bo.
Title
  Rivers of salt, and
  their sources.
Subject Headings
    *rivers
    salt
<2>
Title
  Second
"""
REFWORKS = """RT Journal Article
SR Print(0)
ID 7
A1 Moss,Ada
A1 Lind,Bo
T1 Rivers of salt
YR 1999
FD Mar 5 1999
SP 1
OP 9

RT Book, Whole
ID 8
T1 Second
"""


@pytest.mark.parametrize("filename", ["a.ris", "a.txt", "a.csv", "a", "a.xml"])
@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("ris", [*DIALECTS, RIS.replace("  - ", "  -"), RIS.lower()]),
        ("ris", ["UI  - 1\nAU  - Moss, Ada\nTI  - A\nPY  - 1\n\n", "UI  - 1\nTI  - A\nER  - \n"]),
        ("nbib", [PUBMED]), ("wos", [WEB_OF_SCIENCE, WEB_OF_SCIENCE.split("\n", 2)[2]]),
        ("enw", [ENDNOTE, "%A Moss, Ada\n%T Rivers\n%D 1999\n"]),
        ("ovid", [OVID_TAGS, OVID_NAMES]), ("refworks", [REFWORKS]),
    ],
)  # fmt: skip
def test_formats_are_recognized_by_their_tags(name: str, texts: list[str], filename: str) -> None:
    for text in texts:
        assert choose(text, filename) is find_reader(name)
        assert choose("\ufeff" + text.replace("\n", "\r\n"), filename) is find_reader(name)


@pytest.mark.parametrize(
    ("name", "text", "score"),
    [
        ("ris", "TYPE - A list\n", None), ("ris", "<p>TY  - JOUR</p>", None),
        ("ris", "title,TY  - year\n", None), ("ris", "% TY  - JOUR\n", None),
        ("key-value", "One line: of prose\nand more of it\nin a text.\n", None),
        ("key-value", "a,b\n1,2\n", None), ("key-value", "Note: x\nNote: y\n", None),
        ("key-value", "Title: A\nYear: 1\n\nTitle: B\n", 45),
        ("key-value", "Title: A\n  more\nYear: 1\nPlace: B\n", 20),
    ],
)  # fmt: skip
def test_other_text_is_not_recognized(name: str, text: str, score: int | None) -> None:
    evidence = find_reader(name).detect("export.txt", text.encode())
    assert (evidence and evidence.score) == score


@pytest.mark.parametrize("text", DIALECTS)
def test_dialects_of_ris_give_the_same_columns(text: str) -> None:
    assert list_pairs(text, "ris") == [RIS_COLUMNS]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # A line without a tag continues a value, even if it starts with ER or a hyphen.
        ("T1  - Rivers\nof salt\nN1  - one\n      - two\nER two\nco - op\n",
         [("T1", "Rivers of salt"), ("N1", "one\n- two\nER two\nco - op")]),
        # EndNote writes each keyword on a line, after one tag.
        ("KW  - rivers\nsalt water\nPY  - 1999\n",
         [("KW", "rivers"), ("KW", "salt water"), ("PY", "1999")]),
        ("SP  -\nPD  - \nVL  - 3\n", [("VL", "3")]),
        ("UR  - https://example.org/1     U2  - L123\n",
         [("UR", "https://example.org/1"), ("U2", "L123")]),
        ("X9  - odd\nDOI  - 10.1/x\n", [("X9", "odd"), ("DOI", "10.1/x")]),
        # EndNote marks a body by a comma after its name. A person with a stray comma stays one.
        ("AU  - United Nations,\nAU  - Moss, Ada,\nPB  - Fjord Press,\n",
         [("AU", "{United Nations}"), ("AU", "Moss, Ada,"), ("PB", "Fjord Press,")]),
    ],
)  # fmt: skip
def test_lines_of_ris_become_columns(text: str, expected: list[tuple[str, str]]) -> None:
    assert list_pairs(f"TY  - JOUR\n{text}ER  -\n", "ris") == [[("TY", "JOUR"), *expected]]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["TY  - PCOMM", "M3  - Interview"], [("TY", "Interview")]),
        (["TY  - JOUR", "M3  - 10.1000/x"], [("TY", "JOUR"), ("M3", "10.1000/x")]),
        (["TY  - RPRT", "T2  - Water"], [("TY", "RPRT"), ("T3", "Water")]),
        (["TY  - CHAP", "T2  - Water"], [("TY", "CHAP"), ("T2", "Water")]),
    ],
)
def test_the_type_of_ris_decides_about_other_tags(
    lines: list[str], expected: list[tuple[str, str]]
) -> None:
    """M3 contains a more specific type, or something else. T2 of a report is its series."""
    assert list_pairs("\n".join([*lines, "ER  - \n"]), "ris") == [expected]


@pytest.mark.parametrize(
    ("name", "records", "between"),
    [
        # A record ends at ER, where the next TY starts, or, without TY, at a blank line.
        ("ris", ["TY  - BOOK\nTI  - A\n", "TY  - JOUR\nTI  - B\n"],
         ["ER  -\n", "", "\n", "ER  - \n\n\n3. \n"]),
        ("ris", ["UI  - 1\nAU  - Moss\n", "UI  - 2\nTI  - B\n"], ["ER  - \n", "\n"]),
        ("enw", ["%T A\n%D 1999\n", "%A Moss\n%T B\n"], ["\n\n"]),
        # Where the first key repeats, after a form feed or a line of marks.
        ("key-value", ["Title: A\nAuthor: X\nAuthor: Y\n", "Title: B\nAuthor: Z\n"],
         ["", "\n", "\n______\n", "\f\n", "\f"]),
        ("key-value", ["Title: A\n\nAuthor: X\n\nAuthor: Y\n", "Title: B\n\nAuthor: Z\n"],
         ["\n", "\n______\n", "\f"]),
        ("key-value", ["Author: X\nAuthor: Y\nTitle: A\n", "Author: Z\nTitle: B\n"], [""]),
    ],
)  # fmt: skip
def test_records_are_separated(name: str, records: list[str], between: list[str]) -> None:
    expected = [list_pairs(record, name)[0] for record in records]
    assert [len(record) for record in expected] == [
        len([line for line in record.split("\n") if line]) for record in records
    ]
    for text in between:
        assert list_pairs(text.join(records), name) == expected


def test_blank_lines_separate_records_with_different_first_keys() -> None:
    text = "Title: A\nYear: 1\n\nAuthor: X\nTitle: B\n\nYear: 2\nTitle: C\n\nURL: u\nTitle: D\n"
    assert [dict(record)["Title"] for record in list_pairs(text, "key-value")] == [*"ABCD"]


def test_records_start_at_their_first_tag() -> None:
    found = read_records("1.\n" + RIS + "\n2.\nID  - 7\n" + RIS + "Page 2\n", "ris")
    assert [record.line for record in found.records] == [2, 12]
    assert found.columns(1) == found.columns(0) | {"ID": ["7"]}
    assert read_records("Nothing here\n\n", "ris") == ([], [])


def test_lines_without_a_key_continue_a_value() -> None:
    text = "Title: A\n  and more: of it\nand http://example.org/\nPlace:\nYear: 1999\n"
    assert list_pairs(text, "key-value") == [
        [("Title", "A and more: of it and http://example.org/"), ("Year", "1999")]
    ]


@pytest.mark.parametrize(
    ("encoding", "title", "bad"),
    [
        ("utf-8", "\xe9t\xe9 caf", b"\xe9"), ("utf-8", "caf\xe9 caf", b"\xc3"),
        ("windows-1251", "Соляные дороги", b"\x98"), ("gb18030", "中国经济学研究论文", b"\xff"),
        ("shift_jis", "塩の道と川についての研究", b"\x81"), ("utf-16", "Größe", b"\x00\xd8"),
    ],
)  # fmt: skip
def test_a_bad_byte_is_replaced_and_reported(encoding: str, title: str, bad: bytes) -> None:
    text = f"TY  - JOUR\nTI  - {title}\nER  -\n" * 4 + f"TY  - JOUR\nTI  - {title}"
    found = read_records(text.encode(encoding) + bad, "ris")
    assert [problem.line for problem in found.problems] == [14]
    titles = [found.columns(number)["TI"][0] for number in range(5)]
    assert titles == [title] * 4 + [f"{title}\ufffd"]


@pytest.mark.parametrize(
    ("text", "line", "kept"),
    [("AB  - " + "x" * 300 + "\n", 5, ["A", "B", "C"]), ("KW  - word\n" * 40, 4, ["A", "C"])],
)
def test_what_is_too_large_is_reported_and_the_rest_is_read(
    text: str, line: int, kept: list[str]
) -> None:
    text = f"TY  - A\nER  -\n\nTY  - B\n{text}ER  -\nTY  - C\nER  -\n"
    found = read_records(text, "ris", Limits(largest_line=200))
    assert [found.columns(number) for number in range(len(kept))] == [{"TY": [x]} for x in kept]
    [problem] = found.problems
    assert (problem.line, "more than 200 bytes" in problem.what) == (line, True)


@pytest.mark.parametrize(
    ("limits", "records", "what"),
    [
        (Limits(largest_unpacked=100), 0, "100 bytes"),
        (Limits(most_parts=5), 3, "more than 5 values"),
    ],
)
def test_a_limit_costs_what_is_over_it(limits: Limits, records: int, what: str) -> None:
    found = read_records(RIS * 3, "ris", limits)
    assert [len(record.properties) for record in found.records] == [5] * records
    assert what in found.problems[0].what


def test_pubmed_is_read() -> None:
    assert [record.line for record in read_records(PUBMED, "nbib").records] == [2, 21]
    assert list_pairs(PUBMED, "nbib")[0] == [
        ("PMID", "101"), ("OWN", "NLM"), ("IS", "1234-5678 (Electronic)"),
        ("DP", "2006 Jan 5"), ("TI", "Rivers of salt, and their sources."),
        ("LID[doi]", "10.1000/x"), ("AID[pii]", "S12"), ("FAU", "Moss, Ada"),
        ("AU", "Moss A"), ("AUID", "ORCID: 0000-0001"), ("AD", "Oslo"),
        ("FAU", "Lind, Bo"), ("AU", "Lind B"), ("CN", "River Study Group"),
        ("LA", "eng"), ("JT", "Water and salt"), ("MH", "Rivers/*chemistry"),
    ]  # fmt: skip


def test_web_of_science_is_read() -> None:
    assert list_pairs(WEB_OF_SCIENCE, "wos") == [
        [
            ("PT", "J"), ("AU", "Moss, A"), ("AU", "Lind, B"), ("AF", "Moss, Ada"),
            ("AF", "Lind, Bo"), ("TI", "Rivers of salt, and their sources"), ("SO", "WATER"),
            ("DE", "rivers"), ("DE", "salt water"), ("DE", "lakes"), ("PD", "JUN 8"),
            ("PY", "2004"), ("BP", "7"), ("EP", "9"), ("DI", "10.1000/x"), ("UT", "WOS:0001"),
        ],
        [("PT", "B"), ("BA", "Hay, C"), ("TI", "Second")],
    ]  # fmt: skip


def test_endnote_is_read() -> None:
    assert list_pairs(ENDNOTE, "enw") == [
        [
            ("%0", "Journal Article"), ("%A", "Moss, Ada"), ("%A", "Lind, Bo"),
            ("%T", "Rivers of salt"), ("%K", "rivers"), ("%K", "salt"), ("%X", "One.\nTwo."),
            ("%@", "1234-5678"), ("%8", "March 5"), ("%D", "1999"),
        ],
        [("%0", "Book"), ("%T", "Second")],
    ]  # fmt: skip


def test_ovid_with_tags_is_read() -> None:
    first, second = list_pairs(OVID_TAGS, "ovid")
    assert first == [
        ("VN", "Ovid Technologies"), ("DB", "Some database"), ("AN", "7001"), ("AU", "Moss A"),
        ("AU", "Lind B"), ("TI", "Rivers of salt."), ("KW", "rivers"), ("KW", "salt"),
        ("YR", "1999"),
    ]  # fmt: skip
    assert second == [("VN", "Ovid Technologies"), ("TI", "Second")]


def test_ovid_with_names_of_fields_is_read() -> None:
    assert list_pairs(OVID_NAMES, "ovid") == [
        [
            ("Accession Number", "7001"), ("Authors", "Moss, Ada."), ("Authors", "Lind, Bo."),
            ("Title", "Rivers of salt, and their sources."), ("Subject Headings", "*rivers"),
            ("Subject Headings", "salt"),
        ],
        [("Title", "Second")],
    ]  # fmt: skip


@pytest.mark.parametrize(("kind", "stated", "field", "values"), [
    ("RPRT", "E/ECA/2014/1", "number", ["E/ECA/2014/1"]),
    ("STAND", "ISO 690", "number", ["ISO 690"]), ("PAT", "US 7", "number", ["US 7"]),
    ("RPRT", "978-3-16-148410-0", "isbn", ["9783161484100"]), ("RPRT", "E/ECA/1", "isbn", []),
    ("RPRT", "978-3-16-148410-0", "number", []), ("BOOK", "978-3-16-148410-0", "number", []),
])  # fmt: skip
def test_the_number_of_a_report_is_none_of_books(
    kind: str, stated: str, field: str, values: list[str]
) -> None:
    fields = map_fields(f"TY  - {kind}\nTI  - Salt\nSN  - {stated}\nER  -\n", "ris")
    assert fields.get(field, []) == values


RIS_OF_ENDNOTE = (
    "TY  - JOUR\nAU  - Moss, Ada\nTI  - Rivers\nPY  - 1999\nDA  - Mar 5\nT2  - Water\nSP  - 1\n"
    "EP  - 9\nSN  - 1234-5679\nDO  - doi:10.1000/x\nER  -\n"
)
RIS_OF_REFMAN = (
    "TY  - JOUR\nA1  - Moss, Ada\nT1  - Rivers\nY1  - 1999/03/05/\nJF  - Water\nSP  - 1\n"
    "EP  - 9\nSN  - 1234-5679\nDO  - doi:10.1000/x\nER  -\n"
)
RIS_ROWS = {
    "title": ["Rivers"], "authors": ["Moss, Ada"], "year": ["1999"], "date": ["1999-03-05"],
    "container": ["Water"], "pages": ["1-9"], "doi": ["10.1000/x"], "issn": ["1234-5679"],
    "type": ["Journal article"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("ris", RIS_OF_ENDNOTE, RIS_ROWS),
        ("ris", RIS_OF_REFMAN, RIS_ROWS),
        ("nbib", PUBMED.split("\n\n")[0], {
            "id": ["101"], "authors": ["Moss, Ada", "Lind, Bo", "River Study Group"],
            "year": ["2006"], "date": ["2006-01-05"], "language": ["en"], "doi": ["10.1000/x"],
        }),
        ("wos", WEB_OF_SCIENCE.split("\n\n")[0], {
            "id": ["WOS:0001"], "authors": ["Moss, Ada", "Lind, Bo"], "date": ["2004-06-08"],
            "pages": ["7-9"],
        }),
        ("enw", ENDNOTE.split("\n\n%0")[0], {"date": ["1999-03-05"]}),
        ("refworks", REFWORKS.split("\n\n")[0], {
            "id": ["7"], "title": ["Rivers of salt"], "authors": ["Moss, Ada", "Lind, Bo"],
            "year": ["1999"], "date": ["1999-03-05"], "pages": ["1-9"], "type": ["Journal article"],
        }),
    ],
)  # fmt: skip
def test_the_default_mapping_fills_the_fields(
    name: str, text: str, expected: dict[str, list[str]]
) -> None:
    fields = map_fields(text, name)
    assert fields == fields | expected
    assert name not in ("ris", "refworks") or fields == expected
