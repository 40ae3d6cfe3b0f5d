"""An import makes records of PDFs, except of those that belong to records."""

import os
import shutil
from pathlib import Path

import pytest

from indexer.catalogue import catalogue_toml
from indexer.catalogue.records import Problem, Publication
from indexer.fulltext import pdf
from indexer.fulltext.attachments import find_attachments
from indexer.ingest import corpus
from indexer.jobs import build, check, importer
from indexer.jobs.import_files import ImportRejected
from indexer.jobs.importer import ImportResult
from indexer.mapping import sources
from tests.indexer.fulltext.pdfs import make_pdf
from tests.samples import read_publications

RIS = """\
TY  - BOOK
ID  - salt
TI  - Salt
L1  - files/1/scan.pdf
ER  -

TY  - BOOK
ID  - pepper
TI  - Pepper
DO  - 10.5555/pepper
ER  -
"""


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def pdfs(tmp_path: Path) -> Path:
    folder = tmp_path / "reports"
    (folder / "old").mkdir(parents=True)
    for name in ("Harbour_report.pdf", "Fishing_report.pdf", "old/Whaling_report.pdf"):
        (folder / name).write_bytes(make_pdf([f"All about {name}."]))
    return folder


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    (folder / "files" / "1").mkdir(parents=True)
    (folder / "export.ris").write_text(RIS, encoding="utf-8")
    for name in ("files/1/scan.pdf", "10.5555_pepper.pdf", "Other_spices.pdf"):
        (folder / name).write_bytes(make_pdf([f"All about {name}."]))
    return folder


def read_by_id(folder: Path) -> dict[str, Publication]:
    return {publication.id: publication for publication in read_publications(folder)}


def list_attached(folder: Path) -> tuple[dict[str, list[str]], list[Problem]]:
    catalogue, problems = catalogue_toml.load(folder), list[Problem]()
    publications = read_publications(folder, problems)
    outside = sources.load(folder).list_attachments()
    found = find_attachments(
        folder, catalogue, enumerate(publications), problems.append, outside=outside
    )
    by_id: dict[str, list[str]] = {}
    for each in found:
        by_id.setdefault(publications[each.doc_number].id, []).append(each.path.name)
    return by_id, problems


@pytest.mark.parametrize("in_place", [False, True])
def test_a_folder_of_pdfs_is_a_catalogue(in_place: bool, pdfs: Path, tmp_path: Path) -> None:
    into = tmp_path / "new"
    if not in_place:
        (pdfs / "dangling.pdf").symlink_to(pdfs / "nowhere")
    result = importer.import_files([pdfs], into, in_place=in_place)
    assert {source.format for source in result.sources} == {"pdf"}
    catalogue = catalogue_toml.load(into)
    assert catalogue.files == "serve"
    assert catalogue.fulltext
    assert catalogue.fulltext.weight == 0.3
    assert set(read_by_id(into)) == {"harbour-report", "fishing-report", "whaling-report"}
    assert (into / "old" / "Whaling_report.pdf").exists() is not in_place
    attached, problems = list_attached(into)
    assert attached == {
        "harbour-report": ["Harbour_report.pdf"], "fishing-report": ["Fishing_report.pdf"],
        "whaling-report": ["Whaling_report.pdf"],
    }  # fmt: skip
    assert not problems
    # It is one source, which has subfolders that are added later. Another import finds nothing new.
    later = (pdfs if in_place else into) / "later"
    later.mkdir()
    (later / "Later_report.pdf").write_bytes(make_pdf(["Later."]))
    for _ in range(2):
        assert len(sources.load(into).source) == 1
        assert read_by_id(into).keys() == {*attached, "later-report"}
        importer.import_files([pdfs], into, in_place=in_place)


@pytest.mark.parametrize("in_place", [False, True])
def test_a_pdf_of_a_record_is_no_record(in_place: bool, library: Path, tmp_path: Path) -> None:
    into = tmp_path / "new"
    result = importer.import_files([library], into, in_place=in_place)
    assert Path(result.sources[-1].file).name == "Other_spices.pdf"
    assert result.attached == 2
    assert set(read_by_id(into)) == {"salt", "pepper", "other-spices"}
    attached, problems = list_attached(into)
    assert attached == {
        "salt": ["scan.pdf"], "pepper": ["10.5555_pepper.pdf"],
        "other-spices": ["Other_spices.pdf"],
    }  # fmt: skip
    assert not problems
    assert (into / "files" / "1" / "scan.pdf").exists() is not in_place


def test_a_web_page_of_a_record_is_no_record(library: Path, tmp_path: Path) -> None:
    head = '<meta name="citation_title" content="Salt on the web"><meta name="citation_author" '
    page = f'<html><head>{head} content="Ada Marsh"></head><body>All about salt.</body></html>'
    (library / "files" / "1" / "page.html").write_text(page, encoding="utf-8")
    (library / "Other.html").write_text(page, encoding="utf-8")
    ris = RIS.replace("L1  - files/1/scan.pdf", "L1  - files/1/scan.pdf;files/1/page.html")
    (library / "export.ris").write_text(ris, encoding="utf-8")
    result = importer.import_files([library], tmp_path / "new")
    assert result.attached == 3
    assert not any(source.split for source in sources.load(tmp_path / "new").source)
    found = read_by_id(tmp_path / "new")
    assert {publication.source.file for publication in found.values()} == {
        "export.ris", "Other.html", "Other_spices.pdf",
    }  # fmt: skip
    assert list_attached(tmp_path / "new")[0]["salt"] == ["page.html", "scan.pdf"]


def test_one_problem_says_that_the_extra_is_missing(
    pdfs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An import without the extra, and the check and the build that follow, report it once."""
    monkeypatch.setattr(pdf, "is_installed", lambda: False)
    into, problems = tmp_path / "new", list[Problem]()
    importer.import_files([pdfs], into, report=problems.append)
    [problem] = problems
    assert problem.what.startswith("the full text of 3 PDFs is not searched")
    for _ in range(2):
        assert build.build(into, tmp_path / "index").problems == problems
    assert [*check.check(into).problems] == problems


@pytest.mark.parametrize("in_place", [False, True])
def test_a_text_that_no_reader_recognizes_may_belong_to_a_record(
    in_place: bool, library: Path, tmp_path: Path
) -> None:
    (library / "pepper.md").write_text("A note on pepper.", encoding="utf-8")
    into = tmp_path / "new"
    assert importer.import_files([library], into, in_place=in_place).attached == 3
    assert list_attached(into)[0]["pepper"] == ["10.5555_pepper.pdf", "pepper.md"]


def test_texts_next_to_pdfs_are_named(pdfs: Path, tmp_path: Path) -> None:
    """A text that is neither a record nor a file of one is left out, which is one problem."""
    names = ("README.md", "note.txt", "page.html")
    for name in names:
        (pdfs / name).write_text("A note on reports.", encoding="utf-8")
    problems: list[Problem] = []
    importer.import_files([pdfs], tmp_path / "new", report=problems.append)
    assert [problem.file for problem in problems] == [*names]
    assert {problem.what for problem in problems} == {
        "the file has no records, and belongs to none, so it was left out"
    }
    # Alone, such a file is meant to have records.
    problems.clear()
    with pytest.raises(ImportRejected):
        importer.import_files([pdfs / "README.md"], tmp_path / "other", report=problems.append)
    [problem] = problems
    assert problem.what == "no reader recognizes the contents of this file"


def test_a_pdf_belongs_to_the_page_of_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    head = '<meta name="citation_title" content="Salt"><meta name="citation_author" content="Ada">'
    (folder / "salt.html").write_text(f"<html><head>{head}</head></html>", encoding="utf-8")
    (folder / "salt.pdf").write_bytes(make_pdf(["All about salt."]))
    assert importer.import_files([folder], tmp_path / "new").attached == 1
    assert list_attached(tmp_path / "new")[0] == {"salt": ["salt.html", "salt.pdf"]}


def test_a_change_of_a_file_that_is_not_copied_is_seen(library: Path, tmp_path: Path) -> None:
    """A server that builds after changes looks at the files outside the corpus folder too."""
    importer.import_files([library], tmp_path / "new", in_place=True)
    before = corpus.read_state(tmp_path / "new")
    (library / "10.5555_pepper.pdf").write_bytes(b"%PDF-1.7 new")
    assert corpus.read_state(tmp_path / "new") != before


def test_single_files_give_access_to_nothing_else(library: Path, tmp_path: Path) -> None:
    files = [library / "export.ris", library / "10.5555_pepper.pdf"]
    importer.import_files(files, tmp_path / "new", in_place=True)
    places = sources.load(tmp_path / "new").list_attachments()
    assert places == [library / "10.5555_pepper.pdf"]
    assert list_attached(tmp_path / "new")[0] == {"pepper": ["10.5555_pepper.pdf"]}


def import_twice(first: Path, second: Path, into: Path) -> tuple[ImportResult, list[Problem]]:
    problems: list[Problem] = []
    importer.import_files([first], into)
    return importer.import_files([second], into, report=problems.append), problems


def test_pdfs_are_added_to_a_catalogue(library: Path, tmp_path: Path) -> None:
    scans, into = tmp_path / "scans", tmp_path / "new"
    scans.mkdir()
    shutil.move(library / "10.5555_pepper.pdf", scans)
    result, problems = import_twice(library, scans, into)
    assert result.attached == 1
    assert not problems
    assert set(read_by_id(into)) == {"salt", "pepper", "other-spices"}
    assert list_attached(into)[0]["pepper"] == ["10.5555_pepper.pdf"]


def test_a_catalogue_without_full_text_says_so(library: Path, tmp_path: Path) -> None:
    scans = tmp_path / "scans"
    scans.mkdir()
    for path in [*library.rglob("*.pdf")]:
        shutil.move(path, scans)
    _, [problem] = import_twice(library, scans, tmp_path / "new")
    assert problem.file == "catalogue.toml"
    assert "fulltext" in problem.hint


@pytest.mark.parametrize("in_place", [False, True])
def test_the_pdfs_of_a_table_are_left_out_of_the_source_of_the_folder(
    in_place: bool, tmp_path: Path
) -> None:
    """The other PDFs have one source, which also has those that are added later."""
    folder, into = tmp_path / "reports", tmp_path / "new"
    folder.mkdir()
    (folder / "titles.csv").write_text("file,title\none.pdf,Salt roads\n", encoding="utf-8")
    for name in ("one.pdf", "two.pdf", "three.pdf"):
        (folder / name).write_bytes(make_pdf([f"All about {name}."]))
    importer.import_files([folder], into, in_place=in_place)
    assert len(sources.load(into).source) == 2
    ((folder if in_place else into) / "later.pdf").write_bytes(make_pdf(["Later."]))
    assert set(read_by_id(into)) == {"salt-roads", "two", "three", "later"}


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("names", [["one.pdf"], ["one.pdf", "two.PDF"]])
def test_a_pdf_that_is_added_to_a_small_folder_is_a_record(
    in_place: bool, names: list[str], tmp_path: Path
) -> None:
    folder, into = tmp_path / "[2020] reports", tmp_path / "new"
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(make_pdf([f"All about {name}."]))
    importer.import_files([folder], into, in_place=in_place)
    later = (folder if in_place else into) / "later.pdf"
    later.write_bytes(make_pdf(["Later."]))
    assert set(read_by_id(into)) == {"later", *(Path(name).stem for name in names)}


def test_a_pdf_that_is_removed_in_place_is_no_problem(pdfs: Path, tmp_path: Path) -> None:
    importer.import_files([pdfs], tmp_path / "new", in_place=True)
    build.build(tmp_path / "new", tmp_path / "index")
    (pdfs / "old" / "Whaling_report.pdf").unlink()  # the last one in the order of the corpus
    result = build.build(tmp_path / "new", tmp_path / "index")
    assert result.changes.removed == 1
    assert result.problems == []


def test_a_damaged_pdf_that_is_moved_in_place_is_no_missing_file(
    pdfs: Path, tmp_path: Path
) -> None:
    broken = pdfs / "old" / "Zoo.pdf"  # the last one in the order of the corpus
    broken.write_bytes(b"%PDF-1.7 broken")
    importer.import_files([pdfs], tmp_path / "new", in_place=True)
    build.build(tmp_path / "new", tmp_path / "index")
    (pdfs / "zoo").mkdir()
    broken.rename(pdfs / "zoo" / "Zoo.pdf")
    [problem] = build.build(tmp_path / "new", tmp_path / "index").problems
    assert problem.what == "the PDF is damaged"


def test_tables_of_a_later_subfolder_in_place_are_imported(tmp_path: Path) -> None:
    """A glob of a folder has no files of subfolders, so a second import adds a source for them."""
    folder, into = tmp_path / "tables", tmp_path / "new"
    (folder / "later").mkdir(parents=True)
    for name in ("a.csv", "b.csv"):
        (folder / name).write_text(f"id,title\n{name},On {name}\n", encoding="utf-8")
    importer.import_files([folder], into, in_place=True)
    for name in ("c.csv", "d.csv"):
        (folder / "later" / name).write_text(f"id,title\n{name},On {name}\n", encoding="utf-8")
    importer.import_files([folder], into, in_place=True)
    assert len(read_by_id(into)) == 4


def test_unusual_files_of_a_folder_in_place_are_left_out(pdfs: Path, tmp_path: Path) -> None:
    """A build reads what an import of the same folder does, and has the same problems.

    A link gives no access to a file elsewhere. A folder named like a PDF, and a hidden file, are no
    problem. A link to another file of the folder is a file, and joiners are part of a name.
    """
    importer.import_files([pdfs], tmp_path / "new", in_place=True)
    (tmp_path / "secret.pdf").write_bytes(make_pdf(["A secret."]))
    (pdfs / "out.pdf").symlink_to(tmp_path / "secret.pdf")
    os.mkfifo(pdfs / "pipe.pdf")
    for name in (".hidden.pdf", "new\nline.pdf", os.fsdecode(b"latin\xe9.pdf")):
        (pdfs / name).write_bytes(make_pdf([f"All about {name!a}."]))
    (pdfs / "folder.pdf").mkdir()
    (pdfs / "in.pdf").symlink_to("Harbour_report.pdf")
    (pdfs / "می\u200cروم.pdf").write_bytes(make_pdf(["A name with a joiner."]))
    result = build.build(tmp_path / "new", tmp_path / "index")
    assert result.generation.manifest.publications == 5
    *unusual, copy = result.problems
    assert "it is the same file" in copy.what
    problems: list[Problem] = []
    again = importer.import_files([pdfs], tmp_path / "other", in_place=True, report=problems.append)
    assert sum(source.records for source in again.sources) == 5
    assert {*problems} == {*unusual}
    assert len(unusual) == 4


def test_a_name_that_is_not_utf_8_is_replaced_in_a_copy(tmp_path: Path) -> None:
    """A copy has a printable name, and so has the title that is taken from it."""
    folder = tmp_path / "reports"
    folder.mkdir()
    for name in (os.fsdecode(b"latin \xe9.pdf"), "two\nlines.pdf"):
        (folder / name).write_bytes(make_pdf(["text"]))
    importer.import_files([folder], tmp_path / "new")
    titles = {publication.title for publication in read_by_id(tmp_path / "new").values()}
    assert titles == {"latin \ufffd", "two\ufffdlines"}
    assert not list_attached(tmp_path / "new")[1]


@pytest.mark.parametrize("in_place", [False, True])
def test_a_pdf_with_any_name_is_searched(in_place: bool, tmp_path: Path) -> None:
    """A PDF without a suffix, or with another one, is a file of its record, but no glob is."""
    folder = tmp_path / "reports"
    folder.mkdir()
    for name in ("harbour", "fishing.docx", "whaling.docx"):
        (folder / name).write_bytes(make_pdf([f"All about {name}."]))
    importer.import_files([folder], tmp_path / "new", in_place=in_place)
    attached, problems = list_attached(tmp_path / "new")
    assert attached == {
        "fishing": ["fishing.docx"], "harbour": ["harbour"], "whaling": ["whaling.docx"],
    }  # fmt: skip
    assert not problems
    files = [Path(source.file).name for source in sources.load(tmp_path / "new").source]
    assert sorted(files) == ["fishing.docx", "harbour", "whaling.docx"]


def test_pdfs_next_to_pages_are_no_records(corpus_folder: Path) -> None:
    """Without a `sources.toml`, a PDF is a file of a record or a problem."""
    (corpus_folder / "a.pdf").write_bytes(make_pdf(["Some text."]))
    problems: list[Problem] = []
    found = read_publications(corpus_folder, problems)
    assert all(publication.source.file != "a.pdf" for publication in found)
    [problem] = problems
    assert "fulltext" in problem.hint


@pytest.fixture
def corpus_folder(tmp_path: Path) -> Path:
    """Return a corpus folder without `sources.toml`."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    catalogue = 'title = "T"\ndescription = ""\n[[field]]\nname = "title"\nlabel = "Title"\n'
    (folder / "catalogue.toml").write_text(f'{catalogue}role = "title"\nweight = 1\n')
    (folder / "records.jsonl").write_text('{"id": "a", "title": "A"}\n')
    return folder
