"""The command line: its output and its exit statuses."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from indexer.catalogue import catalogue_toml
from indexer.generations import directory, publish
from indexer.generations.manifest import IndexLocked
from indexer.generations.publish import Status
from indexer.readers import registry
from search_app.cli import main
from search_app.search_state import SORTS
from tests.samples import article, page


class Told(NamedTuple):
    """The exit status and the output of a command."""

    status: object
    out: str
    err: str


Run = Callable[..., Told]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs `pubsearch` with arguments in this process."""

    def run(*arguments: object) -> Told:
        monkeypatch.setattr(sys, "argv", ["pubsearch", *map(str, arguments)])
        status: object = 0
        try:
            main.main()
        except SystemExit as ended:
            status = ended.code or 0
        return Told(status, *capsys.readouterr())

    return run


@pytest.fixture
def build(run: Run, corpus: Path, tmp_path: Path) -> Callable[..., Told]:
    """Return a function that runs `pubsearch build` on the small corpus."""

    def build(*arguments: object) -> Told:
        return run("build", "--corpus", corpus, "--index", tmp_path / "index", *arguments)

    return build


def spoil(corpus: Path) -> None:
    (corpus / "bad.html").write_text(page([article("")]), encoding="utf-8")


def report(file: Path) -> list[dict[str, object]]:
    told: dict[str, list[dict[str, object]]] = json.loads(file.read_text(encoding="utf-8"))
    return told["problems"]


@pytest.mark.slow
def test_command_is_installed() -> None:
    """The command `pubsearch` is installed and prints its version."""
    command = Path(sys.executable).with_name("pubsearch")
    told = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert told.stdout.startswith("pubsearch, version ")


def test_build_without_problems(build: Callable[..., Told], tmp_path: Path) -> None:
    told = build("--report", tmp_path / "report.json")
    assert told.status == 0
    assert ": 5 added, 0 changed, 0 removed, 0 unchanged" in told.out
    assert report(tmp_path / "report.json") == []


def test_build_of_an_unchanged_corpus(build: Callable[..., Told]) -> None:
    build()
    told = build()
    assert told.status == 0
    assert told.out.startswith("Nothing changed: 000001-")


def test_build_with_problems(build: Callable[..., Told], corpus: Path, tmp_path: Path) -> None:
    """A build that publishes with problems prints them, reports them as JSON, and exits with 3.

    A second build prints unfixed problems again, though nothing changed.
    """
    spoil(corpus)
    told = build("--report", tmp_path / "report.json")
    assert told.status == 3
    assert "Published 000001-" in told.out
    assert "bad.html:3: it has no title. Add a title. The entry was left out" in told.err
    assert report(tmp_path / "report.json") == [
        {
            "file": "bad.html",
            "line": 3,
            "what": "it has no title",
            "hint": "Add a title. The entry was left out",
            "entry": None,
        }
    ]
    told = build()
    assert told.status == 3
    assert "Nothing changed" in told.out
    assert "bad.html:3" in told.err


def test_refused_build(build: Callable[..., Told], corpus: Path, tmp_path: Path) -> None:
    build()
    for name in ("tools.html", "papers.html"):
        (corpus / name).unlink()
    spoil(corpus)
    told = build("--report", tmp_path / "report.json")
    assert told.status == 1
    assert "not published: " in told.err
    assert "less than half of the 5 in the index" in told.err
    assert [each["file"] for each in report(tmp_path / "report.json")] == ["bad.html"]
    assert len(directory.list_names(tmp_path / "index")) == 1
    assert build("--force").status == 3


def test_build_that_would_remove_many_publications(
    build: Callable[..., Told], corpus: Path, tmp_path: Path
) -> None:
    for name in ("one", "other"):
        titles = [article(f"{name} {number}") for number in range(12)]
        (corpus / f"{name}.html").write_text(page(titles), encoding="utf-8")
    build()
    (corpus / "other.html").unlink()
    told = build()
    assert told.status == 4
    assert told.err == (
        "pubsearch: not published: it would remove 12 of 29 publications: other.html (12, the "
        "file is missing). Restore the files, or build with --force if this is intended\n"
    )
    assert len(directory.list_names(tmp_path / "index")) == 1
    assert "12 removed" in build("--force").out


def test_build_of_a_faulty_catalogue(build: Callable[..., Told], corpus: Path) -> None:
    (corpus / "catalogue.toml").write_text("[[field", encoding="utf-8")
    told = build()
    assert told.status == 1
    assert told.err.startswith(f"pubsearch: {corpus / 'catalogue.toml'}: ")
    assert told.err.count("\n") == 1


def test_build_with_an_unusable_reader(
    build: Callable[..., Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    point = EntryPoint("table", "nothing_of_this_name", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point])
    registry.load_readers.cache_clear()
    told = build()
    registry.load_readers.cache_clear()
    assert told.status == 1
    assert told.err.startswith("pubsearch: the reader 'table' of the package nothing_of_this_name ")
    assert told.err.count("\n") == 1


def test_build_while_another_runs(build: Callable[..., Told], tmp_path: Path) -> None:
    with publish.lock(tmp_path / "index"):
        told = build()
    assert told.status == 1
    assert "another build is running" in told.err


def state(folder: Path) -> dict[str, bytes]:
    files = (each for each in folder.rglob("*") if each.is_file())
    return {str(each): each.read_bytes() for each in files}


def test_check_of_a_corpus_without_problems(run: Run, corpus: Path, tmp_path: Path) -> None:
    before = state(tmp_path)
    told = run("check", "--corpus", corpus)
    assert (told.status, told.err) == (0, "")
    assert told.out == "5 publications of “Small Catalogue”\n"
    assert state(tmp_path) == before


def test_check_reports_problems_like_a_build(
    run: Run, build: Callable[..., Told], corpus: Path, tmp_path: Path
) -> None:
    """A check prints and reports each problem of an entry like a build, and exits with 3."""
    spoil(corpus)
    told = run("check", "--corpus", corpus, "--report", tmp_path / "checked.json")
    built = build("--report", tmp_path / "built.json")
    assert (told.status, told.err) == (built.status, built.err) == (3, told.err)
    assert "bad.html:3: it has no title" in told.err
    assert report(tmp_path / "checked.json") == report(tmp_path / "built.json")


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("catalogue.toml", "[[field", "Expected ']]'"),
        ("thesaurus.toml", '[[concept]]\nid = "a"\n', "`prefLabel`"),
        ("regions.toml", "[regions", "Expected ']'"),
        ("catalogue.fr.toml", "[field.heading]", "no field 'heading'"),
    ],
)
def test_check_of_a_faulty_file(name: str, text: str, what: str, run: Run, corpus: Path) -> None:
    (corpus / name).write_text(text, encoding="utf-8")
    told = run("check", "--corpus", corpus)
    assert (told.status, told.out) == (1, "")
    assert told.err.startswith(f"pubsearch: {corpus / name}: ")
    assert what in told.err
    assert told.err.count("\n") == 1


def test_check_without_publications(run: Run, corpus: Path, tmp_path: Path) -> None:
    told = run("check", "--corpus", tmp_path / "nowhere")
    assert told.status == 1
    assert "the file does not exist" in told.err
    for name in ("tools.html", "papers.html", "more.jsonl"):
        (corpus / name).unlink()
    spoil(corpus)
    told = run("check", "--corpus", corpus)
    assert told.status == 1
    assert "bad.html:3: it has no title" in told.err
    assert f"{corpus} contains no readable publication" in told.err


def test_status(run: Run, build: Callable[..., Told], corpus: Path, tmp_path: Path) -> None:
    spoil(corpus)
    build()
    told = run("status", "--index", tmp_path / "index")
    assert told.status == 0
    lines = [" ".join(line.split()) for line in told.out.splitlines()]
    assert lines[0].startswith("000001-")
    for line in (
        "5 publications of “Small Catalogue”", "Section", "3 Papers", "2 Tools", "Region",
        "2 Africa", "1 No particular region", "Retired ids: 0", "Problems in the corpus: 1",
    ):  # fmt: skip
        assert line in lines
    assert "bad.html:3: it has no title" in told.out


def test_status_fits_on_one_screen(
    run: Run, build: Callable[..., Told], corpus: Path, tmp_path: Path
) -> None:
    """Of many values and problems, the status lists the first ones unless --all asks for all."""
    for number in range(100):
        (corpus / f"bad{number}.html").write_text("<p>no entry</p>", encoding="utf-8")
    build()
    short = run("status", "--index", tmp_path / "index").out.splitlines()
    whole = run("status", "--all", "--index", tmp_path / "index").out.splitlines()
    assert len(short) < 40
    hidden = len(whole) - len(short) + 1
    assert f"  and {hidden} more, which status --all lists" in short
    assert sum("bad" in line for line in whole) == 100


def test_retired_prints_a_file_of_the_corpus(
    run: Run, build: Callable[..., Told], corpus: Path, tmp_path: Path
) -> None:
    """The command `retired` prints retired.toml, which a build from nothing reads."""
    build()
    (corpus / "more.jsonl").unlink()
    build()
    told = run("retired", "--index", tmp_path / "index")
    assert told.status == 0
    assert told.out.startswith('[[retired]]\nid = "brief/6"\ntitle = "Issue Brief"\ntime = ')
    (corpus / "retired.toml").write_text(told.out, encoding="utf-8")
    run("build", "--corpus", corpus, "--index", tmp_path / "new")
    assert run("retired", "--index", tmp_path / "new").out == told.out
    assert "Retired ids: 1\n" in run("status", "--index", tmp_path / "new").out


def test_the_status_keeps_a_failed_build(
    run: Run, build: Callable[..., Told], corpus: Path, tmp_path: Path
) -> None:
    """The status reports a failed build until a later build succeeds."""
    index = tmp_path / "index"
    assert publish.read_last_build(index) is None
    build()
    tried = publish.read_last_build(index)
    assert tried is not None
    assert (tried.status, tried.what) == ("published", "")
    assert "failed" not in run("status", "--index", index).out
    whole = (corpus / "catalogue.toml").read_text(encoding="utf-8")
    (corpus / "catalogue.toml").write_text("[[field", encoding="utf-8")
    assert build().status == 1
    told = run("status", "--index", index).out
    assert "The last build failed, 20" in told
    assert "catalogue.toml" in told
    (corpus / "catalogue.toml").write_text(whole, encoding="utf-8")
    build()
    tried = publish.read_last_build(index)
    assert tried is not None
    assert tried.status == "unchanged"
    assert "failed" not in run("status", "--index", index).out
    (index / publish.LAST_BUILD_FILE).write_bytes(b"{")
    assert publish.read_last_build(index) is None


def test_a_build_is_recorded_before_another_starts(
    build: Callable[..., Told], corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build records its result while it has the lock, so no other build reads half a record."""
    note, noted = publish.write_last_build, []

    def locked_note(index: Path, status: Status, *told: Any) -> None:
        with pytest.raises(IndexLocked), publish.lock(index):
            pass
        noted.append(status)
        note(index, status, *told)

    monkeypatch.setattr(publish, "write_last_build", locked_note)
    build()
    build()
    (corpus / "catalogue.toml").unlink()
    build()
    assert noted == ["published", "unchanged", "failed"]


def test_rollback(run: Run, build: Callable[..., Told], tmp_path: Path) -> None:
    build()
    build("--force")
    told = run("rollback", "--index", tmp_path / "index")
    assert (told.status, told.out[:19]) == (0, "Live is now 000001-")
    told = run("rollback", "--index", tmp_path / "index")
    assert told.status == 1
    assert "there is no generation before 000001-" in told.err


@pytest.mark.parametrize("command", ["status", "rollback", "search"])
def test_missing_index(command: str, run: Run, tmp_path: Path) -> None:
    told = run(command, "--index", tmp_path / "index")
    assert told.status == 1
    assert told.err == (
        f"pubsearch: there is no index in {tmp_path / 'index'}. "
        "Run: pubsearch build, or pubsearch open FILE\n"
    )


@pytest.mark.parametrize("command", ["--help", "search x", "status", "check", "build", "serve"])
def test_a_command_in_an_empty_folder_names_the_first_step(
    command: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a catalogue and an index, every command leads to `pubsearch open` in one line."""
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    told = run(*command.split())
    assert told.status == (command != "--help")
    assert "pubsearch open FILE" in told.err or "pubsearch open FILE" in told.out
    assert told.err.count("\n") == (command != "--help")


@pytest.mark.slow
def test_search_for_terms(run: Run, index: Path) -> None:
    told = run("search", "--index", index, "model", "law")
    assert told.status == 0
    assert told.out.startswith("1 of 1 publication for “model law”\n")
    assert "\nModel Law against Trafficking\n" in told.out
    assert "  model-law (tools.html:6)\n" in told.out
    assert "Region: South Asia (1)" in told.out


BOTH_REGIONS = "--region|South Asia|--region|Africa"


@pytest.mark.parametrize(
    ("words", "start", "text"),
    [
        # A value follows its option, or comes after `=`.
        ("--region|South Asia|--section=Tools", "1 of 1 publication\n", "Model Law against Tr"),
        ("--without.region|South Asia", "1–3 of 3 publications\n", "not South Asia (2)"),
        (BOTH_REGIONS, "1–", "Model Law against Trafficking"),
        (f"{BOTH_REGIONS}|--match.region|all", "Nothing found\n", ""),
        ("organs|zebra", "", "Hits for each word: organs 1 · zebra 0\n"),
        ("zebra", "Nothing found for “zebra”\n", ""),
        # A minus excludes a word, even if it looks like an option.
        ("trafficking|-law", "", "for “trafficking -law”"),
        ("trafficking|-help", "", "for “trafficking -help”"),
        ("trafficking|-json", "", "for “trafficking -json”"),
    ],
)
def test_search(words: str, start: str, text: str, run: Run, index: Path) -> None:
    told = run("search", "--index", index, *words.split("|"))
    assert told.status == 0
    assert told.out.lstrip().startswith(start)
    assert text in told.out


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        ("--colour red", 2, "no option --colour. Use one of: --country, --exact, --explain"),
        ("--region", 2, "--region needs a value"),
        ("--format exl", 2, "'ris', 'bibtex', 'csl'"),
        ("--year 2015..2010", 1, "pubsearch: year=2015..2010 is not valid."),
        ("--size 1000", 1, "whole number from 1 to 100"),
        ("--sort best", 1, ", ".join(SORTS)),
    ],
)
def test_a_wrong_search(words: str, status: int, message: str, run: Run, index: Path) -> None:
    """An unknown or incomplete option exits with 2. An invalid value is one line, and exits with 1.

    Both list what is valid.
    """
    told = run("search", "--index", index, *words.split())
    assert (told.status, told.out) == (status, "")
    assert message in told.err
    assert status == 2 or told.err.count("\n") == 1


def test_search_as_json(run: Run, index: Path) -> None:
    told = run("search", "--index", index, "--json", "organs")
    answer = json.loads(told.out)
    assert told.status == 0
    assert answer["total"] == 1
    assert [hit["id"] for hit in answer["hits"]] == ["removal-of-organs-2011"]
    assert {"query", "page_count", "relaxed", "generation", "took_ms", "facets"} <= set(answer)


def test_search_in_a_format(run: Run, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBSEARCH_SITE_URL", "https://example.org")
    monkeypatch.setenv("PUBSEARCH_PREFIX", "/books")
    told = run("search", "--index", index, "--format", "jsonl", "--size", "1", "--sort", "title")
    titles = [json.loads(line)["title"] for line in told.out.splitlines()]
    assert len(titles) == 5
    assert titles == sorted(titles)
    told = run("search", "--index", index, "law", "--format=ris")
    assert "UR  - https://example.org/books/publication/model-law\r\n" in told.out


def test_search_with_explanations(run: Run, index: Path) -> None:
    told = run("search", "--index", index, "organs", "--region", "Africa", "--explain", "1")
    assert "  - Filter Region: Africa (includes Kenya).\n" in told.out
    assert "Title has “Organs”" in told.out
    told = run("search", "--index", index, "--json", "organs", "--explain=1")
    (hit,) = json.loads(told.out)["hits"]
    assert "Title has “Organs”" in hit["explanation"]["sentences"][0]


@pytest.mark.slow
def test_search_prints_the_notes_of_a_page(run: Run, misspelt_index: Path) -> None:
    told = run("search", "--index", misspelt_index, "bordre")
    assert (told.status, "\nDid you mean “border”?" in told.out) == (0, True)
    exactly = run("search", "--index", misspelt_index, "bordre", "--exact", "1")
    assert exactly.status == 0
    assert "Did you mean" not in exactly.out
    assert "\nOnly the words as typed are searched for." in exactly.out


def test_import(run: Run, corpus: Path, tmp_path: Path) -> None:
    lines = (
        '{"title": "Model Law", "section": "Tools"}',
        '{"title": "A", "section": "Technical Papers"}',
    )
    (tmp_path / "list.jsonl").write_text("\n".join(lines), encoding="utf-8")
    told = run(
        "import", "--pages", tmp_path / "list.jsonl", "--into", tmp_path / "new", "--like", corpus
    )
    assert (told.status, told.err) == (0, "")
    assert told.out == f"Wrote 2 publications to {tmp_path / 'new'}.\n"
    assert catalogue_toml.load(tmp_path / "new").by_name["section"].values == (
        "Tools",
        "Technical Papers",
    )
    told = run("build", "--corpus", tmp_path / "new", "--index", tmp_path / "index")
    assert (told.status, "2 added" in told.out) == (0, True)


def test_import_with_problems(run: Run, corpus: Path, tmp_path: Path) -> None:
    file = tmp_path / "list.jsonl"
    file.write_text('{"title": "Law", "section": "Tools"}\n{\n', encoding="utf-8")
    into = ("--into", tmp_path / "new", "--like", corpus, "--report", tmp_path / "report.json")
    told = run("import", "--pages", file, *into)
    assert told.status == 3
    assert "list.jsonl:2: " in told.err
    assert [each["line"] for each in report(tmp_path / "report.json")] == [2]
    told = run("import", "--pages", file, *into)
    assert told.status == 1
    assert "has pages already" in told.err
    file.write_text("{\n", encoding="utf-8")
    told = run("import", "--pages", file, "--into", tmp_path / "none", *into[2:])
    assert told.status == 1
    assert "list.jsonl:1: " in told.err
    assert [each["line"] for each in report(tmp_path / "report.json")] == [1]


def serve(*arguments: object) -> Told:
    """Run `pubsearch serve` as a process.

    Only for servers that cannot start, as others would not end.
    """
    command = Path(sys.executable).with_name("pubsearch")
    done = subprocess.run(
        [command, "serve", *map(str, arguments)],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    return Told(done.returncode, done.stdout, done.stderr)


@pytest.mark.slow
def test_serve_on_a_used_port(index: Path, corpus: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = serve("--corpus", corpus, "--index", index, "--port", port)
    assert told.status == 1
    assert told.out == ""
    assert f"can't listen on 127.0.0.1, port {port}" in told.err
    assert "--port" in told.err


@pytest.mark.slow
def test_serve_reports_an_index_of_another_catalogue(index: Path, corpus: Path) -> None:
    file = corpus / catalogue_toml.CATALOGUE_FILE
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('title = "', 'title = "Other ', 1), encoding="utf-8")
    told = serve("--no-build", "--corpus", corpus, "--index", index, "--host", "nowhere.invalid")
    assert told.status == 1
    assert "built from other fields" in told.out


@pytest.mark.skipif(sys.platform != "linux", reason="other systems limit memory otherwise")
@pytest.mark.parametrize("megabytes", [150, 200, 330, 400, 415])
@pytest.mark.slow
def test_missing_memory_is_named(megabytes: int, corpus: Path, tmp_path: Path) -> None:
    """A command that runs out of memory or threads says so, and prints no traceback."""
    command = Path(sys.executable).with_name("pubsearch")
    limited = f'ulimit -v {megabytes * 1024}; exec "$0" "$@"'
    arguments = ["build", "--corpus", str(corpus), "--index", str(tmp_path / "index")]
    done = subprocess.run(
        ["sh", "-c", limited, str(command), *arguments],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert done.returncode == 0 or "not enough memory" in done.stderr
