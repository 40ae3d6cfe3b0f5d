"""The log of searches that found nothing: what is in it, what never is, and what it stands."""

from __future__ import annotations

import json
import logging
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from search_app import config, create_app
from search_app.engine import Engine
from search_app.web import zero_result_log
from search_app.web.zero_result_log import Gaps, line, most_frequent, printable
from tests.catalogue import PATIENT
from tests.search_app.cli.test_main import Run, run

DAY = date(2026, 11, 25)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the log is to be."""
    return tmp_path / "gaps.jsonl"


@pytest.fixture
def noting(catalogue_engine: Engine, file: Path) -> FlaskClient:
    """A client of an application that notes what it does not find."""
    settings = config.load(PATIENT, index=catalogue_engine.index, gaps=file)
    return create_app(settings, catalogue_engine).test_client()


def noted(file: Path) -> list[dict[str, str]]:
    """The lines of a log."""
    return [json.loads(each) for each in file.read_text(encoding="ascii").splitlines()]


def test_a_search_that_finds_nothing_is_noted(noting: FlaskClient, file: Path) -> None:
    """The day and the text are noted, by page and API, and nothing else."""
    headers = {"User-Agent": "someone", "Referer": "https://example.org/", "X-Forwarded-For": "9"}
    for address in ("/?q=Xyzzy+plugh&match=all", "/api/search?q=xyzzy&region=Africa"):
        noting.get(address, headers=headers, environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert noted(file) == [
        {"day": zero_result_log.today().isoformat(), "query": "Xyzzy plugh"},
        {"day": zero_result_log.today().isoformat(), "query": "xyzzy"},
    ]
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "address",
    [
        "/?q=organ", "/", "/?region=Atlantis", "/?q=organ+xyzzy", "/?q=traficking",
        "/?q=organ+removal&region=Middle+East", "/?q=organ&page=99", "/?q=%3F%21",
        "/?q=xyzzy&exact=1", "/facet/region?q=xyzzy", "/?q=xyzzy&sort=sideways",
    ],
)  # fmt: skip
def test_nothing_else_is_noted(noting: FlaskClient, file: Path, address: str) -> None:
    """What found something, or would without what is ticked, is no gap of the catalogue."""
    noting.get(address)
    noting.head("/?q=xyzzy")
    assert not file.exists()


def test_it_is_off_unless_a_file_is_named(
    client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the setting nothing is written anywhere."""
    monkeypatch.chdir(tmp_path)
    assert client.get("/?q=xyzzy").status_code == 200
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["", "none-such/gaps.jsonl", "gaps\0.jsonl"])
def test_a_log_that_cannot_be_written_breaks_no_search(
    place: str, catalogue_engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever is wrong with the file, readers get their answer, and the server's log one line."""
    settings = config.load(PATIENT, index=catalogue_engine.index, gaps=f"{tmp_path}/{place}")
    client = create_app(settings, catalogue_engine).test_client()
    for _ in range(3):
        assert client.get("/?q=xyzzy").status_code == 200
    mine = [each.levelno for each in caplog.records if each.name == zero_result_log.__name__]
    assert mine == [logging.WARNING]


def test_a_full_log_stays_as_it_is(
    file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """No more is noted once there is no room, and that is told once."""
    monkeypatch.setattr(zero_result_log, "MOST_BYTES", 100)
    log = Gaps(str(file), lambda: DAY)
    for number in range(9):
        log.note(f"number {number}")
    assert [each["query"] for each in noted(file)] == ["number 0", "number 1"]
    assert file.stat().st_size <= 100
    assert len([each for each in caplog.records if each.name == zero_result_log.__name__]) == 1


@given(text=st.text(max_size=300))
def test_any_text_is_one_line_of_ascii(text: str) -> None:
    """Whatever was typed, it is one line without a control character, and its beginning is kept."""
    told = line(text, DAY)
    assert told.endswith(b"\n")
    assert all(0x20 <= each < 0x7F for each in told[:-1])
    assert json.loads(told) == {"day": "2026-11-25", "query": text[: zero_result_log.LONGEST]}


def _write(file: str, worker: int) -> None:
    log = Gaps(file, lambda: DAY)
    for number in range(200):
        log.note(f"worker {worker} number {number}")


@pytest.mark.slow
def test_workers_share_a_log(file: Path) -> None:
    """Lines that several processes write at a time are all there, each whole."""
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as workers:
        list(workers.map(_write, [str(file)] * 3, range(3)))
    assert sorted(each["query"] for each in noted(file)) == sorted(
        f"worker {worker} number {number}" for worker in range(3) for number in range(200)
    )


def test_the_commonest_come_first(file: Path) -> None:
    """Texts that differ in case and spaces only are one; what is no line of the log is nothing."""
    for text in ("ibis", "Zebra  crossing", "zebra crossing", "ZEBRA crossing", "ibis", "okapi"):
        Gaps(str(file), lambda: DAY).note(text)
    with file.open("ab") as more:
        more.write(b'{"day": "2026-1\n[1]\n{"query": 3}\n\xff\n')
    assert most_frequent(file, 2) == [("Zebra  crossing", 3), ("ibis", 2)]


def test_pubsearch_gaps(run: Run, file: Path) -> None:
    """The command prints counts and texts, and nothing that would steer a terminal."""
    for text in ("okapi", "okapi", "زرافة", "\x1b[2Jibis\u202e"):
        Gaps(str(file), lambda: DAY).note(text)
    told = run("gaps", "--gaps", file, "--most", 3)
    assert told.status == 0
    assert told.out.splitlines() == [
        "      2  okapi", "      1  زرافة", "      1  \\x1b[2Jibis\\u202e",
    ]  # fmt: skip


def test_pubsearch_gaps_without_a_log(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no log is named, or none is there, the command says so, with 1."""
    monkeypatch.delenv("PUBSEARCH_GAPS", raising=False)
    told = run("gaps")
    assert told.status == 1
    assert "PUBSEARCH_GAPS" in told.err
    told = run("gaps", "--gaps", tmp_path / "none")
    assert (told.status, told.err.count("\n")) == (1, 1)
    assert str(tmp_path / "none") in told.err


def test_lines_of_spaces_print_as_they_are() -> None:
    """A plain text is printed as it was typed."""
    assert printable("two words") == "two words"


__all__ = ["run"]
