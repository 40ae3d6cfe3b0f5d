"""Tagged text is read by definitions: PubMed, Web of Science, EndNote, Ovid, keys and values."""

from __future__ import annotations

import pytest

from indexer.catalogue.records import SourceRecord
from tests.cpu_time import limit_cpu_time
from tests.indexer.readers.streams import (
    find_reader,
    map_rows,
    read,
    read_columns,
    recognize,
)

NBIB, WOS, ENW, OVID, KEYS = map(find_reader, ("nbib", "wos", "enw", "ovid", "key-value"))
REFWORKS_READER = find_reader("refworks")

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
    ("text", "name"),
    [
        (PUBMED, "nbib"), (WEB_OF_SCIENCE, "wos"), (WEB_OF_SCIENCE.split("\n", 2)[2], "wos"),
        (ENDNOTE, "enw"), ("%A Moss, Ada\n%T Rivers\n%D 1999\n", "enw"), (OVID_TAGS, "ovid"),
        (OVID_NAMES, "ovid"),
        (REFWORKS, "refworks"),
    ],
)  # fmt: skip
def test_formats_are_recognized_by_their_tags(text: str, name: str, filename: str) -> None:
    """A format is recognized by its contents, whatever the file name and the newlines are."""
    assert recognize(text, filename) == name
    assert recognize("\ufeff" + text.replace("\n", "\r\n"), filename) == name


def test_pubmed_is_read() -> None:
    """Lines are joined, a label in brackets is part of the column, and authors are groups."""
    first, second = read(NBIB, PUBMED)
    assert isinstance(first, SourceRecord)
    assert [(prop.name, prop.value, prop.group) for prop in first.properties] == [
        ("PMID", "101", 0), ("OWN", "NLM", 0), ("IS", "1234-5678 (Electronic)", 0),
        ("DP", "2006 Jan 5", 0), ("TI", "Rivers of salt, and their sources.", 0),
        ("LID[doi]", "10.1000/x", 0), ("AID[pii]", "S12", 0), ("FAU", "Moss, Ada", 1),
        ("AU", "Moss A", 1), ("AUID", "ORCID: 0000-0001", 1), ("AD", "Oslo", 1),
        ("FAU", "Lind, Bo", 2), ("AU", "Lind B", 2), ("CN", "River Study Group", 0),
        ("LA", "eng", 0), ("JT", "Water and salt", 0), ("MH", "Rivers/*chemistry", 0),
    ]  # fmt: skip
    assert isinstance(second, SourceRecord)
    assert second.source.line == 21


def test_pubmed_fills_rows() -> None:
    """The DOI comes from either of two tags. A study group is an author."""
    rows = map_rows(NBIB, PUBMED.split("\n\n")[0])
    assert rows["authors"] == ["Moss, Ada", "Lind, Bo", "River Study Group"]
    assert (rows["id"], rows["doi"]) == (["101"], ["10.1000/x"])
    assert (rows["year"], rows["date"], rows["language"]) == (["2006"], ["2006-01-05"], ["en"])


def test_web_of_science_is_read() -> None:
    """Each line of names and each keyword is a value. Other lines are joined."""
    assert read_columns(WOS, WEB_OF_SCIENCE) == [
        [
            ("PT", "J"), ("AU", "Moss, A"), ("AU", "Lind, B"), ("AF", "Moss, Ada"),
            ("AF", "Lind, Bo"), ("TI", "Rivers of salt, and their sources"), ("SO", "WATER"),
            ("DE", "rivers"), ("DE", "salt water"), ("DE", "lakes"), ("PD", "JUN 8"),
            ("PY", "2004"), ("BP", "7"), ("EP", "9"), ("DI", "10.1000/x"), ("UT", "WOS:0001"),
        ],
        [("PT", "B"), ("BA", "Hay, C"), ("TI", "Second")],
    ]  # fmt: skip


def test_web_of_science_fills_rows() -> None:
    """Full names are the authors. The date combines two tags."""
    rows = map_rows(WOS, WEB_OF_SCIENCE.split("\n\n")[0])
    assert rows["authors"] == ["Moss, Ada", "Lind, Bo"]
    assert (rows["date"], rows["pages"], rows["id"]) == (["2004-06-08"], ["7-9"], ["WOS:0001"])


def test_endnote_is_read() -> None:
    """A blank line in an abstract does not end a record that starts with %0."""
    assert read_columns(ENW, ENDNOTE) == [
        [
            ("%0", "Journal Article"), ("%A", "Moss, Ada"), ("%A", "Lind, Bo"),
            ("%T", "Rivers of salt"), ("%K", "rivers"), ("%K", "salt"), ("%X", "One.\nTwo."),
            ("%@", "1234-5678"), ("%8", "March 5"), ("%D", "1999"),
        ],
        [("%0", "Book"), ("%T", "Second")],
    ]  # fmt: skip
    assert map_rows(ENW, ENDNOTE.split("\n\n%0")[0])["date"] == ["1999-03-05"]


def test_refer_without_types_is_split_at_blank_lines() -> None:
    """Without %0, a blank line ends a record."""
    text = "%T A\n%D 1999\n\n\n%A Moss\n%T B\n"
    assert read_columns(ENW, text) == [[("%T", "A"), ("%D", "1999")], [("%A", "Moss"), ("%T", "B")]]


def test_refworks_is_read() -> None:
    """A record starts at RT. Its tags fill rows."""
    first, second = read_columns(REFWORKS_READER, REFWORKS)
    assert (first[0], second[1]) == (("RT", "Journal Article"), ("ID", "8"))
    rows = map_rows(REFWORKS_READER, REFWORKS.split("\n\n")[0])
    assert rows == {
        "id": ["7"], "title": ["Rivers of salt"], "authors": ["Moss, Ada", "Lind, Bo"],
        "year": ["1999"], "date": ["1999-03-05"], "pages": ["1-9"], "type": ["Journal article"],
    }  # fmt: skip


def test_ovid_with_tags_is_read() -> None:
    """A record starts at its number in brackets, and keywords are separate."""
    first, second = read_columns(OVID, OVID_TAGS)
    assert first == [
        ("VN", "Ovid Technologies"), ("DB", "Some database"), ("AN", "7001"), ("AU", "Moss A"),
        ("AU", "Lind B"), ("TI", "Rivers of salt."), ("KW", "rivers"), ("KW", "salt"),
        ("YR", "1999"),
    ]  # fmt: skip
    assert second == [("VN", "Ovid Technologies"), ("TI", "Second")]


def test_ovid_with_names_of_fields_is_read() -> None:
    """The name of a field is the column. Its value is on the lines below."""
    assert read_columns(OVID, OVID_NAMES) == [
        [
            ("Accession Number", "7001"), ("Authors", "Moss, Ada."), ("Authors", "Lind, Bo."),
            ("Title", "Rivers of salt, and their sources."), ("Subject Headings", "*rivers"),
            ("Subject Headings", "salt"),
        ],
        [("Title", "Second")],
    ]  # fmt: skip


HOSTILE = {
    "spaces": "<1" + " " * 60_000,
    "newlines": "\n" * 60_000, "long key": "Key" + " " * 60_000 + "x",
    "cut tags": "PT J\nAU " * 9000, "brackets": "[ [" * 20_000,
}  # fmt: skip


@pytest.mark.parametrize("line", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.slow
def test_hostile_text_is_read_within_seconds(line: str) -> None:
    """Long runs of spaces, newlines, or tags take at most 20 s."""
    with limit_cpu_time(20):
        for reader in (NBIB, WOS, ENW, OVID, KEYS):
            reader.detect("a", line.encode())
            assert len(read(reader, line * 3)) <= 1
