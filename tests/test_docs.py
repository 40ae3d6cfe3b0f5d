"""The documents agree with the program."""

import doctest
import json
import pkgutil
import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from urllib.request import urlopen

import msgspec
import pytest
from flask.testing import FlaskClient

from benchmarks.speed import serving
from indexer.analysis import stemming
from indexer.catalogue.fields import Catalogue
from indexer.jobs import build
from search_app import config, search_state, workers
from search_app.api import openapi
from search_app.cli import importing
from search_app.engine import request
from search_app.engine.query import grammar
from search_app.presentation import facets
from search_app.web import exports, incoming, monitoring, server
from tools import documented_lists

ROOT = Path(__file__).parents[1]


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    defaults = msgspec.structs.asdict(config.Settings())
    for name, description in config.list_help().items():
        value = defaults[name]
        default = "" if value is None else int(value) if isinstance(value, bool) else value
        assert f"| `{name}` | `{default}` | {description} |" in text
    assert text.count("\n| `") == len(defaults)


def test_lists_in_the_documents_are_those_of_the_program() -> None:
    """Modules, kinds, roles, and rows of formats are as `tools.documented_lists` writes them."""
    texts = tuple(DOCUMENTS[ROOT / name] for name in ("corpus/README.md", "docs/import.md"))
    assert documented_lists.update(*texts) == texts
    assert documented_lists.list_modules() == DOCUMENTS[documented_lists.MODULES_PAGE]


def test_a_new_format_gets_a_row() -> None:
    readme, page = (DOCUMENTS[ROOT / name] for name in ("corpus/README.md", "docs/import.md"))
    row = re.search(r"^\| `ris` \|.*\n", page, re.MULTILINE)
    assert row
    _, updated = documented_lists.update(readme, page.replace(row[0], ""))
    [added] = re.findall(r"^\| `ris` \|.*\n", updated, re.MULTILINE)
    assert added.startswith("| `ris` | .ris | an example | id, title, ")
    assert documented_lists.update(readme, updated) == (readme, updated)


@pytest.mark.slow
def test_gunicorn_serves_as_documented(catalogue_index: Path) -> None:
    text = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
    assert f"gunicorn {' '.join(serving.GUNICORN)} --workers 2\n" in text
    command = partial(serving.gunicorn, 2)
    with serving.server(catalogue_index, command) as served:
        answer = urlopen(f"{served.url}/?q=organ")
        assert answer.status == 200
        assert "<mark>" in answer.read().decode()


def test_the_form_in_the_corpus_readme_is_a_publication(tmp_path: Path) -> None:
    text = (ROOT / "corpus" / "README.md").read_text(encoding="utf-8")
    match = re.search(r"<article itemscope.*?</article>", text, re.DOTALL)
    assert match
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name in ("catalogue.toml", "regions.toml"):
        (folder / name).write_bytes((ROOT / "corpus" / name).read_bytes())
    (folder / "tools.html").write_text(f"<main>{match[0]}</main>", encoding="utf-8")
    outcome = build.build(folder, tmp_path / "index")
    assert outcome.problems == []
    assert outcome.changes.added == 1


DOCUMENTS = {
    path: path.read_text(encoding="utf-8")
    for path in sorted([
        *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"),
        *(ROOT / name / "README.md" for name in ("corpus", "deploy", "examples")),
    ])
}  # fmt: skip
LINES = [line for text in DOCUMENTS.values() for line in text.splitlines()]
ENDING = r"(?:check|build|status|rollback|verify|import .*?|search .*?)"
"""A regular expression of the commands that exit by themselves."""
COMMANDS = sorted({
    match[1]
    for line in LINES
    if (match := re.fullmatch(rf"\.venv/bin/pubsearch ({ENDING})\s*(?:#.*)?", line))
})  # fmt: skip
URLS = sorted({
    match[1]
    for line in LINES
    if (match := re.fullmatch(r"curl 'http://127\.0\.0\.1:8000(/.*)'", line))
})  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.slow
def test_the_commands_of_the_documents_run(
    command: str, tmp_path: Path, catalogue_index: Path
) -> None:
    index = (
        catalogue_index
        if command.startswith(("search", "status", "verify"))
        else tmp_path / "index"
    )
    if command == "rollback":
        for _ in range(2):
            build.build(ROOT / "corpus", index, force=True)
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "corpus").symlink_to(ROOT / "corpus")
    (checkout / "library.csv").write_text(LIBRARY, encoding="utf-8")
    done = subprocess.run(
        ["sh", "-c", f"pubsearch {command}"],
        cwd=checkout,
        env={
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "PUBSEARCH_INDEX": str(index),
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


LIBRARY = """Title,Author(s),Published,Journal,DOI,Checked
Salt Roads,Ada Okafor; Li Wu,1999,Roads,10.1000/182,
Pepper and Ports,Eva Marsh,2001,Roads,10.1000/183,
Maps of the Desert,Li Wu,2003,,,
"""


def test_the_readme_shows_the_output_of_an_import(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "library.csv").write_text(LIBRARY, encoding="utf-8")
    arguments = [str(tmp_path / "library.csv"), "--into", str(tmp_path / "new")]
    with pytest.raises(SystemExit, match="0"):
        importing.import_(arguments)
    _, *lines = capsys.readouterr().out.splitlines()
    assert "\n".join(lines[: lines.index("")]) in DOCUMENTS[ROOT / "README.md"]


EXAMPLES = {
    path: blocks
    for path, text in DOCUMENTS.items()
    if (blocks := re.findall(r"^```pycon\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
@pytest.mark.slow
def test_the_python_of_the_documents_prints_what_they_show(
    path: Path, tmp_path: Path, catalogue_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "index").symlink_to(catalogue_index)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "library.csv").write_text(LIBRARY, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    session = doctest.DocTestParser().get_doctest(
        "\n".join(EXAMPLES[path]), {}, path.name, str(path), 0
    )
    failures: list[str] = []
    assert doctest.DocTestRunner().run(session, out=failures.append).attempted
    assert not failures, "".join(failures)


@pytest.mark.parametrize("url", URLS)
def test_the_requests_of_the_documents_are_answered(url: str, client: FlaskClient) -> None:
    """Each request in a document gets JSON with status 200."""
    answer = client.get(url)
    assert answer.status_code == 200
    assert answer.is_json


RECORDS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.name)
def test_a_decision_is_a_record(path: Path) -> None:
    text = DOCUMENTS[path]
    heading = re.match(r"# (\d+)\. (.*)\n", text)
    assert heading
    assert path.name.startswith(f"{int(heading[1]):04d}-")
    assert re.findall(r"^\*\*(\w+)\.\*\* ", text, re.MULTILINE) == [
        "Context",
        "Decision",
        "Consequences",
    ]
    assert f"{heading[1]}. [{heading[2]}]({path.name})\n" in DOCUMENTS[path.parent / "README.md"]


NAMED = [
    (path.name, file, test)
    for path, text in DOCUMENTS.items()
    for file, test in re.findall(r"`(?:tests/)?([\w/]+\.py)::(\w+)`", text)
]


def test_the_documents_have_commands_requests_and_tests() -> None:
    """There are commands, requests, and names of tests, so the tests of these are not empty."""
    assert (len(COMMANDS), len(URLS)) == (16, 5)
    assert [path.name for path in EXAMPLES] == ["python.md"]
    assert {document for document, _, _ in NAMED} == {"reliability.md", "security.md"}
    assert len(NAMED) > 100


def test_the_glossary_names_what_the_program_has(catalogue: Catalogue) -> None:
    text = DOCUMENTS[ROOT / "docs" / "glossary.md"]
    lines = [line for line in text.splitlines() if re.match(r"\| (?!term |-)", line)]
    assert len(lines) > 50
    for line in lines:
        pkgutil.resolve_name(line.rsplit("`", 2)[1])
    schemas = openapi.make_document(catalogue, "", "")["components"]["schemas"]
    values = re.findall(r'"enum": (\[.*?\])', json.dumps(schemas))
    explained = set(re.findall("`([^`]*)`", text))
    assert {value for listed in values for value in json.loads(listed)} <= explained


def test_a_test_named_in_a_document_exists() -> None:
    files = {file: (ROOT / "tests" / file).read_text(encoding="utf-8") for _, file, _ in NAMED}
    assert [
        (document, file, test)
        for document, file, test in NAMED
        if f"\ndef {test}(" not in files[file]
    ] == []


def test_the_files_of_the_recipes_exist() -> None:
    files = set(
        re.findall(
            r"`((?:indexer|search_app|corpus|docs|tests)/[\w/.]+)`",
            DOCUMENTS[ROOT / "CONTRIBUTING.md"],
        )
    )
    assert len(files) > 30
    added = {"search_app/export/enw.py"}
    assert {file for file in files if not (ROOT / file).exists()} <= added


def test_documented_limits_match_the_program() -> None:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    for told in (
        f"{incoming.MAX_QUERY_BYTES >> 10} KiB", f"{server.MAX_HEADER_BYTES >> 10} KiB;",
        f"{incoming.MAX_BODY_BYTES >> 10} KiB",
        f"{request.MAX_QUERY_BYTES:,} bytes; {grammar.MOST_WORDS}",
        f"{search_state.MAX_SELECTED}, and {search_state.MAX_SELECTED_BYTES:,} bytes",
        f"{facets.MAX_LINK_BYTES >> 20} MiB;", f"up to {stemming.MAX_CACHED_CHARS} letters",
        f"at {monitoring.MAX_CHARS:,} characters",
        f"{server.MIN_BYTES_PER_SECOND:,} bytes per second over {workers.SEND_SECONDS} s",
        f"{exports.MAX_EXPORTS} at a time in each process",
    ):  # fmt: skip
        assert told in text, told
