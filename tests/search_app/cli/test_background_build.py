"""The build before a server opens: its output, and when the server may open."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.catalogue.catalogue_toml import CatalogueError
from indexer.generations import publish
from indexer.ingest import corpus
from indexer.jobs import build
from search_app import config
from search_app.cli import output
from search_app.cli.serving import build_before_serving
from search_app.config import Settings
from tests.samples import article, page
from tests.search_app.cli.test_main import Run, run

__all__ = ["run"]


@pytest.fixture
def settings(corpus: Path, index: Path) -> Settings:
    return config.load(corpus=corpus, index=index)


def add(corpus: Path, *titles: str) -> None:
    (corpus / "new.html").write_text(page([article(title) for title in titles]), encoding="utf-8")


def test_an_unchanged_corpus_prints_nothing(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build_before_serving(settings)
    assert capsys.readouterr().out == ""


def test_new_problems_come_first(settings: Settings) -> None:
    add(settings.corpus, *[""] * 4)
    before = build.build(settings.corpus, get_folder(settings))
    assert "4 problems: new.html:" in output.format_build_result(before)
    assert output.format_build_result(before).endswith("; and 1 more.")
    (settings.corpus / "z.html").write_text(page([article("")]), encoding="utf-8")
    after = build.build(settings.corpus, get_folder(settings))
    line = output.format_build_result(after, before.problems)
    assert ", 5 problems, 1 of them new: z.html:" in line
    assert line.endswith("; and 2 more.")


def test_watch_builds_as_a_server_does(
    settings: Settings, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command `watch` prints one line for each build, as `serve --watch` does."""
    monkeypatch.setattr(corpus, "watch", lambda *_, **__: [None])
    add(settings.corpus, "Latest News")
    command = ("watch", "--corpus", settings.corpus, "--index", settings.index)
    told = run(*command)
    assert told.out.startswith("Built 000002-")
    assert ": 1 added, 0 changed, 0 removed, 0 problems." in told.out
    break_rows(settings)
    assert "last good index stays live" in run(*command).out
    shutil.rmtree(get_folder(settings))
    assert run(*command).out.startswith("The index was not built: ")


def get_folder(settings: Settings) -> Path:
    assert isinstance(settings.index, Path)
    return settings.index


def remove_most(settings: Settings) -> None:
    """Publish 20 more publications, then remove them from the corpus."""
    add(settings.corpus, *(f"Number {number}" for number in range(20)))
    build.build(settings.corpus, get_folder(settings))
    (settings.corpus / "new.html").unlink()


def break_rows(settings: Settings) -> None:
    (settings.corpus / "catalogue.toml").write_text("[[field", encoding="utf-8")


def remove_folder(settings: Settings) -> None:
    shutil.rmtree(settings.corpus)


def break_pages(settings: Settings) -> None:
    for name in ("tools.html", "papers.html"):
        (settings.corpus / name).write_bytes(b"\xff")


def break_lock(settings: Settings) -> None:
    add(settings.corpus, "Latest News")
    (get_folder(settings) / publish.LOCK).unlink()
    (get_folder(settings) / publish.LOCK).mkdir()


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (remove_most, "would remove 20 of 25"),
        (break_rows, "catalogue.toml"),
        (remove_folder, "the file does not exist"),
        (break_pages, "2 problems: papers.html"),
        (break_lock, "add --no-build"),
    ],
)
def test_a_failed_build_prints_one_line(
    harm: Callable[[Settings], None],
    message: str,
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    harm(settings)
    assert build_before_serving(settings)
    line = capsys.readouterr().out
    assert line.startswith("The index was not built, so the last good index stays live: ")
    assert message in line
    assert line.count("\n") == 1


def test_a_failed_build_without_an_index_is_an_error(settings: Settings) -> None:
    shutil.rmtree(get_folder(settings))
    break_rows(settings)
    with pytest.raises(CatalogueError):
        build_before_serving(settings)


def test_the_server_does_not_wait_for_another_build(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    add(settings.corpus, "Latest News")
    with publish.lock(get_folder(settings)):
        assert not build_before_serving(settings)
    assert "another build is running" in capsys.readouterr().out
