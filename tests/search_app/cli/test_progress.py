"""The progress display measures all files that a command reads."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from search_app.cli.progress import ProgressDisplay

SOURCES = '[[source]]\nfile = "{file}"\nformat = "ris"\n'


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        """Return True."""
        return True

    @classmethod
    def install(cls, monkeypatch: pytest.MonkeyPatch) -> Terminal:
        """Make standard error a terminal. Pytest would undo this after a fixture."""
        stream = cls()
        monkeypatch.setattr("sys.stderr", stream)
        return stream


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a corpus folder whose only source is a file of 10,000 bytes outside it."""
    outside = tmp_path / "library.ris"
    outside.write_bytes(b"x" * 10_000)
    monkeypatch.setenv("PUBSEARCH_OUTSIDE", str(tmp_path))
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "sources.toml").write_text(SOURCES.format(file=outside), encoding="utf-8")
    return folder


def test_files_outside_the_folder_count(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bar is half full after half of a file that is outside the corpus folder."""
    terminal = Terminal.install(monkeypatch)
    with ProgressDisplay([corpus]) as progress:
        progress.report_bytes(5000)
        assert " 49%" in terminal.getvalue()


def test_a_second_reading_has_a_bar(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the files are read again, as to merge duplicates, a new bar shows how far it is."""
    terminal = Terminal.install(monkeypatch)
    with ProgressDisplay([corpus]) as progress:
        progress.report_bytes(10_000)
        for count in (1000, 5000):
            progress.report_bytes(count)
    assert " 49%" in terminal.getvalue().partition("\n")[2]


def test_the_rate_needs_publications(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that reports no publications shows no rate."""
    terminal = Terminal.install(monkeypatch)
    with ProgressDisplay([corpus]) as progress:
        progress.report_bytes(5000)
        assert "a second" not in terminal.getvalue()


def test_encoding_has_a_bar(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bar shows how many publications are encoded, and their rate."""
    terminal = Terminal.install(monkeypatch)
    with ProgressDisplay([corpus]) as progress:
        progress.report_bytes(10_000)
        progress.report_encoding(64, 128)
        told = terminal.getvalue().partition("Encoding")[2]
    assert " 50%" in told
    assert "publications a second" in told


def test_sorting_has_a_bar(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After reading, a second bar shows how much is sorted."""
    terminal = Terminal.install(monkeypatch)
    with ProgressDisplay([corpus]) as progress:
        progress.report_bytes(10_000)
        progress.report_sorting(1, 4)
        assert " 25%" in terminal.getvalue().partition("Sorting")[2]


def test_the_file_that_is_read_is_named(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bar of the full texts names the file that the build waits for, also the first one."""
    terminal = Terminal.install(monkeypatch)
    with ProgressDisplay([corpus]) as progress:
        progress.report_texts(0, 2, 0, "reports/first.pdf")
        assert "reports/first.pdf" in terminal.getvalue()
        progress.report_texts(1, 2, 12, "reports/second.pdf")
        assert "pages a second  reports/second.pdf" in terminal.getvalue()
        progress.report_sorting(1, 4)
        assert "second.pdf" not in terminal.getvalue().partition("Sorting")[2]
