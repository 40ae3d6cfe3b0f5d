"""If a corpus folder has a `sources.toml`, only the files that it names are read."""

from pathlib import Path

import msgspec
import pytest

from indexer.catalogue.catalogue_toml import CatalogueError
from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.limits import LIMITS
from indexer.catalogue.records import Problem
from indexer.catalogue.safe_files import OUTSIDE_VARIABLE, allow_outside
from indexer.fulltext.attachments import find_attachments
from indexer.ingest import corpus
from indexer.ingest.corpus import find_source_files
from indexer.mapping import sources

CATALOGUE = Catalogue("Test", "", (Field("title", "Title", role="title"),))
TABLE = "Heading,Other\nOne,1\nTwo,2\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    return folder


def write(folder: Path, *files: str) -> None:
    """Write a `sources.toml` with a source for each file."""
    text = "".join(
        f"[[source]]\nfile = '{file}'\nformat = \"delimited\"\n"
        '[source.fields]\ntitle = "Heading"\n[source.unused]\nOther = ""\n'
        for file in files
    )
    (folder / "sources.toml").write_text(text, encoding="utf-8")


def read_titles(folder: Path, problems: list[Problem]) -> list[str]:
    found = corpus.read(folder, CATALOGUE, problems.append)
    return [f"{Path(each.source.file).name} {each.title}" for each in found]


def test_files_without_a_source_are_reported(folder: Path, problems: list[Problem]) -> None:
    """Only the files that `sources.toml` names are read. Others are reported, except notes."""
    for name in ("a.csv", "b.csv", "README.md", "thesaurus.toml", "style.css"):
        (folder / name).write_text(TABLE if name[0] in "ab" else "Notes", encoding="utf-8")
    write(folder, "a.csv")
    assert read_titles(folder, problems) == ["a.csv One", "a.csv Two"]
    assert [(each.file, each.what) for each in problems] == [
        ("b.csv", "no source of sources.toml names this file")
    ]


@pytest.mark.parametrize("has_sources", [False, True])
def test_the_logo_is_no_source(has_sources: bool, folder: Path, problems: list[Problem]) -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><title>Logo</title></svg>'
    (folder / "logo.svg").write_text(svg, encoding="utf-8")
    (folder / "a.csv").write_text(TABLE, encoding="utf-8")
    if has_sources:
        write(folder, "a.csv")
    catalogue = msgspec.structs.replace(CATALOGUE, logo="logo.svg")
    found = find_source_files(folder, catalogue, problems.append, LIMITS)
    assert [source.file for source in found] == ["a.csv"]
    assert problems == []


def test_a_source_may_name_any_file(folder: Path, problems: list[Problem]) -> None:
    for name in ("list.md", "list.toml", "list"):
        (folder / name).write_text(TABLE, encoding="utf-8")
    write(folder, "list.md", "list.toml", "list")
    assert len(read_titles(folder, problems)) == 6
    assert problems == []


def test_a_glob_matches_files_in_subfolders(folder: Path, problems: list[Problem]) -> None:
    for name in ("a.csv", "sub/b.csv", "sub/c.csv"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("Heading\n" + name, encoding="utf-8")
    write(folder, "sub/*.csv", "a.csv")
    assert read_titles(folder, problems) == ["a.csv a.csv", "b.csv sub/b.csv", "c.csv sub/c.csv"]
    assert problems == []


def test_a_source_without_a_file_is_reported(folder: Path, problems: list[Problem]) -> None:
    (folder / "a.csv").write_text(TABLE, encoding="utf-8")
    write(folder, "a.csv", "gone.csv", "*.tsv")
    read_titles(folder, problems)
    assert [(each.file, each.what) for each in problems] == [
        ("sources.toml", "there is no file for the source 'gone.csv'"),
        ("sources.toml", "there is no file for the source '*.tsv'"),
    ]


def test_files_outside_of_the_folder_are_read_in_place(
    folder: Path, tmp_path: Path, problems: list[Problem], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An absolute path or glob names files outside of the folder. Each file is read once.

    A missing file is reported.
    """
    monkeypatch.setenv(OUTSIDE_VARIABLE, f"/nowhere:{tmp_path}")
    outside = tmp_path / "out[1]"
    outside.mkdir()
    for name in ("a.csv", "b.csv"):
        (outside / name).write_text("Heading\n" + name, encoding="utf-8")
    (tmp_path / "c.csv").write_text("Heading\nc.csv", encoding="utf-8")
    write(folder, str(outside / "a.csv"), str(tmp_path / "*.csv"), str(tmp_path / "gone.csv"))
    assert read_titles(folder, problems) == ["a.csv a.csv", "c.csv c.csv"]
    [problem] = problems
    assert problem.file == str(tmp_path / "gone.csv")
    assert problem.what == "the file can't be read: No such file or directory"


@pytest.mark.parametrize("kind", ["file", "link", "glob", "attachments"])
def test_a_corpus_can_not_name_files_that_nobody_allowed(
    kind: str, folder: Path, tmp_path: Path, problems: list[Problem]
) -> None:
    """A path outside of the folder is an error until the user allows exactly this path."""
    secret = tmp_path / "secret.csv"
    secret.write_text(TABLE, encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path)
    name = {"link": f"{tmp_path}/link/secret.csv", "glob": f"{tmp_path}/*.csv"}.get(
        kind, str(secret)
    )
    write(folder, name)
    if kind == "attachments":
        (folder / "sources.toml").write_text(f"[[attachments]]\npath = '{name}'\n", "utf-8")
    allow_outside(folder, [f"{tmp_path}/other.csv", f"{tmp_path}/secret.csv/x"])
    with pytest.raises(CatalogueError, match="outside the corpus folder") as caught:
        read_titles(folder, problems)
    assert OUTSIDE_VARIABLE in caught.value.hint
    allow_outside(folder, [name])
    assert read_titles(folder, problems) == (
        [] if kind == "attachments" else ["secret.csv One", "secret.csv Two"]
    )
    (tmp_path / "copy").mkdir()
    write(tmp_path / "copy", name)
    with pytest.raises(CatalogueError, match="outside the corpus folder"):
        read_titles(tmp_path / "copy", problems)


@pytest.mark.parametrize("glob", ["*/p.csv", "*/*", "*/sub/*.csv", "**/*.csv", "*/../*/p.csv"])
def test_a_glob_follows_no_link_to_a_folder(
    glob: str, folder: Path, tmp_path: Path, problems: list[Problem]
) -> None:
    (tmp_path / "home" / "sub").mkdir(parents=True)
    for file in ("home/p.csv", "home/sub/p.csv"):
        (tmp_path / file).write_text("Heading\nsecret\n", encoding="utf-8")
    (folder / "link").symlink_to(tmp_path / "home")
    (folder / "self").symlink_to("self")
    (folder / "real" / "sub").mkdir(parents=True)
    for file in ("real/p.csv", "real/sub/p.csv"):
        (folder / file).write_text("Heading\nmine\n", encoding="utf-8")
    (folder / "real" / "sub" / "up").symlink_to(folder)
    write(folder, str(folder / glob))
    assert {*read_titles(folder, problems)} == (set() if ".." in glob else {"p.csv mine"})


def test_a_glob_takes_linear_time(folder: Path, problems: list[Problem]) -> None:
    """Links to a folder above, and many `**`, do not multiply the folders of a glob."""
    for number in range(4):
        (folder / f"loop{number}").symlink_to(folder)
    deepest = folder.joinpath(*["deep"] * 60)
    deepest.mkdir(parents=True)
    (deepest / "p.csv").write_text(TABLE, encoding="utf-8")
    write(folder, f"{folder}/" + "*/" * 12 + "p.csv", f"{folder}/" + "**/*/" * 12 + "p.csv")
    assert read_titles(folder, problems) == ["p.csv One", "p.csv Two"]


@pytest.mark.parametrize(
    "name",
    ["/proc/self/environ", "/proc/*/environ", "/proc/self/cwd/*.csv", "//proc/self/cwd/*.csv",
     "/usr/../proc/self/cwd/*.csv", "/*/1/environ", "/",
     "/dev/stdin", "LINK"],
)  # fmt: skip
def test_a_corpus_never_reads_the_state_of_the_system(
    name: str, folder: Path, tmp_path: Path, problems: list[Problem],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Not even a user can allow files of /proc, /sys, and /dev, also through a link."""
    (tmp_path / "link.csv").symlink_to("/proc/self/environ")
    name = str(tmp_path / "link.csv") if name == "LINK" else name
    monkeypatch.setenv(OUTSIDE_VARIABLE, "/")
    for text in (f"[[attachments]]\npath = '{name}'\n", ""):
        write(folder, name)
        if text:
            (folder / "sources.toml").write_text(text, encoding="utf-8")
        allow_outside(folder, [name])
        with pytest.raises(CatalogueError, match="in a folder of the system"):
            read_titles(folder, problems)


def make_source(fields: str = 'title = "x"', kind: str = "delimited", table: str = "fields") -> str:
    """Return a `sources.toml`."""
    return f'[[source]]\nfile = "a.csv"\nformat = "{kind}"\n[source.{table}]\n{fields}\n'


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (make_source(kind="exl"), "the unknown format 'exl'", "delimited"),
        (make_source('titel = "x"'), "'a.csv' has the unknown field 'titel'", "id, title"),
        (make_source('titel = ";"', table="split"), "has the unknown field 'titel'", "id, title"),
    ],
)
def test_unknown_formats_and_fields_are_named(
    folder: Path, text: str, message: str, hint: str
) -> None:
    """An error lists the formats or fields that exist, even if the file of the source is absent."""
    (folder / "sources.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueError, match=message) as caught:
        list(find_source_files(folder, CATALOGUE, list[Problem]().append, LIMITS))
    assert hint in caught.value.hint


def test_a_build_guesses_nothing(folder: Path, problems: list[Problem]) -> None:
    """A column that `sources.toml` does not name feeds no field, whatever its heading is."""
    (folder / "a.csv").write_text("Title\nOne\n", encoding="utf-8")
    write(folder, "a.csv")
    assert read_titles(folder, problems) == []
    assert [each.what for each in problems] == [
        "it has no title", "the column 'Heading' of the field title is missing",
    ]  # fmt: skip


def test_columns_are_counted_over_all_files_of_a_source(
    folder: Path, problems: list[Problem]
) -> None:
    (folder / "a.csv").write_text("Heading,Other,New\nOne,1,x\n", encoding="utf-8")
    (folder / "b.csv").write_text("Heading,New\nTwo,x\nThree,\n", encoding="utf-8")
    write(folder, "*.csv")
    text = (folder / "sources.toml").read_text(encoding="utf-8")
    text = text.replace('title = "Heading"', 'title = ["Heading|Name", "Other", "Gone"]')
    (folder / "sources.toml").write_text(text, encoding="utf-8")
    reader = corpus.CorpusReader(CATALOGUE, problems.append)
    assert len(list(reader.read_folder(folder))) == 3
    assert reader.unused == {("*.csv", "New"): 2}
    assert [(each.file, each.what) for each in problems] == [
        ("*.csv", "the column 'Gone' of the field title is missing")
    ]


@pytest.mark.parametrize("kind", ["source", "attachments"])
@pytest.mark.parametrize(
    "name",
    ["n" * 300, "n" * 300 + "/p.csv", "*/" + "n" * 300, "**x/p.csv", "**/**", "n\0", "*\0"],
    ids=["long", "in a long folder", "long below a glob", "stars", "only stars", "NUL", "NUL glob"],
)
def test_an_odd_path_is_reported(
    kind: str, name: str, folder: Path, problems: list[Problem]
) -> None:
    """A path that no file can have is an error of `sources.toml`, or a problem of its source."""
    (folder / "sub").mkdir()
    path = f"{folder}/{name}".replace("\0", "\\u0000")
    key, rest = ("file", 'format = "delimited"\n') if kind == "source" else ("path", "")
    text = f'[[{kind}]]\n{key} = "{path}"\n{rest}'
    (folder / "sources.toml").write_text(text, encoding="utf-8")
    if "\0" in name:
        with pytest.raises(CatalogueError, match="is not a file name"):
            read_titles(folder, problems)
        return
    assert read_titles(folder, problems) == []
    list(
        find_attachments(
            folder, CATALOGUE, [], problems.append, outside=sources.load(folder).list_attachments()
        )
    )
    corpus.read_state(folder)
    assert problems or kind == "attachments"
