"""No value that a command prints controls the terminal, or forges a line of output."""

from __future__ import annotations

import io
import json
import re
import sys
import traceback
from contextlib import suppress
from pathlib import Path

import pytest

from search_app.cli import main, terminal
from search_app.engine.results import TextRun
from tests.conftest import ROOT

HOSTILE = "x\x1b]0;pwn\a\x1b[1m\u202e\x9b2J\rz\nError: q\x7f"
SHOWN = r"x\x1b]0;pwn\x07\x1b[1m\u202e\x9b2J\rz\nError: q\x7f"
CONTROLS = set(HOSTILE) - set(SHOWN) - {"\n"}

TRUSTED = re.compile(r"\r\x1b\[\?25l|\x1b\[\?25h|\x1b\[[01]m")
"""The codes of a progress bar, and of bold type."""


class Terminal(io.TextIOWrapper):
    """A stream that is a terminal."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8")

    def isatty(self) -> bool:
        return True

    @classmethod
    def install(cls, monkeypatch: pytest.MonkeyPatch) -> Terminal:
        stream = cls()
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setattr(sys, "stderr", stream)
        terminal.escape_streams()
        return stream

    def read_all(self) -> str:
        self.flush()
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode()


@pytest.mark.parametrize(
    "command",
    [
        ["search", HOSTILE], ["search", f"title:{HOSTILE}"], ["search", "--explain", "1", HOSTILE],
        ["search", f"--{HOSTILE}", "x"], ["search", "--sort", HOSTILE],
        ["search", "--size", HOSTILE],
        ["search", "--year", HOSTILE], ["search", "--region", HOSTILE],
        ["search", "--page", HOSTILE],
        ["search", "--format", HOSTILE], ["search", "--index", HOSTILE, "x"],
        ["search", "--encoder", HOSTILE, "x"], ["search", "--json", HOSTILE],
        ["build", "--corpus", HOSTILE], ["build", "--gate", HOSTILE], ["build", f"--{HOSTILE}"],
        ["build", "--report", f"{HOSTILE}/x"], ["build", "--semantic", HOSTILE],
        ["check", "--corpus", HOSTILE], ["check", "--days", HOSTILE], ["status", HOSTILE],
        ["status", "--index", HOSTILE], ["verify", "--index", HOSTILE],
        ["rollback", "--index", HOSTILE], ["retired", "--index", HOSTILE],
        ["import", HOSTILE, "--into", "new"], ["import", "a.csv", "--into", HOSTILE],
        ["import", "a.csv", "--into", f"{HOSTILE}new", "--json"],
        ["import", "a.csv", "--into", HOSTILE, "--pages"], ["import", "--format", HOSTILE, "a.csv"],
        ["open", HOSTILE], ["zero-results", "--zero-result-log", HOSTILE], [HOSTILE],
        [f"--{HOSTILE}"],
        ["serve", "--port", HOSTILE],
        ["serve", "--host", HOSTILE, "--no-build", "--index", HOSTILE],
        ["watch", "--interval", HOSTILE],
    ],
    ids=lambda command: " ".join(command).replace(HOSTILE, "…"),
)  # fmt: skip
def test_no_argument_reaches_the_terminal_raw(
    command: list[str], index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Terminal.install(monkeypatch)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PUBSEARCH_INDEX", str(index))
    (tmp_path / "a.csv").write_text("title,year\nModel law,2001\n", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["pubsearch", *command])
    with suppress(SystemExit):
        main.main()
    told = TRUSTED.sub("", screen.read_all())
    assert not CONTROLS & set(told)
    assert "\nError: q" not in told
    assert told


def test_marked_text_is_bold_and_its_value_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal.install(monkeypatch)
    terminal.print_line("a", TextRun(f"b{HOSTILE}", True), HOSTILE)
    assert screen.read_all() == f"a\x1b[1mb{SHOWN}\x1b[0m{SHOWN}\n"


def test_other_text_is_escaped_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tracebacks, and all else that is printed, keep their lines, and control no terminal."""
    screen = Terminal.install(monkeypatch)
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        traceback.print_exc()
    print(HOSTILE, file=sys.stderr)
    told = screen.read_all()
    assert not CONTROLS & set(told.replace("\x1b[1m", ""))
    assert told.startswith("Traceback (most recent call last):\n")


def test_words_keep_their_joiners_and_directions(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal.install(monkeypatch)
    text = "می‌خواهم क्‍ष 👩‍👩‍👧 \u200fA\u200e"
    terminal.print_line(text)
    assert screen.read_all() == f"{text}\n"


def test_data_is_exact_in_a_pipe_and_escaped_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal.install(monkeypatch)
    terminal.print_json({"a": HOSTILE})
    assert not CONTROLS & set(screen.read_all())
    pipe = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", pipe)
    terminal.escape_streams()
    terminal.print_json({"a": HOSTILE})
    assert isinstance(pipe.buffer, io.BytesIO)
    assert json.loads(pipe.buffer.getvalue()) == {"a": HOSTILE}


def test_only_one_module_prints() -> None:
    modules = (ROOT / "search_app").rglob("*.py")
    printing = [each for each in modules if "click.echo(" in each.read_text(encoding="utf-8")]
    assert [each.name for each in printing] == ["terminal.py"]
