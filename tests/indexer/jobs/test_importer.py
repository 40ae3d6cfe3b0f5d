"""An import writes a corpus folder with the unchanged files and a mapping of their columns."""

import csv
import io
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue import catalogue_toml
from indexer.catalogue.catalogue_toml import CatalogueError
from indexer.catalogue.limits import LIMITS
from indexer.catalogue.records import Problem, SourceRecord
from indexer.ingest import corpus
from indexer.jobs import importer
from indexer.jobs.import_files import ImportRejected
from indexer.mapping import proposal, sources
from indexer.mapping.profile import Profile
from indexer.mapping.proposal import Proposal
from indexer.readers.base import Reader
from indexer.readers.formats import delimited
from tests.samples import read_publications

TABLE = (
    "Title,Author,Year,Remark on shelf,Empty\n"
    "Law of the Sea,Ada Okafor; Li Wu,1982,top,\n"
    "Law of Treaties,Li Wu,1969,low,\n"
)
RIS = (
    "TY  - BOOK\nTI  - Salt\nAU  - Marsh, Ada\nZZ  - odd\nER  -\n\n"
    "TY  - BOOK\nTI  - Pepper\nER  -\n"
)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "my_files"
    folder.mkdir()
    (folder / "law-list.csv").write_text(TABLE, encoding="utf-8")
    return folder


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "new" / "catalogue"


def state(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder.parent).as_posix(): path.read_bytes()
        for path in folder.parent.rglob("*") if path.is_file()
    }  # fmt: skip


def test_an_import_keeps_the_file_and_writes_its_mapping(
    files: Path, into: Path, problems: list[Problem]
) -> None:
    """The folder has the file unchanged, and a mapping by which a build reads it."""
    result = importer.import_files([files / "law-list.csv"], into, report=problems.append)
    assert sorted(path.name for path in into.iterdir()) == [
        "catalogue.toml", "law-list.csv", "sources.toml",
    ]  # fmt: skip
    assert (into / "law-list.csv").read_text(encoding="utf-8") == TABLE
    [source] = result.sources
    assert (source.file, source.format, source.records) == ("law-list.csv", "delimited", 2)
    assert source.mapped == {
        "title": ["Title"], "authors": ["Author"], "year": ["Year"],
        "remark_on_shelf": ["Remark on shelf"],
    }  # fmt: skip
    assert source.unused == {"Empty": 0}
    found = read_publications(into, problems)
    assert [each.title for each in found] == ["Law of the Sea", "Law of Treaties"]
    assert found[0].values["authors"] == ("Okafor, Ada", "Wu, Li")
    assert problems == []


def test_the_catalogue_is_named_after_the_file(files: Path, into: Path) -> None:
    result = importer.import_files([files / "law-list.csv"], into)
    assert result.catalogue.title == "Law list"
    assert catalogue_toml.load(into) == result.catalogue
    text = (into / "catalogue.toml").read_text(encoding="utf-8")
    for word in ("UNODC", "traffick", "migrant", "region"):
        assert word not in text
    assert [query for query, _ in result.catalogue.examples][:1] != []
    other = importer.import_files([files], into.with_name("b"), title="My Law")
    assert other.catalogue.title == "My Law"
    assert importer.import_files([files], into.with_name("c")).catalogue.title == "My files"


def test_several_files_are_named_after_their_folder(files: Path, into: Path) -> None:
    (files / "old").mkdir()
    for name in ("salt.csv", "old/sea.csv"):
        (files / name).write_text("Title\nSalt\n", encoding="utf-8")
    paths = [files / "law-list.csv", files / "salt.csv", files / "old"]
    for number, count in enumerate((2, 3)):
        place = into.with_name(f"named-{number}")
        assert importer.import_files(paths[:count], place).catalogue.title == "My files"
    assert importer.import_files([paths[1]] * 2, into.with_name("c")).catalogue.title == "Salt"


def test_a_folder_may_mix_formats(files: Path, into: Path, problems: list[Problem]) -> None:
    (files / "sub").mkdir()
    (files / "sub" / "a.ris").write_text(RIS, encoding="utf-8")
    (files / "sub" / "b.ris").write_text(RIS.replace("Salt", "Cumin"), encoding="utf-8")
    (files / "style.css").write_text("p {}", encoding="utf-8")
    result = importer.import_files([files], into, report=problems.append)
    assert [(each.file, each.format, each.records) for each in result.sources] == [
        ("law-list.csv", "delimited", 2), ("sub/*.ris", "ris", 4),
    ]  # fmt: skip
    assert result.sources[1].unused == {"ZZ": 2}
    assert len(read_publications(into, problems)) == 6
    assert problems == []


def test_tables_with_different_columns_are_separate_sources(
    files: Path, into: Path, problems: list[Problem]
) -> None:
    (files / "other.csv").write_text("Titre,Auteur\nSel,Ada Marsh\n", encoding="utf-8")
    (files / "more.csv").write_text(TABLE.replace(",top,", ",,x"), encoding="utf-8")
    result = importer.import_files([files], into, report=problems.append)
    assert [(each.file, each.records) for each in result.sources] == [
        ("law-list.csv", 2), ("more.csv", 2), ("other.csv", 1),
    ]  # fmt: skip
    assert result.sources[2].mapped == {"title": ["Titre"], "authors": ["Auteur"]}
    assert len(read_publications(into, problems)) == 5
    assert problems == []


def test_equal_names_of_two_folders_are_numbered(
    tmp_path: Path, into: Path, problems: list[Problem]
) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        for name in ("list.csv", "catalogue.toml", ".hidden.csv"):
            (tmp_path / folder / name).write_text(f"Title\n{folder} {name}\n", encoding="utf-8")
    paths = [path / "list.csv" for path in (tmp_path / "a", tmp_path / "b")]
    paths += [tmp_path / "a" / "catalogue.toml", tmp_path / "a" / ".hidden.csv"]
    importer.import_files(paths, into, format_name="delimited", report=problems.append)
    found = {each.source.file: each.title for each in read_publications(into, problems)}
    assert found == {
        "list.csv": "a list.csv", "list-2.csv": "b list.csv",
        "catalogue-2.toml": "a catalogue.toml", "hidden.csv": "a .hidden.csv",
    }  # fmt: skip
    assert problems == []


def test_in_place_refers_to_the_files(files: Path, into: Path, problems: list[Problem]) -> None:
    """With `in_place`, the folder has no copies. A build reads the files where they are."""
    for number in range(3):
        (files / f"{number}.ris").write_text(RIS, encoding="utf-8")
    result = importer.import_files([files], into, in_place=True, report=problems.append)
    assert sorted(path.name for path in into.iterdir()) == ["catalogue.toml", "sources.toml"]
    place = str(files.resolve())
    assert [each.file for each in result.sources] == [f"{place}/*.ris", f"{place}/law-list.csv"]
    assert len(read_publications(into, problems)) == 8
    (files / "law-list.csv").unlink()
    read_publications(into, problems)
    assert [(each.file, each.what) for each in problems] == [
        (f"{place}/law-list.csv", "the file can't be read: No such file or directory")
    ]


def test_in_place_lists_files_if_a_glob_would_match_others(
    files: Path, into: Path, problems: list[Problem]
) -> None:
    """Files are listed one by one if a glob would match other files too."""
    for name in ("a.ris", "b.ris", "c.ris"):
        (files / name).write_text(RIS, encoding="utf-8")
    result = importer.import_files([files / "a.ris", files / "b.ris"], into, in_place=True)
    assert [(Path(each.file).name, each.records) for each in result.sources] == [
        ("a.ris", 2), ("b.ris", 2),
    ]  # fmt: skip
    assert len(read_publications(into, problems)) == 4


def test_an_update_keeps_the_mapping(files: Path, into: Path, problems: list[Problem]) -> None:
    importer.import_files([files / "law-list.csv"], into, title="Mine")
    text = (into / "sources.toml").read_text(encoding="utf-8")
    text = "# My comment\n" + text.replace('title = "Title"', 'title = "Remark on shelf"')
    text = text.replace('remark_on_shelf = "Remark on shelf"\n', "")
    (into / "sources.toml").write_text(text, encoding="utf-8")
    before = (into / "catalogue.toml").read_bytes()
    new = TABLE.replace("Empty", "New").replace("low,", "shelf,x")
    (files / "law-list.csv").write_text(new, encoding="utf-8")
    result = importer.import_files([files / "law-list.csv"], into, report=problems.append)
    assert result.is_update
    assert result.catalogue.title == "Mine"
    assert (into / "sources.toml").read_text(encoding="utf-8") == text
    assert (into / "catalogue.toml").read_bytes() == before
    [source] = result.sources
    assert (source.evidence, source.guessed) == ("sources.toml names the format", {})
    assert source.mapped["title"] == ["Remark on shelf"]
    assert source.unused == {"Title": 2, "New": 1}
    assert [each.title for each in read_publications(into, problems)] == ["top", "shelf"]
    assert problems == []


def test_an_update_adds_sources_for_new_files(
    files: Path, into: Path, problems: list[Problem]
) -> None:
    """A file that no source names gets a source after those that a person may have edited."""
    importer.import_files([files / "law-list.csv"], into)
    before = (into / "sources.toml").read_text(encoding="utf-8")
    (files / "salt.ris").write_text(RIS, encoding="utf-8")
    result = importer.import_files([files], into, report=problems.append)
    assert [(each.file, each.records) for each in result.sources] == [
        ("law-list.csv", 2), ("salt.ris", 2),
    ]  # fmt: skip
    assert (into / "sources.toml").read_text(encoding="utf-8").startswith(before)
    assert len(read_publications(into, problems)) == 4
    assert problems == []


def test_an_update_of_an_import_in_place_copies_nothing(
    files: Path, into: Path, problems: list[Problem]
) -> None:
    """A file that a source names by its path is not copied, even without `in_place`."""
    importer.import_files([files], into, in_place=True)
    before = state(into)
    importer.import_files([files], into)
    assert state(into) == before
    assert len(read_publications(into, problems)) == 2


def test_an_update_refuses_a_title(files: Path, into: Path) -> None:
    importer.import_files([files], into)
    with pytest.raises(ImportRejected, match="has a title already"):
        importer.import_files([files], into, title="Other")


def test_a_folder_with_other_contents_is_refused(files: Path, into: Path) -> None:
    into.mkdir(parents=True)
    (into / "notes.txt").write_text("Mine", encoding="utf-8")
    before = state(into)
    with pytest.raises(ImportRejected, match="is not empty"):
        importer.import_files([files], into)
    with pytest.raises(ImportRejected, match="is not empty"):
        importer.import_files([files], into / "notes.txt")
    assert state(into) == before


def test_an_import_needs_a_file(into: Path) -> None:
    with pytest.raises(ImportRejected, match="no file is named"):
        importer.import_files([], into)
    assert not into.exists()


def test_a_target_inside_the_imported_folder_is_not_imported(
    files: Path, problems: list[Problem]
) -> None:
    for _ in range(2):
        result = importer.import_files([files], files / "out", report=problems.append)
        assert [each.file for each in result.sources] == ["law-list.csv"]
    assert problems == []


@pytest.mark.slow
def test_unusable_files_are_reported_and_left_out(
    files: Path, into: Path, problems: list[Problem]
) -> None:
    (files / "empty.csv").write_bytes(b"")
    (files / "header.csv").write_text("Title,Year\n", encoding="utf-8")
    (files / "noise.bin").write_bytes(bytes(range(256)) * 40)
    (files / "bomb.json").write_text("[" * 100_000, encoding="utf-8")
    (files / "cut.csv.gz").write_bytes(b"\x1f\x8b\x08\x00")
    (files / "gone.csv").symlink_to(files / "nowhere.csv")
    result = importer.import_files([files], into, report=problems.append)
    assert [each.file for each in result.sources] == ["law-list.csv"]
    assert {each.file for each in problems} == {
        "bomb.json", "cut.csv.gz", "empty.csv", "gone.csv", "header.csv", "noise.bin",
    }  # fmt: skip
    assert all(each.hint for each in problems)
    assert {path.name for path in into.iterdir()} == {
        "catalogue.toml", "law-list.csv", "sources.toml",
    }  # fmt: skip


def test_a_file_name_that_is_not_utf_8_is_reported_in_place(
    files: Path, into: Path, problems: list[Problem]
) -> None:
    """A file whose name is not UTF-8 can be copied, but not imported in place."""
    path = os.fsencode(files) + b"/\xff.csv"
    try:
        Path(os.fsdecode(path)).write_text(TABLE, encoding="utf-8")
    except OSError:
        pytest.skip("the file system allows no such name")
    result = importer.import_files([files], into, in_place=True, report=problems.append)
    assert [Path(each.file).name for each in result.sources] == ["law-list.csv"]
    assert len(problems) == 1
    importer.import_files([files], into.with_name("copy"))
    assert len(read_publications(into.with_name("copy"), problems)) == 4
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("name", "text"), [("a.csv", ""), ("a.ris", "TY  - BOOK\nPY  - 1\nER  - \n")]
)
def test_an_import_without_a_usable_record_is_refused(
    name: str, text: str, files: Path, into: Path, problems: list[Problem]
) -> None:
    (files / "law-list.csv").unlink()
    (files / name).write_text(text, encoding="utf-8")
    with pytest.raises(ImportRejected, match="has no usable record"):
        importer.import_files([files], into, report=problems.append)
    assert [each.file for each in problems] == [name]
    assert not into.exists()


def test_a_source_without_titles_is_reported(
    files: Path, into: Path, problems: list[Problem]
) -> None:
    (files / "law-list.csv").write_text("Code,Size\n17,22\n18,24\n", encoding="utf-8")
    importer.import_files([files], into, report=problems.append)
    assert [(each.file, each.what) for each in problems] == [
        ("law-list.csv", "no column seems to have titles")
    ]
    assert "sources.toml" in problems[0].hint


def test_a_format_can_be_forced(files: Path, into: Path) -> None:
    (files / "law-list.csv").rename(files / "list.xml")
    result = importer.import_files([files], into, format_name="delimited")
    assert [(each.format, each.evidence) for each in result.sources] == [
        ("delimited", "the option --format names it")
    ]
    with pytest.raises(ImportRejected, match="the format 'exl' is unknown") as caught:
        importer.import_files([files], into.with_name("b"), format_name="exl")
    assert "delimited" in caught.value.hint


@pytest.mark.parametrize("is_update", [False, True])
def test_a_failed_import_leaves_the_folder_unchanged(
    files: Path, into: Path, monkeypatch: pytest.MonkeyPatch, *, is_update: bool
) -> None:
    if is_update:
        importer.import_files([files], into)
    else:
        into.parent.mkdir()
    before = state(into)
    (files / "law-list.csv").write_text(TABLE.replace("Sea", "Air"), encoding="utf-8")

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("indexer.jobs.importer._add_sources", fail)
    with pytest.raises(KeyboardInterrupt):
        importer.import_files([files], into)
    assert state(into) == before


def test_a_column_without_usable_values_is_unused(files: Path, into: Path) -> None:
    """A column whose field would be empty is listed as unused. A build then knows each field."""
    (files / "law-list.csv").write_text("Title,Author\nSalt,--\nPepper,12\n", encoding="utf-8")
    [source] = importer.import_files([files], into).sources
    assert source.mapped == {"title": ["Title"]}
    assert source.unused == {"Author": 2}
    [decided] = sources.load(into).source
    assert decided.fields == {"title": "Title"}
    assert decided.unused == {"Author": "2 filled: --"}


def test_a_column_and_its_languages_are_used_together(files: Path, into: Path) -> None:
    (files / "law-list.csv").write_text(
        "dc.title,dc.title[fr],dc.date.issued\nSalt,Sel,1999\n,Poivre,2001\n", encoding="utf-8"
    )
    [source] = importer.import_files([files], into).sources
    assert source.mapped["title"] == ["dc.title", "dc.title[fr]"]
    assert source.unused == {}
    assert source.filled["title"] == 1  # each record has a title in one of the columns


def test_the_report_counts_the_values_that_are_used(files: Path, into: Path) -> None:
    rows = "".join(f"{title},{link},{isbn},{key}\n" for title, link, isbn, key in (
        ("Salt", "https://doi.org/10.1000/182", "0-306-40615-2", "//"),
        ("Pepper", "https://example.org/b", "0-306-40615-3", "b"),
        ("Sugar", "https://example.org/c", "none known", "c"), ("Tea", "", "", ""),
    ))  # fmt: skip
    (files / "law-list.csv").write_text(f"Title,URL,ISBN,Key\n{rows}", encoding="utf-8")
    [source] = importer.import_files([files], into).sources
    assert source.filled == {"title": 1, "link": 0.75, "doi": 0.25, "isbn": 0.25, "id": 0.5}


def test_late_columns_are_mapped(files: Path, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.mapping.profile.MAX_RECORDS", 3)
    rows = "".join(f"Title {number},\n" for number in range(9))
    text = f"Title,DOI\n{rows}Last,10.1000/182\n"
    (files / "law-list.csv").write_text(text, encoding="utf-8")
    result = importer.import_files([files], into)
    assert "doi" in result.catalogue.by_name


def test_files_of_one_format_share_one_proposal(
    files: Path, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        (files / f"{number}.ris").write_text(RIS, encoding="utf-8")
    propose, calls = proposal.propose, 0

    def count(
        file: str, reader: Reader, profile: Profile, chosen: Mapping[str, tuple[str, ...]]
    ) -> Proposal:
        nonlocal calls
        calls += 1
        return propose(file, reader, profile, chosen)

    monkeypatch.setattr(proposal, "propose", count)
    paths = [path for path in files.iterdir() if path.stem != "39"]
    result = importer.import_files(paths, into, in_place=True)
    assert calls == 2
    assert sum(each.records for each in result.sources) == 80


CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
HEADINGS = st.lists(
    CELLS.filter(str.strip) | st.sampled_from(["Title", "Author", "Year", "DOI", "id", "x_from"]),
    min_size=1, max_size=6,
)  # fmt: skip


def check_columns(text: str, name: str, format_name: str, columns: set[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file, into = Path(folder, name), Path(folder, "new")
        file.write_text(text, encoding="utf-8")
        [source] = importer.import_files([file], into, format_name=format_name).sources
        mapped = {column for listed in source.mapped.values() for column in listed}
        assert mapped.isdisjoint(source.unused)
        assert mapped | source.unused.keys() == columns
        reader = corpus.CorpusReader(catalogue_toml.load(into), list[Problem]().append)
        list(reader.read_folder(into))
        assert reader.unused == {}


@given(HEADINGS, st.lists(st.lists(CELLS, min_size=6, max_size=6), min_size=1, max_size=5))
def test_no_column_of_a_table_is_lost(headings: list[str], rows: Sequence[Sequence[str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([headings, *(row[: len(headings)] for row in rows)])
    limits, stream = LIMITS, io.BytesIO(text.getvalue().encode())
    columns: set[str] = set()
    count = 0
    for record in delimited.read(stream, "a.csv", limits):
        if isinstance(record, SourceRecord):
            columns.update(record.columns, (prop.name for prop in record.properties))
            count += 1
    if count:
        check_columns(text.getvalue(), "a.csv", "delimited", columns)


KEYS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8).filter(
    lambda key: key.strip() and not set(key) & set(".[]")
)


@given(
    st.lists(
        st.dictionaries(
            KEYS | st.sampled_from(["title", "authors", "year", "_source"]), CELLS.filter(str.strip)
        ),
        min_size=1, max_size=5,
    ),
)  # fmt: skip
def test_no_key_of_json_is_lost(records: list[dict[str, str]]) -> None:
    records = [{"title": "Law", **record} for record in records]
    columns = {key for record in records for key in record}
    check_columns(json.dumps(records), "a.json", "json", columns)


@pytest.mark.parametrize("in_place", [False, True])
def test_a_link_to_itself_costs_only_itself(
    files: Path, into: Path, problems: list[Problem], in_place: bool
) -> None:
    (files / "good.csv").write_text("Title,Year\nShells,2014\n", "utf-8")
    (files / "loop.csv").symlink_to("loop.csv")
    importer.import_files([files], into, in_place=in_place, report=problems.append)
    [problem] = problems
    assert "symbolic links" in problem.what
    with pytest.raises(ImportRejected):
        importer.import_files([files / "loop.csv"], into.with_name("other"), in_place=in_place)


@pytest.mark.parametrize("target", ["../victim.txt", "../absent.txt", "own.txt"])
def test_an_import_replaces_a_link_and_keeps_its_target(
    target: str, files: Path, into: Path
) -> None:
    importer.import_files([files / "law-list.csv"], into)
    (into.parent / "victim.txt").write_text("kept", encoding="utf-8")
    (into / "own.txt").write_text("kept", encoding="utf-8")
    (into / "law-list.csv").unlink()
    (into / "law-list.csv").symlink_to(target)
    importer.import_files([files / "law-list.csv"], into)
    assert not (into / "law-list.csv").is_symlink()
    assert (into / "law-list.csv").read_bytes() == (files / "law-list.csv").read_bytes()
    assert (into / "own.txt").read_text(encoding="utf-8") == "kept"
    assert (into.parent / "victim.txt").read_text(encoding="utf-8") == "kept"
    assert not (into.parent / "absent.txt").exists()


def test_an_import_writes_into_no_linked_folder(files: Path, into: Path, tmp_path: Path) -> None:
    """A folder that is a link out of the target rejects an import, which changes nothing."""
    importer.import_files([files / "law-list.csv"], into)
    source, victim = tmp_path / "more", into.parent / "victim"
    (source / "sub").mkdir(parents=True)
    (source / "sub" / "b.csv").write_bytes((files / "law-list.csv").read_bytes())
    victim.mkdir()
    (into / "sub").symlink_to("../victim")
    before = state(into)
    with pytest.raises(ImportRejected, match=r"sub/b\.csv is behind a link out of the folder"):
        importer.import_files([source], into)
    assert state(into) == before
    assert not any(victim.iterdir())


@pytest.mark.parametrize("given", ["file", "files", "folder"])
def test_a_lost_permission_is_given_again(
    given: str, files: Path, into: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (files / "b[1].csv").write_text(TABLE.replace("Law", "Way"), encoding="utf-8")
    paths = {"file": [files / "b[1].csv"], "files": [*files.iterdir()], "folder": [files]}[given]
    importer.import_files(paths, into, in_place=True)
    expected = len(read_publications(into, []))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
    with pytest.raises(CatalogueError, match="outside the corpus folder"):
        read_publications(into, [])
    importer.import_files(paths, into, in_place=True)
    assert len(read_publications(into, [])) == expected


@pytest.mark.parametrize("name", ["secret.csv", "*.csv", "my_files/*", "my_files/../secret.csv"])
def test_an_import_in_place_allows_no_other_files(
    name: str, files: Path, into: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret.csv").write_text(TABLE, encoding="utf-8")
    (files / "own.csv").write_text(TABLE, encoding="utf-8")
    importer.import_files([files / "law-list.csv"], into)
    with (into / "sources.toml").open("a", encoding="utf-8") as stream:
        stream.write(f"[[source]]\nfile = '{tmp_path / name}'\nformat = 'delimited'\n")
    for in_place in (False, True):
        with pytest.raises(CatalogueError, match="outside the corpus folder"):
            importer.import_files([files / "law-list.csv"], into, in_place=in_place)


def test_a_new_folder_has_no_permission_of_a_former_one(files: Path, into: Path) -> None:
    """An import into a new folder forgets what a former folder of this path could name."""
    importer.import_files([files / "law-list.csv"], into, in_place=True)
    former = (into / "sources.toml").read_text(encoding="utf-8")
    shutil.rmtree(into)
    (files / "other.csv").write_text(TABLE, encoding="utf-8")
    importer.import_files([files / "other.csv"], into)
    (into / "sources.toml").write_text(former, encoding="utf-8")
    with pytest.raises(CatalogueError, match="outside the corpus folder"):
        read_publications(into, [])
