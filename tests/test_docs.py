"""What the documents say is so."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from urllib.request import urlopen

import pytest

from benchmarks.speed import serving
from indexer.analysis import stemming
from indexer.jobs import build
from search_app import config, search_url
from search_app.engine import request
from search_app.engine.query import word_limit
from search_app.presentation import search_page
from search_app.web import server
from search_app.web.middleware import access, request_log

ROOT = Path(__file__).parents[1]


def test_every_setting_is_documented() -> None:
    """docs/settings.md has a row for each setting, with its default and its help."""
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    for row in config.ROWS:
        assert f"| `{row.name}` | `{row.default}` | {row.help} |" in text
    assert text.count("\n| `") == len(config.ROWS)


def test_gunicorn_serves_as_the_readme_says(catalogue_index: Path) -> None:
    """The README's line for many readers starts workers that answer with the page."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"gunicorn {' '.join(serving.GUNICORN)} --workers 2\n" in text
    command = partial(serving.gunicorn, 2)
    with serving.server(catalogue_index, command) as served:
        answer = urlopen(f"{served.url}/?q=organ")
        assert answer.status == 200
        assert "<mark>" in answer.read().decode()


def test_every_module_has_a_line_in_the_architecture() -> None:
    """docs/architecture.md names every module of both packages."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    modules = {
        path.name for side in ("indexer", "search_app") for path in (ROOT / side).rglob("*.py")
    }
    assert [name for name in modules - {"__init__.py"} if name not in text] == []


def test_the_form_in_the_corpus_readme_is_a_publication(tmp_path: Path) -> None:
    """The article that corpus/README.md offers to copy is read without a problem."""
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


COMMANDS = re.findall(
    r"^\.venv/bin/pubsearch (check|build|status|rollback|verify|search .*?)\s*(?:#.*)?$",
    (ROOT / "README.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


def test_the_readme_has_commands() -> None:
    """The commands of the README are found, so that the next test runs them."""
    assert len(COMMANDS) == 8


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_of_the_readme_run(
    command: str, tmp_path: Path, catalogue_index: Path
) -> None:
    """Each command that the README shows ends without an error."""
    index = (
        catalogue_index
        if command.startswith(("search", "status", "verify"))
        else tmp_path / "index"
    )
    line = f"pubsearch {command}"
    if command == "rollback":
        for _ in range(2):
            build.build(ROOT / "corpus", index, force=True)
    done = subprocess.run(
        ["sh", "-c", line],
        cwd=ROOT,
        env={
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "PUBSEARCH_INDEX": str(index),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


NAMED = [
    (document.name, file, test)
    for document in (ROOT / "docs").glob("*.md")
    for file, test in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", document.read_text("utf-8"))
]


def test_documents_name_tests() -> None:
    """The tests that docs/security.md names are found, so that the next test looks for them."""
    assert len([each for each in NAMED if each[0] == "security.md"]) > 50


@pytest.mark.parametrize(("document", "file", "test"), NAMED)
def test_a_test_that_a_document_names_is_there(document: str, file: str, test: str) -> None:
    """Where a document says that a test would fail, there is one of that name in that file."""
    text = (ROOT / file).read_text(encoding="utf-8")
    assert re.search(rf"^def {test}\(", text, re.MULTILINE), document


def test_the_bounds_in_the_document_are_those_in_force() -> None:
    """docs/security.md tells the numbers that the program has."""
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    for told in (
        f"{access.LONGEST_QUERY >> 10} KiB", f"{server.LONGEST_HEAD >> 10} KiB;",
        f"{server.LONGEST_BODY >> 10} KiB", f"{request.LONGEST:,} bytes; {word_limit.MOST_WORDS}",
        f"{search_url.MOST_TICKED}, and {search_url.LONGEST_TICKED:,} bytes",
        f"{search_page.LINKS >> 20} MiB;",
        f"up to {stemming.LONGEST_KEPT} letters", f"at {request_log.LONGEST:,} characters",
    ):  # fmt: skip
        assert told in text, told
