"""What the documents say is so."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from benchmarks.speed import serving
from indexer import build
from search_app import config

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
    assert "gunicorn --preload --workers 2 'search_app:create_app()'" in text
    with serving.server(catalogue_index) as address, urlopen(f"{address}/?q=organ") as answer:
        assert answer.status == 200
        assert "<mark>" in answer.read().decode()


def test_every_module_has_a_line_in_the_architecture() -> None:
    """docs/architecture.md names every module of both packages."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for package in ("indexer", "indexer/columnar", "search_app", "search_app/engine"):
        for module in (ROOT / package).glob("*.py"):
            assert module.name == "__init__.py" or module.name in text


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
