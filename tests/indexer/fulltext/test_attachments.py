"""Files are attached to the publications that they belong to, and never to others."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import Problem, Publication, SourceLocation
from indexer.fulltext.attachments import find_attachments

FIELDS = (
    Field("title", "Title", kind="text", role="title"),
    Field("doi", "DOI", kind="doi"),
    Field("file", "Files", kind="file", several=True),
)
CATALOGUE = Catalogue("T", "", FIELDS)
JATS = b'<?xml version="1.0"?>\n<article><front/></article>'


def publication(
    identity: str, *files: str, doi: str = "", source: str = "lib.bib", others: Sequence[str] = ()
) -> Publication:
    values = {"file": files, "doi": (doi,)}
    return Publication(
        id=identity,
        title=identity,
        source=SourceLocation(source, 1),
        values={name: stated for name, stated in values.items() if stated and stated[0]},
        other_sources=tuple(SourceLocation(other, 0) for other in others),
    )


class Attached:
    """The attachments in a folder, by id, and the problems."""

    def __init__(
        self, folder: Path, *publications: Publication, outside: Sequence[Path] = ()
    ) -> None:
        self.problems: list[Problem] = []
        self.by_id: dict[str, list[str]] = {}
        found = find_attachments(
            folder, CATALOGUE, enumerate(publications), self.problems.append, outside=outside
        )
        self.all = list(found)
        for each in self.all:
            self.by_id.setdefault(publications[each.doc_number].id, []).append(each.file)


def put(folder: Path, *names: str) -> None:
    """Write files. One of XML is an article if its name says so, else a record."""
    for name in ("catalogue.toml", *names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        data = b"<mods/>" if name.endswith(".xml") else b"text"
        (folder / name).write_bytes(JATS if name == "article.xml" else data)


NINE = [f"{number}.pdf" for number in range(9)]
CASES: dict[str, tuple[Sequence[str], list[Publication], dict[str, list[str]], list[str]]] = {
    "a path is relative to the folder of the source, then to the corpus folder": (
        ["sub/files/1/a.pdf", "files/1/a.pdf", "b.txt"],
        [
            publication("x", "files/1/a.pdf", "b.txt", source="sub/lib.bib"),
            publication("y", "files/1/a.pdf"),
        ],
        {"x": ["b.txt", "sub/files/1/a.pdf"], "y": ["files/1/a.pdf"]},
        [],
    ),
    "the chapters of a book may name the same file": (
        ["book.pdf"],
        [publication("one", "book.pdf"), publication("two", "book.pdf")],
        {"one": ["book.pdf"], "two": ["book.pdf"]},
        [],
    ),
    "a path of another computer matches by its end, whatever the case and the form of accents": (
        ["storage/AB/Paper.pdf", "storage/CD/Paper.pdf", "else/Re\u0301sume\u0301.pdf"],
        [publication("x", "AB/paper.pdf"), publication("y", "Zotero/R\u00e9sum\u00e9.pdf")],
        {"x": ["storage/AB/Paper.pdf"], "y": ["else/Re\u0301sume\u0301.pdf"]},
        ["no publication has storage/CD/Paper.pdf"],
    ),
    "a name that two files have is ambiguous": (
        ["a/1.pdf", "b/1.pdf"],
        [publication("x", "c/1.pdf")],
        {},
        ["not clear which file or publication c/1.pdf belongs to", "no publication has a/1.pdf"],
    ),
    "a file is not taken for a missing one in another folder": (
        ["2020/1.pdf"],
        [publication("x", "2019/1.pdf"), publication("y", "2020/1.pdf")],
        {"y": ["2020/1.pdf"]},
        ["2019/1.pdf"],
    ),
    "a file that could be of two records is of none, unless the case of an id decides": (
        ["10.5555_a.pdf", "AB.pdf"],
        [
            publication("x", doi="10.5555/a"),
            publication("y", doi="10.5555/a"),
            publication("ab"),
            publication("AB"),
        ],
        {"AB": ["AB.pdf"]},
        ["10.5555_a.pdf belongs to", "no publication has 10.5555_a.pdf"],
    ),
    "a file with one record is its text, before the PDF of the same name beside it": (
        ["a/report.html", "a/report.pdf", "b/report.pdf", "list.html", "list.pdf", "record.xml"],
        [
            publication("x", source="a/report.html"),
            publication("y", source="list.html"),
            publication("z", source="list.html"),
            publication("r", source="record.xml"),
        ],
        {"x": ["a/report.html", "a/report.pdf"]},
        ["b/report.pdf, list.pdf"],
    ),
    "an article in JATS is a text": (
        ["article.xml"],
        [publication("x", source="article.xml")],
        {"x": ["article.xml"]},
        [],
    ),
    "a merged record keeps the files of all its sources": (
        ["scan.pdf"],
        [publication("x", others=["scan.pdf"])],
        {"x": ["scan.pdf"]},
        [],
    ),
    "missing files are one problem of their source, and files of other types none": (
        [],
        [publication("x", *NINE, "data.zip")],
        {},
        ["lib.bib: its publications name 0.pdf, 1.pdf, 2.pdf and 6 more"],
    ),
    "files of no record are one problem, and notes for people none": (
        [*NINE, "README.md", "data.zip", ".hidden.pdf"],
        [publication("x")],
        {},
        ["0.pdf, 1.pdf, 2.pdf and 6 more (files: 9 .pdf)"],
    ),
    **{
        f"{name} is named after its record": (
            [name, "other.pdf"],
            [publication(identity, doi=doi), publication("third")],
            {identity: [name]},
            ["other.pdf: no publication has other.pdf"],
        )
        for identity, doi, name in (
            ("report-7", "", "report-7.pdf"),
            ("Report-7", "", "scans/REPORT-7.PDF"),
            ("un/doc/7", "", "un_doc_7.pdf"),
            ("un/doc/7", "", "un-doc-7.html"),
            ("x", "10.5555/a.b", "10.5555_a.b.pdf"),
            ("x", "10.5555/a.b", "10.5555-a.b.txt"),
            ("x", "10.5555/a.b", "10.5555:A.B.pdf"),
        )
    },
}
"""Files, publications, the attachments, and a part of each problem."""


@pytest.mark.parametrize("case", CASES)
def test_files_are_attached(case: str, tmp_path: Path) -> None:
    files, publications, expected, problems = CASES[case]
    put(tmp_path, *files)
    attached = Attached(tmp_path, *publications)
    assert attached.by_id == expected
    for part, problem in zip(problems, attached.problems, strict=True):
        assert part in str(problem)
    assert all(each.path == tmp_path / each.file for each in attached.all)


def test_nothing_outside_the_folder_is_attached(tmp_path: Path) -> None:
    secret, folder = tmp_path / "secret.pdf", tmp_path / "corpus"
    secret.write_bytes(b"secret")
    put(folder)
    (folder / "x.pdf").symlink_to(secret)
    names = ("../secret.pdf", str(secret), "x.pdf", "secret.pdf")
    assert not Attached(folder, publication("x", *names)).by_id


def test_files_may_stay_in_a_folder_that_is_named(tmp_path: Path) -> None:
    other, folder = tmp_path / "reports", tmp_path / "corpus"
    put(folder)
    put(other, "files/a.pdf", "b.pdf", "c.pdf")
    publications = [
        publication("x", "files/a.pdf", source=f"{other}/lib.bib"),
        publication("b"),
        publication("own", source=f"{other}/c.pdf"),
    ]
    assert Attached(folder, *publications, outside=[other]).by_id == {
        "x": [f"{other}/files/a.pdf"],
        "b": [f"{other}/b.pdf"],
        "own": [f"{other}/c.pdf"],
    }


NAMES = st.sampled_from(
    ["a.pdf", "A.pdf", "x/a.pdf", "x/b.txt", "b.html", "y/x/a.pdf", "c.zip", "1.pdf"]
)


@given(st.lists(NAMES, unique=True, max_size=6), st.lists(st.lists(NAMES, max_size=3), max_size=4))
def test_a_file_that_is_named_by_its_path_is_attached(
    tmp_path_factory: pytest.TempPathFactory, files: list[str], records: list[list[str]]
) -> None:
    """Every such file is attached, once, in the order of the publications. No other file exists."""
    folder = tmp_path_factory.mktemp("corpus")
    put(folder, *files)
    attached = Attached(
        folder, *(publication(str(number), *names) for number, names in enumerate(records))
    )
    pairs = [(each.doc_number, each.file) for each in attached.all]
    assert len(set(pairs)) == len(pairs)
    assert [number for number, _ in pairs] == sorted(number for number, _ in pairs)
    readable = {name for name in files if name != "c.zip"}
    named = {(number, name) for number, names in enumerate(records) for name in names}
    assert {pair for pair in named if pair[1] in readable} <= {*pairs}
    assert {file for _, file in pairs} <= readable
