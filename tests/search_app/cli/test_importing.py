"""`pubsearch import` and `pubsearch open` read files of any known format."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen
from zipfile import ZipFile

import pytest

from indexer.generations import directory
from indexer.ingest import corpus
from indexer.jobs import pages
from indexer.readers import registry
from search_app.cli import importing, serving
from tests.indexer.fulltext.pdfs import make_pdf
from tests.search_app.cli.test_main import Run, run

__all__ = ["run"]

TABLE = "Title,Authors,Year,Odd\nSalt roads,Ada Okafor; Li Wu,1999,\nPepper,Eva Marsh,2001,\n"
SOON = 120.0
"""Timeout of a wait in seconds. It is generous, as a loaded machine is slow."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "salt-list.csv").write_text(TABLE, encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


@pytest.mark.usefixtures("folder")
def test_an_import_prints_the_mapping(run: Run) -> None:
    result = run("import", "salt-list.csv", "--into", "new")
    assert (result.status, result.err) == (0, "")
    reason = "its lines have 4 fields separated by commas"
    assert result.out.splitlines() == [
        "",
        f"salt-list.csv: 2 records, format delimited, because {reason}",
        "  title          100%  Title",
        "  authors        100%  Authors  (split, such as Ada Okafor | Li Wu)",
        "  year           100%  Year",
        "  not used: Odd (0)",
        "",
        "Imported 2 records of “Salt list” into new.",
        "This is how they will look:",
        "  Salt roads",
        "    Authors: Ada Okafor | Li Wu",
        "    Year: 1999",
        "  Pepper",
        "    Authors: Eva Marsh",
        "    Year: 2001",
    ]
    assert run("build", "--corpus", "new", "--index", "index").status == 0
    result = run("import", "salt-list.csv", "--into", "new")
    assert "into new. Its sources.toml was kept.\n" in result.out


def test_a_single_record_is_counted_in_the_singular(run: Run, folder: Path) -> None:
    (folder / "salt-list.csv").write_text("Title,Year\nSalt roads,1999\n", encoding="utf-8")
    result = run("import", "salt-list.csv", "--into", "new", "--format", "delimited")
    assert "salt-list.csv: 1 record, format delimited" in result.out
    assert "Imported 1 record of “Salt list” into new.\n" in result.out
    result = run("import", "--pages", "salt-list.csv", "--into", "pages", "--format", "delimited")
    assert result.out == "Wrote 1 publication to pages.\n"


MARC_TABLE = "en_id,Name,245__,71020a,When,Sym\n1,x1,Salt roads,UN. ECWA,2014-05-01,A/1\n"
CHOICES = ("title=245__", "body=71020a", "year=When", "number=Sym", "summary={Name} {en_id}")


def test_an_option_chooses_the_columns_of_fields(run: Run, folder: Path) -> None:
    """`sources.toml` keeps the columns that --map gives to fields, and an update adds no others."""
    (folder / "un.csv").write_text(MARC_TABLE, encoding="utf-8")
    options = [option for choice in CHOICES for option in ("--map", choice)]
    result = run("import", "un.csv", "--into", "new", "--json", *options)
    [source] = json.loads(result.out)["sources"]
    assert source["mapped"] == {
        "title": ["245__"], "authors": ["71020a"], "year": ["When"], "date": ["When"],
        "number": ["Sym"], "id": ["Sym"], "summary": ["Name", "en_id"],
    }  # fmt: skip
    assert source["guessed"] == {}
    kept = (folder / "new" / "sources.toml").read_text("utf-8")
    (folder / "un.csv").write_text(MARC_TABLE.replace("Salt", "Sea"), encoding="utf-8")
    assert run("import", "un.csv", "--into", "new").status == 0
    assert (folder / "new" / "sources.toml").read_text("utf-8") == kept
    result = run("import", "un.csv", "--into", "new", "--map", "title=Name")
    assert result.status == 1
    assert "new has a mapping already. Edit its sources.toml" in result.err


def test_a_default_mapping_takes_choices_too(run: Run, folder: Path) -> None:
    (folder / "a.ris").write_text("TY  - BOOK\nTI  - T\nC1  - Salt\nAU  - Lind, Eva\nC2  - UN\n")
    result = run("import", "a.ris", "--into", "new", "--map", "title=C1", "--map", "body=C2")
    assert "  Salt\n    Authors: Eva Lind | UN\n    Type: Book\n" in result.out


def test_a_body_may_have_a_template(run: Run, folder: Path) -> None:
    """Each alternative of a template names a body, whatever its columns look like."""
    table = "Title,Org,Unit,Group\nSalt,Marsh,Ada,\nSea,,,Lind Eva\n"
    (folder / "b.csv").write_text(table, encoding="utf-8")
    result = run("import", "b.csv", "--into", "new", "--map", "body={Org}, {Unit}|Group")
    assert "  Salt\n    Authors: Marsh, Ada\n" in result.out
    assert "  Sea\n    Authors: Lind Eva\n" in result.out


@pytest.mark.usefixtures("folder")
def test_all_wrong_choices_are_reported_at_once(run: Run) -> None:
    wrong = ("titel=Title", "title=Titel", "year", "authors={Authors}, {First}")
    options = [option for choice in wrong for option in ("--map", choice)]
    result = run("import", "salt-list.csv", "--into", "new", *options, "--map", "summary=Odd")
    assert (result.status, Path("new").exists()) == (1, False)
    assert all(repr(choice) in result.err for choice in wrong)
    assert "'summary" not in result.err
    assert "Fields: id, body, title, " in result.err
    assert "Columns: Title, Authors, Year, Odd\n" in result.err


@pytest.mark.slow
def test_problems_are_not_in_the_json_output(run: Run, folder: Path) -> None:
    (folder / "noise.bin").write_bytes(bytes(range(256)) * 40)
    result = run("import", "*.csv", "noise.bin", "--into", "new", "--json", "--title", "Salt")
    assert result.status == 3
    assert "noise.bin: no reader recognizes the contents of this file" in result.err
    found = json.loads(result.out)
    assert found["catalogue"] == "Salt"
    [source] = found["sources"]
    assert source["mapped"] == {"title": ["Title"], "authors": ["Authors"], "year": ["Year"]}
    assert source["unused"] == {"Odd": 0}
    assert (source["file"], source["records"], source["problems"]) == ("salt-list.csv", 2, 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gone.csv"], "gone.csv does not exist"),
        (["*.ris"], "*.ris does not exist"),
        (["a**b"], "a**b does not exist"),
        (["list.zip"], "list.zip: the file is an archive. Unpack it"),
        (["nothing"], "nothing is empty. Check the path"),
        (["letter.DOCX"], "documents of the type .DOCX can't be read. Save it as PDF"),
        (["empty"], "empty: the file is empty. Export it again"),
        (["pipe"], "pipe: the file can't be read: it is not a regular file"),
        (["noise.bin"], "noise.bin has no usable record"),
        (["salt-list.csv", "--format", "exl"], "the format 'exl' is unknown"),
    ],
)
def test_an_import_without_a_usable_record_is_refused(
    run: Run, folder: Path, arguments: list[str], message: str
) -> None:
    (folder / "noise.bin").write_bytes(bytes(range(256)) * 40)
    (folder / "nothing").mkdir()
    (folder / "letter.DOCX").write_bytes(b"PK\x03\x04")
    (folder / "empty").touch()
    os.mkfifo(folder / "pipe")
    with ZipFile(folder / "list.zip", "w") as archive:
        archive.write(folder / "salt-list.csv")
    result = run("import", *arguments, "--into", "new")
    assert (result.status, result.out) == (1, "")
    assert message in result.err
    assert not (folder / "new").exists()


def test_an_import_into_the_root_folder_is_refused(run: Run, folder: Path) -> None:
    result = run("import", folder / "salt-list.csv", "--into", "/")
    assert (result.status, result.err) == (1, "pubsearch: / can't be replaced. Use a new folder\n")


def test_a_file_name_may_have_any_encoding(run: Run, folder: Path) -> None:
    name = os.fsdecode(b"salt\xff.csv")
    (folder / "salt-list.csv").rename(folder / name)
    result = run("import", name, "--into", "new")
    assert result.status == 0
    assert "Salt\ufffd" in result.out


def test_an_import_in_place_copies_nothing(run: Run, folder: Path) -> None:
    """With --in-place, the folder has no copies. A glob may start at the root."""
    result = run(
        "import", folder / "s*.csv", "--into", "new", "--in-place", "--format", "delimited"
    )
    assert result.status == 0
    assert "because the option --format names it" in result.out
    assert sorted(path.name for path in (folder / "new").iterdir()) == [
        "catalogue.toml", "sources.toml",
    ]  # fmt: skip


def test_names_of_columns_cannot_control_the_terminal(run: Run, folder: Path) -> None:
    table = TABLE.replace("Odd", "\x1b[2J").replace(",\n", ",x\n")
    (folder / "salt-list.csv").write_text(table, encoding="utf-8")
    result = run("import", "salt-list.csv", "--into", "new", "--format", "delimited")
    assert "\x1b" not in result.out
    decisions = folder / "new" / "sources.toml"
    lines = decisions.read_text(encoding="utf-8").splitlines()
    decisions.write_text("\n".join(line for line in lines if "2J" not in line), encoding="utf-8")
    result = run("build", "--corpus", "new", "--index", "index")
    assert r"no field uses \x1b[2J" in result.out


@pytest.mark.slow
def test_thousands_of_columns_can_be_built(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list of unused columns is cut, so that a build can read `sources.toml`."""
    monkeypatch.setenv("PUBSEARCH_MOST_COLUMNS", "40000")
    names = ",".join(f"A column with a long name {number}" for number in range(30_000))
    (folder / "wide.csv").write_text(f"Title,{names}\nSalt\nPepper\n", encoding="utf-8")
    assert run("import", "wide.csv", "--into", "new").status == 0
    assert (folder / "new" / "sources.toml").stat().st_size < 2_000_000
    assert run("build", "--corpus", "new", "--index", "index").status == 0


def test_formats_are_listed(run: Run) -> None:
    """`pubsearch formats` lists every format."""
    result = run("formats")
    assert result.status == 0
    names = [line.split()[0] for line in result.out.splitlines()]
    assert names == [reader.NAME for reader in registry.load_readers()]


def test_a_change_of_a_file_in_place_is_detected(run: Run, folder: Path) -> None:
    """`serve --watch` detects a change of a file that a source names outside of the folder."""
    run("import", "salt-list.csv", "--into", "new", "--in-place")
    before = corpus.read_state(folder / "new")
    (folder / "salt-list.csv").write_text(TABLE + "Cumin,Li Wu,2003,\n", encoding="utf-8")
    assert corpus.read_state(folder / "new") != before
    (folder / "new" / "sources.toml").write_text("[", encoding="utf-8")
    assert corpus.read_state(folder / "new")


def test_files_with_the_same_columns_are_described_once(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The PDFs of a folder have one description, and `open` prints each problem once."""
    monkeypatch.setattr(serving.serve, "callback", lambda **_: None)
    reports = folder / "reports"
    reports.mkdir()
    for name in "abc":
        # With this suffix, each PDF is a source of its own.
        (reports / f"{name}.scan").write_bytes(make_pdf([f"text {name}"]))
    (reports / "empty.pdf").touch()
    result = run("open", "reports")
    assert result.out.count("because it starts like a PDF") == 1
    assert "a.scan and 2 more: 3 records, format pdf" in result.out
    assert "Imported 4 records" in result.out
    assert result.err.count("the file is empty") == 1


def test_opening_fewer_records_replaces_the_index(
    run: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`pubsearch open` replaces the index, even if the file has lost most of its records."""
    monkeypatch.setattr(serving.serve, "callback", lambda **_: None)
    rows = "".join(f"Title {number},Ada Okafor,1999,\n" for number in range(40))
    (folder / "salt-list.csv").write_text(TABLE + rows, encoding="utf-8")
    assert "42 added" in run("open", "salt-list.csv").out
    (folder / "salt-list.csv").write_text(TABLE, encoding="utf-8")
    assert "40 removed" in run("open", "salt-list.csv").out
    [index] = (tmp_path / "cache" / "pubsearch").glob("*/index")
    assert directory.load_live(index).manifest.publications == 2


def test_open_keeps_corrections(
    run: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Corrections in the files of `pubsearch open` stay. Without any, they are written again."""
    monkeypatch.setattr(serving.serve, "callback", lambda **_: None)
    assert "To correct it, edit catalogue.toml or sources.toml" in run("open", "salt-list.csv").out
    table = "Title,Authors,Year,Odd\nSalt roads,Ada Okafor,1999,High\n"
    (folder / "salt-list.csv").write_text(table, encoding="utf-8")
    assert "Odd: High" in run("open", "salt-list.csv").out
    [sources] = (tmp_path / "cache" / "pubsearch").glob("*/corpus/sources.toml")
    text = sources.read_text(encoding="utf-8")
    sources.write_text(text.replace('title = "Title"', 'title = "Authors"'), encoding="utf-8")
    for _ in range(2):
        result = run("open", "salt-list.csv")
        assert "Your corrections were kept" in result.out
        assert "  Ada Okafor\n" in result.out
    assert 'title = "Authors"' in sources.read_text(encoding="utf-8")


def test_a_port_in_use_is_not_chosen() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert importing._find_port(port) not in (0, port)


@pytest.mark.slow
def test_open_serves_the_page(folder: Path, tmp_path: Path) -> None:
    """`pubsearch open` serves a page from a folder that contains only the file."""
    program = Path(sys.executable).with_name("pubsearch")
    log = tmp_path / "out"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [program, "open", "salt-list.csv", "--title", "Salt"], cwd=folder, stdout=out,
            stderr=subprocess.STDOUT, env=os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")},
        )  # fmt: skip
    try:
        page = wait_for_page(log, process)
        assert "Salt roads" in page
        assert "Ada Okafor" in page
        assert "UNODC" not in page
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(SOON) == 0
    assert [path.name for path in folder.iterdir()] == ["salt-list.csv"]
    assert list((tmp_path / "cache" / "pubsearch").glob("*/index/CURRENT"))


def wait_for_page(log: Path, process: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + SOON
    while "Open http://" not in (text := log.read_text(encoding="utf-8")):
        assert time.monotonic() < end, text
        assert process.poll() is None, text
        time.sleep(0.1)
    url = text.partition("Open ")[2].split()[0]
    with urlopen(f"{url}?size=100", timeout=SOON) as response:
        body: bytes = response.read()
    return body.decode()


@pytest.mark.slow
def test_pages_are_written_without_another_corpus(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--pages writes HTML pages of any file, which a build can read. Long lists are divided."""
    monkeypatch.setattr(pages, "MAX_PUBLICATIONS", 1)
    result = run("import", "--pages", "salt-list.csv", "--into", "pages")
    assert result.out == "Wrote 2 publications to pages.\n"
    written = sorted(path.name for path in (folder / "pages").iterdir())
    assert written == ["catalogue.toml", "salt-list-2.html", "salt-list.html"]
    assert run("build", "--corpus", "pages", "--index", "index").status == 0
    assert "Ada Okafor, Li Wu" in run("search", "--index", "index", "salt").out


def test_pages_report_files_that_no_reader_recognizes(run: Run, folder: Path) -> None:
    (folder / "picture.bin").write_bytes(bytes(range(256)))
    result = run("import", "--pages", "salt-list.csv", "picture.bin", "--into", "pages")
    assert result.status == 3
    assert "picture.bin" in result.err
    assert result.out == "Wrote 2 publications to pages.\n"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of a state folder that can't be made, because it is below a file."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file" / "state"))
    return tmp_path / "file" / "state"


@pytest.mark.usefixtures("folder", "state")
@pytest.mark.parametrize("command", ["import --into out --pages", "open"])
def test_a_copy_needs_no_state_folder(
    command: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving.serve, "callback", lambda **_: None)
    assert run(*command.split(), "salt-list.csv").status == 0


@pytest.mark.usefixtures("state")
def test_a_permission_that_is_not_noted_is_explained(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a state folder, an import in place is rejected, unless the variable allows it."""
    command = ("import", "salt-list.csv", "--into", "new", "--in-place")
    result = run(*command)
    assert result.status == 1
    assert "PUBSEARCH_OUTSIDE" in result.err
    assert not (folder / "new").exists()
    monkeypatch.setenv("PUBSEARCH_OUTSIDE", str(folder))
    assert run(*command).status == 0


def test_pages_leave_no_note(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    assert run("import", "salt-list.csv", "--into", "out", "--pages").status == 0
    assert not (folder / "state").exists()
