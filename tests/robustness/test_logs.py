"""Log lines are machine-readable, and requests cannot forge them."""

import json
import logging
from contextlib import nullcontext
from math import inf
from pathlib import Path
from time import sleep
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_app import config, create_app
from search_app.engine import Engine, SearchRequest
from search_app.engine.deadline import YIELDED
from search_app.web import monitoring
from tests.catalogue import PATIENT

NASTY = 'a\n{"level": "error"}\r\x00\x1b[31m\x7f\x9b\u2028\u202e'


def line(message: str) -> str:
    record = logging.LogRecord("a", logging.WARNING, "b", 1, "%s", (message,), None)
    return monitoring.JsonFormatter().format(record)


@given(st.text())
def test_a_line_is_one_line_of_ascii(text: str) -> None:
    told = line(text)
    assert told.isascii()
    assert told.isprintable()
    assert json.loads(told)["message"] == text


def test_a_logged_error_has_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise ValueError(NASTY)
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("a", logging.ERROR, "b", 1, "failed", (), info)
    told = monitoring.JsonFormatter().format(record)
    assert told.isprintable()
    assert "test_a_logged_error_has_its_traceback" in json.loads(told)["exception"]


@given(
    told=st.fixed_dictionaries(
        {"path": st.text(), "method": st.text(max_size=9)}, optional={"parameters": st.text()}
    ),
    message=st.text(),
)
def test_a_terminal_line_is_printable(told: dict[str, str], message: str) -> None:
    record = logging.LogRecord("a", logging.WARNING, "b", 1, "%s", (message,), None)
    text = monitoring.TerminalFormatter().format(record)
    assert text.isprintable()
    assert text[10:].startswith("warning: ")
    record.log_fields = {"status": 200, "milliseconds": 1.25, **told}
    text = monitoring.TerminalFormatter().format(record)
    assert text.isprintable()
    assert text[10:].startswith("200      1.2 ms  ")


def test_a_traceback_is_readable_on_a_terminal() -> None:
    try:
        raise ValueError(NASTY)
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("a", logging.ERROR, "b", 1, "failed", (), info)
    first, *below = monitoring.TerminalFormatter().format(record).split("\n")
    assert first.endswith("error: failed")
    assert below[0].startswith("Traceback")
    assert all(each.isprintable() for each in below)


@pytest.mark.parametrize("has_queries", [0, 1])
def test_queries_are_logged_only_if_enabled(
    catalogue_index: Path, caplog: pytest.LogCaptureFixture, has_queries: int
) -> None:
    """The log of a request contains path and status, and the query only if enabled."""
    caplog.set_level(logging.INFO)
    app = create_app(config.load(PATIENT, index=catalogue_index, log_queries=has_queries))
    answer = app.test_client().get("/api/search?q=kidney%0Aorgan")
    (record,) = [each for each in caplog.records if each.name == "search_app.web.monitoring"]
    told = json.loads(monitoring.JsonFormatter().format(record))
    assert {"path": "/api/search", "status": 200, "method": "GET"}.items() <= told.items()
    assert told["bytes"] == len(answer.data)
    assert ("kidney" in json.dumps(told)) == bool(has_queries)


def log_search(
    engine: Engine, caplog: pytest.LogCaptureFixture, address: str, **given: int
) -> dict[str, Any]:
    caplog.set_level(logging.INFO)
    app = create_app(config.load(PATIENT, index=engine.index, **given), engine)
    with app.test_client().get(address):
        pass
    (record,) = [each for each in caplog.records if each.name == "search_app.web.monitoring"]
    line: dict[str, Any] = json.loads(monitoring.JsonFormatter().format(record))
    return line


@pytest.mark.parametrize("budget", [0, inf])
@pytest.mark.parametrize("path", ["/?", "/api/search?", "/export/ris?", "/publication/{}?hit=1&"])
def test_the_stages_of_a_search_are_logged(
    catalogue_index: Path, caplog: pytest.LogCaptureFixture, budget: float, path: str
) -> None:
    engine = Engine(catalogue_index, budget=budget)
    identity = next(engine.get_searcher().scan(SearchRequest())).id
    line = log_search(engine, caplog, f"{path.format(quote(identity))}q=kidney")
    assert line["status"] == (503 if budget == 0 else 200)
    assert line["stages"]["parse"] >= 0
    assert line["message"] == "answered"
    assert "kidney" not in json.dumps(line)


@pytest.mark.parametrize("budget", [0, inf])
def test_a_slow_search_is_logged_with_its_query(
    catalogue_index: Path, caplog: pytest.LogCaptureFixture, budget: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    engine = Engine(catalogue_index, budget=budget)
    # The pause of an expensive search is a stage.

    def pause() -> bool:
        sleep(0.002)
        return True

    monkeypatch.setattr(engine._admission, "admit", lambda _cost: nullcontext(pause))
    line = log_search(engine, caplog, "/?q=kidney&country=KE", slow=2)
    assert (line["level"], line["message"]) == ("warning", "slow search")
    assert line["parameters"] == "q=kidney&country=KE"
    assert line["stages"][YIELDED] >= 2


def test_log_lines_of_a_request_have_its_id(
    catalogue_index: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    caplog.set_level(logging.WARNING)  # restores the level after the test
    monkeypatch.setenv("PUBSEARCH_INDEX", str(catalogue_index))
    app = create_app()

    def fails() -> str:
        raise ZeroDivisionError

    app.add_url_rule("/fails", view_func=fails)
    answer = app.test_client().get("/fails")
    found = [json.loads(each) for each in capsys.readouterr().err.splitlines()]
    mine = [each for each in found if each.get("request") == answer.headers["X-Request-ID"]]
    assert [each["message"] for each in mine] == ["GET /fails failed", "answered"]
    assert "ZeroDivisionError" in mine[0]["exception"]
