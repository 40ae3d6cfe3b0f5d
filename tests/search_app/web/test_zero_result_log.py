"""The log of searches without hits: its content, its privacy, and its robustness."""

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

from search_app.engine import Engine
from search_app.web import zero_result_log
from search_app.web.zero_result_log import ZeroResultLog, format_line, most_frequent
from tests.search_app.cli.test_main import Run, run
from tests.search_app.web.reading import make_client

DAY = date(2026, 11, 25)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "zero-results.jsonl"


@pytest.fixture
def noting(catalogue_engine: Engine, file: Path) -> FlaskClient:
    return make_client(catalogue_engine, zero_result_log=file)


def noted(file: Path) -> list[dict[str, str]]:
    return [json.loads(each) for each in file.read_text(encoding="ascii").splitlines()]


def test_a_search_without_hits_is_logged(noting: FlaskClient, file: Path) -> None:
    headers = {"User-Agent": "someone", "Referer": "https://example.org/", "X-Forwarded-For": "9"}
    for address in ("/?q=Xyzzy+plugh&match=all", "/api/search?q=xyzzy&region=Africa"):
        noting.get(address, headers=headers, environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert noted(file) == [
        {"day": zero_result_log.get_today().isoformat(), "query": "Xyzzy plugh"},
        {"day": zero_result_log.get_today().isoformat(), "query": "xyzzy"},
    ]
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "address",
    [
        "/?q=organ", "/", "/?region=Atlantis", "/?q=organ+xyzzy", "/?q=traficking",
        "/?q=organ+removal&region=Middle+East", "/?q=organ&page=99", "/?q=%3F%21",
        "/?q=xyzzy&exact=1", "/facet/region?q=xyzzy", "/?q=xyzzy&sort=sideways",
        "/?q=xyzzy&inside=0",
    ],
)  # fmt: skip
def test_other_searches_are_not_logged(noting: FlaskClient, file: Path, address: str) -> None:
    """A search that has hits, or would have some without filters, is not logged."""
    noting.get(address)
    noting.head("/?q=xyzzy")
    assert not file.exists()


def test_the_log_is_off_by_default(
    client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert client.get("/?q=xyzzy").status_code == 200
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["", "none-such/log.jsonl", "log\0.jsonl"])
def test_an_unwritable_log_breaks_no_search(
    place: str, catalogue_engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = make_client(catalogue_engine, zero_result_log=f"{tmp_path}/{place}")
    for _ in range(3):
        assert client.get("/?q=xyzzy").status_code == 200
    mine = [each.levelno for each in caplog.records if each.name == zero_result_log.__name__]
    assert mine == [logging.WARNING]


def test_a_full_log_does_not_grow(
    file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A full log gets no more lines, and the server reports that once."""
    monkeypatch.setattr(zero_result_log, "MAX_BYTES", 100)
    log = ZeroResultLog(str(file), lambda: DAY)
    for number in range(9):
        log.write(f"number {number}")
    assert [each["query"] for each in noted(file)] == ["number 0", "number 1"]
    assert file.stat().st_size <= 100
    assert len([each for each in caplog.records if each.name == zero_result_log.__name__]) == 1


@given(text=st.text(max_size=300))
def test_any_text_is_one_line_of_ascii(text: str) -> None:
    told = format_line(text, DAY)
    assert told.endswith(b"\n")
    assert all(0x20 <= each < 0x7F for each in told[:-1])
    assert json.loads(told) == {
        "day": "2026-11-25",
        "query": text[: zero_result_log.MAX_QUERY_CHARS],
    }


def _write(file: str, worker: int) -> None:
    log = ZeroResultLog(file, lambda: DAY)
    for number in range(200):
        log.write(f"worker {worker} number {number}")


@pytest.mark.slow
def test_workers_share_a_log(file: Path) -> None:
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as workers:
        list(workers.map(_write, [str(file)] * 3, range(3)))
    assert sorted(each["query"] for each in noted(file)) == sorted(
        f"worker {worker} number {number}" for worker in range(3) for number in range(200)
    )


def test_the_most_frequent_texts_come_first(file: Path) -> None:
    for text in ("ibis", "Zebra  crossing", "zebra crossing", "ZEBRA crossing", "ibis", "okapi"):
        ZeroResultLog(str(file), lambda: DAY).write(text)
    with file.open("ab") as more:
        more.write(b'{"day": "2026-1\n[1]\n{"query": 3}\n\xff\n')
    assert most_frequent(file, 2) == [("Zebra  crossing", 3), ("ibis", 2)]


def test_pubsearch_zero_results(run: Run, file: Path) -> None:
    for text in ("okapi", "okapi", "زرافة", "\x1b[2Jibis\u202e"):
        ZeroResultLog(str(file), lambda: DAY).write(text)
    told = run("zero-results", "--zero-result-log", file, "--most", 3)
    assert told.status == 0
    assert told.out.splitlines() == [
        "      2  okapi", "      1  زرافة", "      1  \\x1b[2Jibis\\u202e",
    ]  # fmt: skip


def test_pubsearch_zero_results_without_a_log(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PUBSEARCH_ZERO_RESULT_LOG", raising=False)
    told = run("zero-results")
    assert told.status == 1
    assert "PUBSEARCH_ZERO_RESULT_LOG" in told.err
    told = run("zero-results", "--zero-result-log", tmp_path / "none")
    assert (told.status, told.err.count("\n")) == (1, 1)
    assert str(tmp_path / "none") in told.err


__all__ = ["run"]
