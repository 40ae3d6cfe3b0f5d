"""Files are attached to the publications that they belong to, and never to others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import Problem, Publication, SourceLocation
from indexer.fulltext.attachments import find_attachments

CATALOGUE = Catalogue("T", "", (
    Field("title", "Title", kind="text", role="title"),
    Field("doi", "DOI", kind="doi"),
    Field("file", "Files", kind="file", several=True),
))  # fmt: skip
JATS = b'<?xml version="1.0"?>\n<article><front/></article>'


def publication(
    identity: str, *files: str, doi: str = "", source: str = "lib.bib", others: Sequence[str] = ()
) -> Publication:
    """Return a publication that names files."""
    values = {"file": files, "doi": (doi,)}
    return Publication(
        id=identity, title=identity, source=SourceLocation(source, 1),
        values={name: stated for name, stated in values.items() if stated and stated[0]},
        other_sources=tuple(SourceLocation(other, 0) for other in others),
    )  # fmt: skip


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

    @property
    def report(self) -> str:
        """All problems as one text."""
        return "\n".join(map(str, self.problems))


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., None]:
    """Return a function that writes files with these names."""

    def write(*names: str, data: bytes = b"text") -> None:
        for name in names:
            path = tmp_path / "corpus" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    write("catalogue.toml")
    return write


@pytest.fixture
def folder(tmp_path: Path, put: Callable[..., None]) -> Path:
    """Return a corpus folder."""
    return tmp_path / "corpus"


def test_a_record_names_its_files(folder: Path, put: Callable[..., None]) -> None:
    """A path is relative to the folder of the record's source, then to the corpus folder."""
    put("sub/files/1/a.pdf", "files/1/a.pdf", "b.txt")
    attached = Attached(
        folder, publication("x", "files/1/a.pdf", "b.txt", source="sub/lib.bib"),
        publication("y", "files/1/a.pdf"),
    )  # fmt: skip
    assert attached.by_id == {"x": ["b.txt", "sub/files/1/a.pdf"], "y": ["files/1/a.pdf"]}
    assert not attached.problems
    assert all(each.path == folder / each.file for each in attached.all)


def test_a_file_may_belong_to_several_records(folder: Path, put: Callable[..., None]) -> None:
    """The chapters of a book may name the same file."""
    put("book.pdf")
    attached = Attached(folder, publication("one", "book.pdf"), publication("two", "book.pdf"))
    assert attached.by_id == {"one": ["book.pdf"], "two": ["book.pdf"]}


def test_a_path_of_another_computer_matches_by_its_end(
    folder: Path, put: Callable[..., None]
) -> None:
    """The end of a path is enough if one file has it. Case and the form of accents do not count."""
    put("storage/AB/Paper.pdf", "storage/CD/Paper.pdf", "else/Re\u0301sume\u0301.pdf")
    attached = Attached(
        folder, publication("x", "AB/paper.pdf"), publication("y", "Zotero/R\u00e9sum\u00e9.pdf")
    )
    assert attached.by_id == {"x": ["storage/AB/Paper.pdf"], "y": ["else/Re\u0301sume\u0301.pdf"]}


def test_equal_names_are_ambiguous(folder: Path, put: Callable[..., None]) -> None:
    """A name that two files have is reported, and neither is attached."""
    put("a/1.pdf", "b/1.pdf")
    attached = Attached(folder, publication("x", "c/1.pdf"))
    assert not attached.by_id
    assert "not clear which file or publication c/1.pdf belongs to" in attached.report


def test_a_file_is_not_taken_for_a_missing_one(folder: Path, put: Callable[..., None]) -> None:
    """If two records name files in different folders, the one that is here has one record."""
    put("2020/1.pdf")
    attached = Attached(folder, publication("x", "2019/1.pdf"), publication("y", "2020/1.pdf"))
    assert attached.by_id == {"y": ["2020/1.pdf"]}
    assert "2019/1.pdf" in attached.report


@pytest.mark.parametrize(
    ("identity", "doi", "name"),
    [
        ("report-7", "", "report-7.pdf"),
        ("Report-7", "", "scans/REPORT-7.PDF"),
        ("un/doc/7", "", "un_doc_7.pdf"),
        ("un/doc/7", "", "un-doc-7.html"),
        ("x", "10.5555/a.b", "10.5555_a.b.pdf"),
        ("x", "10.5555/a.b", "10.5555-a.b.txt"),
        ("x", "10.5555/a.b", "10.5555:A.B.pdf"),
    ],
)
def test_a_file_is_named_after_its_record(
    identity: str, doi: str, name: str, folder: Path, put: Callable[..., None]
) -> None:
    """A file belongs to the record whose id or DOI is its name."""
    put(name, "other.pdf")
    attached = Attached(folder, publication(identity, doi=doi), publication("third"))
    assert attached.by_id == {identity: [name]}
    assert [problem.file for problem in attached.problems] == ["other.pdf"]


def test_names_of_two_records_are_ambiguous(folder: Path, put: Callable[..., None]) -> None:
    """A file that could be of two records is of none, unless the case of an id decides."""
    put("10.5555_a.pdf", "AB.pdf")
    attached = Attached(
        folder, publication("x", doi="10.5555/a"), publication("y", doi="10.5555/a"),
        publication("ab"), publication("AB"),
    )  # fmt: skip
    assert attached.by_id == {"AB": ["AB.pdf"]}
    assert "10.5555_a.pdf" in attached.report


def test_a_record_has_its_own_file_first(folder: Path, put: Callable[..., None]) -> None:
    """A file with one record is its text. The PDF of the same name in its folder comes after it."""
    put("a/report.html", "a/report.pdf", "b/report.pdf", "list.html", "list.pdf")
    put("c.xml", data=JATS)
    put("d.xml", data=b"<mods/>")
    attached = Attached(
        folder, publication("x", source="a/report.html"),
        publication("y", source="list.html"), publication("z", source="list.html"),
        publication("c-1", source="c.xml"), publication("d-1", source="d.xml"),
    )  # fmt: skip
    assert attached.by_id == {"x": ["a/report.html", "a/report.pdf"], "c-1": ["c.xml"]}
    [problem] = attached.problems
    assert "b/report.pdf, list.pdf" in str(problem)


def test_a_merged_record_keeps_the_files_of_all_its_sources(
    folder: Path, put: Callable[..., None]
) -> None:
    """A record of a PDF that was merged into another one brings its file."""
    put("scan.pdf")
    attached = Attached(folder, publication("x", others=["scan.pdf"]))
    assert attached.by_id == {"x": ["scan.pdf"]}


def test_missing_files_are_reported_once_for_a_source(
    folder: Path, put: Callable[..., None]
) -> None:
    """Many missing files are one problem. Files of other types are no matter."""
    names = [f"{number}.pdf" for number in range(9)]
    attached = Attached(folder, publication("x", *names, "data.zip"))
    [problem] = attached.problems
    assert problem.file == "lib.bib"
    assert "0.pdf, 1.pdf, 2.pdf and 6 more" in problem.what


def test_files_without_a_record_are_reported_once(folder: Path, put: Callable[..., None]) -> None:
    """Files of no record are one problem. Notes for people are none."""
    put(*(f"{number}.pdf" for number in range(9)), "README.md", "data.zip", ".hidden.pdf")
    [problem] = Attached(folder, publication("x")).problems
    assert "0.pdf, 1.pdf, 2.pdf and 6 more (files: 9 .pdf)" in problem.what


def test_nothing_outside_the_folder_is_attached(
    tmp_path: Path, folder: Path, put: Callable[..., None]
) -> None:
    """Neither a path nor a link leads out of the corpus folder."""
    secret = tmp_path / "secret.pdf"
    secret.write_bytes(b"secret")
    (folder / "x.pdf").symlink_to(secret)
    names = ("../secret.pdf", str(secret), "x.pdf", "secret.pdf")
    assert not Attached(folder, publication("x", *names)).by_id


def test_files_may_stay_in_a_folder_that_is_named(tmp_path: Path, folder: Path) -> None:
    """Files outside the corpus folder keep their absolute paths."""
    other = tmp_path / "reports"
    (other / "files").mkdir(parents=True)
    for name in ("files/a.pdf", "b.pdf", "c.pdf"):
        (other / name).write_bytes(b"text")
    attached = Attached(
        folder, publication("x", "files/a.pdf", source=f"{other}/lib.bib"),
        publication("b"), publication("own", source=f"{other}/c.pdf"), outside=[other],
    )  # fmt: skip
    assert attached.by_id == {
        "x": [f"{other}/files/a.pdf"], "b": [f"{other}/b.pdf"], "own": [f"{other}/c.pdf"],
    }  # fmt: skip


NAMES = st.sampled_from(
    ["a.pdf", "A.pdf", "x/a.pdf", "x/b.txt", "b.html", "y/x/a.pdf", "c.zip", "1.pdf"]
)


@given(
    st.lists(NAMES, unique=True, max_size=6),
    st.lists(st.lists(NAMES, max_size=3), max_size=4),
)
def test_a_file_that_is_named_by_its_path_is_attached(
    tmp_path_factory: pytest.TempPathFactory, files: list[str], records: list[list[str]]
) -> None:
    """Every such file is attached, once, in the order of the publications. No other file exists."""
    folder = tmp_path_factory.mktemp("corpus")
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"text")
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
