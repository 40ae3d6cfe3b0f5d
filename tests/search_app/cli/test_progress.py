"""The progress display measures all files that a command reads."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from search_app.cli.terminal import ProgressDisplay

SOURCES = '[[source]]\nfile = "{file}"\nformat = "ris"\n'


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
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


@pytest.mark.parametrize(
    ("calls", "after", "percent", "has_rate"),
    [
        # A file that is outside the corpus folder counts.
        ([("bytes", 5000)], "", 49, False),
        # If the files are read again, as to merge duplicates, there is a new bar.
        ([("bytes", 10_000), ("bytes", 1000), ("bytes", 5000)], "\n", 49, False),
        ([("bytes", 10_000), ("encoding", 64, 128)], "Encoding", 50, True),
        ([("bytes", 10_000), ("sorting", 1, 4)], "Sorting", 25, False),
    ],
)
def test_a_bar_shows_how_far_it_is(
    calls: list[tuple[str, int]],
    after: str,
    percent: int,
    has_rate: bool,
    corpus: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal.install(monkeypatch)
    with ProgressDisplay([corpus]) as progress:
        for name, *numbers in calls:
            getattr(progress, f"report_{name}")(*numbers)
        told = terminal.getvalue().partition(after or "\r")[2]
    assert f" {percent}%" in told
    assert ("publications a second" in told) == has_rate


def test_the_file_that_is_read_is_named(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal.install(monkeypatch)
    with ProgressDisplay([corpus]) as progress:
        progress.report_texts(0, 2, 0, "reports/first.pdf")
        assert "reports/first.pdf" in terminal.getvalue()
        progress.report_texts(1, 2, 12, "reports/second.pdf")
        assert "pages a second  reports/second.pdf" in terminal.getvalue()
        progress.report_sorting(1, 4)
        assert "second.pdf" not in terminal.getvalue().partition("Sorting")[2]
